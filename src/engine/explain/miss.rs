//! The refusal of a call that no recording answers, with the recordings that come nearest.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::dialect::Refusal;
use crate::engine::call::answer::call_types::Answer;
use crate::engine::call::call_context::CallContext;
use crate::engine::explain::advice::{Advice, FixKind, RECORDING};
use crate::engine::explain::explanation::Near;
use crate::engine::state::Engine;
use crate::matching::{Change, Fields};
use crate::model::{CallId, Cause, Outcome, RecordingId};

impl Engine {
    /// Refuses a call that no recording answers; `forbidden` says why it is not forwarded where its mode would do that.
    pub(crate) async fn miss(&self, mut context: CallContext, forbidden: Option<String>) -> Answer {
        let (status, code) = match forbidden {
            Some(_) => (403, "FORWARDING_FORBIDDEN"),
            None => (self.settings().miss_status, "RECORDING_NOT_FOUND"),
        };
        if let Some(text) = forbidden.as_ref().filter(|_| !context.mode.looks_up()) {
            return self.refuse(context, Outcome::Miss, &Refusal::new(status, code, text));
        }
        if let Some(id) = &context.incoming.overrides.recording {
            let text = format!("there is no recording `{id}`, which the call asks for; see `retake list`");
            return self.refuse(context, Outcome::Miss, &Refusal::new(status, code, &text));
        }
        let near = self.near_misses(&context).await;
        context.guard.call().cause = cause(&near);
        let scope = context.incoming.overrides.scope.as_deref();
        let text = sentence(&near, self.settings().never_forward, |id| {
            self.row(id).filter(|row| !row.is_seen_in(scope))?.scope.clone()
        });
        let text = with_opaque(text, context.fields(self));
        let text = forbidden.map_or(text.clone(), |forbidden| format!("{forbidden}: {text}"));
        let details = directions(context.guard.id(), &context.incoming.base, &near);
        self.refuse(
            context,
            Outcome::Miss,
            &Refusal { details: Some(details), ..Refusal::new(status, code, &text) },
        )
    }
}

impl Engine {
    /// The recordings that come nearest to a call that missed. No past call is looked at.
    pub(crate) async fn near_misses(&self, context: &CallContext) -> Vec<Near<Advice>> {
        let scrubbed = context.scrubbed.clone();
        let (fields, scope) = (context.fields(self).clone(), context.incoming.overrides.scope.clone());
        let (stamped, call) = (self.stamped(context), context.guard.id());
        self.aside(move |engine| {
            let record = engine.recorded_by(Some(call), &stamped);
            let fix = |remedy, id: &RecordingId| Advice::of(remedy, id, Some(&record));
            engine.near(&scrubbed, &fields, scope.as_deref(), fix)
        })
        .await
    }
}

/// What an SDK's exception shows beside the sentence: what to run, and where the rest is told. All near misses with their
/// fixes would fill a screen, and exceptions show the whole body.
fn directions(call: CallId, base: &str, near: &[Near<Advice>]) -> Value {
    let mut directions = json!({
        "explain": format!("retake explain call_{}", call.0),
        "url": format!("{base}/__retake/calls/{}/explain", call.0),
    });
    if let Some(fix) = near.first().and_then(|nearest| nearest.fixes.first()) {
        directions["fix"] = fix.command.as_str().into();
    }
    directions
}

/// The miss in one or two sentences; `scope` tells which scope keeps a recording from the call, if one does. With
/// `never_forward` sending the call again would not record it.
pub(crate) fn sentence(
    near: &[Near<Advice>],
    never_forward: bool,
    scope: impl Fn(&RecordingId) -> Option<String>,
) -> String {
    let Some(nearest) = near.first() else {
        return "no recording answers this call, and none exists for this endpoint; record it with mode replay-or-record".into();
    };
    let significant: Vec<_> =
        nearest.changes.iter().filter(|change| change.significant).map(difference).collect();
    let shown = significant.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
    let more = significant.len().saturating_sub(4);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    if significant.is_empty() {
        let why = scope(&nearest.recording).map_or_else(
            || "cannot be replayed".to_owned(),
            |scope| format!("belongs to the scope `{scope}`"),
        );
        return format!(
            "no recording answers this call; {} has the same fields but {why}",
            nearest.recording
        );
    }
    let tie = if nearest.tie { " (another one is as near)" } else { "" };
    let fix = nearest.fixes.first().map_or_else(String::new, |fix| match fix.kind {
        FixKind::Record if !never_forward => {
            format!("; {}, or send it again with {RECORDING}", fix.worded())
        }
        FixKind::Record => format!("; {}", fix.worded()),
        FixKind::Retag | FixKind::Loosen => format!("; to let it answer: {}", fix.command),
    });
    format!("no recording answers this call; nearest is {}{tie}: {shown}{more}{fix}", nearest.recording)
}

/// The sentence, and why the body has no fields of its own, where it has none: nobody could tell from a comparison.
pub(crate) fn with_opaque(sentence: String, fields: &Fields) -> String {
    match fields.opaque {
        Some(why) => format!("{sentence}. The body is compared as it is, byte for byte: {why}"),
        None => sentence,
    }
}

/// The miss in a form that equal misses share.
pub(crate) fn cause(near: &[Near<Advice>]) -> Option<Arc<Cause>> {
    let nearest = near.first()?;
    let significant = nearest.changes.iter().filter(|change| change.significant);
    let fields: BTreeSet<String> = significant.map(|change| change.field.cut(1).to_string()).collect();
    let fields = fields.into_iter().take(Cause::FIELDS).collect();
    Some(Arc::new(Cause { nearest: nearest.recording.clone(), fields }))
}

pub(crate) fn difference(change: &Change) -> String {
    let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "absent".into());
    format!("{} {} → {}", change.field, side(&change.recorded), side(&change.incoming))
}
