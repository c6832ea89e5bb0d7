//! The panes: state in, cells out.

pub mod detail;
pub mod draw;
pub mod live;
pub mod log;
pub mod prune;
pub mod recordings;
pub mod table;
