//! From a request to its fields: what all comparison works on.

pub(crate) mod canon_config;
pub(crate) mod earlier;
pub(crate) mod echo;
pub(crate) mod facts;
pub(crate) mod field;
pub(crate) mod forms;
pub(crate) mod header;
pub(crate) mod leaf;
pub(crate) mod lone_text;
pub(crate) mod request_fields;
pub(crate) mod spelling;
pub(crate) mod summary;
pub(crate) mod value;
pub(crate) mod walk;
