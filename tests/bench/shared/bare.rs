//! The yardstick: bare axum with the answer of the recordings.

use std::net::SocketAddr;

use super::shared::stock::ANSWER;

/// The yardstick: axum with the same answer and nothing else.
pub(crate) async fn bare_axum() -> std::io::Result<SocketAddr> {
    use axum::routing::post;
    use axum::serve::ListenerExt;
    let answer = || async { ([("content-type", "application/json"), ("x-request-id", "req_bench")], ANSWER) };
    let app = axum::Router::new().route("/openai/v1/chat/completions", post(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
    tokio::spawn(axum::serve(listener, app).into_future());
    Ok(address)
}
