//! Where a request goes: the mount and the scope that its URL and its headers name, and what else they ask of retake.
//!
//! The one router of URLs: calls and questions about calls go through it, so that they cannot disagree.

mod mount;
mod overrides;
mod question;
pub mod scope;

pub use mount::{Mounted, Unmounted, find as find_mount};
pub use overrides::{end_to_end, overrides};
pub use question::Question;
