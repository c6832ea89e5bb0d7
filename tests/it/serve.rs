//! The program itself: `retake serve` as a process, and the verbs beside it.

use axum::response::Response;
use retake::model::{Outcome, Row};
use tempfile::tempdir;

use crate::program::{Serve, get, stdout, verb};
use crate::world::{Seen, Upstream, json, request};

const ANSWER: &str =
    r#"{"id":"chatcmpl-1","choices":[{"index":0,"message":{"role":"assistant","content":"hi"}}]}"#;
const CHAT: &str = r#"{"model":"gpt-5-mini","messages":[{"role":"user","content":"Say hi"}]}"#;

fn chat(_: Seen) -> Response {
    json(ANSWER)
}

async fn post(serve: &Serve, body: &str) -> u16 {
    let client = retake::upstream::Client::new(crate::world::PATIENCE);
    let request = request("/openai/v1/chat/completions", &[], body);
    let mut answer =
        client.forward(&request, &format!("http://{}", serve.address).parse().unwrap()).await.unwrap();
    while let Some(piece) = answer.body.piece().await {
        piece.unwrap();
    }
    answer.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_recorded_listed_shown_and_replayed_by_the_next_process() {
    let upstream = Upstream::start(chat).await;
    let (folder, to) = (tempdir().unwrap(), format!("openai=http://{}", upstream.address));
    let store = folder.path().join("store");
    let serve = Serve::start(&store, &["--mode", "replay-or-record", "--upstream", &to]);
    assert_eq!(post(&serve, CHAT).await, 200);
    assert_eq!(upstream.last().body, CHAT, "forwarded byte for byte");
    let recorded = serve.calls(1).remove(0);
    assert_eq!((recorded.outcome, recorded.status), (Some(Outcome::Record), Some(200)));
    let id = recorded.recording.unwrap();
    let (status, health) = get(&format!("http://{}/__retake/health", serve.address));
    assert_eq!((status, health.starts_with(b"{")), (200, true), "anybody may ask how it is");
    let rows: Vec<Row> = serde_json::from_slice(&stdout(&store, &["list", "--json"])).unwrap();
    assert_eq!(
        rows.iter().map(|row| &row.id).collect::<Vec<_>>(),
        [&id],
        "asked of the process that owns the store"
    );
    let ended = serve.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    upstream.stop().await;

    let serve = Serve::start(&store, &["--mode", "replay-or-error", "--upstream", &to]);
    assert_eq!((post(&serve, CHAT).await, post(&serve, &CHAT.replace("hi", "no")).await), (200, 404));
    let calls = serve.calls(2);
    assert_eq!(calls[0].recording.as_ref(), Some(&id));
    assert_eq!([calls[0].outcome, calls[1].outcome], [Some(Outcome::Replay), Some(Outcome::Miss)]);
    assert_eq!(stdout(&store, &["show", id.as_str(), "--body"]), ANSWER.as_bytes());
    assert_eq!(serve.stop().code, Some(0));
    assert_eq!(stdout(&store, &["show", id.as_str(), "--body"]), ANSWER.as_bytes(), "without an owner too");
}

#[test]
fn exit_codes_say_what_went_wrong() {
    let folder = tempdir().unwrap();
    let store = folder.path().join("store");
    let code = |args: &[&str]| verb(&store, args).status.code();
    assert_eq!(code(&["list"]), Some(1), "there is no store to look at");
    assert_eq!(code(&["serve", "--mode", "rewind"]), Some(2));
    assert_eq!(code(&["serve", "--listen", "nowhere"]), Some(2));
    let serve = Serve::start(&store, &[]);
    assert_eq!(code(&["show", "rec_0000000000000000"]), Some(1));
    assert_eq!(code(&["serve", "--listen", "127.0.0.1:0"]), Some(3), "a store has one owner");
    assert_eq!(serve.stop().code, Some(0));
}
