//! Keys: actions, the table of bindings and how keys are spelled. What an action does is decided elsewhere.

pub mod action;
pub mod binding;
pub mod key_input;
pub mod key_page;
pub mod keymap;
pub mod legend;
pub mod spelling;
pub mod tab;
pub mod table;
