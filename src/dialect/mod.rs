//! What retake knows of the API families.

pub mod painting;
