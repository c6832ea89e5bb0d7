//! One file of a store is damaged, and the store opened: listings, content, compacting and undo against what was
//! acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use retake::engine::{self, Engine, Relabel, Revision, Settings};
use retake::model::{Event, Recording, RecordingId, Row};
use retake::store::{Opened, Ownership, Store, StoreError};
use tempfile::TempDir;

use super::{Seeded, copy, files_below};
use crate::verbs::draft;

/// What a store shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shown {
    pub(super) rows: BTreeMap<RecordingId, Row>,
    pub(super) content: BTreeMap<RecordingId, Recording>,
    pub(super) trash: BTreeSet<RecordingId>,
}

/// A store that was used, and what was acknowledged to whoever used it.
struct Used {
    dir: TempDir,
    /// Behind each step, the first before any that is taken back here.
    stages: Vec<Shown>,
    /// How many steps there are.
    steps: usize,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Flip,
    Cut,
    Zero,
    Insert,
    Double,
    Swap,
}

const DAMAGES: [Damage; 6] =
    [Damage::Flip, Damage::Cut, Damage::Zero, Damage::Insert, Damage::Double, Damage::Swap];

pub(super) fn shown(engine: &Engine) -> Shown {
    let rows: BTreeMap<_, _> = engine.rows().into_iter().map(|(id, row)| (id, Row::clone(&row))).collect();
    let whole = |id: &RecordingId| Recording::clone(&engine.recording(id).unwrap().unwrap());
    let content = rows.keys().map(|id| (id.clone(), whole(id))).collect();
    let trash = engine.trash().unwrap().into_iter().map(|one| one.row.id.clone()).collect();
    Shown { rows, content, trash }
}

impl Used {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let engine = crate::verbs::open(dir.path());
        let mut ids = Vec::new();
        for n in 0..7 {
            // Every third is a file of its own.
            let answer = format!("answer {n} ").repeat(if n % 3 == 0 { 3000 } else { 3 });
            ids.push(engine.create(draft(&format!("topic {n}"), &answer)).await.unwrap());
        }
        let mut stages = vec![shown(&engine)];
        let label = Relabel { tag: vec!["kept".into()], name: Some("hats".into()), ..Relabel::default() };
        engine.relabel(&ids[..1], &label).await.unwrap();
        stages.push(shown(&engine));
        engine.edit(&ids[3], vec![Revision::Text("edited ".repeat(4000))]).await.unwrap();
        stages.push(shown(&engine));
        engine.edit(&ids[2], vec![Revision::Status(201)]).await.unwrap();
        stages.push(shown(&engine));
        engine.remove(&ids[4..6]).await.unwrap();
        stages.push(shown(&engine));
        engine.restore(&ids[4..5]).await.unwrap();
        stages.push(shown(&engine));
        let steps = engine.steps().unwrap().len();
        ended(engine).await;
        Self { dir, stages, steps }
    }

    fn last(&self) -> &Shown {
        self.stages.last().unwrap()
    }

    /// The files below a part of the store.
    fn files(&self, part: &str) -> Vec<PathBuf> {
        let all = files_below(self.dir.path()).into_iter();
        let relative = all.map(|path| path.strip_prefix(self.dir.path()).unwrap().to_owned());
        relative.filter(|path| path.starts_with(part)).collect()
    }
}

fn damage(file: &Path, kind: Damage, seeded: &mut Seeded) {
    let mut bytes = std::fs::read(file).unwrap();
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let at = seeded.below(bytes.len());
    let (one, other) = (seeded.below(lines.len()), seeded.below(lines.len()));
    match kind {
        Damage::Flip if !bytes.is_empty() => bytes[at] ^= 1 << seeded.below(8),
        Damage::Cut => bytes.truncate(at),
        Damage::Zero => {
            let page = at / 4096 * 4096;
            let end = bytes.len().min(page + 4096);
            bytes[page..end].fill(0);
        }
        Damage::Insert => {
            let strange: Vec<u8> =
                (0..=60_u8).map(|n| n.wrapping_mul(37)).take(1 + seeded.below(60)).collect();
            bytes.splice(at..at, strange);
        }
        Damage::Double if !lines.is_empty() => {
            lines.insert(other, lines[one].clone());
            bytes = lines.concat();
        }
        Damage::Swap if !lines.is_empty() => {
            lines.swap(one, other);
            bytes = lines.concat();
        }
        Damage::Flip | Damage::Double | Damage::Swap => {}
    }
    std::fs::write(file, bytes).unwrap();
}

pub(super) fn open(dir: &Path) -> Result<(Engine, String), StoreError> {
    let Opened { store, notices } = Store::open(dir, &Ownership::default(), engine::now())?;
    let said: Vec<_> = notices.into_iter().map(|notice| notice.text).collect();
    Ok((Engine::new(Settings::default(), store).unwrap(), said.join("\n")))
}

/// Holds what is shown against what was acknowledged. A body in a file of its own may be damaged: then that is said, and
/// nothing is served.
fn hold(engine: &Engine, expected: &Shown, body: Option<&Path>, case: &str) {
    let rows: BTreeMap<_, _> = engine.rows().into_iter().map(|(id, row)| (id, Row::clone(&row))).collect();
    assert_eq!(rows, expected.rows, "{case}");
    let trash: BTreeSet<_> = engine.trash().unwrap().into_iter().map(|one| one.row.id.clone()).collect();
    assert_eq!(trash, expected.trash, "{case}");
    for (id, recording) in &expected.content {
        match (engine.recording(id), body) {
            (Ok(Some(found)), _) => assert_eq!(*found, *recording, "{case}: wrong bytes of {id}"),
            (Err(StoreError::Body { path, recording, .. }), Some(body)) => {
                assert!(path.ends_with(body), "{case}: {}", path.display());
                assert_eq!(recording.as_ref(), Some(id), "{case}");
            }
            (other, _) => panic!("{case}: {id} is {other:?}"),
        }
    }
}

pub(super) async fn ended(engine: Engine) {
    engine.close(std::time::Duration::from_secs(20)).await;
}

/// Takes back one step after the other. A step whose line the journal lost is named, and all others are still there.
async fn undone(engine: &Engine, used: &Used, said: &str, body: Option<&Path>, case: &str) {
    let lost = used.steps - engine.steps().unwrap().len();
    assert_eq!(said.matches("can no longer be undone").count(), lost, "{case}: {said}");
    if lost > 0 {
        return;
    }
    for stage in used.stages.iter().rev().skip(1) {
        match engine.undo().await {
            Ok(_) => hold(engine, stage, body, case),
            Err(error) => {
                assert!(body.is_some() && error.to_string().contains("damaged"), "{case}: undo: {error}");
                return;
            }
        }
    }
}

/// What was announced to people.
fn told(events: &mut tokio::sync::broadcast::Receiver<std::sync::Arc<Event>>) -> String {
    let mut texts = String::new();
    while let Ok(event) = events.try_recv() {
        if let Event::Notice(notice) = &*event {
            texts.push_str(&notice.text);
        }
    }
    texts
}

/// Damages the files of a part of the store, one a case.
async fn harmed(part: &str, seeds: std::ops::Range<u64>) {
    let used = Used::new().await;
    let files = used.files(part);
    assert!(!files.is_empty(), "{part}");
    for seed in seeds {
        let mut seeded = Seeded::new(seed);
        let (file, kind) = (&files[seeded.below(files.len())], DAMAGES[seeded.below(DAMAGES.len())]);
        let case = format!("seed {seed}: {kind:?} in {}", file.display());
        let dir = tempfile::tempdir().unwrap();
        copy(used.dir.path(), dir.path());
        damage(&dir.path().join(file), kind, &mut seeded);
        let (engine, mut said) = open(dir.path()).unwrap_or_else(|error| panic!("{case}: {error}"));
        let body = file.starts_with("bodies").then_some(file.as_path());
        hold(&engine, used.last(), body, &case);
        let mut events = engine.subscribe();
        let compacted = engine.compact(false).await;
        assert!(compacted.is_ok(), "{case}: {:?}", compacted.err());
        said.push_str(&told(&mut events));
        hold(&engine, used.last(), body, &case);
        ended(engine).await;
        let (engine, again) = open(dir.path()).unwrap();
        assert_eq!(again, "", "{case}: it is whole now");
        hold(&engine, used.last(), body, &case);
        undone(&engine, &used, &said, body, &case).await;
        ended(engine).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_journal_costs_nothing_that_is_not_named() {
    harmed("journal.log", 0..100).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_index_costs_nothing() {
    harmed("index", 100..150).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_body_is_named_and_costs_nothing_else() {
    harmed("bodies", 150..190).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_lock_costs_nothing() {
    harmed("LOCK", 190..200).await;
}

/// A store whose index is gone as well has nothing but the journal: what that lost is named, and nothing else is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_alone_names_what_it_lost() {
    let used = Used::new().await;
    for seed in 200..240 {
        let mut seeded = Seeded::new(seed);
        let kind = DAMAGES[seeded.below(DAMAGES.len())];
        let case = format!("seed {seed}: {kind:?} in journal.log without an index");
        let dir = tempfile::tempdir().unwrap();
        copy(used.dir.path(), dir.path());
        std::fs::remove_dir_all(dir.path().join("index")).unwrap();
        damage(&dir.path().join("journal.log"), kind, &mut seeded);
        let Ok((engine, said)) = open(dir.path()) else { continue };
        let rows: BTreeMap<_, _> =
            engine.rows().into_iter().map(|(id, row)| (id, Row::clone(&row))).collect();
        // Nobody can know of whole lines that were cut off at the end.
        let named = ["lost", "cut off"].iter().any(|word| said.contains(word));
        assert!(named || rows == used.last().rows || matches!(kind, Damage::Cut), "{case}: {said}");
        for id in rows.keys() {
            let found = engine.recording(id).unwrap().unwrap();
            let some = used.stages.iter().filter_map(|stage| stage.content.get(id));
            assert!(
                some.clone().any(|known| known.response == found.response),
                "{case}: wrong bytes of {id}"
            );
        }
        let before = shown(&engine);
        engine.compact(false).await.unwrap();
        assert_eq!(shown(&engine), before, "{case}");
        ended(engine).await;
    }
}
