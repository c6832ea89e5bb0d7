//! The Recordings tab: the list of what is stored, and the contact sheet of its pictures.

pub mod contact_sheet;
pub mod keys;
pub mod pane;
pub mod sheet;
pub mod sheet_pane;
pub mod state;
pub mod take_groups;
pub mod thumbnails;
