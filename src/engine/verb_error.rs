//! Reasons why a verb was not carried out. Nothing is changed then.

use std::sync::Arc;

use crate::editing::{EditError, FaultError};
use crate::matching::StrategyProblem;
use crate::model::{ParseNameError, RecordingId, Usd};
use crate::query::QueryError;
use crate::store::StoreError;
use crate::upstream::UpstreamError;

/// The reason why an upstream was not asked, or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The operator forbids it.
    #[error("--never-forward forbids to ask an upstream")]
    Forbidden,
    /// The mount has no upstream.
    #[error("no upstream `{0}` is known; start with --upstream {0}=URL")]
    NoUpstream(String),
    /// No key is known for it.
    #[error(
        "there is no key for `{mount}`; set {variable}, or name another variable under [keys] in retake.toml"
    )]
    NoKey {
        /// The mount.
        mount: String,
        /// The variable that is looked into.
        variable: String,
    },
    /// The key of a profile cannot be had.
    #[error("profile {profile} sends a key of its own to the upstream, and {why}")]
    NoProfileKey {
        /// The profile's name.
        profile: Arc<str>,
        /// The reason.
        why: String,
    },
    /// The upstream could not be reached.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// The answer is one that is never kept.
    #[error("the answer cannot be kept: it is {0}")]
    Unfit(&'static str),
}

/// The reason why a verb was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum VerbError {
    /// The store said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No such recording exists.
    #[error("there is no recording `{0}`; see `retake list`")]
    Unknown(RecordingId),
    /// A beginning is one of several ids.
    #[error("`{text}` is the beginning of {count} ids: {}{}", joined(named), if *count > named.len() { ", …" } else { "" })]
    Ambiguous {
        /// What was sent.
        text: String,
        /// How many ids begin so.
        count: usize,
        /// Some of them.
        named: Vec<RecordingId>,
    },
    /// The strategy names a field that is not clear in the recording's request.
    #[error("{recording}: {problem}")]
    Field {
        /// The recording.
        recording: RecordingId,
        /// The problem with the name.
        problem: StrategyProblem,
    },
    /// The strategy of a new recording names a field that is not clear in its request.
    #[error("the strategy of the new recording: {0}")]
    Strategy(StrategyProblem),
    /// The strategy of several recordings names a field that none of those of an endpoint has.
    #[error("of these recordings none at its endpoint has it: {0}")]
    NoneHas(StrategyProblem),
    /// A strategy cannot be.
    #[error(transparent)]
    Match(StrategyProblem),
    /// A name, a tag or a scope cannot be.
    #[error(transparent)]
    Name(#[from] ParseNameError),
    /// Another recording has the name.
    #[error("the name `{name}` is that of {by}; a name is for one recording")]
    Taken {
        /// The name.
        name: String,
        /// The recording that has it.
        by: RecordingId,
    },
    /// Several recordings cannot share a name.
    #[error("{count} recordings cannot all be called `{name}`; name them one by one")]
    Shared {
        /// The name.
        name: String,
        /// The number of recordings.
        count: usize,
    },
    /// A recording needs an answer, and none can be made up.
    #[error("no answer to `{0}` can be made up; say what it answers with")]
    NoAnswer(String),
    /// No step is there to go back, or forward, to.
    #[error("there is nothing to {0}")]
    NoStep(&'static str),
    /// Something else changed one of a step's recordings since.
    #[error("`{step}` cannot be undone or redone: {recording} {reason}")]
    Changed {
        /// The step, as lists show it.
        step: String,
        /// The recording.
        recording: RecordingId,
        /// The change that was made since.
        reason: &'static str,
    },
    /// No such call exists.
    #[error("there is no call {0}; see `retake calls`")]
    UnknownCall(u64),
    /// The request of a call is forgotten.
    #[error(
        "call {0} is not in memory: only the newest calls of a running retake are, and none of more than 8 MiB; make it again"
    )]
    Forgotten(u64),
    /// A call has no answer yet.
    #[error("call {0} is still under way; keep it when it is done")]
    UnderWay(u64),
    /// A call has a recording.
    #[error("call {call} is a recording already: {recording}")]
    Recorded {
        /// The call.
        call: u64,
        /// The call's recording.
        recording: RecordingId,
    },
    /// A call got no answer that is worth keeping.
    #[error("call {0} got an error of retake's own, and there is nothing to ask for once more")]
    NothingToKeep(u64),
    /// A call missed, so the upstream has to be asked.
    #[error("call {call} has no answer; the upstream has to be asked for one{}",
        price.map(|price| format!(", for about {price}")).unwrap_or_default())]
    Unanswered {
        /// The call.
        call: u64,
        /// The likely price; `None` where it is not known.
        price: Option<Usd>,
    },
    /// A recording is as it came.
    #[error("{0} was never edited, so it is what it was")]
    NotEdited(RecordingId),
    /// A call has no answer yet.
    #[error("call {0} has no answer yet")]
    InFlight(u64),
    /// A recording does not wait for a review.
    #[error("{0} does not wait for a review; `retake review` lists what does")]
    Decided(RecordingId),
    /// A filter cannot be understood.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A report of use is of no use here.
    #[error("the report cannot be merged: {0}")]
    Report(String),
    /// An answer cannot be searched for secrets to its end.
    #[error(
        "the answer has {0}: such a one is never stored, because nobody knows what it holds; make it shorter and plain"
    )]
    Unsearchable(&'static str),
    /// An answer cannot be edited so.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// An answer cannot be made to fail so.
    #[error(transparent)]
    Fault(#[from] FaultError),
    /// The upstream was asked in vain.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The request means nothing.
    #[error("{0}")]
    Invalid(String),
}

fn joined(ids: &[RecordingId]) -> String {
    ids.iter().map(RecordingId::as_str).collect::<Vec<_>>().join(", ")
}

/// The party at fault: exit codes and statuses go by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// Something that was asked for and is not there.
    Missing,
    /// A request that cannot be met.
    Wrong,
    /// Something that is there and stands in the way.
    Conflict,
    /// Nobody: it costs something, and that was not agreed to.
    Consent,
    /// The store.
    Store,
    /// The upstream.
    Upstream,
}

impl VerbError {
    /// The party at fault.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Store(_) => Blame::Store,
            Self::Unknown(_)
            | Self::UnknownCall(_)
            | Self::Forgotten(_)
            | Self::NotEdited(_)
            | Self::InFlight(_)
            | Self::NoStep(_) => Blame::Missing,
            Self::Field { .. }
            | Self::Strategy(_)
            | Self::NoneHas(_)
            | Self::Match(_)
            | Self::Name(_)
            | Self::Shared { .. }
            | Self::NoAnswer(_)
            | Self::Query(_)
            | Self::Report(_)
            | Self::Unsearchable(_)
            | Self::Edit(_)
            | Self::Fault(_)
            | Self::Invalid(_)
            | Self::Fetch(
                FetchError::Forbidden
                | FetchError::NoUpstream(_)
                | FetchError::NoKey { .. }
                | FetchError::NoProfileKey { .. },
            ) => Blame::Wrong,
            Self::Taken { .. }
            | Self::Ambiguous { .. }
            | Self::Changed { .. }
            | Self::Recorded { .. }
            | Self::UnderWay(_)
            | Self::NothingToKeep(_)
            | Self::Decided(_) => Blame::Conflict,
            Self::Unanswered { .. } => Blame::Consent,
            Self::Fetch(FetchError::Upstream(_) | FetchError::Unfit(_)) => Blame::Upstream,
        }
    }
}
