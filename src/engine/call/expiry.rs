//! Age: recordings that are older than their rule allows are shown as such, and answer with a warning or not at all.

use crate::dialect::Refusal;
use crate::engine::call::answer::call_types::Answer;
use crate::engine::call::call_context::CallContext;
use crate::engine::clock;
use crate::engine::settings::OnExpired;
use crate::engine::state::Engine;
use crate::model::{Level, Mode, Outcome, RecordingId, Row, Timestamp};
use crate::reading::human;
use crate::retention::{expired, max_age};

impl Engine {
    /// The time from which on a recording is older than its rule allows; `None` where no rule holds.
    pub(crate) fn expires(&self, row: &Row) -> Option<Timestamp> {
        let millis = max_age(row, &self.settings().max_ages)?;
        Some(Timestamp(row.recorded_at.0.saturating_add_unsigned(millis)))
    }

    /// The same of a recording, whose row is read only where any age is too old.
    pub(crate) fn expires_at(&self, id: &RecordingId) -> Option<Timestamp> {
        if self.settings().max_ages.is_empty() {
            return None;
        }
        self.expires(&*self.row(id)?)
    }

    /// Looks at the age of what is about to answer: a refusal, or the call that goes on, which may say so.
    pub(crate) fn aged(
        &self,
        mut context: CallContext,
        id: &RecordingId,
    ) -> Result<CallContext, Box<Answer>> {
        let settings = self.settings();
        if settings.max_ages.is_empty() {
            return Ok(context);
        }
        let now = clock::now();
        let Some(row) = self.row(id).filter(|row| expired(row, &settings.max_ages, now)) else {
            return Ok(context);
        };
        let allowed = max_age(&row, &settings.max_ages).unwrap_or_default();
        let name = row.name.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
        let (age, allowed) = (human::age(now.since(row.recorded_at)), human::age(allowed));
        let text = format!("recording {id}{name} has expired: it is {age} old, and {allowed} are allowed");
        if settings.on_expired == OnExpired::Refuse && context.mode == Mode::ReplayOrError {
            let text = format!("{text}; `retake rerecord {id}` records it anew");
            let refusal = Refusal::new(settings.miss_status, "RECORDING_EXPIRED", &text);
            return Err(Box::new(self.refuse(context, Outcome::Miss, &refusal)));
        }
        context.guard.call().reason = Some(text.clone());
        if self.shared.warned.expiry.first(id.clone()) {
            self.notify(Level::Warning, text);
        }
        Ok(context)
    }
}
