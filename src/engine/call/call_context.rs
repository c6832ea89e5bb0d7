//! A call on its way through the engine, with what was derived from it.

use std::sync::{Arc, OnceLock};

use crate::engine::aside::LARGE;
use crate::engine::call::answer::call_guard::CallGuard;
use crate::engine::call::answer::call_types::Incoming;
use crate::engine::index::found_recording::FoundRecording;
use crate::engine::profile::Profile;
use crate::engine::state::Engine;
use crate::matching::{Fields, has_countless_credentials, is_withheld};
use crate::model::{Mode, Scrubbed};
use crate::wire::content_coding::decoded_len;

/// A call on its way through the engine, with what was derived from it.
pub(crate) struct CallContext {
    pub(crate) incoming: Incoming,
    pub(crate) scrubbed: Scrubbed,
    /// Made when something is compared: what is forwarded or made up without a look-up needs none.
    pub(crate) fields: OnceLock<Fields>,
    pub(crate) mode: Mode,
    pub(crate) profile: Option<Arc<Profile>>,
    /// The index's generation when the call was looked up, or before.
    pub(crate) generation: u64,
    /// Values that must not be in an answer that is stored.
    pub(crate) secrets: Vec<bytes::Bytes>,
    /// A recording that is not the last word, and that answers where no upstream can be asked.
    pub(crate) instead: Option<FoundRecording>,
    /// True if the answer may be remembered for calls with the same bytes.
    pub(crate) lasting: bool,
    pub(crate) guard: CallGuard,
}

impl CallContext {
    /// The canonical fields of the request.
    pub(crate) fn fields(&self, engine: &Engine) -> &Fields {
        self.fields.get_or_init(|| engine.fields(&self.scrubbed))
    }

    /// Takes the memory for what was made of a long body. False where there is no room for it.
    pub(crate) fn fits(&mut self, engine: &Engine) -> bool {
        let Incoming { request, held, .. } = &mut self.incoming;
        if decoded_len(&request.headers, request.body.len()) <= LARGE {
            return true;
        }
        let replaced = if request.body == self.scrubbed.body { 0 } else { self.scrubbed.body.len() };
        let made = request.body.len() + replaced + self.fields.get().map_or(0, Fields::size);
        held.get_or_insert_with(|| engine.hold()).cover(made)
    }

    /// True if nobody can say that an answer repeats no credential of the call, because there are too many.
    pub(crate) fn is_countless(&self) -> bool {
        is_withheld(&self.scrubbed) && has_countless_credentials(&self.incoming.request)
    }
}
