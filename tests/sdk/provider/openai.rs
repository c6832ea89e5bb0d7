//! OpenAI: pictures, chat, embeddings.

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{STREAMED, header, picture, said_back, sent, streamed};
use crate::world::Seen;

/// The vectors of the two inputs, exact in 32 bits.
pub(crate) const VECTORS: [[f32; 4]; 2] = [[0.5, -0.25, 0.125, 1.0], [-1.0, 0.75, 0.0, 0.03125]];
/// What the provider sends beside every answer.
const HEADERS: [(&str, &str); 5] = [
    ("x-request-id", "req_7f3a"),
    ("openai-processing-ms", "421"),
    ("openai-version", "2020-10-01"),
    ("x-ratelimit-remaining-requests", "4999"),
    ("set-cookie", "__cf_bm=session; path=/; HttpOnly"),
];

/// Answers a request of the SDK, or of the proxy for a picture behind a link.
pub(crate) fn answer(seen: &Seen) -> Response {
    match seen.target.as_str() {
        "/v1/images/generations" => images(&field(seen, "model"), header(seen, "host")),
        "/v1/images/edits" => edited(seen),
        "/v1/chat/completions" => chat(seen),
        "/v1/embeddings" => embeddings(seen),
        "/files/fox.png" => file(seen),
        other => panic!("the stand-in was asked for {other}"),
    }
}

fn field(seen: &Seen, name: &str) -> String {
    sent(seen)[name].as_str().unwrap_or_default().to_owned()
}

fn respond(status: u16, body: &Value) -> Response {
    super::json(status, &HEADERS, body)
}

fn images(model: &str, host: &str) -> Response {
    let data = match model {
        "dall-e-3" => {
            json!({ "url": format!("http://{host}/files/fox.png"), "revised_prompt": "A red fox in thick fog" })
        }
        _ => json!({ "b64_json": STANDARD.encode(picture(1)) }),
    };
    let usage = json!({ "input_tokens": 9, "input_tokens_details": { "image_tokens": 0, "text_tokens": 9 },
        "output_tokens": 1056, "total_tokens": 1065 });
    respond(200, &json!({ "created": 1_763_000_000, "data": [data], "usage": usage }))
}

/// The file behind a link: anybody may have it, so a key has no business here.
fn file(seen: &Seen) -> Response {
    assert_eq!(header(seen, "authorization"), "", "links are fetched without credentials");
    Response::builder().header("content-type", "image/png").body(Body::from(picture(2))).unwrap()
}

fn edited(seen: &Seen) -> Response {
    assert!(header(seen, "content-type").starts_with("multipart/form-data; boundary="));
    let picture_sent = picture(0);
    let arrived = seen.body.windows(picture_sent.len()).any(|part| part == picture_sent);
    assert!(arrived, "the picture arrived as it was sent");
    let data = json!([{ "b64_json": STANDARD.encode(picture(3)) }]);
    respond(
        200,
        &json!({ "created": 1_763_000_001, "data": data, "output_format": "png", "size": "1024x1024" }),
    )
}

fn chat(seen: &Seen) -> Response {
    let body = sent(seen);
    let asked = body["messages"][0]["content"].as_str().unwrap_or_default();
    if body["stream"] == true {
        return streamed(&[("x-request-id", "req_7f3b")], events());
    }
    match asked {
        "Which key do I use?" => echo(header(seen, "authorization")),
        "Am I too fast?" => too_fast(),
        _ => respond(200, &completion("The Rhine, the Nile and the Yenisei.")),
    }
}

fn completion(text: &str) -> Value {
    let message = json!({ "role": "assistant", "content": text, "refusal": null, "annotations": [] });
    json!({
        "id": "chatcmpl-CZ4xkq", "object": "chat.completion", "created": 1_763_000_002, "model": "gpt-5-mini-2025-08-07",
        "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 11, "completion_tokens": 12, "total_tokens": 23 },
        "service_tier": "default", "system_fingerprint": null,
    })
}

/// A provider that says the key back, in the body and in a header.
fn echo(authorization: &str) -> Response {
    assert!(authorization.starts_with("Bearer sk-"), "the key reaches the upstream");
    let mut response = respond(200, &completion(&said_back(authorization)));
    response.headers_mut().insert("x-echo-authorization", authorization.parse().unwrap());
    response
}

fn too_fast() -> Response {
    let error = json!({ "message": "Rate limit reached for gpt-5-mini", "type": "requests", "param": null,
        "code": "rate_limit_exceeded" });
    let mut response = respond(429, &json!({ "error": error }));
    response.headers_mut().insert("retry-after", "7".parse().unwrap());
    response
}

fn events() -> String {
    let first = json!({ "role": "assistant", "content": "", "refusal": null });
    let said = STREAMED.iter().map(|text| json!({ "content": text }));
    let deltas = [first].into_iter().chain(said).map(|delta| (delta, Value::Null));
    let deltas = deltas.chain([(json!({}), json!("stop"))]);
    let event = |(delta, reason): (Value, Value)| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": reason });
        let chunk = json!({ "id": "chatcmpl-CZ4xkr", "object": "chat.completion.chunk", "created": 1_763_000_003,
            "model": "gpt-5-mini-2025-08-07", "choices": [choice], "obfuscation": "aB3" });
        format!("data: {chunk}\n\n")
    };
    deltas.map(event).chain(["data: [DONE]\n\n".to_owned()]).collect()
}

fn embeddings(seen: &Seen) -> Response {
    assert_eq!(field(seen, "encoding_format"), "base64", "the SDK asks for base64 unless told otherwise");
    let encoded = |vector: &[f32; 4]| {
        STANDARD.encode(vector.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>())
    };
    let data: Vec<_> = VECTORS
        .iter()
        .enumerate()
        .map(|(index, vector)| json!({ "object": "embedding", "index": index, "embedding": encoded(vector) }))
        .collect();
    let usage = json!({ "prompt_tokens": 2, "total_tokens": 2 });
    respond(
        200,
        &json!({ "object": "list", "data": data, "model": "text-embedding-3-small", "usage": usage }),
    )
}

/// A response that is made in the background, and is there with the third poll. And the list of models.
pub(crate) fn job(seen: &Seen, polls: usize) -> Option<Response> {
    let status = match seen.target.as_str() {
        "/v1/responses" => "queued",
        "/v1/responses/resp_1" => ["queued", "in_progress", "completed"][polls.min(2)],
        "/v1/models" => {
            let model = json!({ "id": "gpt-5", "object": "model", "created": 1, "owned_by": "system" });
            return Some(respond(200, &json!({ "object": "list", "data": [model] })));
        }
        _ => return None,
    };
    let response = json!({
        "id": "resp_1", "object": "response", "created_at": 1_763_000_000, "model": "gpt-5", "status": status,
        "background": true, "output": [], "parallel_tool_calls": true, "tool_choice": "auto", "tools": [],
    });
    Some(respond(200, &response))
}
