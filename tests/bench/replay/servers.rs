//! The servers that are compared: the proxy on recordings, and bare axum with the same answer.

use std::net::SocketAddr;
use std::path::Path;

use retake::proxy::{Proxy, ProxyAccess};

use crate::shared::Failure;
use crate::shared::stock::{ANSWER, filled};

/// A proxy on so many recordings of different requests, spread over so many endpoints.
pub(super) async fn start(dir: &Path, recordings: usize, endpoints: usize) -> Result<SocketAddr, Failure> {
    let engine = filled(dir, recordings, endpoints).await?;
    let proxy = Proxy::bind(SocketAddr::from(([127, 0, 0, 1], 0)), engine, ProxyAccess::default()).await?;
    let address = proxy.address();
    tokio::spawn(proxy.run(std::future::pending()));
    Ok(address)
}

/// The yardstick: axum with the same answer and nothing else.
pub(super) async fn bare_axum() -> std::io::Result<SocketAddr> {
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
