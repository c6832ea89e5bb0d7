//! The store equals a map, whatever is done to it and whenever it is opened anew.

use std::collections::BTreeMap;

use proptest::prelude::{Just, ProptestConfig, prop, prop_oneof, proptest};
use proptest::strategy::Strategy as _;

use super::*;

#[derive(Clone, Debug)]
enum UndoStep {
    Put {
        n: u8,
        body: usize,
    },
    Retag {
        n: u8,
        name: String,
    },
    Remove(Vec<u8>),
    Restore(Vec<u8>),
    Ledger {
        n: u8,
        hits: u64,
    },
    /// With the trash emptied.
    Compact,
    Reopen,
    ReopenWithoutIndex,
    /// The process is killed: sled's buffers are lost.
    Crash,
}

#[derive(Default)]
struct Model {
    rows: BTreeMap<RecordingId, Recording>,
    trash: BTreeMap<RecordingId, Recording>,
    ledger: BTreeMap<RecordingId, Usage>,
}

fn step() -> impl proptest::strategy::Strategy<Value = UndoStep> {
    let n = || 0..6u8;
    prop_oneof![
        4 => (n(), prop_oneof![Just(0), 1..40usize, INLINE - 1..INLINE + 2]).prop_map(|(n, body)| UndoStep::Put { n, body }),
        2 => (n(), "[a-z]{1,5}").prop_map(|(n, name)| UndoStep::Retag { n, name }),
        2 => prop::collection::vec(n(), 0..4).prop_map(UndoStep::Remove),
        2 => prop::collection::vec(n(), 0..4).prop_map(UndoStep::Restore),
        1 => (n(), 0..9u64).prop_map(|(n, hits)| UndoStep::Ledger { n, hits }),
        1 => Just(UndoStep::Compact),
        1 => Just(UndoStep::Reopen),
        1 => Just(UndoStep::ReopenWithoutIndex),
        1 => Just(UndoStep::Crash),
    ]
}

/// What a step leads to in the model, and how it is asked of the store.
fn change(model: &mut Model, step: &UndoStep) -> Option<StoreChange> {
    let all = |numbers: &[u8]| numbers.iter().map(|n| id(*n)).collect::<Vec<_>>();
    Some(match step {
        UndoStep::Put { n, body } => {
            let recording = recording(*n, &vec![*n; *body], &vec![b'x'; body / 2]);
            model.trash.remove(&recording.id);
            model.rows.insert(recording.id.clone(), recording.clone());
            put(&recording)
        }
        UndoStep::Retag { n, name } => {
            let mut named = model.rows.get(&id(*n)).cloned().unwrap_or_else(|| small(*n));
            named.name = Some(name.clone());
            named.strategy = Strategy::Specific { fields: vec![name.clone()] };
            if let Some(known) = model.rows.get_mut(&id(*n)) {
                *known = named.clone();
            }
            let Indexed { row, keys } = indexed(&named);
            StoreChange::Retag { row, keys }
        }
        UndoStep::Remove(numbers) => {
            let gone: Vec<_> = all(numbers).iter().filter_map(|id| model.rows.remove_entry(id)).collect();
            model.trash.extend(gone);
            StoreChange::Remove { ids: all(numbers) }
        }
        UndoStep::Restore(numbers) => {
            let back: Vec<_> = all(numbers).iter().filter_map(|id| model.trash.remove_entry(id)).collect();
            model.rows.extend(back);
            StoreChange::Restore { ids: all(numbers) }
        }
        UndoStep::Ledger { n, hits } => {
            let usage = Usage { hits: *hits, last_hit: Some(NOW), ..Usage::default() };
            model.ledger.insert(id(*n), usage.clone());
            StoreChange::Ledger { entries: vec![(id(*n), usage)] }
        }
        UndoStep::Compact | UndoStep::Reopen | UndoStep::ReopenWithoutIndex | UndoStep::Crash => return None,
    })
}

fn assert_equal(store: &Store, model: &Model) {
    let used = |recording: &Recording| {
        let mut entry = indexed(recording);
        Arc::make_mut(&mut entry.row).usage = model.ledger.get(&recording.id).cloned().unwrap_or_default();
        entry
    };
    let rows: Vec<_> = model.rows.values().map(|recording| (used(recording), recording.clone())).collect();
    assert_eq!(content(store), rows);
    assert_eq!(
        store.trash().unwrap().into_iter().map(|(_, entry)| entry).collect::<Vec<_>>(),
        model.trash.values().map(used).collect::<Vec<_>>()
    );
    for recording in model.trash.values() {
        assert_eq!(store.recording(&recording.id).unwrap().as_ref(), Some(recording));
    }
    for recording in model.rows.values() {
        let with = |wanted: &dyn Fn(&Indexed) -> bool| {
            model
                .rows
                .values()
                .map(indexed)
                .filter(wanted)
                .map(|entry| entry.row.id.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            store.find(&recording.hash.to_string()).unwrap(),
            with(&|known| known.row.hash == recording.hash)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_store_equals_a_map(steps in prop::collection::vec(step(), 1..25)) {
        let mut dir = tempfile::tempdir().unwrap();
        let mut store = open_quietly(dir.path());
        let mut model = Model::default();
        for step in steps {
            match (change(&mut model, &step), step) {
                (Some(change), _) => commit(&store, change),
                (None, UndoStep::Compact) => {
                    compact::compact(&store, Timestamp(i64::MAX)).unwrap();
                    model.trash.clear();
                    model.ledger.retain(|id, _| model.rows.contains_key(id));
                }
                (None, UndoStep::Crash) => {
                    let left = tempfile::tempdir().unwrap();
                    copy(dir.path(), left.path());
                    drop(store);
                    dir = left;
                    store = open_quietly(dir.path());
                }
                (None, step) => {
                    drop(store);
                    if matches!(step, UndoStep::ReopenWithoutIndex) {
                        fs::remove_dir_all(dir.path().join("index")).unwrap();
                    }
                    store = open(dir.path()).store;
                }
            }
            assert_equal(&store, &model);
        }
    }
}
