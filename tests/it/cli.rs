//! Every verb of the built program, alone on a store and beside a process that owns it.

mod asking;
mod completions;
mod config;
mod crash;
mod curate;
mod doctor;
mod dry_run;
mod expired;
mod explain;
mod forbidden;
mod generated;
mod hostile_repository;
mod hostile_words;
mod killed;
mod look;
mod operator;
mod outputs;
mod project;
mod prune;
mod remove;
mod run;
mod schemas;
mod scrubbed;
mod serve;
mod space;
mod streams;
mod together;
mod token;
mod usage;
#[cfg(target_os = "linux")]
mod waiting;

use axum::response::Response;

use crate::world::{Seen, json};

/// What the stand-in upstream answers: not as a serializer would write it, so that equal bytes mean something.
pub(crate) const ANSWER: &str = "{ \"id\": \"chatcmpl-1\",  \"object\":\"chat.completion\",\"created\":1,\"model\":\"gpt-5-mini\",\n \"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"h\\u00e9 \\u2713\"},\"finish_reason\":\"stop\"}] }\n";

pub(crate) fn answer(_: Seen) -> Response {
    json(ANSWER)
}
