//! Changes that the client is asked for, and what people are told of them.

use std::collections::BTreeSet;

use crate::api::{
    CompactRequest, DeriveRequest, DuplicateRequest, EditRequest, KeepRequest, PruneRequest, RedoRequest,
    RelabelRequest, RemoveRequest, RestoreRequest, RetagRequest, ReviewRequest, SetModeRequest, UndoRequest,
};
use crate::client::{Client, ClientError};
use crate::editing::Fault;
use crate::engine::{MatchSettings, Relabel, ReviewVerdict, Revision, VerbError};
use crate::model::{CallId, Mode, RecordingId, StepRow};
use crate::reading::human::thousands;
use crate::reading::{LARGE_FILE, human, named_bytes};
use crate::tui::input::action::Action;

/// One change. Success shows as an event of the engine; what that does not tell is told in a few words.
#[derive(Clone, Debug, PartialEq)]
pub enum Mutation {
    /// Switch the proxy's mode.
    Mode(Mode),
    /// Delete recordings.
    Remove(Vec<RecordingId>),
    /// Bring recordings back from the trash.
    Restore(Vec<RecordingId>),
    /// Take the last change back.
    Undo,
    /// Make the change again that was taken back last.
    Redo,
    /// Change what recordings answer.
    Retag(Vec<RecordingId>, MatchSettings),
    /// Name, tag or protect recordings.
    Relabel(Vec<RecordingId>, Relabel),
    /// Edit an answer.
    Edit(RecordingId, Vec<Revision>),
    /// Put the picture of a file into an answer; where there are several, the one of this field.
    Picture(RecordingId, Option<String>, String),
    /// Make a recording that fails out of each of these.
    Derive(Vec<RecordingId>, Fault),
    /// Copy recordings.
    Duplicate(Vec<RecordingId>),
    /// Make a recording of a call; with true, its upstream may be asked.
    Keep(CallId, bool),
    /// Ask upstreams once more.
    Rerecord(Vec<RecordingId>),
    /// Decide what waits for review.
    Review(Vec<RecordingId>, ReviewVerdict),
    /// Remove what a plan showed: the query, what is kept, and what was shown.
    Prune(String, BTreeSet<RecordingId>, BTreeSet<RecordingId>),
    /// Write the store anew; with true without the trash.
    Compact(bool),
}

impl Mutation {
    /// The name of the change, for a message that it failed.
    #[must_use]
    pub fn what(&self) -> &'static str {
        match self {
            Self::Mode(_) => "switching the mode",
            Self::Remove(_) => "delete",
            Self::Restore(_) => "restore",
            Self::Undo => "undo",
            Self::Redo => "redo",
            Self::Retag(..) => "retag",
            Self::Relabel(..) => "relabel",
            Self::Edit(..) | Self::Picture(..) => "edit",
            Self::Derive(..) => "derive",
            Self::Duplicate(_) => "duplicate",
            Self::Keep(..) => "keep",
            Self::Rerecord(_) => "rerecord",
            Self::Review(..) => "review",
            Self::Prune(..) => "prune",
            Self::Compact(_) => "compact",
        }
    }

    /// The action that people are offered when it is done.
    #[must_use]
    pub fn next(&self) -> Option<Action> {
        matches!(self, Self::Prune(..)).then_some(Action::Compact)
    }

    /// This mutation with consent to its cost; `None` where it takes none.
    #[must_use]
    pub fn agreed(&self) -> Option<Self> {
        match self {
            Self::Keep(call, false) => Some(Self::Keep(*call, true)),
            _ => None,
        }
    }

    /// Carries it out; gives what to tell, or nothing where the event says it. `step` hears of long work how much of it
    /// is done, and says whether it goes on.
    ///
    /// # Errors
    /// The client's.
    pub async fn carry_out(
        self,
        client: &Client,
        step: impl Fn(usize, usize) -> bool,
    ) -> Result<String, ClientError> {
        Ok(match self {
            Self::Mode(mode) => client.run(SetModeRequest(mode)).await.map(|_| String::new())?,
            Self::Remove(ids) => {
                client.run(RemoveRequest { ids }).await?;
                String::new()
            }
            Self::Restore(ids) => about(&client.run(RestoreRequest { ids }).await?.ids, "Restored"),
            Self::Undo => format!("Undone: {}", step_label(&client.run(UndoRequest {}).await?)),
            Self::Redo => format!("Redone: {}", step_label(&client.run(RedoRequest {}).await?)),
            Self::Retag(ids, tag) => retag(client, &ids, &tag).await?,
            Self::Relabel(ids, relabel) => {
                let changed = client.run(RelabelRequest { ids, relabel: relabel.clone() }).await?.ids;
                about(&changed, relabel_label(&relabel))
            }
            Self::Edit(id, revisions) => {
                client.run(EditRequest { id: id.clone(), revisions }).await?;
                format!("Edited {id}; u undoes it")
            }
            Self::Picture(id, field, path) => {
                let file = read(&path).await?;
                client
                    .run(EditRequest {
                        id: id.clone(),
                        revisions: vec![Revision::Image { field, file: file.into() }],
                    })
                    .await?;
                format!("Edited {id}; u undoes it")
            }
            Self::Derive(ids, fault) => derive(client, &ids, fault, step).await?,
            Self::Duplicate(ids) => about(&client.run(DuplicateRequest { ids }).await?.ids, "Copied:"),
            Self::Keep(call, fetch) => {
                let kept = client.run(KeepRequest { id: call, fetch }).await?;
                format!("Call {} is kept as {kept}", call.0)
            }
            Self::Rerecord(ids) => rerecord(client, &ids, step).await?,
            Self::Review(ids, verdict) => {
                let verb = match verdict {
                    ReviewVerdict::Accept => "Accepted",
                    ReviewVerdict::KeepBoth => "Both stay:",
                    ReviewVerdict::Reject => "Rejected",
                };
                // All are decided or none; what gave way to them was decided by nobody.
                client.run(ReviewRequest { ids: ids.clone(), verdict }).await?;
                about(&ids, verb)
            }
            Self::Prune(query, keep, only) => {
                let plan = client.run(PruneRequest { query, keep, only: Some(only), apply: true }).await?;
                let (count, bytes) = (plan.totals.recordings, human::size(plan.totals.bytes));
                format!("Pruned {}, {bytes}; u undoes it", count_recordings(count))
            }
            Self::Compact(purge) => {
                let compacted = client.run(CompactRequest { purge }).await?;
                let size =
                    |stats: crate::store::StoreStats| human::size(stats.journal_bytes + stats.body_bytes);
                format!("Compacted: {} before, {} now", size(compacted.before), size(compacted.after))
            }
        })
    }
}

async fn retag(client: &Client, ids: &[RecordingId], tag: &MatchSettings) -> Result<String, ClientError> {
    let changed =
        client.run(RetagRequest { ids: ids.to_vec(), settings: tag.clone(), dry_run: false }).await?;
    let mended: u64 = changed.iter().map(|one| one.radius.miss_to_hit).sum();
    let next = match mended {
        0 => String::new(),
        1 => "; 1 call that missed hits when it is made again".into(),
        many => format!("; {many} calls that missed hit when they are made again"),
    };
    let ids: Vec<_> = changed.into_iter().map(|one| one.recording).collect();
    Ok(format!("{}{next}; u undoes it", about(&ids, &format!("{}:", retag_label(tag)))))
}

async fn derive(
    client: &Client,
    ids: &[RecordingId],
    fault: Fault,
    step: impl Fn(usize, usize) -> bool,
) -> Result<String, ClientError> {
    if let [id] = ids {
        return Ok(format!(
            "{} fails as {fault}, derived from {id}",
            client.run(DeriveRequest { id: id.clone(), fault: fault.to_string(), scope: None }).await?
        ));
    }
    let (mut made, mut problems) = (0, Vec::new());
    for (at, id) in ids.iter().enumerate() {
        if !step(at, ids.len()) {
            problems.push(format!("{} not made any more", thousands(ids.len() - at)));
            break;
        }
        match client.run(DeriveRequest { id: id.clone(), fault: fault.to_string(), scope: None }).await {
            Ok(_) => made += 1,
            Err(error) => problems.push(format!("{id}: {error}")),
        }
    }
    let failed = if problems.is_empty() { String::new() } else { format!("; {}", problems.join("; ")) };
    Ok(format!("{} derived that fail as {fault}; u undoes one at a time{failed}", count_recordings(made)))
}

async fn read(path: &str) -> Result<Vec<u8>, ClientError> {
    let home = path.strip_prefix("~/").zip(std::env::var_os("HOME"));
    let place = home.map_or_else(|| path.into(), |(rest, home)| std::path::Path::new(&home).join(rest));
    let wrong = |error: std::io::Error| {
        ClientError::from(VerbError::Invalid(format!("{} cannot be read: {error}", place.display())))
    };
    let file = place.clone();
    let read = tokio::task::spawn_blocking(move || named_bytes(&file, LARGE_FILE)).await;
    read.unwrap_or_else(|error| Err(std::io::Error::other(error))).map_err(wrong)
}

async fn rerecord(
    client: &Client,
    ids: &[RecordingId],
    step: impl Fn(usize, usize) -> bool,
) -> Result<String, ClientError> {
    let (mut waiting, mut problems) = (0, Vec::new());
    for (at, id) in ids.iter().enumerate() {
        if !step(at, ids.len()) {
            problems.push(format!("{} not asked any more", thousands(ids.len() - at)));
            break;
        }
        let done = client.rerecord(id).await?;
        waiting += usize::from(done.new.is_some());
        problems.extend(done.problem.map(|problem| format!("{id}: {problem}")));
    }
    let failed = if problems.is_empty() { String::new() } else { format!("; {}", problems.join("; ")) };
    Ok(format!("{} to review{failed}", thousands(waiting)))
}

/// `Restored rec_…`, `Restored 3 recordings`.
fn about(ids: &[RecordingId], what: &str) -> String {
    match ids {
        [one] => format!("{what} {one}"),
        many => format!("{what} {}", count_recordings(many.len())),
    }
}

/// `1 recording`, `3 recordings`.
#[must_use]
pub fn count_recordings(number: usize) -> String {
    human::counted(number, "recording")
}

fn retag_label(tag: &MatchSettings) -> String {
    match (&tag.strategy, &tag.playback) {
        (Some(strategy), _) => strategy.to_string(),
        (None, Some(playback)) => format!("takes {playback}"),
        (None, None) => "Retagged".into(),
    }
}

/// A step in the words of the keys: what the command line calls `rm` is Delete here.
fn step_label(step: &StepRow) -> String {
    let text = step.to_string();
    text.strip_prefix("rm ").map_or_else(|| text.clone(), |rest| format!("delete {rest}"))
}

fn relabel_label(relabel: &Relabel) -> &'static str {
    match relabel {
        Relabel { protected: Some(true), .. } => "Protected",
        Relabel { protected: Some(false), .. } => "No longer protected:",
        Relabel { name: Some(_), .. } => "Renamed",
        _ => "Tagged",
    }
}
