//! The verbs that change recordings, as people type them, each in two settings: alone on a store, and beside a running
//! retake that owns it. What is said and what is left must be the same.

mod derive;
mod edit;
mod keep;
mod labels;
mod make;
mod review;
mod show;
mod stage;
mod trash;
mod undo;

pub(crate) use stage::{Stage, beside, both, both_with, chats, image, stream};
