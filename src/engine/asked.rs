//! A call on its way through the engine.

use std::sync::Arc;

use super::Engine;
use super::answer::{Incoming, LARGE};
use super::library::Found;
use super::policy::Profile;
use super::ticket::Ticket;
use crate::matching::{Fields, has_countless_credentials, is_withheld};
use crate::model::{Mode, Scrubbed};
use crate::wire::content_coding::decoded_len;

/// A call on its way through the engine, with what was derived from it.
pub(super) struct Asked {
    pub(super) incoming: Incoming,
    pub(super) scrubbed: Scrubbed,
    pub(super) fields: Fields,
    pub(super) mode: Mode,
    pub(super) profile: Option<Arc<Profile>>,
    /// The library's generation when the call was looked up, or before.
    pub(super) generation: u64,
    /// What must not be in an answer that is stored.
    pub(super) secrets: Vec<bytes::Bytes>,
    /// A recording that is not the last word, and that answers where no upstream can be asked.
    pub(super) instead: Option<Found>,
    /// Whether the answer may be remembered for calls with the same bytes.
    pub(super) lasting: bool,
    pub(super) ticket: Ticket,
}

impl Asked {
    /// Takes the memory for what was made of a long body. False where there is no room for it.
    pub(super) fn fits(&mut self, engine: &Engine) -> bool {
        let Incoming { request, held, .. } = &mut self.incoming;
        if decoded_len(&request.headers, request.body.len()) <= LARGE {
            return true;
        }
        let replaced = if request.body == self.scrubbed.body { 0 } else { self.scrubbed.body.len() };
        let made = request.body.len() + replaced + self.fields.size();
        held.get_or_insert_with(|| engine.hold()).cover(made)
    }

    /// Whether nobody can say that an answer repeats no credential of the call, because there are too many.
    pub(super) fn is_countless(&self) -> bool {
        is_withheld(&self.scrubbed) && has_countless_credentials(&self.incoming.request)
    }
}
