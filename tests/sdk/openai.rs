//! OpenAI: pictures inline and behind links, chat, streams, embeddings, errors; recorded, replayed and synthesized.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use retake::model::Outcome as CallOutcome;
use serde_json::{Value, json};

use crate::check::{
    a_miss_is_told_at_once, all_became, marked, masked, moved, no_secret_anywhere, nothing_of_ours_arrived,
    only, same, stopped,
};
use crate::provider::openai::{self, VECTORS};
use crate::provider::{STREAMED, header, picture};
use crate::world::{KEY, PATIENCE, Upstream};
use crate::{Outcomes, Scene, own_headers};

/// The calls that are recorded and replayed.
const NAMES: [&str; 9] = [
    "image_b64",
    "image_url",
    "image_edit",
    "chat_plain",
    "chat_streamed",
    "chat_echo",
    "chat_secret",
    "embeddings",
    "rate_limited",
];
/// An address in a prompt, which is nobody's business.
const ADDRESS: &str = "ada.lovelace@example.org";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sdk_records_and_gets_the_same_again_without_the_upstream() {
    let Some(scene) = Scene::new("openai") else { return };
    let upstream = Upstream::start(|seen| openai::answer(&seen)).await;
    let to = format!("openai=http://{}", upstream.address);

    let serve = scene.serve(&["--mode", "replay-or-error", "--upstream", &to]);
    let recorded = scene.calls(&serve, own_headers(), &NAMES);
    let mut said = all_became(&serve, CallOutcome::Record, NAMES.len());
    results_are_right(&recorded);
    marked(&recorded, "record");
    let forwarded = upstream.calls();
    assert_eq!(forwarded, NAMES.len() + 1, "each call once, and the file behind the link");
    nothing_of_ours_arrived(&upstream);
    for seen in upstream.seen.lock().unwrap().iter() {
        let expected = if seen.target.starts_with("/v1/") { format!("Bearer {KEY}") } else { String::new() };
        assert_eq!(header(seen, "authorization"), expected, "{}", seen.target);
    }

    let replayed = scene.calls(&serve, json!({}), &NAMES);
    said += &all_became(&serve, CallOutcome::Replay, NAMES.len());
    all_same(&recorded, &replayed, "");
    assert_eq!(upstream.calls(), forwarded, "a replay calls nobody");
    let seen = Arc::clone(&upstream.seen);
    upstream.stop().await;
    let origin = format!("http://{}", serve.address);
    links_last(&recorded, &origin);
    said += &stopped(serve);

    let serve = scene.serve(&["--mode", "replay-or-error", "--upstream", &to]);
    let replayed = scene.calls(&serve, json!({}), &NAMES);
    said += &all_became(&serve, CallOutcome::Replay, NAMES.len());
    all_same(&recorded, &replayed, &origin);
    links_last(&replayed, &format!("http://{}", serve.address));
    let exception = ["NotFoundError", "RECORDING_NOT_FOUND"];
    said += &a_miss_is_told_at_once(&scene, &serve, "chat_changed", exception, ["temperature", "0.25"]);
    said += &stopped(serve);
    assert_eq!(seen.lock().unwrap().len(), forwarded, "nobody called the upstream after it was gone");
    let rows = scene.home.rows();
    let limited = rows.iter().any(|row| row.endpoint == "chat/completions" && row.status == 429);
    assert_eq!((rows.len(), limited), (NAMES.len(), true), "an error is recorded like any answer");
    no_secret_anywhere(&scene.home, &said, &[KEY, ADDRESS]);
}

#[test]
fn the_sdk_understands_what_is_synthesized() {
    let Some(scene) = Scene::new("openai") else { return };
    let serve = scene.serve(&["--mode", "replay-or-mock", "--never-forward"]);
    let names = ["image_b64", "image_url", "chat_plain", "chat_streamed"];
    let (first, again) = (scene.calls(&serve, json!({}), &names), scene.calls(&serve, json!({}), &names));
    for name in names {
        assert_eq!(first[name].error, Value::Null, "{name}");
        assert_eq!(only(&first[name]).headers["x-retake-result"], "mock", "{name}");
        assert_eq!(
            only(&first[name]).body,
            only(&again[name]).body,
            "{name}: the same request, the same bytes"
        );
    }
    let inline = STANDARD.decode(first["image_b64"].result["data"][0]["b64_json"].as_str().unwrap()).unwrap();
    let (status, linked) = get(first["image_url"].result["data"][0]["url"].as_str().unwrap());
    assert_eq!(status, 200);
    for picture in [inline, linked] {
        assert_eq!(image::load_from_memory(&picture).unwrap().width(), 1024);
    }
    let said = first["chat_plain"].result["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(
        !said.is_empty()
            && first["chat_streamed"].result["text"].as_str().is_some_and(|text| !text.is_empty())
    );
    all_became(&serve, CallOutcome::Mock, 2 * names.len());
    stopped(serve);
}

/// The SDK understood what the upstream said.
fn results_are_right(outcomes: &Outcomes) {
    let result = |name: &str| {
        let outcome = &outcomes[name];
        assert_eq!(outcome.error, Value::Null, "{name}");
        &outcome.result
    };
    for (name, number) in [("image_b64", 1), ("image_edit", 3)] {
        let png = STANDARD.decode(result(name)["data"][0]["b64_json"].as_str().unwrap()).unwrap();
        assert_eq!(png, picture(number), "{name}");
        assert_eq!(image::load_from_memory(&png).unwrap().width(), 64);
    }
    assert_eq!(result("chat_plain")["usage"]["total_tokens"], 23);
    assert_eq!(result("chat_streamed")["text"], STREAMED.concat());
    assert_eq!(result("chat_streamed")["chunks"].as_array().map(Vec::len), Some(STREAMED.len() + 2));
    for (index, vector) in VECTORS.iter().enumerate() {
        assert_eq!(result("embeddings")["data"][index]["embedding"], json!(vector));
    }
    assert!(result("chat_echo")["choices"][0]["message"]["content"].as_str().unwrap().contains(KEY));
    let error = &outcomes["rate_limited"].error;
    assert_eq!((&error["type"], &error["status"]), (&json!("RateLimitError"), &json!(429)));
    assert_eq!((&error["retry_after"], &error["code"]), (&json!("7"), &json!("rate_limit_exceeded")));
}

/// A replay is what was recorded. `origin` is where the proxy was when it recorded; empty when it still is there, so
/// that links stay as they are.
fn all_same(recorded: &Outcomes, replayed: &Outcomes, origin: &str) {
    marked(replayed, "replay");
    for (name, first) in recorded {
        let second = &replayed[name];
        match name.as_str() {
            "chat_echo" => masked(name, first, second, &format!("Bearer {KEY}")),
            "image_url" if !origin.is_empty() => moved(name, first, second, origin),
            _ => same(name, first, second),
        }
    }
    let boundary = |outcomes: &Outcomes| only(&outcomes["image_edit"]).request_type.clone();
    assert_ne!(
        boundary(recorded),
        boundary(replayed),
        "the boundary is random, and yet the recording was found"
    );
}

/// The link that the SDK was given is the proxy's, and there is the picture, whoever asks.
fn links_last(outcomes: &Outcomes, origin: &str) {
    let url = outcomes["image_url"].result["data"][0]["url"].as_str().expect("a link");
    assert!(url.starts_with(&format!("{origin}/__retake/media/")), "{url}");
    let (status, body) = get(url);
    assert_eq!(status, 200);
    assert!(body == picture(2), "{url} gives the bytes of the upstream's file");
}

/// A bare GET, as a browser's image tag would send it: its status and body.
fn get(url: &str) -> (u16, Vec<u8>) {
    let (host, path) =
        url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("an http URL");
    let mut socket = TcpStream::connect(host).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(socket, "GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head");
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    assert!(!head.to_ascii_lowercase().contains("transfer-encoding"), "no framing is undone here: {head}");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, answer.split_off(end + 4))
}
