//! The Recordings tab: the list of what is stored, and the contact sheet of its pictures.

pub mod contact_sheet;
pub mod list_query;
pub mod pane;
pub mod sheet_pane;
pub mod take_groups;
