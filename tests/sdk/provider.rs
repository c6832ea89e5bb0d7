//! What the stand-in upstreams answer: bodies as the providers send them, with pictures that decode.

pub(crate) mod anthropic;
pub(crate) mod gemini;
pub(crate) mod openai;

use std::convert::Infallible;
use std::io::Cursor;

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::Value;

use crate::world::Seen;

/// What a streamed answer says; its accents are cut in the middle by a piece's end.
pub(crate) const STREAMED: [&str; 3] = ["Eins, ", "zwei – ", "dreißig."];

/// A real picture, other pixels for other numbers.
pub(crate) fn picture(number: u8) -> Vec<u8> {
    let shade = |at: u32| u8::try_from(at * 4).unwrap();
    let picture = RgbImage::from_fn(64, 48, |x, y| Rgb([number, shade(x), shade(y)]));
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png).unwrap();
    png.into_inner()
}

/// A request's header, empty where there is none.
pub(crate) fn header<'a>(seen: &'a Seen, name: &str) -> &'a str {
    seen.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

fn sent(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body).expect("a body of JSON")
}

/// What a provider's text says, which was asked for the caller's key.
fn said_back(credential: &str) -> String {
    format!("You sent `{credential}`, and that is all I know.")
}

/// The picture that every SDK sends arrived as it was.
fn assert_pictured(base64: &Value) {
    // Google's SDK writes `-` and `_`, as a URL would want it.
    let usual = base64.as_str().expect("a picture in base64").replace('-', "+").replace('_', "/");
    let arrived = STANDARD.decode(usual).unwrap();
    assert!(arrived == picture(0), "the picture arrived as it was sent");
}

/// An answer of JSON with the headers that the provider sends beside it.
fn json(status: u16, headers: &[(&str, &str)], body: &Value) -> Response {
    let mut response = Response::builder().status(status).header("content-type", "application/json");
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    // Indented, as the provider does: bytes that a re-serialization would change.
    response.body(Body::from(serde_json::to_vec_pretty(body).unwrap())).unwrap()
}

/// Events cut where it hurts: in a line, in an escape, in a letter of two bytes, and two events at once.
fn streamed(headers: &[(&str, &str)], events: String) -> Response {
    let mut pieces = Vec::new();
    let mut rest = Bytes::from(events);
    for len in [1, 5, 150, 2, 333].into_iter().cycle() {
        if rest.len() <= len {
            break;
        }
        pieces.push(rest.split_to(len));
    }
    pieces.push(rest);
    let mut response = Response::builder().header("content-type", "text/event-stream; charset=utf-8");
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    let pieces = futures_util::stream::iter(pieces.into_iter().map(Ok::<_, Infallible>));
    response.body(Body::from_stream(pieces)).unwrap()
}
