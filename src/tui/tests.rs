//! Key scripts on a screen of cells, and laws that hold for all of them.

mod laws;
mod many;
mod rows;
mod script;
mod stories;
pub(super) mod world;
