//! Key scripts on a screen of cells, and laws that hold for all of them.

mod detail;
mod difference;
mod flows;
mod input;
mod laws;
mod many;
mod pruning;
mod rows;
mod script;
mod several;
mod sizes;
mod states;
mod stories;
mod told;
mod watching;
pub(crate) mod world;
