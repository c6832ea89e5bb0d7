//! retake: a terminal workbench for recorded AI API calls.

pub mod cli;
pub mod desk;
pub mod dialect;
pub mod engine;
pub mod interchange;
pub mod matching;
pub mod model;
pub mod proxy;
pub mod reading;
pub mod store;
pub mod terminal;
pub mod tui;
pub mod upstream;
