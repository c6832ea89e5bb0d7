//! What programs read: every `--json` is as its schema in `assets/schemas` says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jsonschema::{Retrieve, Uri, Validator};
use serde_json::{Value, json};

use super::{generated, outputs};
use crate::home::Home;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/schemas")
}

/// Schemas name each other by their place in the folder.
struct Folder;

impl Retrieve for Folder {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let name = uri.path().as_str().rsplit('/').next().unwrap_or_default();
        Ok(serde_json::from_slice(&std::fs::read(folder().join(name))?)?)
    }
}

/// The schema of this name; it must be one.
fn schema(name: &str) -> Validator {
    let text = std::fs::read(folder().join(format!("{name}.json"))).unwrap();
    let schema: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
    jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
    let options = jsonschema::options().with_retriever(Folder);
    options.build(&schema).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Holds an output against its schema, and the schema against outputs that are not as it says.
#[track_caller]
fn holds(name: &str, output: &str) {
    let schema = schema(name);
    let value: Value = serde_json::from_str(output).unwrap_or_else(|error| panic!("{error}: {output}"));
    let wrong: Vec<_> =
        schema.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{name}: {}\n{output}", wrong.join("\n"));
    let mut objects = Vec::new();
    places(&value, String::new(), &mut objects);
    assert!(!objects.is_empty(), "{name}: an empty list shows nothing");
    assert_ne!(value, json!({ "ids": [] }), "{name}");
    // What a check of the doctor found is named as the check likes.
    for place in objects.iter().filter(|place| !place.split('/').any(|part| part == "facts")) {
        let mut more = value.clone();
        more.pointer_mut(place).unwrap().as_object_mut().unwrap().insert("unheard_of".into(), json!(1));
        assert!(!schema.is_valid(&more), "{name} admits anything at `{place}`");
    }
}

/// Where the objects of a value are, as JSON pointers.
fn places(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                places(field, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
            found.push(at);
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(nth, item)| places(item, format!("{at}/{nth}"), found));
        }
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_output_for_programs_is_as_its_schema_says() {
    let outputs = outputs::of_every_verb().await;
    for (name, output) in &outputs {
        holds(name, output);
    }
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let known: BTreeSet<_> =
        files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    let mut tried: BTreeSet<_> = outputs.iter().map(|(name, _)| (*name).to_owned()).collect();
    tried.insert("common".into());
    assert_eq!(tried, known, "every schema is tried");
    let home = Home::new();
    for verb in generated::verbs(&home) {
        let help = home.fine(&[&verb, "--help"]);
        // A line of `serve` is a call; `config` and `usage` have verbs of their own.
        let documented = known.contains(&verb) || verb == "serve";
        assert!(!help.contains("--json") || documented, "`retake {verb} --json` has no schema");
    }
}
