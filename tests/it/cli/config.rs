//! The configuration: profiles, routes and presets at work, read again when it changes, and its verbs.

use std::path::Path;
use std::time::Duration;

use retake::model::{Mode, Outcome};
use serde_json::Value;

use super::*;
use crate::home::{CHAT_PATH, Home, Running, chat};
use crate::world::{KEY, Upstream, stands_in};

const REAL: &str = "sk-real-0a1b2c3d4e5f60718293a4b5c6d7e8f9";

fn write(home: &Home, text: &str) {
    std::fs::write(home.path().join("retake.toml"), text).unwrap();
}

fn serve(home: &Home, upstream: &Upstream, args: &[&str]) -> Running {
    let to = format!("openai=http://{}", upstream.address);
    let mut command = home.command(
        &[&["serve", "--json", "--trust", "--listen", "127.0.0.1:0", "--upstream", &to], args].concat(),
    );
    command.env("REAL_KEY", REAL);
    Running::start(command)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_trades_the_dummy_key_for_the_real_one_and_neither_is_kept() {
    let (home, upstream) = (
        Home::new(),
        Upstream::start(|seen| {
            // An upstream that tells the key back.
            let key = seen.headers.iter().find(|(name, _)| name == "authorization").unwrap().1.clone();
            json(&ANSWER.replace("created\":1", &format!("created\":1,\"key\":\"{key}\"")))
        })
        .await,
    );
    write(
        &home,
        &format!(
            "[[profile]]\nname = \"tests\"\nkey = \"{KEY}\"\nmode = \"replay-or-record\"\nmatch = \"pinned\"\nupstream_key = \"env:REAL_KEY\"\n"
        ),
    );
    let running = serve(&home, &upstream, &["--mode", "replay-or-error"]);
    let reply = running.call(CHAT_PATH, &[], &chat("hello")).await;
    assert_eq!(reply.headers.text("x-retake-result"), Some("record"));
    let sent = upstream.last();
    assert!(sent.headers.contains(&("authorization".into(), format!("Bearer {REAL}"))), "{sent:?}");
    let call = running.json();
    assert_eq!((call.profile.as_deref(), call.mode), (Some("tests"), Mode::ReplayOrRecord));
    let again = running.call(CHAT_PATH, &[], &chat("other")).await;
    assert_eq!(again.headers.text("x-retake-match"), Some("pinned"), "stamped by the profile");
    assert_eq!(running.json().outcome, Some(Outcome::Replay));
    // Known by its raw bytes, and still of its profile.
    running.call(CHAT_PATH, &[], &chat("other")).await;
    assert_eq!(running.json().profile.as_deref(), Some("tests"));
    let said = running.end("TERM");
    for key in [KEY, REAL] {
        assert_eq!(stands_in(&home.store(), key), None);
        assert!(!said.out.contains(key) && !said.err.contains(key), "{said:?}");
    }
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profiles_key_goes_to_no_upstream_that_its_client_did_not_call() {
    let (home, one, other) = (Home::new(), Upstream::start(answer).await, Upstream::start(answer).await);
    let mounts = format!(
        "mode = \"replay-or-record\"\n[upstreams]\nopenai = \"http://{}\"\nmistral = \"http://{}\"\n",
        one.address, other.address
    );
    let started = |words: &[&str]| {
        let mut command = home.command(words);
        command.env("REAL_KEY", REAL).env("RETAKE_CONFIG", home.path().join("retake.toml"));
        command
    };
    let bearers = |upstream: &Upstream| -> Vec<String> {
        let bearer = |headers: &[(String, String)]| {
            headers.iter().find(|(name, _)| name == "authorization").map(|(_, value)| value.clone())
        };
        upstream.all().iter().filter_map(|seen| bearer(&seen.headers)).collect()
    };
    // First there is no profile, and the client's own key goes to the one that it calls.
    write(&home, &mounts);
    let running = Running::start(started(&["serve", "--listen", "127.0.0.1:0", "--json"]));
    running.call(&CHAT_PATH.replace("openai", "mistral"), &[], &chat("two")).await;
    running.end("TERM");
    let profile =
        format!("[[profile]]\nname = \"tests\"\nkey = \"{KEY}\"\nupstream_key = \"env:REAL_KEY\"\n");
    write(&home, &(mounts + &profile));
    let running = Running::start(started(&["serve", "--listen", "127.0.0.1:0", "--json"]));
    running.call(CHAT_PATH, &[], &chat("one")).await;
    running.end("TERM");
    let theirs = format!("Bearer {KEY}");
    assert_eq!((bearers(&one), bearers(&other)), (vec![format!("Bearer {REAL}")], vec![theirs.clone()]));
    let rows = home.rows();
    let ids: Vec<_> = rows.iter().map(|row| row.id.as_str()).collect();
    let words = [&["rerecord", "--yes"], &ids[..]].concat();
    // A recording says nothing of who called, so nobody's key is sent.
    let refused = crate::home::said(started(&words));
    refused.refused(1, &["OPENAI_API_KEY", "MISTRAL_API_KEY", "[keys]"]);
    assert_eq!((one.calls(), other.calls()), (1, 1), "{refused:?}");
    // A key for one mount goes there alone.
    let mut command = started(&words);
    command.env("OPENAI_API_KEY", "sk-openai-0123456789abcdef0123");
    let asked = crate::home::said(command);
    assert_eq!(bearers(&one)[1..], ["Bearer sk-openai-0123456789abcdef0123"], "{asked:?}");
    assert_eq!(bearers(&other), [theirs], "{asked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn routes_and_presets_decide_and_headers_go_before_them() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    write(
        &home,
        "[[route]]\nmodel = \"gpt-5*\"\nmode = \"off\"\n[[route]]\nendpoint = \"images/*\"\nmode = \"mock\"\n",
    );
    let running = serve(&home, &upstream, &["--mode", "replay-or-error"]);
    for (body, headers, result) in [
        (chat("hello"), &[][..], "live"),
        (chat("hello"), &[("x-retake-mode", "mock")][..], "mock"),
        (chat("hello").replace("gpt-5-mini", "gpt-4o"), &[][..], "miss"),
    ] {
        let reply = running.call(CHAT_PATH, headers, &body).await;
        assert_eq!(reply.headers.text("x-retake-result"), Some(result));
    }
    running.end("TERM");
    write(&home, "preset = \"ci\"\n[[route]]\nmodel = \"gpt-5*\"\nmode = \"off\"\n");
    let running = serve(&home, &upstream, &[]);
    assert_eq!(running.call(CHAT_PATH, &[], &chat("hello")).await.status, 403, "the ceiling holds");
    running.end("TERM");
    let running = serve(&home, &upstream, &["--preset", "staging"]);
    let other = chat("x").replace("gpt-5-mini", "gpt-4o");
    let reply = running.call(CHAT_PATH, &[], &other).await;
    assert_eq!((reply.status, reply.headers.text("x-retake-result")), (403, Some("miss")));
    let said = running.end("TERM");
    assert!(
        said.err.contains(
            "mode replay-or-live (--preset staging); nothing is forwarded (`preset = \"ci\"` in retake.toml)"
        ),
        "{said:?}"
    );
    write(&home, "mode = \"mock\"\n");
    let running = serve(&home, &upstream, &["--preset", "staging"]);
    let reply = running.call(CHAT_PATH, &[], &other).await;
    assert_eq!(reply.headers.text("x-retake-result"), Some("live"));
    running.end("TERM");
    home.run(&["serve", "--preset", "prod"]).refused(2, &["production (off)"]);
}

/// Changes a file so that it is seen, whatever the clock's resolution is.
fn change(home: &Home, text: &str, later: u64) {
    let path = home.path().join("retake.toml");
    std::fs::write(&path, text).unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    let written = file.metadata().unwrap().modified().unwrap();
    file.set_modified(written + Duration::from_secs(later)).unwrap();
}

/// Asks until a call is answered so; what was told in between does not matter.
async fn becomes(running: &Running, result: &str) {
    let deadline = std::time::Instant::now() + crate::world::PATIENCE;
    while running.call(CHAT_PATH, &[], &chat("hello")).await.headers.text("x-retake-result") != Some(result) {
        assert!(std::time::Instant::now() < deadline, "it never became {result}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_file_is_read_again_and_a_bad_one_changes_nothing() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    write(&home, "mode = \"mock\"\n");
    let running = serve(&home, &upstream, &[]);
    becomes(&running, "mock").await;
    change(&home, "mode = \"replay-or-live\"\ntheme = \"dark\"\n", 10);
    becomes(&running, "live").await;
    change(&home, "mode = \"replay-or-error\"\nmodle = 1\n", 20);
    let deadline = std::time::Instant::now() + crate::world::PATIENCE;
    while !running.told("modle") {
        running.call(CHAT_PATH, &[], &chat("hello")).await;
        assert!(std::time::Instant::now() < deadline, "it never told");
    }
    let reply = running.call(CHAT_PATH, &[], &chat("hello")).await;
    assert_eq!(reply.headers.text("x-retake-result"), Some("live"), "the old settings stay");
    change(&home, "mode = \"replay-or-error\"\n", 30);
    becomes(&running, "miss").await;
    let said = running.end("TERM");
    assert!(said.err.contains("line 2") && said.err.contains("did you mean `mode`?"), "{said:?}");
    assert!(said.err.contains("was read again; listen"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_listed_origins_may_call() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    write(&home, "origins = [\"http://localhost:3000\"]\n");
    let running = serve(&home, &upstream, &["--mode", "mock"]);
    let preflight = |origin: &str| {
        format!(
            "OPTIONS {CHAT_PATH} HTTP/1.1\r\nhost: {}\r\norigin: {origin}\r\naccess-control-request-method: POST\r\naccess-control-request-headers: authorization,content-type\r\nconnection: close\r\n\r\n",
            running.address
        )
    };
    let send = |text: String| {
        let address = running.address;
        tokio::task::spawn_blocking(move || {
            use std::io::{Read as _, Write as _};
            let mut socket = std::net::TcpStream::connect(address).unwrap();
            socket.write_all(text.as_bytes()).unwrap();
            let mut answer = String::new();
            socket.read_to_string(&mut answer).unwrap();
            answer
        })
    };
    let allowed = send(preflight("http://localhost:3000")).await.unwrap();
    assert!(allowed.starts_with("HTTP/1.1 204"), "{allowed}");
    assert!(allowed.contains("access-control-allow-origin: http://localhost:3000\r\n"), "{allowed}");
    assert!(allowed.contains("access-control-allow-headers: authorization,content-type\r\n"), "{allowed}");
    let foreign = send(preflight("http://evil.example")).await.unwrap();
    assert!(!foreign.contains("access-control"), "{foreign}");
    let reply = running.call(CHAT_PATH, &[("origin", "http://localhost:3000")], &chat("hello")).await;
    assert_eq!(reply.headers.text("access-control-allow-origin"), Some("http://localhost:3000"));
    assert_eq!(reply.headers.text("access-control-expose-headers"), Some("*"));
    let reply = running.call(CHAT_PATH, &[("origin", "http://evil.example")], &chat("hello")).await;
    assert_eq!((reply.status, reply.headers.text("access-control-allow-origin")), (403, None));
    let control = running.call("/__retake/mode", &[("origin", "http://localhost:3000")], "").await;
    assert_eq!(control.status, 403, "not the control API");
    assert!(upstream.calls() == 0);
    running.end("TERM");
}

#[test]
fn the_file_is_written_checked_and_found() {
    let home = Home::new();
    let missing = home.run(&["config", "path"]);
    assert!(
        missing.out.trim().ends_with("retake.toml") && missing.err.contains("config init"),
        "{missing:?}"
    );
    home.fine(&["config", "check"]);
    assert!(home.fine(&["config", "init"]).contains("wrote retake.toml"));
    home.fine(&["config", "check"]);
    home.run(&["config", "init"]).refused(2, &["--force"]);
    write(&home, "modle = 1\n[[route]]\nfoo = 1\n");
    let said = home.run(&["config", "check"]);
    assert_eq!(said.code, Some(2));
    assert!(said.out.contains("line 1") && said.out.contains("line 3"), "all of it: {said:?}");
    let said = home.run(&["config", "check", "--json"]);
    let value: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((value["fine"].as_bool(), value["problems"][0]["line"].as_u64()), (Some(false), Some(1)));
    home.run(&["list"]).refused(1, &["no store"]);
    home.run(&["config", "check", "nowhere.toml"]).refused(2, &["nowhere.toml"]);
    home.fine(&["config", "init", "--force"]);
    assert!(Path::new(&home.path().join("retake.toml")).exists());
}

#[test]
fn keys_and_colours_of_the_screen_are_checked_with_their_lines() {
    let home = Home::new();
    let check = || home.run(&["config", "check"]);
    let wrong = |words: &[&str]| {
        let said = check();
        assert!(
            said.code == Some(2) && words.iter().all(|word| said.out.contains(word)),
            "{words:?}: {said:?}"
        );
    };
    write(&home, "mouse = false\n\n[keymap]\nundo = [\"u\", \"z\"]\ncompact = \"g c\"\n");
    assert_eq!(check().code, Some(0));
    write(&home, "[keymap]\nundo = \"u\"\n\nquit = \"u\"\n");
    wrong(&["line 2", "line 4", "`u`", "undo", "quit"]);
    write(&home, "[keymap]\nundoo = \"u\"\nquit = \"ctrl-\"\n");
    wrong(&["line 2", "keymap.undoo", "line 3", "`ctrl-` is no key"]);
    write(&home, "theme = \"mine.toml\"\n");
    wrong(&["mine.toml", "auto, dark, light, mono"]);
    std::fs::write(home.path().join("mine.toml"), "accent = \"#12345\"").unwrap();
    wrong(&["mine.toml", "accent", "#rrggbb"]);
    std::fs::write(home.path().join("mine.toml"), "base = \"light\"\naccent = \"#123456\"").unwrap();
    assert_eq!(check().code, Some(0));
}

#[test]
fn a_file_that_comes_with_a_project_starts_no_program() {
    let home = Home::new();
    write(&home, "listen = \"127.0.0.1:0\"\nopen = \"anything\"\n");
    let said = home.run(&["config", "check"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let own = home.path().join(".config/retake/retake.toml");
    for words in
        ["line 2, key `open`", "\"anything\": not in force until `retake trust`", "starts this program"]
    {
        assert!(said.out.contains(words), "{words}: {said:?}");
    }
    let said = home.run(&["config", "check", "--json"]);
    let value: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(
        (value["fine"].as_bool(), value["problems"][0]["warning"].as_bool()),
        (Some(true), Some(true))
    );
    let named = home.run(&["config", "check", "--config", "retake.toml"]);
    assert_eq!((named.code, named.out.as_str()), (Some(0), ""));
    assert!(home.run(&["config", "path"]).err.contains(own.to_str().unwrap()));
    // One's own file is looked through, too, and holds nothing about calls.
    std::fs::create_dir_all(own.parent().unwrap()).unwrap();
    std::fs::write(&own, "open = \"mine\"\nmode = \"off\"\n").unwrap();
    let said = home.run(&["config", "check"]);
    assert_eq!(said.code, Some(2));
    assert!(said.out.contains("line 2, key `mode`") && said.out.contains("your own file has"), "{said:?}");
    std::fs::write(&own, "upstreams = 3\n").unwrap();
    let said = home.run(&["config", "check"]).out;
    assert!(
        said.contains("line 1, key `upstreams`: this belongs into")
            && !said.contains("in retake.toml, line 1"),
        "{said}"
    );
}

/// A file that is none, never ends or is endless in another way is refused before it is read.
#[test]
fn a_configuration_that_is_no_small_file_is_refused_at_once() {
    type Make = fn(&Path);

    let home = Home::new();
    let place = home.path().join("retake.toml");
    let make: [(&str, Make); 4] = [
        ("a pipe", |place| {
            let made = std::process::Command::new("mkfifo").arg(place).status().unwrap();
            assert!(made.success());
        }),
        ("a device", |place| std::os::unix::fs::symlink("/dev/zero", place).unwrap()),
        ("100 MB", |place| std::fs::File::create(place).unwrap().set_len(100 << 20).unwrap()),
        ("a folder", |place| std::fs::create_dir(place).unwrap()),
    ];
    for (name, make) in make {
        make(&place);
        for args in [
            &["serve", "--listen", "127.0.0.1:0"][..],
            &["run", "--", "true"],
            &["list"],
            &["config", "check"],
            &["trust"],
            &["new", "--to", CHAT_PATH, "--model", "m", "--prompt", "p", "--text", "t"],
            &["--config", "retake.toml", "stats"],
        ] {
            // Whoever waits for it fails this test by the clock, not the whole run.
            let mut child = home.command(args).spawn().unwrap();
            let deadline = std::time::Instant::now() + crate::world::PATIENCE;
            while child.try_wait().unwrap().is_none() {
                if std::time::Instant::now() > deadline {
                    child.kill().unwrap();
                    panic!("{name}: {args:?} waits for it");
                }
                std::thread::yield_now();
            }
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            let refused = matches!(output.status.code(), Some(1 | 2)) && said.contains("retake.toml");
            // What needs no configuration may do without it.
            let needless = output.status.code() == Some(0) || said.contains("no store");
            assert!(
                refused || needless && !matches!(args[0], "serve" | "run" | "config" | "new"),
                "{name}: {args:?}: {said}"
            );
        }
        if place.is_dir() {
            std::fs::remove_dir(&place).unwrap();
        } else {
            std::fs::remove_file(&place).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_times_that_clients_are_granted_are_obeyed() {
    use std::io::{Read as _, Write as _};

    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    write(&home, "[limits]\nhead = \"200ms\"\nbody = \"200ms\"\n");
    let running = serve(&home, &upstream, &["--mode", "off"]);
    let address = running.address;
    let answers = tokio::task::spawn_blocking(move || {
        let head = format!("POST {CHAT_PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n");
        [head.clone(), format!("{head}\r\n{{")].map(|text| {
            let mut socket = std::net::TcpStream::connect(address).unwrap();
            socket.set_read_timeout(Some(crate::world::PATIENCE)).unwrap();
            socket.write_all(text.as_bytes()).unwrap();
            let (mut answer, mut some) = (Vec::new(), [0; 4096]);
            while let Ok(len @ 1..) = socket.read(&mut some) {
                answer.extend_from_slice(&some[..len]);
                if answer.ends_with(b"}") {
                    break;
                }
            }
            String::from_utf8_lossy(&answer).into_owned()
        })
    });
    let [head, body] = answers.await.unwrap();
    assert!(!head.contains("200 OK"), "{head}");
    assert!(body.starts_with("HTTP/1.1 400 ") && body.contains("BODY_TOO_SLOW"), "{body}");
    assert_eq!(running.call(CHAT_PATH, &[], &chat("hi")).await.status, 200);
    assert_eq!(upstream.calls(), 1);
    running.end("TERM");
}
