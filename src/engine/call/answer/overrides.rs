//! What a call's own headers ask for.

use crate::model::{Call, Latency, MatchHeader, Mode, RecordingId, Strategy};
use std::sync::Arc;

/// What a call's own headers ask for.
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
    /// Whether links are left as the provider sent them.
    pub original_media: bool,
    /// The path prefix by which it names its scope, `/@NAME`, as it was sent.
    pub scope_path: Option<Arc<str>>,
    /// The marks of the retakes that it has passed.
    pub passed: Option<Arc<str>>,
}

impl Overrides {
    /// What the call's headers ask for instead of the recordings' strategies.
    pub(crate) fn match_header(&self) -> Option<MatchHeader> {
        let Self { strategy, recording, .. } = self;
        (strategy.is_some() || recording.is_some())
            .then(|| MatchHeader { strategy: strategy.clone(), recording: recording.clone() })
    }

    /// What a call of the history asked for, so that it can be asked again. The pace is not among it.
    pub(crate) fn of_call(call: &Call) -> Self {
        let MatchHeader { strategy, recording } = call.match_header.as_deref().cloned().unwrap_or_default();
        Self { mode: Some(call.mode), strategy, recording, scope: call.scope.clone(), ..Self::default() }
    }
}
