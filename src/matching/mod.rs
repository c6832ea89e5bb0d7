//! The match of a recording and a request, and the reasons against it: fields, comparison, fingerprints, near misses,
//! scrubbing.
//!
//! All of it is pure and total: requests in, values out. It decides nothing about modes and reads no store. One
//! function, `significance::is_significant`, knows the match strategies; comparison and fingerprint both ask it, so a
//! hit, a near miss and a diff can never disagree.

mod fields;
mod nearest;
mod scrub;
mod strategy;
#[cfg(test)]
mod tests;

pub use fields::canon_config::{Canon, DatedModels, Ignore};
pub use fields::facts::Facts;
pub use fields::field::{Field, ParseFieldError};
pub use fields::request_fields::{Earlier, Fields, ResolveFieldError};
pub use fields::summary::{Summary, summary};
pub use nearest::candidate_index::{BlastRadius, Candidate, Lineup, Past, PastIndex};
pub use nearest::fixes::{Remedy, remedies};
pub use nearest::named::{NamedField, NamedUnion};
pub use nearest::near_miss::{NearMiss, nearest};
pub use nearest::outline_set::{OutlineSet, RankedRecording, RankedRecordings};
pub use nearest::sketch::{Outline, Shape, Shapes};
pub use nearest::suggest::{Suggestion, suggest};
pub use scrub::scrub_answer::{AnswerOrigin, Unsearched, replaced_places};
pub use scrub::scrub_request::placeholders;
pub use scrub::scrubber::{MountNames, Salt, ScrubPattern, Scrubber};
pub use scrub::secret::{credentials, has_countless_credentials, is_secret_header, mask};
pub use scrub::withheld::is_withheld;
pub use strategy::change::Change;
pub use strategy::compare::{Comparison, compare};
pub use strategy::condition::Condition;
pub use strategy::decide::{Decision, decide};
pub use strategy::strategy_check::{
    StrategyCheck, StrategyProblem, check_strategy, check_strategy_form, check_strategy_pattern, narrowed,
};
