//! A recording that a look-up found.

use std::sync::Arc;

use crate::engine::failures::FailurePolicy;
use crate::engine::index::cursors::TakeTurn;
use crate::engine::index::use_count::UseCounter;
use crate::model::{RecordingId, Strategy};

/// A recording that answers a request.
#[derive(Clone, Debug)]
pub(crate) struct FoundRecording {
    pub(crate) id: RecordingId,
    /// The strategy that matched.
    pub(crate) strategy: Strategy,
    /// True if cosmetic fields differ.
    pub(crate) cosmetic: bool,
    /// The use in which hits are counted.
    pub(crate) used: Arc<UseCounter>,
    /// The recording's turn, where takes play in order.
    pub(crate) turn: Option<TakeTurn>,
    /// True if it is a failure that may pass: an upstream that can be asked goes before it.
    pub(crate) steps_back: bool,
}

/// The view that a look-up has of failures that may pass.
#[derive(Clone, Copy)]
pub(crate) struct FailureLens<'a> {
    pub(crate) policy: &'a FailurePolicy,
    /// True if an upstream can be asked instead.
    pub(crate) asks: bool,
}
