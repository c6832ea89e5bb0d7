//! The protocol between the screen and the workers: effects out, messages in.

pub mod effect;
pub mod job;
pub mod message;
pub mod mutation;
pub mod query;
pub mod sent_queries;
