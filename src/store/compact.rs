//! Compacting: a new journal with what is still there, under a new generation, and an index made from it.
//!
//! Until the rename of the journal nothing has changed. After it a crash costs nothing either: an index of an older
//! generation is not believed, and unreferenced bodies wait for the next time.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::Path;

use super::journal::Journal;
use super::line::{Entry, Line, Media, Put, VERSION};
use super::offsets::Offsets;
use super::{StoreError, files};
use crate::model::{Hash, Timestamp};

/// How many recordings are written with one sync.
const TOGETHER: usize = 64;

/// Writes the journal anew. What was removed before `trash_since` is left out. Gives the new journal, which is in place
/// by then, and the bodies that it names.
pub(super) fn rewrite(
    dir: &Path,
    old: &Journal,
    trash_since: Timestamp,
    now: Timestamp,
) -> Result<(Journal, HashSet<Hash>), StoreError> {
    let (offsets, _) = Offsets::read(old.path())?;
    let mut new = old.successor(now)?;
    let mut named = HashSet::new();
    // In the order in which they were put, which is how people read a journal.
    let kept: BTreeMap<u64, _> = offsets.kept(trash_since).map(|kept| (kept.mark.start, kept)).collect();
    let kept: Vec<_> = kept.into_values().collect();
    for some in kept.chunks(TOGETHER) {
        let mut lines = Vec::new();
        for kept in some {
            let (mut put, at) = offsets.put_at(kept.mark)?;
            put.row = kept.indexed.row.clone();
            put.keys = kept.indexed.keys.clone();
            put.detail.recording.label(kept.indexed.row.labels());
            complete(&mut put, &offsets)?;
            named.extend(large_bodies(&put));
            let id = put.row.id.clone();
            lines.push(line(at, Entry::Put(put)));
            lines.extend(kept.removed.map(|at| line(at, Entry::Remove(vec![id]))));
        }
        new.append(&mut lines)?;
    }
    let uses = kept.iter().filter_map(|kept| offsets.usage(&kept.indexed.row.id)).collect();
    new.append(&mut [line(now, Entry::Ledger(uses)), line(now, Entry::Unwatched(offsets.unwatched()))])?;
    // What a step would bring back is still there as long as the trash of its time is.
    for (at, step) in offsets.steps_since(trash_since)? {
        let bodies = step
            .contents()
            .flat_map(|content| content.detail.bodies().map(|body| body.hash).chain(content.detail.linked()));
        named.extend(bodies.collect::<Vec<_>>());
        new.append(&mut [line(at, Entry::Step(step))])?;
    }
    new.replace(old.path())?;
    files::sync_dir(dir)?;
    Ok((new, named))
}

/// Deletes the body files that nothing names.
pub(super) fn sweep(bodies: &Path, named: &HashSet<Hash>) {
    let below = |dir: &Path| match files::is_dir(dir) {
        // What lies behind a link is not the store's.
        Ok(true) => fs::read_dir(dir).into_iter().flatten().flatten().collect(),
        _ => Vec::new(),
    };
    let folders = below(bodies).into_iter();
    for file in folders.flat_map(|folder| below(&folder.path())) {
        let hash = file.file_name().to_str().and_then(|name| name.parse::<Hash>().ok());
        if hash.is_some_and(|hash| !named.contains(&hash)) {
            // What stays costs space and nothing else.
            let _ = fs::remove_file(file.path());
        }
    }
}

fn line(at: Timestamp, entry: Entry) -> Line {
    Line { v: VERSION, seq: 0, at, entry }
}

/// A put that replaced another may name a small file that only the other brought along.
fn complete(put: &mut Put, offsets: &Offsets) -> Result<(), StoreError> {
    let listed: Vec<_> = put.detail.linked().collect();
    for hash in listed {
        if !put.media.iter().any(|media| media.body.hash == hash)
            && let Some(bytes) = offsets.body(&hash)?
        {
            put.media.push(Media::of(hash, &bytes));
        }
    }
    Ok(())
}

/// The bodies of a recording that may be files.
fn large_bodies(put: &Put) -> Vec<Hash> {
    let own = put.detail.bodies().map(|body| body.hash);
    let brought = put.media.iter().map(|media| media.body.hash);
    own.chain(brought).chain(put.detail.linked()).collect()
}
