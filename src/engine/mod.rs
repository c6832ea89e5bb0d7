//! The one writer and the one voice: answers calls, changes the store, announces what became true.
//!
//! Everything that has a choice is decided by pure functions (`matching`, `dialect`); this module carries it out. It
//! knows nothing of the terminal and nothing of the HTTP server. It is the only place that reads the clock.

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
#[cfg(test)]
mod known_tests;
mod policy;
mod profile;
mod recording;
mod settings;
mod state;
mod upstream_keys;
mod verb_error;
#[cfg(test)]
mod visible_tests;
pub mod wording;
mod work;

pub use budget::Hold;
pub use call::answer::body::AnswerBody;
pub use call::answer::call_types::{Answer, Incoming};
pub use call::answer::hops::{HOPS, LOOPED};
pub use call::answer::overrides::Overrides;
pub use call::answer::raw_call::{RawCall, RawKey};
pub use call::media::Media;
pub use clock::now;
pub use curate::create::{Draft, plain_response};
pub use curate::edit::{Revision, edited};
pub use curate::label::Relabel;
pub use curate::prune::{Compacted, TRASH};
pub use curate::remove::Trashed;
pub use curate::retag::{MatchSettings, Retagged};
pub use curate::review::{Rerecord, ReviewVerdict};
pub use curate::scrub_again::{Rescrub, Rescrubbed};
pub use explain::advice::{Advice, Fix, FixKind};
pub use explain::diff::{Diff, ExchangeRef, ParseExchangeRefError};
pub use explain::explanation::{ExplainedHit, Explanation, Near};
pub use explain::fire::{Deciding, FieldShown, Fired};
pub use failures::{FailureKind, FailurePolicy, OnFailure, ParseFailureKindError};
pub use history::calls::PastCalls;
pub use history::latencies::Histogram;
pub use history::metrics::Metrics;
pub use history::model_calls::ModelCalls;
pub use history::stats::{Quantiles, Share, Stats};
pub use history::usage::{Merged, UsageReport, Used};
pub use profile::{CallRoute, Profile, Secret, UpstreamKey};
pub use recording::row::row_of;
pub use settings::{OnExpired, Settings, SettingsError};
pub use state::{Engine, EngineError, NOTICES};
pub use upstream_keys::key_variables;
pub use verb_error::{Blame, FetchError, VerbError};
