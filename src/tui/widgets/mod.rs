//! Text, frames, tables and pictures as cells. They draw what they are given.

pub mod draw;
pub mod filter_line;
pub mod layout;
pub mod line;
pub mod list_text;
pub mod picture;
pub mod table;
pub mod text_input;
pub mod theme;
pub mod toast;
