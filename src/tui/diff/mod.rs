//! The Diff tab: two exchanges side by side.

pub mod diff_view;
pub mod keys;
pub mod page;
pub mod pane;
pub mod state;
