//! Anthropic: messages, whole and streamed, and the counting of tokens.

use axum::response::Response;
use serde_json::{Value, json};

use super::{STREAMED, assert_pictured, header, said_back, sent, streamed};
use crate::world::Seen;

/// What a tool is called with, in the pieces in which a stream says it.
pub(crate) const INPUT: [&str; 4] = ["", "{\"to", "wn\": \"Köl", "n\"}"];
/// What the provider sends beside every answer.
const HEADERS: [(&str, &str); 4] = [
    ("request-id", "req_011CVa"),
    ("anthropic-organization-id", "6f1c5f0e-7c4b-4a55-8a0e-0d3c1f3d9a11"),
    ("anthropic-ratelimit-requests-remaining", "3999"),
    ("set-cookie", "_cfuvid=session; path=/; HttpOnly"),
];

/// Answers a request of the SDK.
pub(crate) fn answer(seen: &Seen) -> Response {
    match seen.target.as_str() {
        "/v1/messages" => messages(seen),
        "/v1/messages/count_tokens" => {
            assert!(header(seen, "x-api-key").starts_with("sk-"), "the key reaches the upstream");
            respond(200, &json!({ "input_tokens": 9 }))
        }
        other => panic!("the stand-in was asked for {other}"),
    }
}

fn respond(status: u16, body: &Value) -> Response {
    super::json(status, &HEADERS, body)
}

fn messages(seen: &Seen) -> Response {
    let asked = sent(seen);
    let turns = asked["messages"].as_array().expect("messages");
    let tool = asked["tools"].is_array();
    if asked["stream"] == true {
        let block = if tool { called("toolu_01B", &json!({})) } else { said("") };
        return streamed(&HEADERS, events(&block));
    }
    match (tool, turns.len(), turns[0]["content"].as_str()) {
        (true, 1, _) => respond(
            200,
            &message(
                &[said("Let me look."), called("toolu_01A", &json!({ "town": "Ulm" }))],
                Some("tool_use"),
            ),
        ),
        (true, ..) => {
            assert_eq!(
                (&turns[1]["content"][1]["id"], &turns[2]["content"][0]["tool_use_id"]),
                (&json!("toolu_01A"), &json!("toolu_01A"))
            );
            answered("It rains.")
        }
        (_, _, None) => {
            assert_pictured(&turns[0]["content"][0]["source"]["data"]);
            answered("A fox.")
        }
        (.., Some("Which key do I use?")) => answered(&said_back(header(seen, "authorization"))),
        (.., Some("Is there room for me?")) => overloaded(),
        _ => answered("The Rhine, the Nile and the Yenisei."),
    }
}

fn said(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

fn called(id: &str, input: &Value) -> Value {
    json!({ "type": "tool_use", "id": id, "name": "get_weather", "input": input })
}

fn answered(text: &str) -> Response {
    respond(200, &message(&[said(text)], Some("end_turn")))
}

fn message(content: &[Value], reason: Option<&str>) -> Value {
    json!({
        "id": "msg_01XFDUDYJgAACzvnptvVoYEL", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929",
        "content": content, "stop_reason": reason, "stop_sequence": null,
        "usage": { "input_tokens": 11, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 12,
            "service_tier": "standard" },
    })
}

fn overloaded() -> Response {
    let error = json!({ "type": "overloaded_error", "message": "Overloaded" });
    respond(529, &json!({ "type": "error", "error": error, "request_id": "req_011CVa" }))
}

/// The events of a message with one block, which begins as `block`.
fn events(block: &Value) -> String {
    let tool = block["type"] == "tool_use";
    let delta = |text: &&str| {
        let delta = if tool {
            json!({ "type": "input_json_delta", "partial_json": text })
        } else {
            json!({ "type": "text_delta", "text": text })
        };
        json!({ "type": "content_block_delta", "index": 0, "delta": delta })
    };
    let mut all = vec![
        json!({ "type": "message_start", "message": message(&[], None) }),
        json!({ "type": "content_block_start", "index": 0, "content_block": block }),
        json!({ "type": "ping" }),
    ];
    all.extend(if tool { INPUT.as_slice() } else { &STREAMED }.iter().map(delta));
    let reason = if tool { "tool_use" } else { "end_turn" };
    all.extend([
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "message_delta", "delta": { "stop_reason": reason, "stop_sequence": null },
            "usage": { "output_tokens": 15 } }),
        json!({ "type": "message_stop" }),
    ]);
    let event = |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap());
    all.iter().map(event).collect()
}

/// A batch that has ended with the second poll.
pub(crate) fn job(seen: &Seen, polls: usize) -> Option<Response> {
    let ended = match seen.target.as_str() {
        "/v1/messages/batches" => false,
        "/v1/messages/batches/msgbatch_1" => polls >= 1,
        _ => return None,
    };
    let counts = json!({ "processing": u8::from(!ended), "succeeded": u8::from(ended), "errored": 0, "canceled": 0, "expired": 0 });
    let batch = json!({
        "id": "msgbatch_1", "type": "message_batch", "processing_status": if ended { "ended" } else { "in_progress" },
        "request_counts": counts, "ended_at": null, "created_at": "2026-11-20T10:00:00Z", "archived_at": null,
        "expires_at": "2026-11-21T10:00:00Z", "cancel_initiated_at": null, "results_url": null,
    });
    Some(respond(200, &batch))
}
