//! Scopes: the one of a call, and all as lists show them.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The scope of a call; `None` for a call without one.
pub type CallScope = Option<Arc<str>>;

/// The state of one scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScopeState {
    /// The scope's name; `None` stands for what has no scope.
    pub name: Option<String>,
    /// The number of recordings in it.
    pub recordings: u64,
    /// The number of calls of the history that were made in it.
    pub calls: u64,
    /// The places of its sequences.
    pub cursors: Vec<CursorState>,
}

/// The progress of the takes of one request in a scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CursorState {
    /// The first twelve hexadecimal digits of the fingerprint that the takes share.
    pub fingerprint: String,
    /// The number of takes that count as delivered.
    pub position: usize,
}
