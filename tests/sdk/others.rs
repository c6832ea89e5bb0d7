//! The official Anthropic and Google Gen AI SDKs: recorded, and replayed by a fresh proxy without an upstream.

use axum::body::Body;
use axum::response::Response;
use retake::model::Outcome as CallOutcome;
use serde_json::{Value, json};

use crate::provider::header;
use crate::world::{KEY, Seen, Upstream, stands_in};
use crate::{Scene, all_became, call, own_headers, stopped};

const CLAUDE: [&str; 5] = ["plain", "streamed", "tools", "counted", "pictured"];
const GEMINI: [&str; 6] = ["plain", "streamed", "chat", "embedded", "called", "pictured"];
const PIECES: [&str; 3] = ["Eins, ", "zwei – ", "dreißig."];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anthropic_records_and_gets_the_same_again_without_the_upstream() {
    let Some(scene) = Scene::new() else { return };
    let recorded = round(&scene, "anthropic", &CLAUDE, 6, claude).await;
    assert_eq!(recorded["streamed"]["result"]["text"], PIECES.concat());
    assert_eq!(recorded["tools"]["result"][0]["stop_reason"], "tool_use");
    assert_eq!(recorded["tools"]["result"][1]["content"][0]["text"], "It rains.");
    assert_eq!(recorded["counted"]["result"]["input_tokens"], 9);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gemini_records_and_gets_the_same_again_without_the_upstream() {
    let Some(scene) = Scene::new() else { return };
    let recorded = round(&scene, "gemini", &GEMINI, 7, gemini).await;
    assert_eq!(recorded["streamed"]["result"]["text"], PIECES.concat());
    assert_eq!(
        recorded["called"]["result"]["candidates"][0]["content"]["parts"][0]["function_call"]["name"],
        "get_weather"
    );
    assert_eq!(recorded["embedded"]["result"]["embeddings"][0]["values"], json!([0.5, -0.25]));
}

/// Records all calls, replays them in another process, and lets one miss. Gives what was recorded.
async fn round(
    scene: &Scene,
    sdk: &str,
    names: &[&str],
    exchanges: usize,
    answer: fn(&Seen) -> Response,
) -> Value {
    let upstream = Upstream::start(move |seen| {
        let sent = [header(&seen, "authorization"), header(&seen, "x-goog-api-key")].concat();
        assert!(sent.ends_with(KEY), "the key reaches the upstream");
        answer(&seen)
    })
    .await;
    let to = format!("{sdk}=http://{}", upstream.address);
    let flags = ["--mode", "replay-or-error", "--upstream", &to];

    let serve = scene.serve(&flags);
    let base = |address| format!("http://{address}/{sdk}");
    let recorded = scene.others(sdk, &base(serve.address), own_headers(), names);
    let mut said = all_became(&serve, CallOutcome::Record, exchanges);
    for name in names {
        assert_eq!(recorded[*name]["error"], Value::Null, "{name}");
    }
    assert_eq!(upstream.calls(), exchanges);
    let seen = std::sync::Arc::clone(&upstream.seen);
    upstream.stop().await;
    said += &stopped(serve);

    let serve = scene.serve(&flags);
    let replayed = scene.others(sdk, &base(serve.address), json!({}), names);
    said += &all_became(&serve, CallOutcome::Replay, exchanges);
    assert_eq!(recorded, replayed, "the SDK makes the same of a replay");

    let missed = scene.others(sdk, &base(serve.address), json!({}), &["changed"]);
    let error = &missed["changed"]["error"];
    let expected = if sdk == "gemini" { "ClientError" } else { "NotFoundError" };
    assert_eq!((&error["type"], &error["status"]), (&json!(expected), &json!(404)), "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("temperature") && message.contains("0.25"), "it does not say why: {message}");
    let line = serve.line();
    assert_eq!(call(&line).outcome, Some(CallOutcome::Miss));
    said += &line;
    // What `stopped` asserts: no further call, so the SDK did not try again.
    said += &stopped(serve);
    assert_eq!(seen.lock().unwrap().len(), exchanges, "nobody called the upstream after it was gone");
    assert_eq!(stands_in(&scene.home.store(), KEY), None);
    assert!(!said.contains(KEY));
    recorded
}

fn body(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body).expect("a body of JSON")
}

fn respond(body: &Value) -> Response {
    let response =
        Response::builder().header("content-type", "application/json").header("request-id", "req_1");
    response.body(Body::from(serde_json::to_vec_pretty(body).unwrap())).unwrap()
}

fn events(text: String) -> Response {
    Response::builder().header("content-type", "text/event-stream").body(Body::from(text)).unwrap()
}

fn claude(seen: &Seen) -> Response {
    let asked = body(seen);
    match seen.target.split('?').next() {
        Some("/v1/messages/count_tokens") => respond(&json!({ "input_tokens": 9 })),
        Some("/v1/messages") if asked["stream"] == true => claude_stream(),
        Some("/v1/messages") => {
            let messages = asked["messages"].as_array().unwrap();
            let block = match (asked["tools"].is_array(), messages.len()) {
                (true, 1) => {
                    json!({ "type": "tool_use", "id": "toolu_01A", "name": "get_weather", "input": { "town": "Ulm" } })
                }
                (true, _) => {
                    assert_eq!(messages[2]["content"][0]["tool_use_id"], "toolu_01A");
                    json!({ "type": "text", "text": "It rains." })
                }
                _ => json!({ "type": "text", "text": "The Rhine, the Nile and the Yenisei." }),
            };
            let reason = if block["type"] == "tool_use" { "tool_use" } else { "end_turn" };
            respond(&message(&json!([block]), &json!(reason)))
        }
        other => panic!("the stand-in was asked for {other:?}"),
    }
}

fn message(content: &Value, reason: &Value) -> Value {
    json!({ "id": "msg_01X", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929",
        "content": content, "stop_reason": reason, "stop_sequence": null,
        "usage": { "input_tokens": 11, "output_tokens": 12 } })
}

fn claude_stream() -> Response {
    let mut all = vec![
        json!({ "type": "message_start", "message": message(&json!([]), &Value::Null) }),
        json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
        json!({ "type": "ping" }),
    ];
    let delta = |text: &&str| json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": text } });
    all.extend(PIECES.iter().map(delta));
    all.push(json!({ "type": "content_block_stop", "index": 0 }));
    all.push(json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn", "stop_sequence": null }, "usage": { "output_tokens": 9 } }));
    all.push(json!({ "type": "message_stop" }));
    let event = |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap());
    events(all.iter().map(event).collect())
}

fn gemini(seen: &Seen) -> Response {
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    let (_, verb) = path.rsplit_once(':').expect("a verb");
    match verb {
        "generateContent" => {
            let part = if body(seen)["tools"].is_array() {
                json!({ "functionCall": { "name": "get_weather", "args": { "town": "Ulm" } } })
            } else {
                json!({ "text": format!("{} turns", body(seen)["contents"].as_array().unwrap().len()) })
            };
            respond(&candidate(&part, Some("STOP")))
        }
        "streamGenerateContent" => {
            assert_eq!(query, "alt=sse");
            let last = PIECES.len() - 1;
            let chunk = |(at, text): (usize, &&str)| {
                let chunk = candidate(&json!({ "text": text }), (at == last).then_some("STOP"));
                format!("data: {chunk}\r\n\r\n")
            };
            events(PIECES.iter().enumerate().map(chunk).collect())
        }
        "batchEmbedContents" => respond(&json!({ "embeddings": [{ "values": [0.5, -0.25] }] })),
        "embedContent" => respond(&json!({ "embedding": { "values": [0.5, -0.25] } })),
        other => panic!("the stand-in was asked for {other}"),
    }
}

fn candidate(part: &Value, reason: Option<&str>) -> Value {
    let mut candidate = json!({ "content": { "role": "model", "parts": [part] }, "index": 0 });
    if let Some(reason) = reason {
        candidate["finishReason"] = json!(reason);
    }
    json!({ "candidates": [candidate], "modelVersion": "gemini-2.5-flash", "responseId": "r1",
        "usageMetadata": { "promptTokenCount": 4, "candidatesTokenCount": 6, "totalTokenCount": 10 } })
}
