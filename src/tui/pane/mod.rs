//! The panes: state in, cells out.

pub mod causes;
pub mod detail;
pub mod draw;
pub mod live;
pub mod recordings;
pub mod strip;
pub mod table;
