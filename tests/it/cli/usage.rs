//! What is wrong is refused with its exit code and a message that helps; output for programs holds no decoration.

use std::io::Read as _;
use std::net::TcpListener;

use crate::home::{Home, Running, said};

use super::*;
use crate::world::Upstream;

#[test]
fn version_and_help_go_to_stdout() {
    let home = Home::new();
    assert_eq!(home.fine(&["--version"]).trim(), format!("retake {}", env!("CARGO_PKG_VERSION")));
    let help = home.fine(&["--help"]);
    for word in
        ["Examples:", "retake demo", "OPENAI_BASE_URL", "Exit status", "--mode", "serve", "RETAKE_MODE"]
    {
        assert!(help.contains(word), "`{word}` in {help}");
    }
    for verb in ["tui", "serve", "attach", "demo", "list", "show", "rm"] {
        assert!(home.fine(&[verb, "--help"]).contains("Usage: retake"), "{verb}");
    }
    assert!(!home.store().exists(), "asking for help makes no store");
}

#[test]
fn wrong_flags_and_values_are_refused_and_name_what_is_allowed() {
    let home = Home::new();
    let serve = |args: &[&str]| home.run(&[&["serve", "--listen", "127.0.0.1:0"], args].concat());
    home.run(&["--wrong"]).refused(2, &["--wrong", "Usage"]);
    home.run(&["rewind"]).refused(2, &["rewind", "Usage"]);
    home.run(&["show"]).refused(2, &["<ID>"]);
    home.run(&["rm"]).refused(2, &["required"]);
    home.run(&["rm", "rec_1", "--hash", "ab"]).refused(2, &["--hash"]);
    home.run(&["show", "rec_1", "--json", "--body"]).refused(2, &["--json", "--body"]);
    home.run(&["serve", "--quiet", "--json"]).refused(2, &["--quiet", "--json"]);
    home.run(&["demo", "--for", "soon"]).refused(2, &["soon", "10s"]);
    serve(&["--mode", "rewind"]).refused(2, &["--mode", "rewind", "replay-or-error", "replay-or-mock"]);
    serve(&["--match", "loose"])
        .refused(2, &["--match", "loose", "standard", "strict", "specific", "pinned"]);
    serve(&["--upstream", "openai"]).refused(2, &["openai", "NAME=URL"]);
    serve(&["--upstream", "openai=ftp://x"]).refused(2, &["openai=ftp://x", "http"]);
    serve(&["--upstream", "v1=http://x.example"]).refused(2, &["v1", "mount"]);
    home.run(&["serve", "--listen", "nowhere"]).refused(2, &["nowhere", "127.0.0.1:4010"]);
    assert!(!home.store().exists(), "what is refused makes no store");
}

#[test]
fn a_wrong_configuration_is_refused_with_file_and_line() {
    let home = Home::new();
    home.run(&["serve", "--config", "none.toml"]).refused(2, &["none.toml", "cannot be read"]);
    let file = home.path().join("retake.toml");
    for (text, words) in [
        ("listen = \"127.0.0.1:0\"\nmodle = \"mock\"\n", ["retake.toml", "line 2", "modle", "`mode`"]),
        ("mode = \"rewind\"\n", ["retake.toml", "line 1", "rewind", "replay-or-mock"]),
        ("match = \"loose\"\n", ["retake.toml", "line 1", "loose", "standard"]),
        ("mode = [\n", ["retake.toml", "line", "line", "array"]),
        ("latency = \"soon\"\n", ["retake.toml", "latency", "soon", "recorded"]),
        ("miss_status = 200\n", ["retake.toml", "miss_status", "400", "599"]),
        ("[upstreams]\nV1 = \"http://x.example\"\n", ["retake.toml", "upstreams.V1", "V1", "mount"]),
    ] {
        std::fs::write(&file, text).unwrap();
        home.run(&["serve", "--trust"]).refused(2, &words);
    }
}

#[test]
fn without_a_terminal_the_workbench_points_at_serve() {
    let home = Home::new();
    home.run(&[]).refused(2, &["terminal", "retake serve"]);
    home.run(&["tui"]).refused(2, &["terminal", "retake serve"]);
    home.run(&["attach", "http://127.0.0.1:4010"]).refused(2, &["terminal", "retake serve"]);
    assert!(!home.store().exists());
}

#[test]
fn a_taken_port_and_an_upstream_that_is_the_proxy_are_refused() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let port = taken.local_addr().unwrap().port();
    home.run(&["serve", "--listen", &address]).refused(2, &[&address, "--listen", "port 0"]);
    drop(taken);
    for own in [format!("own=http://{address}/x"), format!("own=http://localhost:{port}")] {
        home.run(&["serve", "--listen", &address, "--upstream", &own])
            .refused(2, &["own", "itself", "--listen"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_owner_is_refused_and_told_who_the_first_is() {
    let home = Home::new();
    let running = home.serve(&[]);
    let (pid, address) = (running.pid().to_string(), running.address.to_string());
    home.run(&["serve", "--listen", "127.0.0.1:0"]).refused(3, &[&pid, &address]);
    assert_eq!(running.end("TERM").code, Some(0));
    assert_eq!(home.serve(&[]).end("TERM").code, Some(0), "free again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_leave_end_a_verb_quietly() {
    let home = Home::new();
    let upstream = Upstream::start(answer).await;
    let rows = home.filled(&upstream, &["one", "two", "three"]).await;
    let id = rows[0].id.as_str();
    for args in [
        &["list"][..],
        &["list", "--json"],
        &["show", id],
        &["show", id, "--body"],
        &["--help"],
        &["--version"],
    ] {
        let mut child = home.command(args).spawn().unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        let status = child.wait().unwrap();
        assert_eq!((status.code(), err.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg(target_os = "linux")]
async fn output_that_cannot_be_written_is_a_failure() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let rows = home.filled(&upstream, &["one"]).await;
    for args in [&["list"][..], &["show", rows[0].id.as_str(), "--body"]] {
        let mut command = home.command(args);
        command.stdout(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
        said(command).refused(1, &["cannot write the output"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn piped_output_holds_no_escape_sequences() {
    let home = Home::new();
    let upstream = Upstream::start(answer).await;
    let hostile = "red \u{1b}[31m and \u{1b}]52;c;aGk=\u{7} end";
    let rows = home.filled(&upstream, &[hostile]).await;
    let id = rows[0].id.as_str();
    for no_color in [false, true] {
        for args in [&["list"][..], &["show", id], &["show", "nothing"], &["--help"], &["--wrong"]] {
            let mut command = home.command(args);
            command.envs(no_color.then_some(("NO_COLOR", "1")));
            let said = said(command);
            assert!(!said.out.contains('\x1b') && !said.err.contains('\x1b'), "{args:?} {said:?}");
        }
    }
}

#[test]
fn the_demo_shows_every_outcome_and_leaves_nothing_behind() {
    let home = Home::new();
    let said = home.run(&["demo", "--for", "8s", "--listen", "127.0.0.1:0"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.starts_with("listening on http://127.0.0.1:"), "{said:?}");
    assert!(said.err.contains("OPENAI_BASE_URL=http://127.0.0.1:"), "{said:?}");
    for outcome in [" HIT ", " HIT~ ", " MISS ", " REC ", " MOCK ", " LIVE ", " ERR "] {
        assert!(said.out.contains(outcome), "{outcome} in {said:?}");
    }
    assert!(!said.out.contains('\x1b'));
    let left: Vec<_> = std::fs::read_dir(home.temporary()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(!home.store().exists(), "a demo does not touch the store of the folder");
}

#[test]
fn a_demo_whose_reader_left_is_over() {
    let home = Home::new();
    let mut child = home.command(&["demo", "--listen", "127.0.0.1:0"]).spawn().unwrap();
    let mut first = [0; 9];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    assert_eq!((&first, child.wait().unwrap().code()), (b"listening", Some(0)));
    assert!(std::fs::read_dir(home.temporary()).unwrap().next().is_none());
}

#[test]
fn the_demo_takes_another_port_when_the_usual_one_is_taken() {
    let held = TcpListener::bind("127.0.0.1:4010");
    let home = Home::new();
    let running = Running::start(home.command(&["demo", "--for", "1m"]));
    // Somebody else on this machine may have held it, and let go of it meanwhile.
    assert!(running.address.port() != 4010 || held.is_err());
    let said = running.end("INT");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(std::fs::read_dir(home.temporary()).unwrap().next().is_none());
}
