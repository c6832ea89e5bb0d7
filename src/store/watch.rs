//! What a killed process leaves behind of use: notes of hits, taken before a client has its answer.
//!
//! ```text
//! {"retake_watch":1,"since":1700000000000}     the ledger knew all use at this time
//! {"boot":"6a1c…"}                             the run of the machine in which the notes were taken
//! {"id":"rec_…","hits":7,"last":1700000001000,"scope":["checkout",{"count":2,"last":…}]}
//! {"known":1700000005000}                      the ledger in the journal knew all use at this time
//! ```
//!
//! Notes are not synced: what a process has written outlives it, though not the machine. So after a kill the notes are
//! taken into the ledger and no use is unknown, but for the count of hits within one second. Only where the machine
//! went down, or the notes cannot be read or could not be taken, is the time since the last checkpoint a gap.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{StoreError, files};
use crate::model::{Gap, Hits, RecordingId, Timestamp, Usage};

/// A hit that is about to be counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseNote {
    /// The recording that answers.
    pub id: RecordingId,
    /// Its hits here, this one included.
    pub hits: u64,
    /// The time of this one.
    pub last: Timestamp,
    /// The scope of the call, and the hits in it, this one included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<(Arc<str>, Hits)>,
}

/// The notes under way.
#[derive(Debug)]
pub(super) struct Watch {
    file: File,
    path: PathBuf,
    len: u64,
    /// The length from which on they are written anew.
    limit: u64,
    /// Where the run of the machine is told: cut there, they vouch for nothing from then on.
    head: u64,
}

/// What was found of a process that did not end in good order.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// The newest note of each recording.
    pub(super) notes: HashMap<RecordingId, UseNote>,
    /// The last time at which the ledger knew all use; 1970 where that is not known.
    pub(super) since: Timestamp,
    /// Whether no hit since then is missing among the notes.
    pub(super) whole: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum NoteLine {
    Begin { retake_watch: u32, since: Timestamp },
    Boot { boot: String },
    Use(UseNote),
    Known { known: Timestamp },
}

/// Exists while hits are counted.
const FILE: &str = "watch";
const FORMAT: u32 = 1;
/// Growth in bytes after which outdated notes are left out.
const GROWTH: u64 = 64 << 10;
/// A longer file is not read: 20,000 recordings take 2 MB.
const LONGEST: u64 = 64 << 20;
/// How many gaps are told apart; of more the two nearest become one.
const GAPS: usize = 8;

/// Takes a gap in. Gaps that touch become one; they are in the order of their times.
pub(super) fn widen(gaps: &mut Vec<Gap>, gap: Gap) {
    let mut all = std::mem::take(gaps);
    all.push(gap);
    all.sort_unstable();
    for gap in all.into_iter().filter(|gap| gap.from < gap.to) {
        match gaps.last_mut() {
            Some(last) if gap.from <= last.to => last.to = last.to.max(gap.to),
            _ => gaps.push(gap),
        }
    }
    while gaps.len() > GAPS {
        let between = |at: &usize| gaps[at + 1].from.since(gaps[*at].to);
        let Some(nearest) = (0..gaps.len() - 1).min_by_key(between) else { return };
        let next = gaps.remove(nearest + 1);
        gaps[nearest].to = next.to;
    }
}

/// What a process left that did not end in good order; none where none did.
pub(super) fn left(dir: &Path) -> Option<Left> {
    let path = dir.join(FILE);
    let kind = path.symlink_metadata().ok()?;
    let read = || {
        let mut text = Vec::new();
        // Whatever else stands there is not read: a link may lead anywhere, a pipe never ends.
        if kind.is_file() && kind.len() <= LONGEST {
            let file = files::open(&path)?;
            file.take(LONGEST).read_to_end(&mut text).map_err(StoreError::io("read", &path))?;
        }
        Ok::<_, StoreError>(text)
    };
    Some(read().map_or_else(|_| Left::default(), |text| Left::of(&text)))
}

/// Ends what [`left`] tells of.
pub(super) fn end(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join(FILE);
    files::remove(&path).map_err(StoreError::io("remove", &path))
}

impl Left {
    fn of(text: &[u8]) -> Self {
        let mut left = Self { whole: true, ..Self::default() };
        let (mut begun, mut same) = (false, false);
        // What stands behind the last line feed was not written whole; its call was never answered.
        let end = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        for line in text[..end].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line) {
                Ok(NoteLine::Begin { retake_watch: FORMAT, since }) => (begun, left.since) = (true, since),
                Ok(NoteLine::Boot { boot: then }) => same = boot().is_some_and(|now| now == then),
                Ok(NoteLine::Known { known }) => left.since = left.since.max(known),
                Ok(NoteLine::Use(note)) => left.note(note),
                Ok(NoteLine::Begin { .. }) | Err(_) => left.whole = false,
            }
        }
        left.whole &= begun && same;
        left
    }

    fn note(&mut self, note: UseNote) {
        let newest = self.notes.get(&note.id).is_none_or(|known| known.hits <= note.hits);
        if newest {
            self.notes.insert(note.id.clone(), note);
        }
    }

    /// The time in which hits may be missing, for a start at `now`.
    pub(super) fn gap(&self, now: Timestamp) -> Option<Gap> {
        // A clock that was set back makes a gap longer and never none.
        let newest = self.notes.values().map(|note| note.last).max().unwrap_or(self.since);
        let to = now.max(self.since).max(newest);
        (!self.whole).then_some(Gap { from: self.since, to: Timestamp(to.0.saturating_add(1)) })
    }
}

impl UseNote {
    /// What the ledger says, with this hit in it if it was not.
    pub(super) fn taken_into(&self, mut known: Usage) -> Usage {
        known.hits = known.hits.max(self.hits);
        known.last_hit = known.last_hit.max(Some(self.last));
        if let Some((scope, hits)) = &self.scope {
            let here = known.scopes.entry(Arc::clone(scope)).or_default();
            *here = Hits { count: here.count.max(hits.count), last: here.last.max(hits.last) };
        }
        known
    }
}

impl Watch {
    /// Begins to take notes. Those that could not be taken into the ledger yet stay.
    pub(super) fn begin(dir: &Path, now: Timestamp) -> Result<Self, StoreError> {
        let path = dir.join(FILE);
        let kept = left(dir).unwrap_or_else(|| Left { since: now, whole: true, ..Left::default() });
        let begun = Self::anew(&path, &kept).map_err(StoreError::io("write", &path))?;
        // That somebody counts must outlive the machine, too.
        begun.file.sync_all().map_err(StoreError::io("write", &path))?;
        files::sync_dir(dir)?;
        Ok(begun)
    }

    fn anew(path: &Path, kept: &Left) -> io::Result<Self> {
        let mut text = line(&NoteLine::Begin { retake_watch: FORMAT, since: kept.since })?;
        let head = text.len() as u64;
        if let Some(boot) = boot().filter(|_| kept.whole) {
            text.extend(line(&NoteLine::Boot { boot })?);
        }
        for note in kept.notes.values() {
            text.extend(line(&NoteLine::Use(note.clone()))?);
        }
        let new = path.with_extension("new");
        let written = || {
            // Not through what somebody else put there.
            files::remove(&new)?;
            let mut file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&new)?;
            file.write_all(&text)?;
            fs::rename(&new, path)?;
            Ok::<_, io::Error>(file)
        };
        let file = written().inspect_err(|_| _ = fs::remove_file(&new))?;
        let len = text.len() as u64;
        Ok(Self { file, path: path.into(), len, limit: len + GROWTH, head })
    }

    /// Takes a hit down. It outlives this process from now on; where that cannot be, the notes vouch for nothing
    /// until the next start.
    pub(super) fn note(&mut self, note: UseNote) {
        self.append(&NoteLine::Use(note));
    }

    /// Notes that the ledger knew all use at this time, and leaves out what is outdated by now and then.
    pub(super) fn known(&mut self, at: Timestamp) {
        self.append(&NoteLine::Known { known: at });
        if self.len <= self.limit {
            return;
        }
        let kept = left(self.path.parent().unwrap_or(Path::new(""))).unwrap_or_default();
        match Self::anew(&self.path, &kept) {
            Ok(anew) => *self = anew,
            // It grows on, and the next time comes.
            Err(_) => self.limit = self.len + GROWTH,
        }
    }

    fn append(&mut self, noted: &NoteLine) {
        let written = line(noted).and_then(|text| self.file.write_all(&text).map(|()| text.len() as u64));
        match written {
            Ok(len) => self.len += len,
            // A full disk: to cut a file short takes no space.
            Err(_) => {
                if self.file.set_len(self.head).is_ok() {
                    self.len = self.head;
                }
            }
        }
    }
}

fn line(line: &NoteLine) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    Ok(text)
}

/// The run of the machine, another one after each start of it; none where the system does not tell.
fn boot() -> Option<String> {
    #[cfg(target_os = "linux")]
    let told = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
    #[cfg(target_os = "macos")]
    let told = std::process::Command::new("/usr/sbin/sysctl")
        .args(["-n", "kern.bootsessionuuid"])
        .output()
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok());
    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    let told: Option<String> = None;
    told.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty())
}
