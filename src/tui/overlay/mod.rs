//! Overlays: dialogs, menus, lists and lines to type. Each takes its own keys and draws itself; the app knows them as
//! [`crate::tui::contract::outcome::Overlay`] alone.

pub mod answers;
pub mod confirm;
pub mod draft;
pub mod fix_items;
pub mod fuzzy_finder;
pub mod help;
pub mod menu;
pub mod palette;
pub mod prompt;
pub mod question;
pub mod recording_picker;
pub mod retag;
pub mod reviews;
pub mod trash;
