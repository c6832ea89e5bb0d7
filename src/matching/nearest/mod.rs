//! Explanations of a miss: the recordings that come nearest, and the changes that would make them answer. Nothing here
//! serves a call.

pub(crate) mod candidate_index;
pub(crate) mod fixes;
pub(crate) mod named;
pub(crate) mod near_miss;
pub(crate) mod outline_set;
pub(crate) mod plan;
pub(crate) mod simhash;
pub(crate) mod sketch;
pub(crate) mod suggest;
