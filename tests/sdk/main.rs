//! The official SDKs of OpenAI, Anthropic and Google, unchanged, before the real program: what it records, and what it gets back when the
//! upstream is gone.
//!
//! `RETAKE_SKIP_SDK=1` skips this where there is no Python or no package index.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

#[expect(dead_code, reason = "the other test binary uses all of it")]
#[path = "../it/home.rs"]
mod home;
mod others;
mod provider;
mod python;
#[expect(dead_code, reason = "the other test binary uses all of it")]
#[path = "../it/world.rs"]
mod world;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use retake::model::{Call, Outcome as CallOutcome};
use serde_json::{Value, json};

use home::{Home, Running};
use provider::{STREAMED, VECTORS, header, picture};
use python::{Calls, Exchange, Outcome, Python};
use world::{KEY, PATIENCE, Upstream, stands_in};

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
/// What is recorded is asked for in retake's words and in those of others; none of them may reach an upstream.
const OWN_HEADERS: [(&str, &str); 4] = [
    ("X-Retake-Mode", "replay-or-record"),
    ("X-Lumenfall-Replay", "replay-or-record"),
    ("X-Retake-Latency", "none"),
    ("X-Test-Id", "sdk"),
];

type Outcomes = BTreeMap<String, Outcome>;

/// An SDK, a place for its files, and a store.
struct Scene {
    python: Python,
    home: Home,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sdk_records_and_gets_the_same_again_without_the_upstream() {
    let Some(scene) = Scene::new() else { return };
    let upstream = Upstream::start(|seen| provider::answer(&seen)).await;
    let to = format!("openai=http://{}", upstream.address);

    let serve = scene.serve(&["--mode", "replay-or-error", "--upstream", &to]);
    let recorded = scene.calls(&serve, own_headers(), &NAMES);
    let mut said = all_became(&serve, CallOutcome::Record, NAMES.len());
    results_are_right(&recorded);
    marked(&recorded, "record");
    let forwarded = upstream.calls();
    assert_eq!(forwarded, NAMES.len() + 1, "each call once, and the file behind the link");
    for seen in upstream.seen.lock().unwrap().iter() {
        let own = seen.headers.iter().find(|(name, _)| is_own(name));
        assert!(own.is_none(), "{own:?} reached the upstream with {}", seen.target);
        let expected = if seen.target.starts_with("/v1/") { format!("Bearer {KEY}") } else { String::new() };
        assert_eq!(header(seen, "authorization"), expected, "{}", seen.target);
    }

    let replayed = scene.calls(&serve, json!({}), &NAMES);
    said += &all_became(&serve, CallOutcome::Replay, NAMES.len());
    same(&recorded, &replayed, "");
    assert_eq!(upstream.calls(), forwarded, "a replay calls nobody");
    let seen = std::sync::Arc::clone(&upstream.seen);
    upstream.stop().await;
    let origin = format!("http://{}", serve.address);
    links_last(&recorded, &origin);
    said += &stopped(serve);

    let serve = scene.serve(&["--mode", "replay-or-error", "--upstream", &to]);
    let replayed = scene.calls(&serve, json!({}), &NAMES);
    said += &all_became(&serve, CallOutcome::Replay, NAMES.len());
    same(&recorded, &replayed, &origin);
    links_last(&replayed, &format!("http://{}", serve.address));
    said += &a_miss_is_told_at_once(&scene, &serve);
    said += &stopped(serve);
    assert_eq!(seen.lock().unwrap().len(), forwarded, "nobody called the upstream after it was gone");
    no_secret_anywhere(&scene.home, &said);
}

#[test]
fn the_sdk_understands_what_is_synthesized() {
    let Some(scene) = Scene::new() else { return };
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

impl Scene {
    /// None where the test is to be skipped.
    fn new() -> Option<Self> {
        if std::env::var_os("RETAKE_SKIP_SDK").is_some_and(|value| value == "1") {
            // Not with `eprintln!`, which a test that succeeds does not show.
            let note = "skipped, because RETAKE_SKIP_SDK is 1: the official SDK was not run";
            let _ = std::io::stderr().write_all(format!("{note}\n").as_bytes());
            return None;
        }
        let scene = Self { python: Python::with_sdk(), home: Home::new() };
        std::fs::write(scene.picture(), picture(0)).unwrap();
        Some(scene)
    }

    fn picture(&self) -> PathBuf {
        self.home.path().join("fox.png")
    }

    fn serve(&self, flags: &[&str]) -> Running {
        self.home.serve(&[&["--json"], flags].concat())
    }

    /// What another SDK makes of the named calls.
    fn others(&self, sdk: &str, base_url: &str, headers: Value, names: &[&str]) -> Value {
        self.python.others(sdk, &Calls { base_url, key: KEY, picture: &self.picture(), headers }, names)
    }

    fn calls(&self, serve: &Running, headers: Value, names: &[&str]) -> Outcomes {
        let (base_url, picture) = (format!("http://{}/openai/v1", serve.address), self.picture());
        self.python.calls(&Calls { base_url: &base_url, key: KEY, picture: &picture, headers }, names)
    }
}

fn own_headers() -> Value {
    OWN_HEADERS.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

fn is_own(name: &str) -> bool {
    name.starts_with("x-retake-") || name.starts_with("x-lumenfall-") || name == "x-test-id"
}

/// Waits until all calls are done, and gives what the program said of them. A recording call is done when its
/// recording is safe.
fn all_became(serve: &Running, outcome: CallOutcome, number: usize) -> String {
    let lines: Vec<_> = (0..number).map(|_| serve.line()).collect();
    for line in &lines {
        assert_eq!(call(line).outcome, Some(outcome), "{line}");
    }
    lines.join("\n")
}

fn call(line: &str) -> Call {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in `{line}`"))
}

fn only(outcome: &Outcome) -> &Exchange {
    let [exchange] = outcome.exchanges.as_slice() else {
        panic!("{} exchanges instead of one", outcome.exchanges.len())
    };
    exchange
}

fn marked(outcomes: &Outcomes, result: &str) {
    for (name, outcome) in outcomes {
        assert_eq!(only(outcome).headers.get("x-retake-result").map(String::as_str), Some(result), "{name}");
        assert!(only(outcome).headers.contains_key("x-retake-recording-id"), "{name}");
    }
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

/// A replay is what was recorded: the SDK's objects, the bytes, the status, the headers. `origin` is where the proxy
/// was when it recorded; empty when it still is there, so that links stay as they are.
fn same(recorded: &Outcomes, replayed: &Outcomes, origin: &str) {
    marked(replayed, "replay");
    for (name, first) in recorded {
        let (second, then, again) = (&replayed[name], only(first), only(&replayed[name]));
        assert_eq!((then.status, lasting(then)), (again.status, lasting(again)), "{name}");
        assert!(!again.headers.contains_key("set-cookie"), "{name}: cookies are not replayed");
        match name.as_str() {
            "chat_echo" => masked(&then.body, &again.body),
            "image_url" if !origin.is_empty() => moved(&text(&then.body), &text(&again.body), origin),
            _ => {
                assert!(then.body == again.body, "{name}: the bytes differ");
                assert_eq!((&first.result, &first.error), (&second.result, &second.error), "{name}");
            }
        }
    }
    let boundary = |outcomes: &Outcomes| only(&outcomes["image_edit"]).request_type.clone();
    assert_ne!(
        boundary(recorded),
        boundary(replayed),
        "the boundary is random, and yet the recording was found"
    );
}

/// The headers that a replay repeats.
fn lasting(exchange: &Exchange) -> BTreeMap<&str, &str> {
    let passing =
        ["date", "set-cookie", "connection", "transfer-encoding", "content-length", "x-echo-authorization"];
    let all = exchange.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    all.filter(|(name, _)| !is_own(name) && !passing.contains(name)).collect()
}

/// The client that recorded got the echo of its key; what is kept and replayed is as long, without the key.
fn masked(then: &[u8], again: &[u8]) {
    let echo = format!("Bearer {KEY}");
    let start = text(then).find(&echo).expect("the upstream said the key back");
    let end = start + echo.len();
    assert_eq!(then.len(), again.len());
    assert_eq!((&then[..start], &then[end..]), (&again[..start], &again[end..]));
    assert!(!text(again).contains(KEY), "the echo of a key is kept");
}

/// Another address of the proxy, another link, and nothing else.
fn moved(then: &str, again: &str, origin: &str) {
    let now = again.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("a link");
    assert_eq!(then.replace(origin, &format!("http://{now}")), again);
}

/// The link that the SDK was given is the proxy's, and there is the picture, whoever asks.
fn links_last(outcomes: &Outcomes, origin: &str) {
    let url = outcomes["image_url"].result["data"][0]["url"].as_str().expect("a link");
    assert!(url.starts_with(&format!("{origin}/__retake/media/")), "{url}");
    let (status, body) = get(url);
    assert_eq!(status, 200);
    assert!(body == picture(2), "{url} gives the bytes of the upstream's file");
}

/// A call that nothing answers: an exception at once, without a retry, that says what differs.
fn a_miss_is_told_at_once(scene: &Scene, serve: &Running) -> String {
    let outcomes = scene.calls(serve, json!({}), &["chat_changed"]);
    let outcome = &outcomes["chat_changed"];
    assert_eq!((only(outcome).status, &outcome.error["type"]), (404, &json!("NotFoundError")));
    assert_eq!(outcome.error["code"], "RECORDING_NOT_FOUND");
    let message = outcome.error["message"].as_str().unwrap();
    assert!(message.contains("temperature") && message.contains("0.25"), "it does not say why: {message}");
    assert_eq!(only(outcome).headers["x-retake-result"], "miss");
    let line = serve.line();
    let call = call(&line);
    assert_eq!(call.outcome, Some(CallOutcome::Miss));
    assert!(call.reason.is_some_and(|reason| reason.contains("temperature")));
    line
}

/// Ends the program; gives what it said since, other calls than those that were waited for among it.
fn stopped(serve: Running) -> String {
    let said = serve.end("TERM");
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""), "no call that nobody waited for: {said:?}");
    said.err
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

/// Law 4: neither files nor output hold the key or the address.
fn no_secret_anywhere(home: &Home, said: &str) {
    let rows = home.rows();
    let status: Vec<_> =
        rows.iter().filter(|row| row.endpoint == "chat/completions").map(|row| row.status).collect();
    assert_eq!(
        (rows.len(), status.contains(&429)),
        (NAMES.len(), true),
        "an error is recorded like any answer"
    );
    for secret in [KEY, ADDRESS] {
        assert_eq!(stands_in(&home.store(), secret), None, "{secret} is in a file");
        assert!(!said.contains(secret), "{secret} is in what `retake serve` said");
    }
    let mut shown = vec![home.run(&["list"]), home.run(&["list", "--json"])];
    for row in &rows {
        let id = row.id.as_str();
        shown.push(home.run(&["show", id]));
        let parts = ["--json", "--request", "--response", "--body"];
        shown.extend(parts.map(|part| home.run(&["show", id, part])));
    }
    for shown in shown {
        assert_eq!(shown.code, Some(0), "{shown:?}");
        let output = shown.out + &shown.err;
        assert!(!output.contains(KEY) && !output.contains(ADDRESS), "a secret is shown:\n{output}");
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
