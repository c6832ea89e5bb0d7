//! One field of a request and its value.

use super::field::Field;
use super::value::FieldValue;

/// One field and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) field: Field,
    pub(crate) value: FieldValue,
    /// The value as written, where the canonical one tells less (a dated model name).
    pub(crate) written: Option<Box<str>>,
    /// True for `null` and for the default: both count as absent.
    pub(crate) absent: bool,
}

impl Leaf {
    pub(crate) fn new(field: Field, value: FieldValue) -> Self {
        Self { field, value, written: None, absent: false }
    }
}
