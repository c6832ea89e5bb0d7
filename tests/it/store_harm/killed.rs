//! Verbs of the built program that die at fixed bytes of what they write: the kernel kills who writes beyond a limit, in
//! the middle of a line, a body, a new journal, or the index. Behind each the store is as before the verb or behind it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::process::{Command, Stdio};

use retake::engine::Relabel;

use super::damaged::{Shown, ended, open, shown};
use super::{Seeded, copy};
use crate::home::{Home, PROGRAM, said};
use crate::verbs::draft;

/// A verb, and whether it changes what is listed.
const VERBS: [&[&str]; 7] = [
    &["compact"],
    &["tag", "ID", "--add", "late"],
    &["rm", "ID", "--yes"],
    &["undo"],
    &["edit", "ID", "--text", "LONG"],
    &["compact", "--purge", "--yes"],
    &["retag", "ID", "strict"],
];

/// The program, which dies when it writes a file beyond this many blocks of 512 bytes.
fn mortal(home: &Home, blocks: usize, args: &[&str]) -> Command {
    let script = format!("ulimit -c 0; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut shell = Command::new("sh");
    shell.env_clear().envs(home.environment()).current_dir(home.path());
    shell.args(["-c", &script, PROGRAM]).args(args);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    shell
}

/// All that a store shows, and what was said at its opening.
async fn picture(home: &Home) -> (Shown, String) {
    let (engine, said) = open(&home.store()).unwrap();
    let shown = shown(&engine);
    ended(engine).await;
    (shown, said)
}

/// Whether two stores show the same recordings and have the same in the trash; who edits at another time edits the same.
fn same(one: &Shown, other: &Shown) -> bool {
    let rows = |shown: &Shown| {
        let rows = shown.rows.iter().map(|(id, row)| (id.clone(), row.labels(), row.answer, row.hash));
        rows.collect::<Vec<_>>()
    };
    let exchanged = |shown: &Shown| {
        let all = shown.content.iter();
        all.map(|(id, found)| (id.clone(), found.request.clone(), found.response.clone())).collect::<Vec<_>>()
    };
    rows(one) == rows(other) && exchanged(one) == exchanged(other) && one.trash == other.trash
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verbs_that_are_killed_at_any_byte_leave_all_or_nothing_of_themselves() {
    let first = Home::new();
    let engine = crate::verbs::open(&first.store());
    let mut ids = Vec::new();
    for n in 0..6 {
        let answer = format!("answer {n} ").repeat(if n % 2 == 0 { 2500 } else { 3 });
        ids.push(engine.create(draft(&format!("topic {n}"), &answer)).await.unwrap());
    }
    engine.remove(&ids[5..]).await.unwrap();
    ended(engine).await;
    let (id, long) = (ids[0].to_string(), "edited ".repeat(4000));
    let (before, _) = picture(&first).await;
    let mut afters: HashMap<usize, Shown> = HashMap::new();
    let journal = first.store().join("journal.log").metadata().unwrap().len();
    let mut killed = 0;
    for seed in 0..50_u64 {
        let mut seeded = Seeded::new(seed);
        let nth = seeded.below(VERBS.len());
        let verb: Vec<&str> = VERBS[nth]
            .iter()
            .map(|word| match *word {
                "ID" => id.as_str(),
                "LONG" => long.as_str(),
                word => word,
            })
            .collect();
        // Up to a bit behind the end of the journal.
        let blocks = seeded.below(usize::try_from(journal / 512).unwrap() + 12);
        let case = format!("seed {seed}: {} killed beyond {blocks} blocks", verb[0]);
        if let Entry::Vacant(entry) = afters.entry(nth) {
            let whole = Home::new();
            copy(&first.store(), &whole.store());
            let done = said(whole.command(&verb));
            assert_eq!(done.code, Some(0), "{case}: {done:?}");
            entry.insert(picture(&whole).await.0);
        }
        let (home, after) = (Home::new(), &afters[&nth]);
        copy(&first.store(), &home.store());
        let died = said(mortal(&home, blocks, &verb));
        killed += usize::from(died.code.is_none());
        let (now, notices) = picture(&home).await;
        assert!(same(&now, &before) || same(&now, after), "{case}: {died:?}\n{now:?}");
        assert!(died.code != Some(0) || same(&now, after), "{case}: {died:?}");
        assert!(!notices.contains("lost"), "{case}: {notices}");
        // It goes on from there, and what was done can be taken back.
        let (engine, _) = open(&home.store()).unwrap();
        if !same(&now, &before) && verb[0] != "undo" && verb[0] != "compact" {
            engine.undo().await.unwrap();
            assert!(same(&shown(&engine), &before), "{case}");
        }
        let again = Relabel { tag: vec!["again".into()], ..Relabel::default() };
        engine.relabel(&ids[1..2], &again).await.unwrap();
        ended(engine).await;
    }
    assert!(killed >= 30, "{killed} of 50 were killed");
}
