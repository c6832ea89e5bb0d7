//! Age: recordings that are older than their rule allows are shown as such, and answer with a warning or not at all.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::answer::Answer;
use super::asked::Asked;
use super::{Engine, OnExpired, clock};
use crate::dialect::Refusal;
use crate::model::{Level, Mode, Outcome, RecordingId, Row, Timestamp};
use crate::reading::human;
use crate::retention::{expired, max_age};

/// The recordings about whose age people were told. Once is enough.
#[derive(Default)]
pub(super) struct Told(Mutex<HashSet<RecordingId>>);

impl Engine {
    /// When a recording is older than its rule allows; none where no rule holds.
    pub(super) fn expires(&self, row: &Row) -> Option<Timestamp> {
        let millis = max_age(row, &self.settings().max_ages)?;
        Some(Timestamp(row.recorded_at.0.saturating_add_unsigned(millis)))
    }

    /// Looks at the age of what is about to answer: a refusal, or the call that goes on, which may say so.
    pub(super) fn aged(&self, mut asked: Asked, id: &RecordingId) -> Result<Asked, Box<Answer>> {
        let settings = self.settings();
        let now = clock::now();
        let Some(row) = self.row(id).filter(|row| expired(row, &settings.max_ages, now)) else {
            return Ok(asked);
        };
        let allowed = max_age(&row, &settings.max_ages).unwrap_or_default();
        let name = row.name.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
        let (age, allowed) = (human::age(now.since(row.recorded_at)), human::age(allowed));
        let text = format!("recording {id}{name} has expired: it is {age} old, and {allowed} are allowed");
        if settings.on_expired == OnExpired::Refuse && asked.mode == Mode::ReplayOrError {
            let text = format!("{text}; `retake rerecord {id}` records it anew");
            let refusal = Refusal::new(settings.miss_status, "RECORDING_EXPIRED", &text);
            return Err(Box::new(self.refuse(asked, Outcome::Miss, &refusal)));
        }
        asked.ticket.call().reason = Some(text.clone());
        if self.shared.told.first(id) {
            self.notify(Level::Warning, text);
        }
        Ok(asked)
    }
}

impl Told {
    /// Whether nobody was told yet; from now on everybody was.
    fn first(&self, id: &RecordingId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone())
    }
}
