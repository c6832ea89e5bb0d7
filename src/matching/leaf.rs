//! One field of a request and its value.

use super::field::Field;
use super::value::Value;

/// One field and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) field: Field,
    pub(super) value: Value,
    /// The value as written, where the canonical one tells less (a dated model name).
    pub(super) written: Option<Box<str>>,
    /// It is `null` or the default, and counts as absent.
    pub(super) absent: bool,
}

impl Leaf {
    pub(super) fn new(field: Field, value: Value) -> Self {
        Self { field, value, written: None, absent: false }
    }
}
