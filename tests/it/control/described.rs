//! The `OpenAPI` document and the server say the same.
//!
//! The document is made from the types of the verbs, so this holds real answers against what the types promise. A new verb
//! needs no line in here, only an `example` of its request. In those, [`RECORDING`] stands for a recording, [`MEDIA`] for a file
//! that it keeps, [`ANEW`] for what waits for its review, and call 1 is a miss; see [`furnished`].

use std::collections::BTreeSet;

use retake::model::Mode;
use serde_json::json;

use super::*;

const RECORDING: &str = "rec_2jKxKf7Qm9RzT4aW";
const ANEW: &str = "rec_5NwToBeReviewed1";
const MEDIA: &str = "med_2jKxKf7Qm9RzT4aW_0a1b2c3d";

/// One thing that the document says can be done.
pub(super) struct Operation {
    pub(super) method: String,
    pub(super) path: String,
    said: Value,
    components: Value,
}

pub(super) fn document() -> Value {
    serde_json::from_str(retake::api::openapi()).unwrap()
}

/// All that the document says can be done.
pub(super) fn operations() -> Vec<Operation> {
    let document = document();
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().map(|(method, said)| Operation {
            method: method.to_uppercase(),
            path: path.clone(),
            said: said.clone(),
            components: document["components"].clone(),
        })
    });
    operations.collect()
}

impl Operation {
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether it needs the token.
    pub(super) fn is_closed(&self) -> bool {
        self.said["security"].is_null()
    }

    /// The path with the examples of its parameters, and behind it those of its query.
    pub(super) fn target(&self) -> String {
        let (mut target, mut query) = (self.path.clone(), Vec::new());
        for parameter in self.said["parameters"].as_array().into_iter().flatten() {
            let (name, example) = (parameter["name"].as_str().unwrap(), &parameter["example"]);
            assert!(
                !example.is_null() || parameter["required"] == false,
                "{}: {name} has no example",
                self.name()
            );
            let value = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
            match parameter["in"].as_str().unwrap() {
                "path" => target = target.replace(&format!("{{{name}}}"), &value),
                "query" if !example.is_null() => query.push(format!("{name}={value}")),
                _ => {}
            }
        }
        if query.is_empty() { target } else { format!("{target}?{}", query.join("&")) }
    }

    /// The example of its body.
    pub(super) fn body(&self) -> Option<&Value> {
        let body = self.said.get("requestBody")?;
        let content = &body["content"]["application/json"];
        assert!(content.get("example").is_some(), "{}: its body has no example", self.name());
        self.holds(&content["schema"], &content["example"]);
        Some(&content["example"])
    }

    /// The longest body that it takes, in bytes.
    pub(super) fn largest(&self) -> Option<usize> {
        let body = self.said.get("requestBody")?;
        let largest = body["x-largest-bytes"].as_u64();
        Some(usize::try_from(largest.unwrap_or_else(|| panic!("{}: no limit", self.name()))).unwrap())
    }

    /// Asserts that an answer is one of those that are described.
    #[track_caller]
    pub(super) fn describes(&self, status: u16, content_type: &str, body: &[u8]) {
        let name = self.name();
        let text = String::from_utf8_lossy(body);
        let mut said = &self.said["responses"][status.to_string()];
        if let Some(place) = said["$ref"].as_str() {
            said = self.components.pointer(place.strip_prefix("#/components").unwrap()).unwrap();
        }
        assert!(said.is_object(), "{name}: status {status} is not described: {text}");
        let kind = content_type.split(';').next().unwrap_or_default();
        let content = said["content"].as_object().unwrap();
        let content = content.get(kind).or_else(|| content.get("*/*"));
        let content = content.unwrap_or_else(|| panic!("{name}: `{kind}` is not described: {text}"));
        if kind == "application/json" {
            self.holds(&content["schema"], &serde_json::from_slice(body).unwrap());
        }
    }

    /// Asserts that a value is as a schema wants it.
    #[track_caller]
    fn holds(&self, schema: &Value, value: &Value) {
        let whole = json!({ "allOf": [schema], "components": self.components });
        let validator = jsonschema::validator_for(&whole).unwrap();
        let wrong: Vec<_> =
            validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{}: {}\nin {value:#}", self.name(), wrong.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_is_described_and_every_description_has_its_route() {
    let world = World::new(Mode::Mock, "127.0.0.1:9".parse().unwrap()).await;
    let described: BTreeSet<String> = operations().iter().map(Operation::name).collect();
    let mut routed = BTreeSet::new();
    for path in retake::proxy::control_paths() {
        // What a route does not know, it answers with what it knows.
        let reply = ask(&world, "LINK", &path, None).await;
        assert_eq!(reply.status, 405, "{path} {reply:?}");
        let allowed = reply.headers.text("allow").unwrap_or_default();
        let methods = allowed.split(',').filter(|method| *method != "HEAD");
        routed.extend(methods.map(|method| format!("{method} {path}")));
    }
    let none = BTreeSet::new();
    let (missing, invented) = (&routed - &described, &described - &routed);
    assert_eq!(missing, none, "the document does not describe them");
    assert_eq!(invented, none, "the document describes them, and there are no such routes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_example_works_and_is_answered_as_described() {
    for operation in operations() {
        let (world, _upstream, recording) = furnished().await;
        let real = |text: &str| {
            text.replace(MEDIA, recording.media[0].id.as_str())
                .replace(RECORDING, recording.id.as_str())
                .replace(ANEW, world.engine.reviews()[0].id.as_str())
        };
        let body: Option<Value> =
            operation.body().map(|body| serde_json::from_str(&real(&body.to_string())).unwrap());
        let target = real(&operation.target());
        if operation.said["responses"]["200"]["content"].get("text/event-stream").is_some() {
            let authorization = format!("Bearer {TOKEN}");
            let mut stream = live::Stream::open(&world, &target, &authorization).await;
            operation.describes(stream.status, &stream.content_type, b"");
            let (name, first) = stream.next().await.unwrap();
            assert_eq!(name, "snapshot");
            operation.holds(&json!({ "$ref": "#/components/schemas/Snapshot" }), &first);
            continue;
        }
        let reply = ask(&world, &operation.method, &target, body.as_ref()).await;
        let text = String::from_utf8_lossy(&reply.body);
        assert_eq!(reply.status, 200, "{}: {text}", operation.name());
        operation.describes(reply.status, reply.headers.text("content-type").unwrap(), &reply.body);
        assert_ne!(text, "[]", "{}: nothing that could be held against its schema", operation.name());
    }
}

/// What is announced is as the document says, and so is what cannot be had.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn announcements_and_refusals_are_as_described() {
    let (world, _upstream, recording) = furnished().await;
    let all = operations();
    let named = |name: &str| all.iter().find(|operation| operation.name() == name).unwrap();
    let events = named("GET /__retake/events");
    let mut stream = live::Stream::open(&world, &events.path, &format!("Bearer {TOKEN}")).await;
    stream.next().await.unwrap();
    world.engine.set_mode(Mode::Mock);
    world.post(CHAT, &[], r#"{"model":"gpt-5-mini","messages":[]}"#).await;
    world.engine.remove(std::slice::from_ref(&recording.id)).await.unwrap();
    world.engine.restore(std::slice::from_ref(&recording.id)).await.unwrap();
    world.engine.notify(retake::model::Level::Info, "that was all");
    let mut kinds = BTreeSet::new();
    while !kinds.contains("notice") {
        let (_, event) = stream.next().await.unwrap();
        events.holds(&json!({ "$ref": "#/components/schemas/Event" }), &event);
        kinds.extend(event.as_object().unwrap().keys().cloned());
    }
    assert_eq!(kinds, ["call", "mode", "notice", "removed", "stored"].map(str::to_owned).into());
    for (name, target, body, status) in [
        ("GET /__retake/recordings/{id}", "/__retake/recordings/rec_11111111", None, 404),
        ("GET /__retake/recordings/{id}", "/__retake/recordings/what", None, 404),
        ("GET /__retake/media/{id}", "/__retake/media/med_1", None, 404),
        ("GET /__retake/calls/{id}", "/__retake/calls/999", None, 404),
        ("GET /__retake/calls/{id}", "/__retake/calls/first", None, 400),
        ("GET /__retake/calls/{id}/explain", "/__retake/calls/999/explain", None, 404),
        ("GET /__retake/v1/requests", "/__retake/v1/requests?limit=501", None, 400),
        ("GET /__retake/v1/requests", "/__retake/v1/requests?outcome=fine", None, 400),
        ("GET /__retake/v1/requests", "/__retake/v1/requests?colour=red", None, 400),
        ("GET /__retake/v1/requests/{id}", "/__retake/v1/requests/17", None, 400),
        ("GET /__retake/v1/requests/{id}", "/__retake/v1/requests/req_999", None, 404),
        ("GET /__retake/recordings", "/__retake/recordings?query=size:huge", None, 400),
        ("GET /__retake/diff", "/__retake/diff?one=rec_11111111&other=call_1", None, 404),
        ("GET /__retake/diff", "/__retake/diff?one=call_1", None, 400),
        ("GET /__retake/diff", "/__retake/diff?one=call_1&other=call_1&context=few", None, 400),
        ("GET /__retake/diff", "/__retake/diff?one=what&other=call_1", None, 400),
        ("PUT /__retake/mode", "/__retake/mode", Some(json!("rewind")), 400),
        ("POST /__retake/prune", "/__retake/prune", Some(json!({ "query": " " })), 400),
        ("POST /__retake/prune", "/__retake/prune", Some(json!({ "query": "hits:many" })), 400),
        ("POST /__retake/recordings/remove", "/__retake/recordings/remove", Some(json!({})), 400),
    ] {
        let operation = named(name);
        let reply = ask(&world, &operation.method, target, body.as_ref()).await;
        assert_eq!(reply.status, status, "{name} {target}");
        operation.describes(reply.status, reply.headers.text("content-type").unwrap(), &reply.body);
    }
}
