//! What the stand-in upstream answers: bodies as the provider sends them, with pictures that decode.

use std::convert::Infallible;
use std::io::Cursor;

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};

use crate::world::Seen;

/// The vectors of the two inputs, exact in 32 bits.
pub(crate) const VECTORS: [[f32; 4]; 2] = [[0.5, -0.25, 0.125, 1.0], [-1.0, 0.75, 0.0, 0.03125]];
/// What the streamed chat says; its accents are cut in the middle by a piece's end.
pub(crate) const STREAMED: [&str; 3] = ["Eins, ", "zwei – ", "dreißig."];

/// A real picture, other pixels for other numbers.
pub(crate) fn picture(number: u8) -> Vec<u8> {
    let shade = |at: u32| u8::try_from(at * 4).unwrap();
    let picture = RgbImage::from_fn(64, 48, |x, y| Rgb([number, shade(x), shade(y)]));
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png).unwrap();
    png.into_inner()
}

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

/// A request's header, empty where there is none.
pub(crate) fn header<'a>(seen: &'a Seen, name: &str) -> &'a str {
    seen.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

fn field(seen: &Seen, name: &str) -> String {
    let body: Value = serde_json::from_slice(&seen.body).expect("a body of JSON");
    body[name].as_str().unwrap_or_default().to_owned()
}

/// An answer with the headers that the provider sends beside it.
fn respond(status: u16, body: &Value) -> Response {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .header("x-request-id", "req_7f3a")
        .header("openai-processing-ms", "421")
        .header("openai-version", "2020-10-01")
        .header("x-ratelimit-remaining-requests", "4999")
        .header("set-cookie", "__cf_bm=session; path=/; HttpOnly")
        // Indented, as the provider does: bytes that a re-serialization would change.
        .body(Body::from(serde_json::to_vec_pretty(body).unwrap()))
        .unwrap()
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
    let sent = seen.body.windows(picture_sent.len()).any(|part| part == picture_sent);
    assert!(sent, "the picture arrived as it was sent");
    let data = json!([{ "b64_json": STANDARD.encode(picture(3)) }]);
    respond(
        200,
        &json!({ "created": 1_763_000_001, "data": data, "output_format": "png", "size": "1024x1024" }),
    )
}

fn chat(seen: &Seen) -> Response {
    let body: Value = serde_json::from_slice(&seen.body).expect("a body of JSON");
    let asked = body["messages"][0]["content"].as_str().unwrap_or_default();
    if body["stream"] == true {
        return streamed();
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
    let mut response =
        respond(200, &completion(&format!("You sent `{authorization}`, and that is all I know.")));
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

/// Events cut where it hurts: in a line, in an escape, in a letter of two bytes, and two events at once.
fn streamed() -> Response {
    let mut pieces = Vec::new();
    let mut rest = Bytes::from(events());
    for len in [1, 5, 150, 2, 333].into_iter().cycle() {
        if rest.len() <= len {
            break;
        }
        pieces.push(rest.split_to(len));
    }
    pieces.push(rest);
    let pieces = futures_util::stream::iter(pieces.into_iter().map(Ok::<_, Infallible>));
    let response = Response::builder().header("content-type", "text/event-stream; charset=utf-8");
    response.header("x-request-id", "req_7f3b").body(Body::from_stream(pieces)).unwrap()
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
