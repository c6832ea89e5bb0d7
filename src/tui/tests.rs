//! Key scripts on a screen of cells, and laws that hold for all of them.

mod detail;
mod difference;
mod flows;
mod input;
mod laws;
mod script;
mod stories;
mod watching;
pub(super) mod world;
