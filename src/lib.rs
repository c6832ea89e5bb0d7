//! retake: a terminal workbench for recorded AI API calls.

pub mod desk;
pub mod model;
pub mod terminal;
pub mod tui;
