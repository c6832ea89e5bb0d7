//! The summary of a run's calls, for people and for programs.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::ExplainCallRequest;
use crate::client::Client;
use crate::engine::Explanation;
use crate::model::{Call, CallId, Counters, Mode, Outcome, RecordingId, Row, Snapshot};
use crate::reading::{human, sanitize};

/// Limit of calls of one outcome that are named for people.
const NAMED: usize = 10;
/// Limit of misses that are explained: each is compared with what is stored.
const EXPLAINED: usize = 100;

/// The outcomes of a run's calls.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct RunSummary {
    /// The proxy's URL.
    pub(super) proxy: String,
    /// The proxy's mode at the end.
    pub(super) mode: Mode,
    /// True if the proxy is another process's.
    pub(super) beside_owner: bool,
    /// The scope of the calls.
    pub(super) scope: Option<String>,
    /// Calls by outcome.
    #[schemars(extend("propertyNames" = { "enum": Outcome::ALL.map(Outcome::as_str) }))]
    pub(super) outcomes: BTreeMap<Outcome, u64>,
    /// Calls that the owner's bounded history let go of before they were counted.
    pub(super) forgotten: u64,
    /// The misses, the oldest first.
    pub(super) misses: Vec<Miss>,
    /// The recordings that were made, the oldest first.
    pub(super) recordings: Vec<RecordingId>,
    /// Recordings among those that hold a failure.
    pub(super) failures: Vec<Failed>,
    /// Recordings that answered nothing in the run, although calls had their scope.
    pub(super) unused: Vec<UnusedRecordings>,
    /// The outcomes of `--fail-on` that came to pass.
    pub(super) failed_on: Vec<Outcome>,
    /// The exit code of the command, as a shell says it.
    pub(super) command_exit: u8,
    /// The exit code of `retake run`.
    pub(super) exit: u8,
    /// The calls themselves.
    #[serde(skip)]
    calls: Vec<Arc<Call>>,
}

/// A call that no recording answered.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Miss {
    call: CallId,
    endpoint: Arc<str>,
    model: Option<Arc<str>>,
    scope: Option<Arc<str>>,
    reason: Option<String>,
    /// The recording that comes nearest; none where there is none, or after the first hundred misses.
    nearest: Option<Nearest>,
}

/// A recording whose upstream failed, or broke off.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Failed {
    recording: RecordingId,
    status: u16,
    endpoint: String,
    model: Option<String>,
    /// The failure, in a few words.
    what: String,
    /// True if `replay-or-record` asks the upstream again.
    asked_again: bool,
}

/// The recordings of one scope that were there before the run and answered none of its calls.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct UnusedRecordings {
    /// `None` for those without a scope.
    scope: Option<Arc<str>>,
    recordings: Vec<RecordingId>,
}

/// The recording that comes nearest to a miss.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Nearest {
    recording: RecordingId,
    /// 100 is a match, 0 has nothing in common.
    likeness: u8,
}

/// Whose calls are counted, and since when.
pub(super) struct Since {
    /// The last call before.
    pub(super) last: CallId,
    /// Only calls of this scope, beside an owner that others call, too.
    pub(super) scope: Option<String>,
    pub(super) beside_owner: bool,
    /// Count of answers that each recording had given before.
    pub(super) hits: HashMap<RecordingId, u64>,
}

impl Since {
    pub(super) fn new(before: &Snapshot, scope: Option<String>, beside_owner: bool) -> Self {
        let last = before.calls.back().map_or(CallId::default(), |call| call.id);
        let hits = before.rows.values().map(|row| (row.id.clone(), row.usage.everywhere().count)).collect();
        Self { last, scope, beside_owner, hits }
    }

    /// The recordings that none of these calls used, by scope. A run says nothing of scopes in which it made no call.
    fn unused(&self, snapshot: &Snapshot, calls: &[Arc<Call>]) -> Vec<UnusedRecordings> {
        let scopes: BTreeSet<_> = calls.iter().map(|call| call.scope.as_deref()).collect();
        let used: HashSet<_> = calls.iter().filter_map(|call| call.recording.as_ref()).collect();
        let unused = |row: &&Arc<Row>| {
            let before = self.hits.get(&row.id);
            before.is_some_and(|hits| *hits == row.usage.everywhere().count)
                && !used.contains(&row.id)
                && scopes.contains(&row.scope.as_deref())
        };
        let mut by_scope: BTreeMap<Option<Arc<str>>, Vec<RecordingId>> = BTreeMap::new();
        for row in snapshot.rows.values().filter(unused) {
            by_scope.entry(row.scope.as_deref().map(Arc::from)).or_default().push(row.id.clone());
        }
        by_scope.into_iter().map(|(scope, recordings)| UnusedRecordings { scope, recordings }).collect()
    }

    /// The calls since then that are still known, and how many are not.
    pub(super) fn calls(&self, snapshot: &Snapshot) -> (Vec<Arc<Call>>, u64) {
        let oldest = snapshot.calls.front().map_or(0, |call| call.id.0);
        let forgotten = if snapshot.calls.len() < Snapshot::CALLS {
            0
        } else {
            oldest.saturating_sub(self.last.0.saturating_add(1))
        };
        let ours = |call: &&Arc<Call>| {
            call.id > self.last
                && self.scope.as_deref().is_none_or(|name| call.scope.as_deref() == Some(name))
        };
        (snapshot.calls.iter().filter(ours).cloned().collect(), forgotten)
    }

    /// Counts by outcome. A proxy of our own has counted all of them, however many it remembers.
    fn counted(&self, snapshot: &Snapshot, calls: &[Arc<Call>]) -> Counters {
        if !self.beside_owner {
            return snapshot.counters;
        }
        let mut counters = Counters::default();
        calls.iter().filter_map(|call| call.outcome).for_each(|outcome| counters.add(outcome));
        counters
    }
}

/// Explanations of misses, as far as they are known now; to be asked while the engine runs.
pub(super) async fn explained(client: &Client, calls: &[Arc<Call>]) -> Vec<(CallId, Explanation)> {
    let mut explained = Vec::new();
    for call in calls.iter().filter(|call| call.outcome == Some(Outcome::Miss)).take(EXPLAINED) {
        // Without an explanation the summary still names the miss.
        if let Ok(Some(explanation)) = client.find(ExplainCallRequest { id: call.id }).await {
            explained.push((call.id, explanation));
        }
    }
    explained
}

impl RunSummary {
    /// Sums up what happened since; the exit codes are the caller's to fill in.
    pub(super) fn new(since: &Since, snapshot: &Snapshot, explained: &[(CallId, Explanation)]) -> Self {
        let (calls, unknown) = since.calls(snapshot);
        let counters = since.counted(snapshot, &calls);
        let nearest = |id: CallId| {
            let (_, explanation) = explained.iter().find(|(known, _)| *known == id)?;
            let near = explanation.near.first()?;
            Some(Nearest { recording: near.recording.clone(), likeness: near.likeness })
        };
        let miss = |call: &Arc<Call>| Miss {
            call: call.id,
            endpoint: Arc::clone(&call.endpoint),
            model: call.model.clone(),
            scope: call.scope.clone(),
            reason: call.reason.clone(),
            nearest: nearest(call.id),
        };
        let with = |outcome| calls.iter().filter(move |call| call.outcome == Some(outcome));
        let stored = |id: &RecordingId| snapshot.rows.contains_key(id);
        let mut recordings: Vec<RecordingId> = Vec::new();
        for id in with(Outcome::Record).filter_map(|call| call.recording.clone()).filter(stored) {
            if !recordings.contains(&id) {
                recordings.push(id);
            }
        }
        Self {
            proxy: String::new(),
            mode: snapshot.mode,
            beside_owner: since.beside_owner,
            scope: since.scope.clone(),
            outcomes: Outcome::ALL.into_iter().map(|outcome| (outcome, counters.of(outcome))).collect(),
            forgotten: if since.beside_owner { unknown } else { 0 },
            misses: with(Outcome::Miss).map(miss).collect(),
            unused: since.unused(snapshot, &calls),
            failures: recordings.iter().filter_map(|id| snapshot.rows.get(id)).filter_map(failed).collect(),
            recordings,
            failed_on: Vec::new(),
            command_exit: 0,
            exit: 0,
            calls,
        }
    }

    /// This summary with the proxy's address and the command's exit code.
    pub(super) fn of(self, proxy: String, exit: u8) -> Self {
        Self { proxy, command_exit: exit, exit, ..self }
    }

    /// Calls with this outcome.
    pub(super) fn count(&self, outcome: Outcome) -> u64 {
        self.outcomes.get(&outcome).copied().unwrap_or_default()
    }

    /// The summary in lines for people: counts, then the calls that went wrong or that were not to be.
    pub(super) fn lines(&self) -> Vec<String> {
        let counted = Outcome::ALL.into_iter().map(|outcome| (self.count(outcome), outcome.label()));
        let counted: Vec<_> = counted.filter(|(count, _)| *count > 0).collect();
        let all = match counted.iter().map(|(count, _)| count).sum::<u64>() {
            0 => "no calls".to_owned(),
            many => human::counted(many, "call"),
        };
        let named = |(count, label): &(u64, &str)| format!("{} {label}", human::thousands(*count));
        let counted: Vec<_> = counted.iter().map(named).collect();
        let counted = if counted.is_empty() { String::new() } else { format!(": {}", counted.join(", ")) };
        let mut lines = vec![format!("{all}{counted}{}", made(self.recordings.len()))];
        if self.forgotten > 0 {
            let forgotten = human::thousands(self.forgotten);
            lines.push(format!("{forgotten} more calls were forgotten before they could be counted"));
        }
        self.name_failures(&mut lines);
        lines.extend(self.name_unused());
        for outcome in Outcome::ALL {
            let wanted = matches!(outcome, Outcome::Miss | Outcome::Error);
            if wanted || self.failed_on.contains(&outcome) {
                self.name(outcome, &mut lines);
            }
        }
        lines
    }

    /// Names what was recorded and is no good answer: nobody should find that out in the next run.
    fn name_failures(&self, lines: &mut Vec<String>) {
        for failed in self.failures.iter().take(NAMED) {
            let model = failed.model.as_deref().map(|model| format!(" {model}")).unwrap_or_default();
            let again =
                if failed.asked_again { "; replay-or-record asks again" } else { "; it answers from now on" };
            let Failed { endpoint, what, recording, .. } = failed;
            lines.push(format!(
                "  a failure was recorded: {}",
                sanitize(&format!("{endpoint}{model} {what}{again} ({recording})"))
            ));
        }
        let more = self.failures.len().saturating_sub(NAMED);
        if more > 0 {
            lines.push(format!("  and {} more failures; `retake list` marks them", human::thousands(more)));
        }
    }

    /// The recordings that the run left unused, by scope.
    fn name_unused(&self) -> Option<String> {
        let count = |unused: &UnusedRecordings| unused.recordings.len();
        let many: usize = self.unused.iter().map(count).sum();
        let named = self.unused.iter().take(NAMED).map(|unused| {
            let scope = unused.scope.as_deref().map_or("no scope".to_owned(), |scope| format!("@{scope}"));
            format!("{} in {scope}", human::thousands(count(unused)))
        });
        let named: Vec<_> = named.collect();
        let more = match self.unused.len() - named.len() {
            0 => String::new(),
            more => format!(" and {} more", human::counted(more, "scope")),
        };
        let were = if many == 1 { "was" } else { "were" };
        let all = human::counted(many, "recording");
        (many > 0)
            .then(|| sanitize(&format!("{all} {were} not used: {}{more}", named.join(", "))).into_owned())
    }

    /// Names the calls of an outcome, those beyond the first few by their number.
    fn name(&self, outcome: Outcome, lines: &mut Vec<String>) {
        let calls: Vec<_> = self.calls.iter().filter(|call| call.outcome == Some(outcome)).collect();
        for call in calls.iter().take(NAMED) {
            let model = call.model.as_deref().map(|model| format!(" {model}")).unwrap_or_default();
            let scope = call.scope.as_deref().map(|scope| format!(" in @{scope}")).unwrap_or_default();
            let prompt = call.prompt.as_deref().map(|prompt| format!(" \"{prompt}\"")).unwrap_or_default();
            let first = format!("{:<4} {}{model}{scope}{prompt}", call.label(), call.endpoint);
            lines.push(format!("  {}", sanitize(&first)));
            lines.extend(call.reason.as_deref().map(|reason| format!("       {}", sanitize(reason))));
        }
        let named = u64::try_from(calls.len().min(NAMED)).unwrap_or_default();
        let more = self.count(outcome).saturating_sub(named);
        if more > 0 {
            lines.push(format!("  and {} more {}", human::thousands(more), outcome.label()));
        }
    }
}

/// The fault of a recording's answer; `None` where it has none.
fn failed(row: &Arc<Row>) -> Option<Failed> {
    let (what, asked_again) = match row.failure {
        _ if !row.completeness.replayable() => (row.completeness.word().to_owned(), true),
        Some(failure) => (failure.sentence(row.status), failure.may_pass(row.status)),
        None => return None,
    };
    Some(Failed {
        recording: row.id.clone(),
        status: row.status,
        endpoint: row.endpoint.clone(),
        model: row.model.clone(),
        what,
        asked_again,
    })
}

fn made(recordings: usize) -> String {
    match recordings {
        0 => String::new(),
        many => format!("; {} made", human::counted(many, "recording")),
    }
}
