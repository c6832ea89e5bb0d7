//! The panes: state in, cells out.

pub mod causes;
pub mod detail;
pub mod diff;
pub mod draw;
mod facts;
pub mod live;
pub mod log;
pub mod prune;
pub mod recordings;
pub mod strip;
pub mod table;
