//! The detail pane: the content of what is selected, page by page.

pub mod compose;
pub mod facts;
pub mod keys;
pub mod pane;
pub mod state;
pub mod text_search;
