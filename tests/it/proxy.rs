//! A real proxy before a real upstream: recording, replaying, streaming, and what happens when things break.

mod coalesce;
mod earlier;
mod failures;
mod fields;
mod fired;
mod held_up;
mod hostile_page;
mod hostile_upstream;
mod known;
mod locations;
mod manners;
mod media;
mod modes;
mod mounted;
mod places;
mod reads;
mod record;
mod rules;
mod scope;
mod secret;
mod strategies;
mod stream;
mod takes;
mod wire;

use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use tokio::sync::Notify;

use crate::world::{Seen, json};

const CHAT: &str = r#"{"model":"gpt-5-mini","messages":[{"role":"user","content":"Say hi"}]}"#;
const IMAGE: &str = r#"{"model":"gpt-image-1.5","prompt":"a cat","size":"1024x1024"}"#;
const ANSWER: &str = r#"{ "id":"chatcmpl-1", "object":"chat.completion","created":1,"model":"gpt-5-mini","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}] }"#;
const EVENTS: [&str; 4] = [
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel",
    "lo \"}}]}\n\ndata: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"you\"}}]}\n\n",
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: [DONE]\n\n",
];

fn chat(_: Seen) -> Response {
    json(ANSWER)
}

/// A stream whose pieces wait for `gate`, one permit each.
fn gated(gate: Arc<Notify>, pieces: &'static [&'static str]) -> Response {
    let stream = futures_util::stream::unfold(0, move |at| {
        let gate = Arc::clone(&gate);
        async move {
            let piece = *pieces.get(at)?;
            gate.notified().await;
            Some((Ok::<_, Infallible>(Bytes::from(piece)), at + 1))
        }
    });
    Response::builder().header("content-type", "text/event-stream").body(Body::from_stream(stream)).unwrap()
}

/// Sends bytes as they are and reads until the other side closes.
pub(crate) async fn raw(address: std::net::SocketAddr, text: &str) -> String {
    let text = text.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let mut socket = std::net::TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        socket.write_all(text.as_bytes()).unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    });
    read.await.unwrap()
}
