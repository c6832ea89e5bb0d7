//! Jobs: a submit, and polls that ask for its state until it is final.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::Engine;
use super::cursors::Scope;
use super::forward::endpoint_of;
use super::library::Lens;
use crate::dialect::Items;
use crate::model::{Fingerprint, Hash, Playback, Recording, Request, Response, Scrubbed};
use crate::reading::decoded;
use crate::store::Keys;
use crate::wire::content_coding::json_in;
use crate::wire::event_stream::events;

/// So many items of an answer can be named later.
const ITEMS: usize = 64;

/// The jobs that this process saw submitted and that have no final state yet.
#[derive(Default)]
pub(super) struct Jobs {
    under_way: Mutex<HashSet<Arc<str>>>,
}

impl Engine {
    /// How the takes of a new recording play.
    pub(super) fn playback(&self, request: &Request) -> Playback {
        match polled(request) {
            Some(_) => Playback::Sequence,
            None => self.settings().playback,
        }
    }

    /// Whether a recording that answers a call is not the last word on it: this process recorded a read that may be answered
    /// otherwise by now, or saw the job submitted whose state is asked for and is not final yet.
    pub(super) fn is_ahead(&self, request: &Request, all: &Fingerprint, scope: &Scope) -> bool {
        let under_way = self.shared.jobs.lock();
        let job = || polled(request).is_some_and(|job| under_way.contains(&job));
        (!under_way.is_empty() && job()) || self.shared.reads.is_open(all, scope)
    }

    /// Takes note of what a new recording says of a job.
    pub(super) fn note_job(&self, recording: &Recording) {
        let (_, endpoint) = endpoint_of(&recording.request);
        let Some(job) = endpoint.rules.submit.or(endpoint.rules.poll) else { return };
        let answer = read(&recording.response);
        if endpoint.rules.submit.is_some() {
            if let Some(id) = job.id(&answer).filter(|_| job.is_under_way(&answer)) {
                self.shared.jobs.lock().insert(id.into());
            }
            return;
        }
        let Some(id) = polled(&recording.request) else { return };
        if job.is_final(&answer) {
            self.shared.jobs.lock().remove(&id);
        }
    }

    /// Takes that play in order and were seen while they were recorded count as played.
    pub(super) fn note_played(&self, recording: &Recording, keys: &Keys) {
        let scope: Scope = recording.scope.as_deref().map(Into::into);
        let settings = self.settings();
        let lens = Lens { policy: &settings.failures, asks: true };
        let takes = self.shared.library.takes(&keys.all, &scope, lens);
        if takes > 0 {
            let job = polled(&recording.request);
            self.tell_given_up(self.shared.cursors.place(&scope, (keys.all, true), takes, job));
        }
    }
}

impl Jobs {
    fn lock(&self) -> MutexGuard<'_, HashSet<Arc<str>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The job whose state a request asks for.
pub(super) fn polled(request: &Request) -> Option<Arc<str>> {
    let (_, endpoint) = endpoint_of(request);
    let job = endpoint.rules.poll?;
    if job.asked.is_some() && request.method == "POST" {
        let body = json_in(&request.body).unwrap_or_default();
        return job.asked(&body).map(Into::into);
    }
    endpoint.vars.into_iter().find(|(name, _)| name == "id").map(|(_, id)| id.into())
}

/// The job that a submit's answer names.
pub(super) fn submitted(request: &Scrubbed, response: &Response) -> Option<Arc<str>> {
    let (_, endpoint) = endpoint_of(request);
    let job = endpoint.rules.submit?;
    job.id(&read(response)).map(Into::into)
}

/// Whether a request submits a job, as far as it tells.
pub(super) fn submits(request: &Request) -> bool {
    let (_, endpoint) = endpoint_of(request);
    endpoint.rules.submit.is_some_and(|job| {
        job.flag.is_none_or(|flag| {
            let plain = decoded(&request.headers, &request.body).unwrap_or_default();
            let body = json_in(&plain).unwrap_or_default();
            body.pointer(flag) == Some(&true.into())
        })
    })
}

/// The id of an answer, by which later requests of its endpoint may name it; of a stream the one in its first event. On
/// lines of their own, the ids of its items, each behind a hash of what the item says.
pub(super) fn answer_id(request: &Scrubbed, response: &Response) -> Option<String> {
    let (_, endpoint) = endpoint_of(request);
    if endpoint.rules.earlier.is_empty() {
        return None;
    }
    let body = decoded(&response.headers, &response.log.bytes).ok()?;
    let (first, last): (Value, Option<Value>) = if response.headers.media_type() == "text/event-stream" {
        let events: Vec<_> = events(&body).collect();
        // The last event with an answer in it has all of it.
        let last = events.iter().rev().find_map(|event| serde_json::from_slice(event.data.as_deref()?).ok());
        (serde_json::from_slice(events.first()?.data.as_deref()?).ok()?, last)
    } else {
        (json_in(&body).ok()?, None)
    };
    let mut said = answer_in(&first).get("id")?.as_str()?.to_owned();
    if let Some(items) = endpoint.rules.items {
        named(items, answer_in(last.as_ref().unwrap_or(&first)), &mut said);
    }
    Some(said)
}

/// The answer that an event holds, or that stands alone.
fn answer_in(event: &Value) -> &Value {
    event.get("response").unwrap_or(event)
}

/// Adds a line for each id of each item.
fn named(items: &Items, answer: &Value, said: &mut String) {
    let list = answer.pointer(items.list).and_then(Value::as_array);
    for (place, item) in list.into_iter().flatten().enumerate().take(ITEMS) {
        let kind = item.get("type").and_then(Value::as_str);
        let Some(members) = item.as_object().filter(|_| kind.is_some_and(|kind| items.types.contains(&kind)))
        else {
            continue;
        };
        let unnamed = |key: &String| !items.ids.contains(&&**key) && !items.volatile.contains(&&**key);
        let mut content: Value = members
            .iter()
            .filter(|(key, _)| unnamed(key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect::<serde_json::Map<_, _>>()
            .into();
        content.sort_all_objects();
        for key in items.ids {
            if let Some(id) = members.get(*key).and_then(Value::as_str).filter(|id| !id.contains('\n')) {
                let hash = Hash::of(format!("{place} {key} {content}").as_bytes());
                _ = write!(said, "\n{hash} {id}");
            }
        }
    }
}

/// What the ids of an answer mean, the answer's own first: the fingerprint of what was asked, and of an item that
/// together with what it says.
pub(super) fn meanings(said: &str, asked: Fingerprint) -> impl Iterator<Item = (&str, Fingerprint)> {
    let mut lines = said.split('\n');
    let own = lines.next().map(|id| (id, asked));
    let items = lines.filter_map(|line| line.split_once(' '));
    own.into_iter().chain(items.map(move |(hash, id)| {
        let both = [&asked.0[..], hash.as_bytes()].concat();
        (id, Fingerprint(Hash::of(&both).0))
    }))
}

fn read(response: &Response) -> serde_json::Value {
    let body = decoded(&response.headers, &response.log.bytes).unwrap_or_default();
    json_in(&body).unwrap_or_default()
}
