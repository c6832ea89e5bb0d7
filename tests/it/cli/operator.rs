//! The operator's word: which layer decides, that a ceiling holds, and that no flag is swallowed.

use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;

use retake::api::SetModeRequest;
use retake::client::Client;
use retake::engine::Settings;
use retake::model::{Mode, Outcome};

use super::run::{SCRIPT, Session};
use super::*;
use crate::home::{CHAT_PATH, Home, Said, chat, said, signal};
use crate::world::{KEY, PATIENCE, Upstream};

fn write(home: &Home, text: &str) {
    std::fs::write(home.path().join("retake.toml"), text).unwrap();
}

/// A file that wants calls forwarded and recorded.
const OPEN: &str = "mode = \"replay-or-record\"\nnever_forward = false\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_does_not_lift_what_the_command_line_forbids() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    write(&home, OPEN);
    let to = format!("openai=http://{}", upstream.address);
    for (flags, variables, decided) in [
        (
            &["--preset", "ci"][..],
            &[][..],
            "mode replay-or-error (--preset ci); nothing is forwarded (--preset ci)",
        ),
        (
            &[],
            &[("RETAKE_PRESET", "ci")],
            "mode replay-or-error (RETAKE_PRESET=ci); nothing is forwarded (RETAKE_PRESET=ci)",
        ),
        (
            &["--mode", "record"],
            &[("RETAKE_PRESET", "ci")],
            "mode record (--mode); nothing is forwarded (RETAKE_PRESET=ci)",
        ),
        (
            &["--preset", "dev"],
            &[("RETAKE_PRESET", "ci")],
            "mode replay-or-record (--preset dev); nothing is forwarded (RETAKE_PRESET=ci)",
        ),
    ] {
        let args = [&["run", "--upstream", &to], flags, &["--", "sh", "-c", SCRIPT]].concat();
        let mut command = home.command(&args);
        command.envs(variables.iter().copied());
        let session = Session::of(command);
        for header in [&[][..], &[("x-retake-mode", "record")], &[("x-retake-mode", "off")]] {
            assert!([403, 404].contains(&session.call(header, "hello").await), "{decided}");
        }
        let said = session.end(0);
        let by = decided.rsplit_once('(').unwrap().1;
        said.refused(5, &[decided, "3 calls: 3 MISS", &format!("failed: 3 MISS ({by}")]);
    }
    let flagged = Session::start(&home, &["--never-forward", "--fail-on", "miss", "--upstream", &to], SCRIPT);
    assert_eq!(flagged.call(&[], "hello").await, 403);
    flagged.end(0).refused(
        5,
        &[
            "mode replay-or-record (`mode` in retake.toml); nothing is forwarded (--never-forward)",
            "mode replay-or-record would forward this call, and --never-forward forbids it",
            "failed: 1 MISS (--fail-on)",
        ],
    );
    assert_eq!(upstream.connections.load(Ordering::SeqCst), 0);
    assert!(home.rows().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_in_ci_fails_with_a_code_of_its_own_that_the_help_names() {
    let home = Home::new();
    let run = |code: u8| Session::start(&home, &["--preset", "ci"], &format!("{SCRIPT} # {code}"));
    let fine = run(0);
    assert_eq!(fine.end(0).code, Some(0), "no calls, no misses");
    let missed = run(0);
    assert_eq!(missed.call(&[], "hello").await, 404);
    let code = missed.end(0).code.unwrap();
    let failing = run(7);
    assert_eq!(failing.call(&[], "hello").await, 404);
    assert_eq!(failing.end(7).code, Some(7), "the command's own failure goes first");
    let help = home.fine(&["--help"]);
    let codes = help.split("Exit status:").nth(1).unwrap();
    assert!(
        codes.contains(&format!("or {code} where it succeeded and a call was what --fail-on names")),
        "{codes}"
    );
    for other in ["0 fine", "1 not found", "2 usage", "3 store", "4 upstream"] {
        assert!(codes.contains(other) && !other.starts_with(&code.to_string()), "{codes}");
    }
    assert!(home.fine(&["run", "--help"]).contains(&format!("Exit with {code} ")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_lifts_a_ceiling_while_the_proxy_runs() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let to = format!("openai=http://{}", upstream.address);
    write(&home, "never_forward = true\nmode = \"record\"\n");
    let running = home.serve(&["--json", "--upstream", &to]);
    assert_eq!(running.call(CHAT_PATH, &[], &chat("hello")).await.status, 403);
    assert_eq!(running.json().outcome, Some(Outcome::Miss));
    write(&home, "never_forward = false\nmode = \"replay-or-record\"\n# longer\n");
    let deadline = std::time::Instant::now() + PATIENCE;
    while !running.told("was read again") {
        assert!(std::time::Instant::now() < deadline, "the file is never read again");
        std::thread::yield_now();
    }
    assert!(running.told("nothing is forwarded until the next start"));
    // What the key for it does, too.
    let (client, _) = Client::open(&home.store(), Settings::default()).unwrap();
    for mode in Mode::ALL.into_iter().filter(|mode| mode.forwards()) {
        client.run(SetModeRequest(mode)).await.unwrap();
        assert_eq!(running.call(CHAT_PATH, &[], &chat("hello")).await.status, 403, "{mode}");
        assert_eq!(running.json().mode, mode);
    }
    assert_eq!(upstream.connections.load(Ordering::SeqCst), 0);
    assert_eq!(running.end("TERM").code, Some(0));
    // Lowered while it runs, it holds at once.
    let running = home.serve(&["--json", "--upstream", &to]);
    assert_eq!(running.call(CHAT_PATH, &[], &chat("hello")).await.status, 200);
    write(&home, "never_forward = true\n");
    while running.call(CHAT_PATH, &[("x-retake-mode", "off")], &chat("hello")).await.status != 403 {
        assert!(std::time::Instant::now() < deadline + PATIENCE, "the ceiling never comes down");
    }
    assert_eq!(running.end("TERM").code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verbs_that_ask_upstreams_obey_flags_and_environment() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one"]).await;
    let id = made[0].id.as_str();
    let to = format!("openai=http://{}", upstream.address);
    let asked = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = home.command(args);
        command.env("OPENAI_API_KEY", KEY).envs(variables.iter().copied());
        said(command)
    };
    let calls = upstream.calls();
    let before = asked(&["--upstream", &to, "rerecord", id, "--yes"], &[]);
    assert_eq!((before.code, upstream.calls()), (Some(0), calls + 1), "{before:?}");
    let behind = asked(&["rerecord", id, "--yes", "--upstream", &to], &[]);
    assert_eq!((behind.code, upstream.calls()), (Some(0), calls + 2), "{behind:?}");
    let variable = asked(&["rerecord", id, "--yes"], &[("RETAKE_UPSTREAM", &to)]);
    assert_eq!((variable.code, upstream.calls()), (Some(0), calls + 3), "{variable:?}");
    let connections = upstream.connections.load(Ordering::SeqCst);
    let never = [("RETAKE_NEVER_FORWARD", "1"), ("RETAKE_UPSTREAM", to.as_str())];
    asked(&["rerecord", id, "--yes"], &never).refused(1, &["--never-forward forbids"]);
    asked(&["--never-forward", "rerecord", id, "--yes", "--upstream", &to], &[])
        .refused(1, &["--never-forward forbids"]);
    let running = home.serve(&["--upstream", &to]);
    let address = running.address.to_string();
    asked(&["--upstream", &to, "rerecord", id, "--yes"], &[])
        .refused(2, &["--upstream", &address, "--store"]);
    asked(&["rerecord", id, "--yes"], &never).refused(2, &["RETAKE_NEVER_FORWARD", &address]);
    assert_eq!(running.end("TERM").code, Some(0));
    assert_eq!(upstream.connections.load(Ordering::SeqCst), connections);
}

/// Runs to the end, or as long as a verb that swallowed its flag may.
fn ends(mut command: std::process::Command) -> Said {
    let child = command.spawn().unwrap();
    let pid = child.id();
    let (tell, end) = channel();
    std::thread::spawn(move || tell.send(child.wait_with_output()));
    let Ok(output) = end.recv_timeout(PATIENCE) else {
        signal("KILL", pid);
        panic!("it runs for ever: {command:?}");
    };
    Said::of(output.unwrap())
}

/// What a verb cannot do without; none for those that need a terminal before they look at anything.
fn needed<'a>(verb: &str, id: &'a str) -> Option<Vec<&'a str>> {
    Some(match verb {
        "tui" | "attach" => return None,
        "show" | "diff" | "protect" | "duplicate" | "rerecord" | "restore" => vec![id],
        "rm" => vec![id, "--yes"],
        "edit" => vec![id, "--status", "201"],
        "derive" => vec![id, "429"],
        "retag" => vec![id, "strict"],
        "rename" => vec![id, "name"],
        "tag" => vec![id, "--add", "x"],
        "keep" => vec!["1"],
        "prune" => vec!["hits:0", "--yes"],
        "scrub" => vec!["--again"],
        "run" => vec!["--", "true"],
        "config" => vec!["check"],
        "usage" => vec!["export"],
        "completions" => vec!["bash"],
        "help" => vec!["keys"],
        "explain" | "new" => vec!["asked", "--to", CHAT_PATH],
        _ => Vec::new(),
    })
}

/// A value that is wrong tells whether anybody looked at it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_value_of_a_flag_stops_every_verb() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one"]).await;
    let id = made[0].id.as_str();
    std::fs::write(home.path().join("plain"), "no folder").unwrap();
    std::fs::write(home.path().join("asked"), chat("two")).unwrap();
    let (mut obeyed, mut swallowed) = (0, Vec::new());
    for verb in generated::verbs(&home) {
        let Some(needed) = needed(&verb, id) else { continue };
        for (flag, value) in [
            ("--store", "plain"),
            ("--config", "none.toml"),
            ("--listen", "nowhere"),
            ("--mode", "rewind"),
            ("--preset", "prod"),
            ("--match", "loose"),
            ("--upstream", "openai"),
        ] {
            let args = [&[flag, value, verb.as_str()], &needed[..]].concat();
            let said = ends(home.command(&args));
            let text = format!("{}{}", said.out, said.err);
            let refused = text.contains(&format!("`retake {verb}` has no use for {flag}"));
            if said.code == Some(0) || !(refused || text.contains(value)) {
                swallowed.push(format!("{args:?} {said:?}"));
            }
            obeyed += usize::from(!refused);
        }
    }
    assert_eq!(swallowed, [""; 0]);
    assert!(obeyed > 60, "{obeyed}");
    assert_eq!(home.rows(), made, "nothing was done");
}
