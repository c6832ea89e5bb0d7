//! The canonical fields of a request, on which all comparison works. Which of them count is said elsewhere.

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
