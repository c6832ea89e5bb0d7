//! Keys and clicks that were not enough for an action yet.

use super::action::Action;
use crate::model::Timestamp;

/// Earlier input that decides what the next one means.
#[derive(Debug, Default)]
pub struct KeyInput {
    /// The beginning of a key sequence; empty where none was begun.
    pub sequence: String,
    /// An action that has to be asked for twice, and was asked for once.
    pub armed_confirm: Option<Action>,
    /// The time of the last click, and its row on the screen.
    pub last_click: (Timestamp, u16),
}
