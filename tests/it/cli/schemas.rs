//! What programs read: every `--json` is as its schema in `assets/schemas` says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jsonschema::{Retrieve, Uri, Validator};
use serde_json::{Value, json};

use super::*;
use crate::home::{CHAT_PATH, Home, chat, said};
use crate::world::Upstream;

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

/// Holds an output against its schema, and the schema against an output that is not as it says.
#[track_caller]
fn holds(name: &str, output: &str) {
    let schema = schema(name);
    let value: Value = serde_json::from_str(output).unwrap_or_else(|error| panic!("{error}: {output}"));
    let wrong: Vec<_> =
        schema.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{name}: {}\n{output}", wrong.join("\n"));
    let mut more = value;
    let mut inside = &mut more;
    while inside.is_array() {
        inside = inside.get_mut(0).unwrap_or_else(|| panic!("{name}: an empty list shows nothing"));
    }
    inside.as_object_mut().unwrap().insert("unheard_of".into(), json!(1));
    assert!(!schema.is_valid(&more), "{name} admits anything");
}

/// What each verb says, by the name of its schema. A new verb gets a line here and a file there.
async fn outputs(home: &Home, upstream: &Upstream) -> Vec<(&'static str, String)> {
    let rows = home.filled(upstream, &["one", "one", "other"]).await;
    let (id, last) = (rows[0].id.as_str(), rows[2].id.as_str());
    let serving = home.serve(&["--mode", "replay-or-error", "--json"]);
    for seed in [1, 2, 3] {
        let body =
            json!({"model": "gpt-5-mini", "seed": seed, "messages": [{"role": "user", "content": "x"}]});
        assert_eq!(serving.call(CHAT_PATH, &[], &body.to_string()).await.status, 404);
    }
    let call = serving.line();
    let to = ["explain", "--to", CHAT_PATH, "--json", "request.json"];
    std::fs::write(home.path().join("request.json"), chat("two")).unwrap();
    let missed = home.fine(&to);
    std::fs::write(home.path().join("request.json"), chat("one")).unwrap();
    let hit = home.fine(&to);
    let mut outputs = vec![
        ("call", call),
        ("list", home.fine(&["list", "--json"])),
        ("show", home.fine(&["show", id, "--json"])),
        ("explain", missed),
        ("explain", hit),
        ("suggest-ignores", home.fine(&["suggest-ignores", "--json"])),
        ("doctor", home.fine(&["doctor", "--offline", "--json"])),
    ];
    assert_eq!(serving.end("TERM").code, Some(0));
    home.fine(&["retag", id, "pinned"]);
    outputs.push(("retag", home.fine(&["retag", last, "pinned", "--json"])));
    outputs.push(("list-ambiguous", home.fine(&["list", "--ambiguous", "--json"])));
    home.fine(&["retag", id, last, "standard"]);
    let session = run::Session::start(home, &["--mode", "replay-or-error", "--json"], run::SCRIPT);
    assert_eq!(session.call(&[], "new").await, 404);
    let ran = session.end(3);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    outputs.push(("run", ran.err.lines().last().unwrap().to_owned()));
    std::fs::write(home.path().join("wrong.toml"), "modle = 1").unwrap();
    outputs.push(("config-check", said(home.command(&["config", "check", "wrong.toml", "--json"])).out));
    outputs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_output_for_programs_is_as_its_schema_says() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let outputs = outputs(&home, &upstream).await;
    for (name, output) in &outputs {
        holds(name, output);
    }
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let known: BTreeSet<_> =
        files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    let mut tried: BTreeSet<_> = outputs.iter().map(|(name, _)| (*name).to_owned()).collect();
    tried.insert("common".into());
    assert_eq!(tried, known, "every schema is tried");
    for verb in generated::verbs(&home) {
        let help = home.fine(&[&verb, "--help"]);
        // A line of `serve` is a call; `config` has verbs of its own.
        let documented = known.contains(&verb) || verb == "serve";
        assert!(!help.contains("--json") || documented, "`retake {verb} --json` has no schema");
    }
}
