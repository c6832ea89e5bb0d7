//! The content of an exchange, worked out away from the UI thread: bodies as lines, timelines, parts to copy, drafts of
//! edits. It knows nothing of tabs or keys.

pub mod copy;
pub mod draft;
pub mod page;
pub mod page_facts;
pub mod python;
pub mod request_parts;
pub mod stream;
pub mod subject;
pub mod text;
