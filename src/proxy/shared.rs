//! The parts that all requests share.

use tokio_util::sync::CancellationToken;

use super::guard::Guard;
use super::limits::Limits;
use crate::engine::Engine;

/// The parts that each request needs.
pub(super) struct ProxyState {
    pub(super) engine: Engine,
    pub(super) guard: Guard,
    pub(super) limits: Limits,
    /// Cancelled when no more calls are taken: what would go on for ever ends then.
    pub(super) stopping: CancellationToken,
}
