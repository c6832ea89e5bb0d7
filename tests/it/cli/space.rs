//! A store on a full disk: what is there is listed, shown and replayed, and when there is room again recording goes on.
//!
//! A limit on the length of files stands for the disk: every write fails as it would there, for any user, on any machine.

use std::process::{Command, Stdio};

use retake::model::Outcome;
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use super::*;
use crate::home::{CHAT_PATH, Home, PROGRAM, Running, chat, said};
use crate::world::Upstream;

/// The program where no file can grow beyond `blocks`, and who tries to is told so and not killed.
fn limited(home: &Home, blocks: &str, args: &[&str]) -> Command {
    let script = format!("trap '' XFSZ; ulimit -S -f {blocks}; exec \"$0\" \"$@\"");
    let mut shell = Command::new("sh");
    shell.env_clear().envs(home.environment()).current_dir(home.path());
    shell.args(["-c", &script, PROGRAM]).args(args);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    shell
}

fn give_room(running: &Running) {
    let pid = Pid::from_raw(running.pid().cast_signed());
    let none = Rlimit { current: None, maximum: None };
    prlimit(pid, Resource::Fsize, none).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_on_a_full_disk_is_listed_shown_and_looked_after() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one", "two"]).await;
    let (list, show) = (home.fine(&["list", "--json"]), home.fine(&["show", made[0].id.as_str(), "--json"]));
    let run = |args: &[&str]| said(limited(&home, "0", args));
    let said = run(&["list", "--json"]);
    assert_eq!((said.code, &said.out), (Some(0), &list), "{said:?}");
    assert!(said.err.contains("free some space"), "{said:?}");
    let said = run(&["show", made[0].id.as_str(), "--json"]);
    assert_eq!((said.code, &said.out), (Some(0), &show), "{said:?}");
    run(&["rm", made[0].id.as_str(), "--yes"]).refused(3, &["free some space"]);
    let said = run(&["doctor"]);
    assert!(said.out.contains("free some space"), "{said:?}");
    // Nothing was harmed.
    assert_eq!(home.fine(&["list", "--json"]), list);
    home.fine(&["rm", made[0].id.as_str(), "--yes"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_replayed_from_and_recording_goes_on_when_there_is_room() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    home.filled(&upstream, &["one"]).await;
    let to = format!("openai=http://{}", upstream.address);
    let args =
        ["serve", "--listen", "127.0.0.1:0", "--json", "--mode", "replay-or-record", "--upstream", &to];
    let running = Running::start(limited(&home, "0", &args));
    let reply = running.call(CHAT_PATH, &[], &chat("one")).await;
    assert_eq!((reply.status, &reply.body[..]), (200, ANSWER.as_bytes()));
    assert_eq!(running.json().outcome, Some(Outcome::Replay));
    // The answer is passed on, and the call says that it was not stored.
    let reply = running.call(CHAT_PATH, &[], &chat("two")).await;
    assert_eq!((reply.status, &reply.body[..]), (200, ANSWER.as_bytes()));
    let call = running.json();
    assert_eq!(call.outcome, Some(Outcome::Error), "{call:?}");
    assert!(call.reason.as_ref().unwrap().contains("could not be stored"), "{call:?}");
    assert!(call.reason.as_ref().unwrap().contains("free some space"), "{call:?}");
    give_room(&running);
    running.call(CHAT_PATH, &[], &chat("two")).await;
    let call = running.json();
    assert_eq!(call.outcome, Some(Outcome::Record), "{call:?}");
    let ended = running.end("TERM");
    assert!(ended.code == Some(0) && ended.err.contains("could not be stored"), "{ended:?}");
    assert_eq!(
        ended.err.matches("The store can be written again: recording goes on.").count(),
        1,
        "{ended:?}"
    );
    assert_eq!(home.rows().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fills_up_meanwhile_costs_what_comes_then_and_nothing_else() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let to = format!("openai=http://{}", upstream.address);
    let args = ["serve", "--listen", "127.0.0.1:0", "--json", "--mode", "record", "--upstream", &to];
    let running = Running::start(limited(&home, "unlimited", &args));
    let pid = Pid::from_raw(running.pid().cast_signed());
    running.call(CHAT_PATH, &[], &chat("before")).await;
    assert_eq!(running.json().outcome, Some(Outcome::Record));
    for round in 0..3 {
        // In the middle of the next line.
        let len = home.store().join("journal.log").metadata().unwrap().len() + 100;
        prlimit(pid, Resource::Fsize, Rlimit { current: Some(len), maximum: None }).unwrap();
        running.call(CHAT_PATH, &[], &chat("lost")).await;
        assert_eq!(running.json().outcome, Some(Outcome::Error));
        give_room(&running);
        running.call(CHAT_PATH, &[], &chat(&format!("kept {round}"))).await;
        assert_eq!(running.json().outcome, Some(Outcome::Record));
    }
    assert_eq!(running.end("KILL").code, None);
    assert_eq!(home.rows().len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_to_a_removed_store_is_not_said_to_be_stored() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let running = home.record(&upstream);
    running.call(CHAT_PATH, &[], &chat("before")).await;
    assert_eq!(running.json().outcome, Some(Outcome::Record));
    std::fs::remove_dir_all(home.store()).unwrap();
    let reply = running.call(CHAT_PATH, &[], &chat("behind")).await;
    assert_eq!((reply.status, &reply.body[..]), (200, ANSWER.as_bytes()));
    let call = running.json();
    assert_eq!(call.outcome, Some(Outcome::Error), "{call:?}");
    assert!(call.reason.as_ref().unwrap().contains("was removed or replaced"), "{call:?}");
    running.end("TERM");
    assert!(!home.store().join("journal.log").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_longer_than_any_row_is_stored_and_replayed() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let target = format!("{CHAT_PATH}?long={}", "q".repeat(20_000));
    let body = serde_json::json!({"model": "m".repeat(20_000), "messages": []}).to_string();
    let running = home.record(&upstream);
    running.call(&target, &[], &body).await;
    let call = running.json();
    assert_eq!(call.outcome, Some(Outcome::Record), "{call:?}");
    running.end("TERM");
    let running = home.serve(&["--json", "--mode", "replay-or-error"]);
    let reply = running.call(&target, &[], &body).await;
    assert_eq!((reply.status, &reply.body[..]), (200, ANSWER.as_bytes()));
    running.end("TERM");
}
