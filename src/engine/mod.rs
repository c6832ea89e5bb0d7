//! The one writer and the one voice: answers calls, changes the store, announces what became true.
//!
//! Everything that has a choice is decided by pure functions (`matching`, `dialect`); this module carries it out. It
//! knows nothing of the terminal and nothing of the HTTP server. It is the only place that reads the clock.

mod answer;
mod aside;
#[cfg(test)]
mod bounds_tests;
mod budget;
mod call;
mod clock;
mod curate;
mod explain;
mod failures;
mod history;
mod index;
mod policy;
mod profile;
mod recording;
mod report;
mod settings;
mod state;
mod upstream_keys;
mod verb_error;
#[cfg(test)]
mod visible_tests;
pub mod wording;
mod work;

pub use answer::body::AnswerBody;
pub use answer::call_types::{Answer, Incoming};
pub use answer::hops::{HOPS, LOOPED};
pub use answer::overrides::Overrides;
pub use answer::raw_call::{RawCall, RawKey};
pub use budget::Hold;
pub use call::media::Media;
pub use clock::now;
pub use curate::create::{Draft, plain_response};
pub use curate::edit::Revision;
pub use curate::label::Relabel;
pub use curate::prune::{Compacted, TRASH};
pub use curate::remove::Trashed;
pub use curate::retag::{MatchSettings, Retagged};
pub use curate::review::{Rerecord, ReviewVerdict};
pub use curate::scrub_again::{Rescrub, Rescrubbed};
pub use explain::advice::{Advice, Fix, FixKind};
pub use explain::diff::{Diff, ParseThingError, Thing};
pub use explain::explanation::{ExplainedHit, Explanation, Near};
pub use explain::fire::{Deciding, FieldShown, Fired};
pub use failures::{FailureKind, FailurePolicy, OnFailure, ParseFailureKindError};
pub use history::calls::PastCalls;
pub use history::latencies::Histogram;
pub use index::row::row_of;
pub use profile::{CallRoute, Profile, Secret, UpstreamKey};
pub use report::metrics::Metrics;
pub use report::stats::{Quantiles, Share, Stats};
pub use report::usage::{Merged, UsageReport, Used};
pub use settings::{OnExpired, Settings, SettingsError};
pub use state::{Engine, EngineError, NOTICES};
pub use upstream_keys::key_variables;
pub use verb_error::{Blame, FetchError, VerbError};
