//! What retake knows of the API families.

mod dice;
pub mod openai_mock;
pub mod painting;
