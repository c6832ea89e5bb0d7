//! The panes: state in, cells out.

pub mod detail;
pub mod draw;
pub mod filter;
pub mod live;
pub mod recordings;
pub mod table;
