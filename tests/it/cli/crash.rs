//! What was announced is there after a crash and after damage to what can be made anew (law 3).

use std::path::Path;

use retake::engine::UsageReport;
use retake::model::{Outcome, Timestamp};

use super::*;
use crate::home::{CHAT_PATH, Home, chat};
use crate::world::Upstream;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_announced_outlives_kill_9() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    for round in 1..=4 {
        let running = home.record(&upstream);
        running.call(CHAT_PATH, &[], &chat(&format!("round {round}"))).await;
        let call = running.json();
        assert_eq!(call.outcome, Some(Outcome::Record));
        let said = running.end("KILL");
        assert_eq!(said.code, None, "{said:?}");
        let rows = home.rows();
        assert_eq!(rows.len(), round, "all rounds are there");
        let id = call.recording.unwrap();
        assert_eq!(rows[0].id, id);
        assert_eq!(home.run(&["show", id.as_str(), "--body"]).bytes, ANSWER.as_bytes());
    }
    let running = home.serve(&["--json", "--mode", "replay-or-error"]);
    for round in 1..=4 {
        let reply = running.call(CHAT_PATH, &[], &chat(&format!("round {round}"))).await;
        assert_eq!((reply.status, &reply.body[..]), (200, ANSWER.as_bytes()));
    }
    assert_eq!(running.end("TERM").code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_that_was_announced_outlives_kill_9() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one", "two"]).await;
    let owner = home.serve(&[]);
    home.fine(&["rm", made[0].id.as_str(), "--yes"]);
    assert_eq!(owner.end("KILL").code, None);
    assert_eq!(home.rows().iter().map(|row| &row.id).collect::<Vec<_>>(), [&made[1].id]);
}

/// Kills a proxy at once behind its last answer; gives what is known of use then.
async fn used_and_killed(home: &Home, texts: &[&str]) -> UsageReport {
    let owner = home.serve(&["--mode", "replay-or-error"]);
    for text in texts {
        assert_eq!(owner.call(CHAT_PATH, &[("x-retake-scope", "checkout")], &chat(text)).await.status, 200);
    }
    assert_eq!(owner.end("KILL").code, None);
    serde_json::from_str(&home.fine(&["usage", "export"])).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn use_before_kill_9_is_known_and_what_was_not_used_can_be_pruned() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one", "two", "three"]).await;
    let report = used_and_killed(&home, &["one", "two"]).await;
    assert_eq!((report.unknown_before, &report.gaps[..]), (Timestamp(0), &[][..]), "nothing is unknown");
    let mut used: Vec<_> = report.recordings.iter().map(|used| (&used.id, used.usage.hits)).collect();
    used.sort();
    let mut hit = [(&made[0].id, 1), (&made[1].id, 1)];
    hit.sort();
    assert_eq!(used, hit, "each answer that a client had is counted");
    assert!(report.recordings.iter().all(|used| used.usage.scopes["checkout"].count == 1));
    let stats = home.fine(&["stats"]);
    assert!(stats.contains("never hit   1\n"), "{stats}");
    let again = used_and_killed(&home, &["two"]).await;
    assert_eq!(again.recordings.iter().map(|used| used.usage.hits).sum::<u64>(), 3);
    home.fine(&["prune", "hits:0", "--yes"]);
    let mut left: Vec<_> = home.rows().into_iter().map(|row| row.id).collect();
    left.sort();
    assert_eq!(left.iter().collect::<Vec<_>>(), hit.map(|(id, _)| id));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_machine_went_down_unknown_use_is_told_and_is_not_unused() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    home.filled(&upstream, &["one", "two"]).await;
    let owner = home.serve(&["--mode", "replay-or-error"]);
    assert_eq!(owner.call(CHAT_PATH, &[], &chat("one")).await.status, 200);
    assert_eq!(owner.end("KILL").code, None);
    home.lose_notes();
    let report: UsageReport = serde_json::from_str(&home.fine(&["usage", "export"])).unwrap();
    let [gap] = report.gaps[..] else { panic!("{report:?}") };
    assert!(gap.from.0 > 0 && gap.from < gap.to && gap.to == report.unknown_before, "{report:?}");
    let stats = home.fine(&["stats"]);
    assert!(stats.contains("never hit   2 (hits between ") && stats.contains(" may be missing)"), "{stats}");
    let pruned = home.run(&["prune", "hits:0", "--dry-run"]);
    assert!(format!("{}{}", pruned.out, pruned.err).contains("unknown"), "{pruned:?}");
    home.fine(&["prune", "hits:0", "--yes"]);
    assert_eq!(home.rows().len(), 2, "nothing used is told as unused");
    // Another store that is told of it knows as little.
    let other = Home::new();
    other.filled(&upstream, &["one"]).await;
    let said = home.path().join("usage.json");
    std::fs::write(&said, home.fine(&["usage", "export"])).unwrap();
    for _ in 0..2 {
        other.fine(&["usage", "merge", said.to_str().unwrap()]);
        let merged: UsageReport = serde_json::from_str(&other.fine(&["usage", "export"])).unwrap();
        assert_eq!(merged.gaps, [gap]);
    }
}

/// Flips a byte in every block of every file.
fn spoil(dir: &Path) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            spoil(&path);
            continue;
        }
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.iter_mut().step_by(97).for_each(|byte| *byte ^= 0x5a);
        std::fs::write(&path, bytes).unwrap();
    }
}

type Damage = fn(&Path);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_index_is_made_anew_and_said_so() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    home.filled(&upstream, &["one", "two", "two"]).await;
    let before = home.fine(&["list", "--json"]);
    let index = home.store().join("index");
    let damages: [(&str, Damage); 3] = [
        ("flipped", spoil),
        ("deleted", |index| std::fs::remove_dir_all(index).unwrap()),
        ("emptied", |index| {
            std::fs::remove_dir_all(index).unwrap();
            std::fs::create_dir(index).unwrap();
        }),
    ];
    for (name, damage) in damages {
        damage(&index);
        let said = home.run(&["list", "--json"]);
        assert_eq!((said.code, &said.out), (Some(0), &before), "{name} {said:?}");
        assert!(said.err.contains("index") && said.err.contains("journal"), "{name} {said:?}");
        assert!(!said.err.contains("panicked"), "{name} {said:?}");
        let again = home.run(&["list", "--json"]);
        assert_eq!(
            (again.code, again.out.as_str(), again.err.as_str()),
            (Some(0), before.as_str(), ""),
            "{name}"
        );
        damage(&index);
        let running = home.serve(&[]);
        assert_eq!(home.fine(&["list", "--json"]), before, "{name}");
        let said = running.end("TERM");
        assert!(said.code == Some(0) && said.err.contains("index"), "{name} {said:?}");
        assert!(!said.err.contains("panicked"), "{name} {said:?}");
    }
}
