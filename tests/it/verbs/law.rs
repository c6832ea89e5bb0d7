//! Every verb followed by `undo` gives the store back as it was, and `redo` what the verb made of it; also when the
//! process is killed in between.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use retake::engine::{Engine, MatchSettings, Relabel, Revision};
use retake::model::{RecordingId, StepRow};

use super::{content, draft, open};

#[derive(Clone, Debug)]
enum Verb {
    Tag(usize, String),
    Untag(usize, String),
    Rename(usize, String),
    Protect(usize, bool),
    Scope(usize, String),
    Retag(usize, &'static str),
    Remove(usize, usize),
    Restore,
    Duplicate(usize),
    Edit(usize, String),
    Revert(usize),
    Derive(usize, &'static str),
    New(u8),
}

/// What happens to the process between a verb and its undoing.
#[derive(Clone, Copy, Debug)]
enum Between {
    Nothing,
    Restart,
    Kill,
}

fn verb() -> impl Strategy<Value = Verb> {
    let at = || 0..8usize;
    let strategy = prop::sample::select(vec![
        "standard",
        "strict",
        "standard -body/seed",
        "specific body/model",
        "pinned",
    ]);
    prop_oneof![
        (at(), "[a-c]").prop_map(|(at, tag)| Verb::Tag(at, tag)),
        (at(), "[a-c]").prop_map(|(at, tag)| Verb::Untag(at, tag)),
        (at(), "[a-z]{0,3}").prop_map(|(at, name)| Verb::Rename(at, name)),
        (at(), any::<bool>()).prop_map(|(at, on)| Verb::Protect(at, on)),
        (at(), "[a-b]{0,1}").prop_map(|(at, scope)| Verb::Scope(at, scope)),
        (at(), strategy).prop_map(|(at, strategy)| Verb::Retag(at, strategy)),
        (at(), 1..4usize).prop_map(|(at, many)| Verb::Remove(at, many)),
        Just(Verb::Restore),
        at().prop_map(Verb::Duplicate),
        (at(), ".{0,20}").prop_map(|(at, text)| Verb::Edit(at, text)),
        at().prop_map(Verb::Revert),
        (at(), prop::sample::select(vec!["429", "500", "cut@2", "malformed", "slow x2"]))
            .prop_map(|(at, fault)| Verb::Derive(at, fault)),
        any::<u8>().prop_map(Verb::New),
    ]
}

fn between() -> impl Strategy<Value = Between> {
    prop_oneof![6 => Just(Between::Nothing), 1 => Just(Between::Restart), 1 => Just(Between::Kill)]
}

/// Carries a verb out on what is there. A name may be taken, and nothing may be there: then nothing happens.
async fn carry_out(engine: &Engine, verb: &Verb) {
    let mut ids: Vec<RecordingId> = engine.rows().into_keys().collect();
    ids.sort();
    let at = |at: usize| ids.get(at % ids.len().max(1)).cloned().into_iter().collect::<Vec<_>>();
    let relabel =
        |ids: Vec<RecordingId>, relabel: Relabel| async move { _ = engine.relabel(&ids, &relabel).await };
    match verb {
        Verb::Tag(n, tag) => relabel(at(*n), Relabel { tag: vec![tag.clone()], ..Relabel::default() }).await,
        Verb::Untag(n, tag) => {
            relabel(at(*n), Relabel { untag: vec![tag.clone()], ..Relabel::default() }).await;
        }
        Verb::Rename(n, name) => {
            relabel(at(*n), Relabel { name: Some(name.clone()), ..Relabel::default() }).await;
        }
        Verb::Protect(n, on) => relabel(at(*n), Relabel { protected: Some(*on), ..Relabel::default() }).await,
        Verb::Scope(n, scope) => {
            relabel(at(*n), Relabel { scope: Some(scope.clone()), ..Relabel::default() }).await;
        }
        Verb::Retag(n, strategy) => {
            let tag = MatchSettings { strategy: Some(strategy.parse().unwrap()), playback: None };
            engine.retag(&at(*n), &tag, false).await.unwrap();
        }
        Verb::Remove(n, many) => {
            let some: Vec<_> = ids.iter().cycle().skip(*n).take((*many).min(ids.len())).cloned().collect();
            engine.remove(&some).await.unwrap();
        }
        Verb::Restore => {
            let trash: Vec<_> =
                engine.trash().unwrap().into_iter().take(2).map(|one| one.row.id.clone()).collect();
            engine.restore(&trash).await.unwrap();
        }
        Verb::Edit(n, text) => {
            let long = text.repeat(if n % 3 == 0 { 2000 } else { 1 });
            for id in at(*n) {
                // One that fails already has no text.
                _ = engine.edit(&id, vec![Revision::Text(long.clone()), Revision::Status(201)]).await;
            }
        }
        Verb::Revert(n) => {
            for id in at(*n) {
                engine.edit(&id, vec![Revision::Original]).await.unwrap();
            }
        }
        Verb::Derive(n, fault) => {
            for id in at(*n) {
                _ = engine.derive(&id, fault.parse().unwrap(), Some("faults".into())).await;
            }
        }
        Verb::Duplicate(n) => _ = engine.duplicate(&at(*n)).await.unwrap(),
        Verb::New(n) => {
            _ = engine.create(draft(&format!("topic {}", n % 5), &format!("answer {n}"))).await.unwrap();
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (entry, to) = (entry.as_ref().unwrap(), to.join(entry.as_ref().unwrap().file_name()));
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// A store that a process may be torn away from: what is on the disk at that moment is what the next one finds.
struct Place {
    root: tempfile::TempDir,
    now: PathBuf,
    killed: usize,
}

impl Place {
    async fn happens(&mut self, engine: Engine, between: Between) -> Engine {
        match between {
            Between::Nothing => engine,
            Between::Restart => {
                engine.close(std::time::Duration::ZERO).await;
                open(&self.now)
            }
            Between::Kill => {
                self.killed += 1;
                let next = self.root.path().join(format!("after-{}", self.killed));
                copy(&self.now, &next);
                self.now = next;
                // The old one goes on nowhere.
                engine.close(std::time::Duration::ZERO).await;
                open(&self.now)
            }
        }
    }
}

/// Something that is done to a store whose changes are taken back and made again.
#[derive(Clone, Debug)]
enum Turn {
    Do(Verb),
    Undo,
    Redo,
    Compact,
    Happens(Between),
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        4 => verb().prop_map(Turn::Do),
        4 => Just(Turn::Undo),
        3 => Just(Turn::Redo),
        1 => Just(Turn::Compact),
        2 => between().prop_map(Turn::Happens),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_ends_what_could_be_done_again() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let (a, b) = (
        engine.create(draft("hats", "yes")).await.unwrap(),
        engine.create(draft("capes", "no")).await.unwrap(),
    );
    engine.remove(std::slice::from_ref(&a)).await.unwrap();
    engine.undo().await.unwrap();
    let tag = Relabel { tag: vec!["kept".into()], ..Relabel::default() };
    engine.relabel(std::slice::from_ref(&b), &tag).await.unwrap();
    let tagged = content(&engine);
    engine.undo().await.unwrap();
    assert_eq!(engine.redo().await.unwrap().verb, "tag");
    assert_eq!(content(&engine), tagged);
    let refused = engine.redo().await.unwrap_err().to_string();
    assert!(refused.contains("nothing to redo"), "{refused}");
    assert!(engine.row(&a).is_some(), "its removal is not done again");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn undo_and_redo_go_one_way_and_the_other(script in prop::collection::vec(turn(), 1..16)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let root = tempfile::tempdir().unwrap();
            let mut place = Place { now: root.path().join("first"), root, killed: 0 };
            let mut engine = open(&place.now);
            let (mut done, mut undone) = (Vec::new(), Vec::new());
            let mut now = content(&engine);
            for topic in ["hats", "hot springs"] {
                engine.create(draft(topic, "yes")).await.unwrap();
                done.push(std::mem::replace(&mut now, content(&engine)));
            }
            for turn in &script {
                match turn {
                    Turn::Do(verb) => {
                        let steps = engine.steps().unwrap().len();
                        carry_out(&engine, verb).await;
                        if engine.steps().unwrap().len() > steps {
                            done.push(std::mem::replace(&mut now, content(&engine)));
                            undone.clear();
                        }
                    }
                    Turn::Undo => {
                        prop_assert_eq!(engine.undo().await.is_ok(), !done.is_empty());
                        if let Some(before) = done.pop() {
                            undone.push(std::mem::replace(&mut now, before));
                        }
                    }
                    Turn::Redo => {
                        prop_assert_eq!(engine.redo().await.is_ok(), !undone.is_empty());
                        if let Some(after) = undone.pop() {
                            done.push(std::mem::replace(&mut now, after));
                        }
                    }
                    Turn::Compact => _ = engine.compact(false).await.unwrap(),
                    Turn::Happens(between) => engine = place.happens(engine, *between).await,
                }
                prop_assert_eq!(&content(&engine), &now, "{:?}", turn);
            }
            engine.close(std::time::Duration::ZERO).await;
            Ok(())
        })?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_verb_can_be_undone_and_done_again(script in prop::collection::vec((verb(), between(), between()), 1..8)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let root = tempfile::tempdir().unwrap();
            let mut place = Place { now: root.path().join("first"), root, killed: 0 };
            let mut engine = open(&place.now);
            for topic in ["hats", "hot springs", "capybaras"] {
                engine.create(draft(topic, "yes")).await.unwrap();
            }
            for (verb, first, second) in &script {
                let (before, steps) = (content(&engine), engine.steps().unwrap());
                carry_out(&engine, verb).await;
                let (after, now) = (content(&engine), engine.steps().unwrap());
                if now.len() == steps.len() {
                    prop_assert_eq!(&before, &after, "no step, no change: {:?}", verb);
                    continue;
                }
                engine = place.happens(engine, *first).await;
                prop_assert_eq!(&content(&engine), &after, "what was announced is there: {:?}", verb);
                engine.undo().await.unwrap();
                prop_assert_eq!(&content(&engine), &before, "undo {:?}", verb);
                engine = place.happens(engine, *second).await;
                prop_assert_eq!(&content(&engine), &before, "undone for good: {:?}", verb);
                engine.redo().await.unwrap();
                prop_assert_eq!(&content(&engine), &after, "redo {:?}", verb);
            }
            // All the way back.
            let steps: Vec<StepRow> = engine.steps().unwrap();
            for _ in &steps {
                engine.undo().await.unwrap();
            }
            prop_assert!(content(&engine).is_empty());
            prop_assert!(engine.undo().await.is_err());
            engine.close(std::time::Duration::ZERO).await;
            Ok(())
        })?;
    }
}
