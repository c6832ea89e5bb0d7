//! Key scripts on a screen of cells, and laws that hold for all of them.

mod flows;
mod input;
mod laws;
mod script;
mod stories;
mod world;
