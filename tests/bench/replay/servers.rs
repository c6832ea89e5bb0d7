//! The proxy on recordings.

use std::net::SocketAddr;
use std::path::Path;

use retake::proxy::{Proxy, ProxyAccess};

use crate::shared::Failure;
use crate::shared::stock::filled;

/// A proxy on so many recordings of different requests, spread over so many endpoints.
pub(super) async fn start(dir: &Path, recordings: usize, endpoints: usize) -> Result<SocketAddr, Failure> {
    let engine = filled(dir, recordings, endpoints).await?;
    let proxy = Proxy::bind(SocketAddr::from(([127, 0, 0, 1], 0)), engine, ProxyAccess::default()).await?;
    let address = proxy.address();
    tokio::spawn(proxy.run(std::future::pending()));
    Ok(address)
}
