//! A field in which two requests differ.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::matching::fields::field::Field;

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// The field.
    pub field: Field,
    /// Recorded value in one line of at most 80 characters; none where it is absent.
    pub recorded: Option<String>,
    /// The incoming one.
    pub incoming: Option<String>,
    /// True if it decides under the strategy that was asked for.
    pub significant: bool,
}
