//! The Log tab: the messages of this session and the changes that can be undone.

pub mod pane;
pub mod state;
