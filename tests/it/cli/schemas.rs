//! What programs read: every `--json` is as its schema says, which `retake schema` prints.

use std::collections::BTreeSet;

use jsonschema::Validator;
use serde_json::{Value, json};

use super::{generated, outputs};
use crate::home::Home;

/// The schema of this name; it must be one.
fn schema(home: &Home, name: &str) -> Validator {
    let schema: Value = serde_json::from_str(&home.fine(&["schema", name])).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
    jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
    jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Holds an output against its schema, and the schema against outputs that are not as it says.
#[track_caller]
fn holds(home: &Home, name: &str, output: &str) {
    let schema = schema(home, name);
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
    let home = Home::new();
    for (name, output) in &outputs {
        holds(&home, name, output);
    }
    let listed = home.fine(&["schema"]);
    let known: BTreeSet<_> = listed.lines().filter(|name| *name != "openapi").map(str::to_owned).collect();
    let tried: BTreeSet<_> = outputs.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(tried, known, "every schema is tried");
    let wrong = home.run(&["schema", "lsit"]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(wrong.err.contains("`retake schema` lists them"), "{wrong:?}");
    assert_eq!(home.fine(&["schema", "openapi"]), retake::api::openapi());
    for verb in generated::verbs(&home) {
        let help = home.fine(&[&verb, "--help"]);
        // A line of `serve` is a call; `config` and `usage` have verbs of their own.
        let documented = known.contains(&verb) || verb == "serve";
        assert!(!help.contains("--json") || documented, "`retake {verb} --json` has no schema");
    }
}
