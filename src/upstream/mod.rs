//! The way out: forwarding calls to the real APIs and fetching what their links point to.
//!
//! The client is hyper's with rustls on ring, because a URL type that normalizes would rewrite percent-encoded
//! paths and break signatures. It follows no redirect, adds no header but `host` and `content-length`, and decodes
//! nothing. `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` are obeyed.

mod arriving;
mod base;
mod client;
mod connect;
mod error;
mod fetch;
mod masked;
mod places;
mod proxies;
mod public;
mod reference;

pub use arriving::Arriving;
pub use base::{Base, ParseBaseError};
pub use client::{Forwarded, UpstreamClient};
pub use error::UpstreamError;
pub use fetch::FetchedMedia;
pub use masked::MaskedUrl;
pub use places::connections;
pub use proxies::{ProxyProblem, proxy_problem};
pub(crate) use reference::resolved;
