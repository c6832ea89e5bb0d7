//! Recordings as bytes that leave and enter the store.
//!
//! Each foreign form has a file of its own: pure functions from bytes to recordings and back. What a form cannot hold is
//! said, never dropped in silence.

pub mod fixture;

/// The version of the form that is written, and the newest that is read.
pub const VERSION: u32 = 1;
