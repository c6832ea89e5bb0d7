//! The state of the screen as a whole: what each message does to it, and what it asks for. The only place that knows
//! all tabs.

pub mod apply_event;
pub mod dispatch;
pub mod header;
pub mod key_input;
pub mod motion;
pub mod mouse;
pub mod navigate;
pub mod perform;
pub mod queries;
pub mod reconcile;
pub mod state;
pub mod status;
pub mod tick;
pub mod view;
