//! Why nothing answered: the recordings that come nearest, and what would make them answer.

pub(crate) mod candidate_index;
pub(crate) mod fixes;
pub(crate) mod named;
pub(crate) mod near_miss;
pub(crate) mod ranking;
pub(crate) mod simhash;
pub(crate) mod sketch;
pub(crate) mod suggest;
