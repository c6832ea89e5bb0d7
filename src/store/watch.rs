//! Notes of use beside the journal: all that a process counted, so that a kill loses none of it.
//!
//! ```text
//! {"retake_watch":2,"since":1700000000000}     the journal knew all use at this time
//! {"boot":"6a1c…"}                             the run of the machine in which the notes were taken
//! {"used":["rec_…",{"hits":6,"last_hit":…}]}   all use of a recording
//! {"known":1700000005000}                      all use until then stands above or in the journal, and is synced
//! {"id":"rec_…","hits":7,"last":1700000006000,"scope":["checkout",{"count":2,"last":…}]}      a hit
//! ```
//!
//! Each line has a checksum before it, as those of the journal have. The journal only grows, so hits are not written
//! there while they are counted: these notes are written anew when half of them is outdated, and take no more room
//! however long it goes on.
//!
//! A hit is noted before its client has an answer, and is not synced: what a process has written outlives it, though not
//! the machine. So after a kill the notes are taken into the ledger and no use is unknown, but for the count of hits
//! within one second. Only where the machine went down, or notes cannot be read or could not be taken, is the time since
//! use was written down the last time a gap.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::{files, line};
use crate::model::{Gap, Hits, RecordingId, Timestamp, Usage};

/// A hit that is about to be counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseNote {
    /// The recording that answers.
    pub id: RecordingId,
    /// The recording's hits here, this one included.
    pub hits: u64,
    /// The time of this one.
    pub last: Timestamp,
    /// The scope of the call, and the hits in it, this one included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<(Arc<str>, Hits)>,
}

/// The notes under way.
#[derive(Debug)]
pub(super) struct UseWatch {
    file: Arc<File>,
    /// The path of the file, or the one that it has when it has taken the place of the one before it.
    path: PathBuf,
    len: u64,
    /// The length from which on they are written anew.
    limit: u64,
    /// The place and the length of the line that tells the run of the machine; `None` where the notes vouch for
    /// nothing.
    boot: Option<(u64, usize)>,
    /// The place at which that line would be.
    head: u64,
}

/// The remains of a process that did not end in good order.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// All that is noted of each recording.
    pub(super) used: BTreeMap<RecordingId, Usage>,
    /// The last time at which the journal knew all use; 1970 where that is not known.
    pub(super) ledger: Timestamp,
    /// The last time at which the journal and these notes together did.
    pub(super) since: Timestamp,
    /// True if no hit since then is missing among the notes.
    pub(super) whole: bool,
    /// True if a line cannot be read.
    damaged: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum NoteLine {
    Begin { retake_watch: u32, since: Timestamp },
    Boot { boot: String },
    Used { used: (RecordingId, Usage) },
    Note(UseNote),
    Known { known: Timestamp },
}

/// Exists while hits are counted.
const FILE: &str = "watch";
/// The version of this form. In the first one lines had no checksum, and [`NoteLine::Known`] spoke of the journal.
const FORMAT: u32 = 2;
/// The byte in the place of the run of the machine where notes vouch for nothing.
const BLANK: u8 = b' ';
/// Growth in bytes before outdated notes are left out.
const GROWTH: u64 = 64 << 10;
/// A longer file is not read: 20,000 recordings take 4 MB, and 260 KB more each that was hit in as many scopes as are kept.
const LONGEST: u64 = 256 << 20;
/// The most gaps that are told apart; of more the two nearest become one.
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

/// The path of the notes of a store in `dir`.
pub(super) fn path_in(dir: &Path) -> PathBuf {
    dir.join(FILE)
}

/// The remains of a process that did not end in good order; `None` where the last one did.
pub(super) fn left(dir: &Path) -> Option<Left> {
    let path = path_in(dir);
    let kind = path.symlink_metadata().ok()?;
    // Whatever else stands there is not read: a link may lead anywhere, a pipe never ends.
    let readable = kind.is_file() && kind.len() <= LONGEST;
    let read = readable.then(|| Left::read(&path, kind.len()).ok()).flatten();
    Some(read.unwrap_or_default())
}

/// Ends what [`left`] tells of.
pub(super) fn end(dir: &Path) -> Result<(), StoreError> {
    let path = path_in(dir);
    files::remove(&path).map_err(StoreError::io("remove", &path))
}

/// Notes of all use of these recordings.
pub(super) fn counted(entries: &[(RecordingId, Usage)]) -> io::Result<Vec<u8>> {
    let lines = entries.iter().map(|used| encoded(&NoteLine::Used { used: used.clone() }));
    Ok(lines.collect::<io::Result<Vec<_>>>()?.concat())
}

/// The note that all use until then is noted.
pub(super) fn ledger_note(at: Timestamp) -> io::Result<Vec<u8>> {
    encoded(&NoteLine::Known { known: at })
}

impl Left {
    /// The first `len` bytes of notes.
    fn read(path: &Path, len: u64) -> Result<Self, StoreError> {
        let mut lines = BufReader::new(files::open(path)?.take(len));
        let mut left = Self { whole: true, ..Self::default() };
        let (mut begun, mut same) = (0, false);
        let mut text = Vec::new();
        while lines.read_until(b'\n', &mut text).map_err(StoreError::io("read", path))? > 0 {
            // What has no line feed was not written whole; its call was never answered.
            let Some(line) = text.strip_suffix(b"\n") else { break };
            match NoteLine::parse(line) {
                _ if line.iter().all(|byte| *byte == BLANK) => {}
                Some(NoteLine::Begin { retake_watch: format @ 1..=FORMAT, since }) => {
                    (begun, left.ledger, left.since) = (format, since, since);
                }
                Some(NoteLine::Boot { boot: then }) => same = boot().is_some_and(|now| now == then),
                // What stood in a damaged line may have been older.
                Some(NoteLine::Known { known }) if !left.damaged => left.know(known, begun),
                Some(NoteLine::Known { .. }) => {}
                Some(NoteLine::Used { used: (id, usage) }) => left.note(id, usage),
                Some(NoteLine::Note(note)) => left.note(note.id.clone(), note.usage()),
                Some(NoteLine::Begin { .. }) | None => left.damaged = true,
            }
            text.clear();
        }
        left.whole &= begun > 0 && same && !left.damaged;
        Ok(left)
    }

    fn know(&mut self, known: Timestamp, format: u32) {
        self.since = self.since.max(known);
        if format == 1 {
            self.ledger = self.since;
        }
    }

    fn note(&mut self, id: RecordingId, usage: Usage) {
        self.used.entry(id).or_default().learn(usage);
    }

    /// The time in which hits may be missing, for a start at `now`.
    pub(super) fn gap(&self, now: Timestamp) -> Option<Gap> {
        // A clock that was set back makes a gap longer and never none.
        let newest = self.used.values().filter_map(|used| used.last_hit).max().unwrap_or(self.since);
        let to = now.max(self.since).max(newest);
        (!self.whole).then_some(Gap { from: self.since, to: Timestamp(to.0.saturating_add(1)) })
    }

    /// A copy for a ledger that cannot take the notes in.
    pub(super) fn without_notes(&self) -> Self {
        Self { ledger: self.ledger, since: self.ledger, ..Self::default() }
    }
}

impl UseNote {
    /// The use that this note alone tells of.
    fn usage(self) -> Usage {
        let scopes = self.scope.into_iter().collect();
        Usage { hits: self.hits, last_hit: Some(self.last), scopes, ..Usage::default() }
    }
}

impl NoteLine {
    fn parse(line: &[u8]) -> Option<Self> {
        // Those of the first version begin with a brace, which no checksum does.
        let json = line::checked(line).or_else(|| line.starts_with(b"{").then_some(line))?;
        serde_json::from_slice(json).ok()
    }
}

impl UseWatch {
    /// Begins to take notes. Those that could not be taken into the ledger yet stay.
    pub(super) fn begin(dir: &Path, now: Timestamp) -> Result<Self, StoreError> {
        let path = path_in(dir);
        let new = Left { ledger: now, since: now, whole: true, ..Left::default() };
        let mut begun = Self::of(&path, &left(dir).unwrap_or(new)).map_err(StoreError::io("write", &path))?;
        begun.take_place().map_err(StoreError::io("write", &path))?;
        // That somebody counts must outlive the machine, too.
        files::sync_dir(dir)?;
        Ok(begun)
    }

    /// The first `len` bytes of the notes at `path`, without what is outdated, in a file beside them; `None` where not all of
    /// it can be read.
    pub(super) fn anew(path: &Path, len: u64) -> Option<Self> {
        let kept = Left::read(path, len).ok().filter(|kept| !kept.damaged)?;
        Self::of(path, &kept).ok()
    }

    fn of(path: &Path, kept: &Left) -> io::Result<Self> {
        let mut text = encoded(&NoteLine::Begin { retake_watch: FORMAT, since: kept.ledger })?;
        let head = text.len() as u64;
        let boot = boot().filter(|_| kept.whole).map(|boot| encoded(&NoteLine::Boot { boot })).transpose()?;
        text.extend(boot.iter().flatten());
        for (id, usage) in &kept.used {
            text.extend(encoded(&NoteLine::Used { used: (id.clone(), usage.clone()) })?);
        }
        text.extend(ledger_note(kept.since)?);
        let new = beside(path);
        let written = || {
            // Not through what somebody else put there.
            files::remove(&new)?;
            let mut file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&new)?;
            file.write_all(&text)?;
            file.sync_all()?;
            Ok::<_, io::Error>(file)
        };
        let file = written().inspect_err(|_| _ = fs::remove_file(&new))?;
        let len = text.len() as u64;
        let boot = boot.map(|line| (head, line.len()));
        Ok(Self { file: Arc::new(file), path: path.into(), len, limit: 2 * len + GROWTH, boot, head })
    }

    fn take_place(&mut self) -> io::Result<()> {
        let new = beside(&self.path);
        fs::rename(&new, &self.path).inspect_err(|_| _ = fs::remove_file(&new))
    }

    /// Lets notes that were made of the first `len` bytes of these take their place, with all that came behind them; gives
    /// whether they did.
    pub(super) fn give_way(&mut self, mut anew: Self, len: u64) -> bool {
        // Made before these ceased to vouch for anything, they would vouch for what is missing.
        let outdated = self.boot.is_none() && anew.boot.is_some();
        let mut copied = || {
            let mut newer = Vec::new();
            let mut old = File::open(&self.path)?;
            old.seek(SeekFrom::Start(len))?;
            old.take(self.len.saturating_sub(len)).read_to_end(&mut newer)?;
            anew.append(&newer).map(drop)
        };
        if outdated || copied().is_err() {
            // One that stays is written over the next time.
            fs::remove_file(beside(&self.path)).ok();
            return false;
        }
        let moved = anew.take_place().is_ok();
        if moved {
            *self = anew;
        }
        moved
    }

    /// Takes a hit down. It outlives this process from now on; where that cannot be, the notes vouch for nothing
    /// until the next start.
    pub(super) fn note(&mut self, note: UseNote) {
        if encoded(&NoteLine::Note(note)).and_then(|text| self.append(&text)).is_err() {
            self.disown();
        }
    }

    /// Puts lines behind the others, all or none. They are not synced: the file is given for that.
    pub(super) fn append(&mut self, text: &[u8]) -> io::Result<Arc<File>> {
        if let Err(error) = (&*self.file).write_all(text) {
            // A full disk: to cut a file short takes no space.
            self.file.set_len(self.len)?;
            return Err(error);
        }
        self.len += text.len() as u64;
        Ok(Arc::clone(&self.file))
    }

    /// The length of the notes, where most of them are outdated.
    pub(super) fn outgrown(&self) -> Option<u64> {
        (self.len > self.limit).then_some(self.len)
    }

    /// Puts off writing the notes anew.
    pub(super) fn bear(&mut self) {
        self.limit = self.len + GROWTH;
    }

    /// The notes vouch for nothing any more: from the last time on that they knew all use there may be more.
    pub(super) fn disown(&mut self) {
        let Some((at, len)) = self.boot.take() else { return };
        let blank = || {
            // What is appended to cannot be written anywhere else. As long as the line was, it takes no space.
            let mut file = OpenOptions::new().write(true).open(&self.path)?;
            file.seek(SeekFrom::Start(at))?;
            file.write_all(&vec![BLANK; len - 1])
        };
        if blank().is_err() && self.file.set_len(self.head).is_ok() {
            self.len = self.head;
        }
    }
}

fn beside(path: &Path) -> PathBuf {
    path.with_extension("new")
}

fn encoded(line: &NoteLine) -> io::Result<Vec<u8>> {
    Ok(line::encode(line)?)
}

/// The run of the machine, another one after each start of it; `None` where the system does not tell.
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
