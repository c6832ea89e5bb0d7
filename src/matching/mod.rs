//! Whether a recording answers a request, and why not: fields, comparison, fingerprints, near misses, scrubbing.
//!
//! All of it is pure and total: requests in, values out. It decides nothing about modes and reads no store. One
//! function, `significance::is_significant`, knows the match strategies; comparison and fingerprint both ask it, so a
//! hit, a near miss and a diff can never disagree.

mod canon;
mod canonical;
mod change;
mod compare;
mod decide;
mod earlier;
mod echo;
mod effort;
mod facts;
mod field;
mod fingerprint;
mod fixes;
mod forms;
mod header;
mod identity;
mod json;
mod json_values;
mod leaf;
mod lineup;
mod lone_text;
mod named;
mod nearest;
mod outline;
mod query;
mod ranking;
mod rule;
mod scrub;
mod scrub_answer;
mod scrubber;
mod search;
mod secret;
mod secret_name;
mod significance;
mod spelling;
mod split;
mod strategy_check;
mod suggest;
mod summary;
#[cfg(test)]
mod tests;
mod value;
mod walk;
mod withheld;
mod words;

use crate::dialect::{body_kind, multipart};

pub use canon::{Canon, DatedModels, Ignore};
pub use canonical::{Earlier, Fields, ResolveFieldError};
pub use change::Change;
pub use compare::{Comparison, compare};
pub use decide::{Decision, decide};
pub use facts::Facts;
pub use field::{Field, ParseFieldError};
pub use fixes::{Remedy, remedies};
pub use lineup::{BlastRadius, Candidate, Lineup, Past, PastIndex};
pub use named::{NamedField, NamedUnion};
pub use nearest::{NearMiss, nearest};
pub use outline::{Outline, Shape, Shapes};
pub use ranking::Ranking;
pub use rule::Condition;
pub use scrub::placeholders;
pub use scrub_answer::{AnswerOrigin, Unsearched, replaced_places};
pub use scrubber::{MountNames, Salt, ScrubPattern, Scrubber};
pub use secret::{credentials, has_countless_credentials, is_secret_header, mask};
pub use strategy_check::{
    StrategyCheck, StrategyProblem, check_strategy, check_strategy_form, check_strategy_pattern, narrowed,
};
pub use suggest::{Suggestion, suggest};
pub use summary::{Summary, summary};
pub use withheld::is_withheld;
