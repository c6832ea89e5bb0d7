//! The parts that calls and answers are made of. None of them knows the engine.

pub(in crate::engine) mod body;
pub(in crate::engine) mod call_guard;
pub(in crate::engine) mod call_types;
pub(in crate::engine) mod hops;
pub(in crate::engine) mod lead_back;
pub(in crate::engine) mod overrides;
pub(in crate::engine) mod raw_call;
pub(in crate::engine) mod replay_cache;
pub(in crate::engine) mod reply;
pub(in crate::engine) mod singleflight;
pub(in crate::engine) mod tee;
pub(in crate::engine) mod upstream_headers;
