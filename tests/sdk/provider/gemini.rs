//! Gemini: content, whole and streamed, and embeddings.

use axum::response::Response;
use serde_json::{Value, json};

use super::{STREAMED, assert_pictured, header, said_back, sent, streamed};
use crate::world::Seen;

/// The vectors of the two inputs.
pub(crate) const VECTORS: [[f32; 2]; 2] = [[0.5, -0.25], [-1.0, 0.03125]];
/// What the provider sends beside every answer.
const HEADERS: [(&str, &str); 3] = [
    ("server", "scaffolding on HTTPServer2"),
    ("server-timing", "gfet4t7; dur=481"),
    ("x-xss-protection", "0"),
];

/// Answers a request of the SDK.
pub(crate) fn answer(seen: &Seen) -> Response {
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    match (path.rsplit_once(':').map(|(_, verb)| verb), query) {
        (Some("generateContent"), "") => generated(seen),
        (Some("streamGenerateContent"), "alt=sse") => streamed(&HEADERS, events()),
        (Some("batchEmbedContents"), "") => embedded(seen),
        other => panic!("the stand-in was asked for {other:?}"),
    }
}

fn respond(status: u16, body: &Value) -> Response {
    super::json(status, &HEADERS, body)
}

fn generated(seen: &Seen) -> Response {
    let asked = sent(seen);
    let contents = asked["contents"].as_array().expect("contents");
    let first = &contents[0]["parts"][0];
    if asked["tools"].is_array() && contents.len() == 1 {
        let call = json!({ "name": "get_weather", "args": { "town": "Ulm" }, "id": "call_8f3" });
        return respond(200, &candidate(&json!({ "functionCall": call }), Some("STOP")));
    }
    let text = match (first["text"].as_str(), contents.len()) {
        (Some("Name a river."), 1) => "The Rhine.".to_owned(),
        (Some("Name a river."), _) => {
            let said: Vec<_> =
                contents.iter().map(|turn| turn["parts"][0]["text"].as_str().unwrap()).collect();
            assert_eq!(said, ["Name a river.", "The Rhine.", "And its length?"], "the history is sent");
            "1,233 km.".to_owned()
        }
        (Some("Which key do I use?"), _) => said_back(header(seen, "x-goog-api-key")),
        (Some("Is there room for me?"), _) => return overloaded(),
        (Some("What is the weather in Ulm?"), _) => {
            let result = &contents[2]["parts"][0]["functionResponse"];
            assert_eq!((&result["id"], &result["name"]), (&json!("call_8f3"), &json!("get_weather")));
            "It rains.".to_owned()
        }
        (None, _) => {
            assert_pictured(&first["inlineData"]["data"]);
            "A fox.".to_owned()
        }
        _ => "The Rhine, the Nile and the Yenisei.".to_owned(),
    };
    respond(200, &candidate(&json!({ "text": text }), Some("STOP")))
}

fn candidate(part: &Value, reason: Option<&str>) -> Value {
    let mut candidate = json!({ "content": { "parts": [part], "role": "model" }, "index": 0 });
    if let Some(reason) = reason {
        candidate["finishReason"] = json!(reason);
    }
    json!({
        "candidates": [candidate],
        "usageMetadata": { "promptTokenCount": 4, "candidatesTokenCount": 6, "totalTokenCount": 10 },
        "modelVersion": "gemini-2.5-flash", "responseId": "mWQgafLtH5Pj7M8P",
    })
}

/// The provider ends its lines with CR LF; the last chunk says why it is the last.
fn events() -> String {
    let last = STREAMED.len() - 1;
    let event = |(at, text): (usize, &&str)| {
        let chunk = candidate(&json!({ "text": text }), (at == last).then_some("STOP"));
        format!("data: {chunk}\r\n\r\n")
    };
    STREAMED.iter().enumerate().map(event).collect()
}

fn embedded(seen: &Seen) -> Response {
    let wanted = sent(seen)["requests"].as_array().map(Vec::len);
    assert_eq!(wanted, Some(VECTORS.len()), "one request for each input");
    let embeddings: Vec<_> = VECTORS.iter().map(|vector| json!({ "values": vector })).collect();
    respond(200, &json!({ "embeddings": embeddings }))
}

fn overloaded() -> Response {
    let error = json!({ "code": 503, "message": "The model is overloaded. Please try again later.", "status": "UNAVAILABLE" });
    respond(503, &json!({ "error": error }))
}

/// A batch that is done with the second poll.
pub(crate) fn job(seen: &Seen, polls: usize) -> Option<Response> {
    let path = seen.target.split('?').next().unwrap_or_default();
    let done = match path.rsplit('/').next().unwrap_or_default() {
        name if name.ends_with(":batchGenerateContent") => false,
        "b1" => polls >= 1,
        _ => return None,
    };
    let state = if done { "BATCH_STATE_SUCCEEDED" } else { "BATCH_STATE_RUNNING" };
    let metadata = json!({
        "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
        "model": "models/gemini-2.5-flash", "name": "batches/b1", "state": state, "displayName": "seas",
    });
    let mut batch = json!({ "name": "batches/b1", "metadata": metadata });
    if done {
        batch["done"] = json!(true);
        batch["response"] = json!({ "inlinedResponses": { "inlinedResponses": [] } });
    }
    Some(respond(200, &batch))
}
