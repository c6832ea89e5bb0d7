//! Scopes: the one of a call, and all as lists show them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The scope of a call; `None` for a call without one.
pub type CallScope = Option<Arc<str>>;

/// What is known of one scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeState {
    /// Its name; none stands for what has no scope.
    pub name: Option<String>,
    /// How many recordings belong to it.
    pub recordings: u64,
    /// How many calls of the history were made in it.
    pub calls: u64,
    /// Where its sequences are.
    pub cursors: Vec<CursorState>,
}

/// How far the takes of one request have played in a scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CursorState {
    /// The first twelve hexadecimal digits of the fingerprint that the takes share.
    pub fingerprint: String,
    /// How many takes count as delivered.
    pub position: usize,
}
