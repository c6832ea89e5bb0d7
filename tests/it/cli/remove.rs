//! `rm`: what goes is named, nobody is surprised, and the owner of the store knows at once.

use retake::model::{Outcome, Row};

use super::*;
use crate::home::{CHAT_PATH, Home, chat};
use crate::world::Upstream;

fn ids(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row.id.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_removed_when_nobody_can_be_asked() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["same", "same"]).await;
    let check = || {
        home.run(&["rm", made[0].id.as_str()]).refused(2, &["this recording", "--yes"]);
        let said = home.run(&["rm", "--hash", &made[0].hash.short()]);
        said.refused(2, &["2 recordings", "--yes"]);
        assert!(ids(&made).iter().all(|id| said.out.contains(id)), "they are listed first: {said:?}");
        home.run(&["rm", "rec_", "--yes"]).refused(1, &["2 ids"]);
        home.run(&["rm", "nothing", "--yes"]).refused(1, &["nothing"]);
        home.run(&["rm", made[0].id.as_str(), "nothing", "--yes"]).refused(1, &["nothing"]);
        home.run(&["rm", "--hash", &"0".repeat(64), "--yes"]).refused(1, &["0000"]);
        home.run(&["rm", "--hash", "", "--yes"]).refused(2, &["hexadecimal"]);
        assert_eq!(home.rows().len(), 2);
    };
    check();
    let owner = home.serve(&[]);
    check();
    assert_eq!(owner.end("TERM").code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_names_what_would_go_and_programs_read_the_ids() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one", "two"]).await;
    let read = |said: &str| serde_json::from_str::<serde_json::Value>(said).unwrap()["ids"].clone();
    let said = home.run(&["rm", "--where", "hits:0", "-n"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(ids(&made).iter().all(|id| said.out.contains(id)), "{said:?}");
    assert!(said.err.contains("2 recordings would go to the trash"), "{said:?}");
    assert_eq!(read(&home.fine(&["rm", ids(&made)[0], "--dry-run", "--json"]))[0], ids(&made)[0]);
    assert_eq!(home.rows().len(), 2, "nothing went");
    assert_eq!(read(&home.fine(&["rm", ids(&made)[0], "--yes", "--json"]))[0], ids(&made)[0]);
    assert_eq!(read(&home.fine(&["restore", "--all", "-n", "--json"]))[0], ids(&made)[0]);
    assert_eq!(home.rows().len(), 1, "nothing came back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recordings_go_by_id_and_by_beginning_and_several_at_once() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one", "two", "three", "four"]).await;
    let gone = home.fine(&["rm", made[0].id.as_str(), "--yes"]);
    assert_eq!(gone.trim(), format!("removed {}", made[0].id));
    home.run(&["show", made[0].id.as_str()]).refused(1, &[]);
    // Nine characters beyond `rec_` are one of a kind.
    let beginning = &made[1].id.as_str()[4..13];
    let gone = home.fine(&["rm", beginning, made[2].id.as_str(), made[2].id.as_str(), "-y"]);
    assert_eq!(gone.lines().count(), 2, "{gone}");
    assert_eq!(ids(&home.rows()), [made[3].id.as_str()]);
    home.run(&["rm", made[0].id.as_str(), "--yes"]).refused(1, &[made[0].id.as_str()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_takes_of_a_hash_are_listed_and_then_removed() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["same", "same", "same", "other"]).await;
    let said = home.run(&["rm", "--hash", &made[0].hash.short(), "--yes"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    for row in &made[..3] {
        let listed = said.out.find(&format!("{} ", row.id)).expect("it is listed");
        let removed = said.out.find(&format!("removed {}", row.id)).expect("it is removed");
        assert!(listed < said.out.find("removed ").unwrap() && listed < removed, "{said:?}");
    }
    assert_eq!(ids(&home.rows()), [made[3].id.as_str()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_an_owner_the_next_call_misses() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one", "two", "two"]).await;
    let owner = home.serve(&["--json", "--mode", "replay-or-error"]);
    for prompt in ["one", "two"] {
        assert_eq!(owner.call(CHAT_PATH, &[], &chat(prompt)).await.body, ANSWER);
        assert_eq!(owner.json().outcome, Some(Outcome::Replay));
    }
    let used = home.rows();
    assert_eq!(used.iter().map(|row| row.usage.hits).sum::<u64>(), 2, "hits are seen at once");
    home.fine(&["rm", made[0].id.as_str(), "--yes"]);
    assert_eq!(owner.call(CHAT_PATH, &[], &chat("one")).await.status, 404);
    let missed = owner.json();
    assert_eq!((missed.outcome, missed.status), (Some(Outcome::Miss), Some(404)));
    assert_eq!(owner.call(CHAT_PATH, &[], &chat("two")).await.status, 200);
    assert_eq!(owner.json().outcome, Some(Outcome::Replay));
    home.fine(&["rm", "--hash", &made[1].hash.to_string(), "--yes"]);
    assert_eq!(owner.call(CHAT_PATH, &[], &chat("two")).await.status, 404);
    assert_eq!(owner.end("TERM").code, Some(0));
    assert_eq!(home.rows(), [], "and it stays so");
}
