//! `prune`, `compact` and `usage`: nothing goes that was not shown, and nothing that only another machine uses.

use retake::model::Row;
use serde_json::Value;

use super::*;
use crate::home::{CHAT_PATH, Home, chat};
use crate::world::Upstream;

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn left(home: &Home) -> Vec<String> {
    let mut ids: Vec<_> = home.rows().iter().map(|row| row.id.to_string()).collect();
    ids.sort();
    ids
}

fn ids<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Vec<String> {
    let mut ids: Vec<_> = rows.into_iter().map(|row| row.id.to_string()).collect();
    ids.sort();
    ids
}

/// What a prune of superseded takes says and does, from a first look to the way back.
fn superseded_takes_go(home: &Home, made: &[Row]) {
    let filter = "superseded:yes";
    let planned = home.run(&["prune", filter, "--dry-run"]);
    assert_eq!(planned.code, Some(0), "{planned:?}");
    assert!(
        planned.out.contains(made[0].id.as_str()) && planned.out.contains("superseded by"),
        "{planned:?}"
    );
    let goes = |id: &str| planned.out.lines().any(|line| line.starts_with(id));
    assert!(!goes(made[2].id.as_str()), "the newest take stays: {planned:?}");
    assert!(planned.err.contains("1 recording, "), "{planned:?}");
    assert!(planned.err.contains(&format!("stays, protected: {}", made[1].id)), "{planned:?}");
    assert_eq!(left(home), ids(made), "a dry run changes nothing");
    home.run(&["prune", filter]).refused(2, &["1 recording", "--yes"]);
    home.run(&["prune", "  "]).refused(2, &["everything"]);
    home.run(&["prune", "superseeded:yes"]).refused(2, &["superseeded", "^^^^", "superseded"]);
    home.run(&["prune", filter, "--keep", "nothing"]).refused(1, &["nothing"]);
    let kept = read(&home.fine(&["prune", filter, "--keep", made[0].id.as_str(), "--yes", "--json"]));
    assert_eq!(kept["remove"], serde_json::json!([]));
    assert_eq!(left(home), ids(made));
    let plan = read(&home.fine(&["prune", filter, "--yes", "--json"]));
    assert_eq!(plan["remove"][0]["id"], made[0].id.as_str());
    assert_eq!(plan["totals"]["recordings"], 1);
    assert_eq!(left(home), ids(&made[1..]));
    assert!(home.fine(&["trash"]).contains(made[0].id.as_str()));
    let none = home.run(&["prune", filter, "--yes"]);
    assert!(none.code == Some(0) && none.err.contains("nothing to prune"), "{none:?}");
    home.fine(&["undo"]);
    assert_eq!(left(home), ids(made));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prune_removes_what_it_showed_and_can_be_taken_back() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["same", "same", "same", "other"]).await;
    home.fine(&["protect", made[1].id.as_str()]);
    superseded_takes_go(&home, &made);
    let owner = home.serve(&[]);
    superseded_takes_go(&home, &made);
    assert_eq!(owner.end("TERM").code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scopes_that_would_miss_are_named() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one", "two"]).await;
    let owner = home.serve(&["--json", "--mode", "replay-or-error"]);
    for scope in ["test_hat", "test_scarf"] {
        assert_eq!(owner.call(CHAT_PATH, &[("x-retake-scope", scope)], &chat("one")).await.status, 200);
        owner.json();
    }
    let planned = home.run(&["prune", &format!("id:{}", made[0].id), "-n"]);
    assert!(planned.err.contains("would miss: test_hat, test_scarf"), "{planned:?}");
    assert!(planned.err.contains("2 hits") && planned.err.contains("1 was hit in the last"), "{planned:?}");
    assert!(planned.out.contains("hit a moment ago"), "{planned:?}");
    assert_eq!(owner.end("TERM").code, Some(0));
    let again = home.run(&["prune", &format!("id:{}", made[0].id), "-n"]);
    assert!(again.err.contains("would miss: test_hat, test_scarf"), "use survives: {again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_another_machine_uses_is_not_pruned_at_a_desk() {
    let (desk, builds, upstream) = (Home::new(), Home::new(), Upstream::start(answer).await);
    let made = desk.filled(&upstream, &["one", "two"]).await;
    copied(&desk.store(), &builds.store());
    let owner = builds.serve(&["--json", "--mode", "replay-or-error"]);
    assert_eq!(owner.call(CHAT_PATH, &[], &chat("one")).await.status, 200);
    owner.json();
    assert_eq!(owner.end("TERM").code, Some(0));
    let file = builds.path().join("use.json");
    assert_eq!(builds.fine(&["usage", "export", file.to_str().unwrap()]), "");
    assert_eq!(read(&builds.fine(&["usage", "export"]))["recordings"][0]["id"], made[0].id.as_str());
    let unused = || {
        let plan = read(&desk.fine(&["prune", "hits:0", "-n", "--json"]));
        let ids = plan["remove"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned());
        let mut ids: Vec<_> = ids.collect();
        ids.sort();
        ids
    };
    assert_eq!(unused(), ids(&made));
    for _ in 0..2 {
        let merged = desk.run(&["usage", "merge", file.to_str().unwrap()]);
        assert_eq!(merged.out.trim(), "the use of 1 recording is known now", "{merged:?}");
        assert_eq!(unused(), [made[1].id.to_string()]);
    }
    builds.run(&["usage", "merge", file.to_str().unwrap()]).refused(2, &["itself"]);
    std::fs::write(&file, "{}").unwrap();
    desk.run(&["usage", "merge", file.to_str().unwrap()]).refused(2, &["use.json", "retake usage export"]);
    desk.run(&["usage", "merge", "nowhere.json"]).refused(2, &["nowhere.json"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compacting_frees_the_trash_only_when_that_was_agreed() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one", "two", "three"]).await;
    home.fine(&["rm", made[0].id.as_str(), "--yes"]);
    let said = home.fine(&["compact"]);
    assert!(said.contains("before") && said.contains("now") && !said.contains("trash"), "{said}");
    home.fine(&["undo"]);
    assert_eq!(left(&home), ids(&made));
    home.fine(&["rm", made[0].id.as_str(), "--yes"]);
    home.run(&["compact", "--purge"]).refused(2, &["1 recording", "--yes"]);
    let owner = home.serve(&[]);
    let said = read(&home.fine(&["compact", "--purge", "--yes", "--json"]));
    assert_eq!((&said["before"]["trash"], &said["after"]["trash"]), (&1.into(), &0.into()));
    assert!(home.run(&["trash"]).err.contains("the trash is empty"));
    home.run(&["undo"]).refused(1, &["nothing to undo"]);
    assert_eq!(left(&home), ids(&made[1..]));
    assert_eq!(owner.end("TERM").code, Some(0));
}

/// Copies a store that nobody owns.
fn copied(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copied(&entry.path(), &target);
        } else if entry.file_name() != "LOCK" {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
