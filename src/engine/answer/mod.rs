//! What calls and answers are made of: none of it knows the engine.

pub(super) mod body;
pub(super) mod call_guard;
pub(super) mod call_types;
pub(super) mod hops;
pub(super) mod lead_back;
pub(super) mod media_links;
pub(super) mod overrides;
pub(super) mod raw_call;
pub(super) mod replay_cache;
pub(super) mod reply;
pub(super) mod singleflight;
pub(super) mod tee;
pub(super) mod upstream_headers;
