//! More than one process at a store: they take turns, find who owns it, and are told why when that cannot be.

use std::net::{SocketAddr, TcpListener};
use std::process::Child;
use std::sync::atomic::Ordering;

use axum::body::Body;
use retake::model::{Row, StepRow};

use super::*;
use crate::home::{Home, Said};
use crate::world::Upstream;

pub(super) fn tags(home: &Home) -> Vec<String> {
    home.rows().into_iter().flat_map(|row| row.tags).collect()
}

/// Starts `retake tag ROW TAG`.
pub(super) fn tagging(home: &Home, row: &Row, tag: &str) -> Child {
    home.command(&["tag", row.id.as_str(), "--add", tag]).spawn().unwrap()
}

pub(super) fn ended(child: Child) -> Said {
    Said::of(child.wait_with_output().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_an_owner_all_apply_in_order_and_undo_takes_back_the_last() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one", "two"]).await;
    let owner = home.serve(&[]);
    let at_once: Vec<_> =
        ["a", "b", "c", "d", "e", "f"].iter().map(|tag| tagging(&home, &made[0], tag)).collect();
    for child in at_once {
        let said = ended(child);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    let steps: Vec<StepRow> = serde_json::from_str(&home.fine(&["steps", "--json"])).unwrap();
    assert_eq!(steps.iter().map(|step| step.id.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert!(steps.is_sorted_by_key(|step| step.at), "{steps:?}");
    let mut all = tags(&home);
    all.sort();
    assert_eq!(all, ["a", "b", "c", "d", "e", "f"], "nobody overwrote another one's tag");
    home.fine(&["tag", made[1].id.as_str(), "--add", "last"]);
    home.fine(&["undo"]);
    assert_eq!((tags(&home).len(), tags(&home).contains(&"last".to_owned())), (6, false));
    // Undone by all at once, each takes back another one.
    let at_once: Vec<_> = (0..6).map(|_| home.command(&["undo"]).spawn().unwrap()).collect();
    for child in at_once {
        let said = ended(child);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    assert_eq!(tags(&home), Vec::<String>::new());
    assert_eq!(owner.end("TERM").code, Some(0));
}

/// A filter as long as a shell can pass one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_filter_works_beside_an_owner_as_it_does_alone() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    home.filled(&upstream, &["one", "two"]).await;
    let long = format!("one {}", "mount:openai ".repeat((100 << 10) / 13));
    let shown = || serde_json::from_str::<Vec<Row>>(&home.fine(&["list", "--json", &long])).unwrap();
    let alone = shown();
    let owner = home.serve(&[]);
    assert_eq!(shown(), alone);
    let wrong = home.run(&["list", &format!("no-such-key:{}", "x".repeat(100 << 10))]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    let hash = home.run(&["list", "--hash", &"ab".repeat(50 << 10)]);
    assert!(!hash.err.contains("URI") && !hash.err.contains("414"), "{hash:?}");
    assert_eq!(owner.end("TERM").code, Some(0));
}

/// What a crashed owner leaves in `LOCK`.
fn left_behind(home: &Home, pid: u32, address: SocketAddr) {
    let owner = serde_json::json!({ "pid": pid, "address": address.to_string(), "token": "f00d" });
    std::fs::write(home.store().join("LOCK"), owner.to_string()).unwrap();
}

/// The lock, for as long as this is kept.
fn held(home: &Home) -> std::fs::File {
    let lock = std::fs::File::open(home.store().join("LOCK")).unwrap();
    lock.lock().unwrap();
    lock
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_that_dies_in_its_answer_to_a_verb_is_an_error() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one"]).await;
    let rows = home.fine(&["list", "--json"]);
    let health = format!(r#"{{"status":"ok","name":"retake","version":"{}"}}"#, env!("CARGO_PKG_VERSION"));
    let dying = Upstream::start(move |seen| match seen.target.as_str() {
        "/__retake/health" => json(&health),
        "/__retake/recordings" => json(&format!(r#"{{"items":{rows},"next":null}}"#)),
        _ => {
            let broken = futures_util::stream::iter([Ok("{\"ids\":"), Err("it died")]);
            Response::builder().body(Body::from_stream(broken)).unwrap()
        }
    });
    let dying = dying.await;
    left_behind(&home, 1, dying.address);
    let lock = held(&home);
    for verb in
        [&["tag", made[0].id.as_str(), "--add", "x"][..], &["rm", made[0].id.as_str(), "-y"], &["undo"]]
    {
        home.run(verb).refused(3, &["does not answer"]);
    }
    drop(lock);
    assert_eq!(tags(&home), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_nobody_holds_is_not_believed() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one"]).await;
    let stranger = Upstream::start(answer).await;
    // The process is gone, or its number is somebody else's by now.
    for (pid, tag) in [(u32::MAX >> 1, "gone"), (std::process::id(), "another")] {
        left_behind(&home, pid, stranger.address);
        home.fine(&["tag", made[0].id.as_str(), "--add", tag]);
        left_behind(&home, pid, stranger.address);
        home.fine(&["undo"]);
        left_behind(&home, pid, stranger.address);
        assert_eq!(home.serve(&[]).end("TERM").code, Some(0));
    }
    std::fs::write(home.store().join("LOCK"), "not what a retake writes").unwrap();
    home.fine(&["tag", made[0].id.as_str(), "--add", "torn"]);
    assert_eq!(tags(&home), ["torn"]);
    assert_eq!(stranger.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_that_is_not_where_its_lock_says_gets_no_token() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one"]).await;
    let stranger = Upstream::start(answer).await;
    let older = Upstream::start(|_| json(r#"{"status":"ok","name":"retake","version":"99.0.0"}"#)).await;
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let store = home.store().file_name().unwrap().to_str().unwrap().to_owned();
    // In a container, say: the lock reaches through to here, and the port does not.
    for (address, code, words) in [
        (stranger.address, 3, [store.as_str(), "container"]),
        (older.address, 2, ["99.0.0", "same version"]),
        (nobody, 3, ["does not answer", "refused"]),
    ] {
        left_behind(&home, 1, address);
        let lock = held(&home);
        for verb in
            [&["tag", made[0].id.as_str(), "--add", "x"][..], &["rm", made[0].id.as_str(), "-y"], &["undo"]]
        {
            home.run(verb).refused(code, &words);
        }
        drop(lock);
    }
    for one in [stranger, older] {
        let seen = one.seen.lock().unwrap();
        assert!(!seen.is_empty());
        assert!(seen.iter().all(|seen| seen.target == "/__retake/health"), "{seen:?}");
        assert!(seen.iter().all(|seen| seen.headers.iter().all(|(name, _)| name != "authorization")));
    }
    assert_eq!(tags(&home), Vec::<String>::new());
}
