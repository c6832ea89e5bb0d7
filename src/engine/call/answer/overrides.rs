//! The wishes of a call, from its own headers. Reading those headers is the `api`'s work.

use crate::model::{Call, Latency, MatchHeader, Mode, RecordingId, Strategy};
use std::sync::Arc;

/// The wishes of a call, from its own headers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// The mode.
    pub mode: Option<Mode>,
    /// The strategy, instead of each recording's own.
    pub strategy: Option<Strategy>,
    /// The recording that answers, whatever the call holds.
    pub recording: Option<RecordingId>,
    /// The pace.
    pub latency: Option<Latency>,
    /// The scope it is made in.
    pub scope: Option<Arc<str>>,
    /// True if links are left as the provider sent them.
    pub original_media: bool,
    /// The path prefix by which it names its scope, `/@NAME`, as it was sent.
    pub scope_path: Option<Arc<str>>,
    /// The marks of the retakes that it has passed.
    pub passed: Option<Arc<str>>,
}

impl Overrides {
    /// The strategy or recording that a call asks for instead of the recordings' own strategies; `None` where it asks
    /// for neither.
    pub(crate) fn match_header(&self) -> Option<MatchHeader> {
        let Self { strategy, recording, .. } = self;
        (strategy.is_some() || recording.is_some())
            .then(|| MatchHeader { strategy: strategy.clone(), recording: recording.clone() })
    }

    /// The wishes of a call of the history, so that it can be made again. The pace is not among them.
    pub(crate) fn of_call(call: &Call) -> Self {
        let MatchHeader { strategy, recording } = call.match_header.as_deref().cloned().unwrap_or_default();
        Self { mode: Some(call.mode), strategy, recording, scope: call.scope.clone(), ..Self::default() }
    }
}
