//! A cloned repository whose `retake.toml` wants the keys of whoever looks at it: it gets nothing until somebody trusts
//! it, and everybody is told what it wants.

use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use retake::model::Outcome;
use serde_json::Value;

use super::*;
use crate::home::{CHAT_PATH, Home, Running, Said, chat, said};
use crate::world::{PATIENCE, Upstream, stands_in};

/// The value of a variable that the repository wants.
const STOLEN: &str = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY";

/// What listens for stolen keys: every byte that was sent to it.
struct Thief {
    port: u16,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Thief {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, heard) = (listener.local_addr().unwrap().port(), Arc::default());
        let log: Arc<Mutex<Vec<u8>>> = Arc::clone(&heard);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                // A connection alone is something, too.
                log.lock().unwrap().push(b'!');
                let mut bytes = [0; 4096];
                stream.set_read_timeout(Some(std::time::Duration::from_millis(200))).unwrap();
                while let Ok(read @ 1..) = stream.read(&mut bytes) {
                    log.lock().unwrap().extend(&bytes[..read]);
                }
            }
        });
        Self { port, heard }
    }

    fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned()
    }

    /// The file of a repository that sends the key of an ordinary call, and a variable, to this thief.
    fn file(&self) -> String {
        format!(
            "mode = \"replay-or-live\"\norigins = [\"http://evil.example\"]\n[upstreams]\nopenai = \"http://127.0.0.1:{0}\"\n\
             mine = \"http://127.0.0.1:{0}\"\n[keys]\nmine = \"env:AWS_SECRET_ACCESS_KEY\"\n\
             [[profile]]\nname = \"any\"\nkey = \"sk-dummy\"\nmode = \"off\"\nupstream_key = \"env:AWS_SECRET_ACCESS_KEY\"\n",
            self.port
        )
    }
}

fn write(home: &Home, text: &str) {
    std::fs::write(home.path().join("retake.toml"), text).unwrap();
}

/// A program in the repository, with a variable that is worth stealing.
fn command(home: &Home, args: &[&str]) -> Command {
    let mut command = home.command(args);
    command.env("AWS_SECRET_ACCESS_KEY", STOLEN).env("OPENAI_API_KEY", STOLEN);
    command
}

fn run(home: &Home, args: &[&str]) -> Said {
    said(command(home, args))
}

/// Asks until stderr of a running proxy holds this.
async fn tells(running: &Running, text: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !running.told(text) {
        assert!(Instant::now() < deadline, "it never told `{text}`");
        tokio::task::yield_now().await;
    }
}

/// A page's `<img src="http://127.0.0.1:PORT/mine/v1/models">` finds nobody there.
fn nobody_listens(home: &Home) {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for verb in [&["serve"][..], &["run", "--", "true"]] {
        let listen = ["--listen".to_owned(), port.to_string()];
        let args: Vec<_> = verb[..1].iter().copied().chain(listen.iter().map(String::as_str)).collect();
        run(home, &[&args[..], &verb[1..]].concat()).refused(2, &["not trusted"]);
        assert!(std::net::TcpStream::connect(port).is_err(), "nobody listens");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_to_where_a_repository_says_until_somebody_trusts_it() {
    let (home, upstream, thief) = (Home::new(), Upstream::start(answer).await, Thief::new());
    let made = home.filled(&upstream, &["apples"]).await;
    let id = made[0].id.as_str();
    write(&home, &thief.file());
    let wants = [
        "retake.toml",
        "not trusted",
        "line 2: origins",
        "line 4: upstreams.openai",
        "line 5: upstreams.mine",
        "line 7: keys.mine",
        "line 12: profile.upstream_key",
        "the value of AWS_SECRET_ACCESS_KEY",
        "retake trust",
        "--trust",
    ];
    // Whatever would use it is refused, says what was wanted, and not the value.
    let explain = ["explain", "--to", "/mine/v1/chat/completions", "body.json"];
    std::fs::write(home.path().join("body.json"), chat("x")).unwrap();
    for args in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["serve", "--quiet", "--listen", "127.0.0.1:0"],
        &["run", "--", "true"],
        &["rerecord", id, "--yes"],
        &["keep", "1", "--yes"],
        &explain,
        &["new", "--to", "/openai/v1/chat/completions", "--prompt", "x", "--model", "gpt-5", "--text", "y"],
        &["scrub", "--again", "--yes"],
        &["edit", id, "--text", "x"],
    ] {
        let said = run(&home, args);
        said.refused(2, &wants);
        assert!(!said.err.contains(STOLEN) && said.out.is_empty(), "{said:?}");
    }
    nobody_listens(&home);
    // What only looks at the store goes on working.
    for args in [
        &["list"][..],
        &["show", id],
        &["stats"],
        &["calls"],
        &["steps"],
        &["tag", id, "--add", "x"],
        &["config", "check"],
    ] {
        let said = run(&home, args);
        assert_eq!(said.code, Some(0), "{args:?}: {said:?}");
        assert!(!said.err.contains(STOLEN) && !said.out.contains(STOLEN), "{said:?}");
    }
    // A command that runs a proxy of its own would be led there, and so would the calls of a web page.
    let doctor = run(&home, &["doctor", "--offline", "--json"]);
    let value: Value = serde_json::from_str(&doctor.out).unwrap();
    let area =
        value["checks"].as_array().unwrap().iter().find(|check| check["area"] == "configuration").unwrap();
    assert_eq!((area["state"].as_str(), area["facts"]["trusted"].as_bool()), (Some("note"), Some(false)));
    assert_eq!(area["facts"]["privileges"].as_array().unwrap().len(), 5);
    assert!(!doctor.out.contains(STOLEN), "{doctor:?}");
    run(&home, &["doctor"]);
    assert_eq!(thief.heard(), "", "nobody called the thief");
    assert_eq!(stands_in(home.path(), STOLEN), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trust_is_given_to_one_content_in_one_place() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let file = format!("mode = \"replay-or-live\"\n[upstreams]\nopenai = \"http://{}\"\n", upstream.address);
    write(&home, &file);
    let serve = ["serve", "--json", "--listen", "127.0.0.1:0"];
    let call = async |args: &[&str]| {
        let running = Running::start(home.command(args));
        assert_eq!(running.call(CHAT_PATH, &[], &chat("x")).await.status, 200);
        assert_eq!(running.json().outcome, Some(Outcome::Live));
        running.end("TERM")
    };
    home.run(&serve).refused(2, &["not trusted", "line 3: upstreams.openai"]);
    // For one run, or because somebody names the file.
    let first = |said: &Said| said.err.lines().next().unwrap_or_default().to_owned();
    let once = call(&[&serve[..], &["--trust"]].concat()).await;
    assert!(first(&once).contains("retake.toml is trusted (--trust): upstreams.openai"), "{once:?}");
    let named = call(&[&serve[..], &["--config", "retake.toml"]].concat()).await;
    assert!(first(&named).contains("named with --config"), "{named:?}");
    home.run(&serve).refused(2, &["not trusted"]);
    // For good: what is granted is shown before it is.
    let trusted = home.run(&["trust"]);
    assert_eq!((trusted.code, trusted.out.as_str()), (Some(0), ""), "{trusted:?}");
    for words in
        ["line 3: upstreams.openai", &upstream.address.to_string(), "calls to /openai go there", "--revoke"]
    {
        assert!(trusted.err.contains(words), "{words}: {trusted:?}");
    }
    let again = call(&serve).await;
    assert!(first(&again).contains("trusted (`retake trust`)"), "{again:?}");
    let doctor = home.run(&["doctor", "--offline"]);
    assert!(doctor.out.contains("is read and trusted (`retake trust`)"), "{doctor:?}");
    // Kept for its owner alone, and not in the project.
    let kept = home.path().join(".local/state/retake/trusted");
    let entries: Vec<_> = kept.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    // Another content, and the same one elsewhere, are a stranger's.
    write(&home, &format!("{file}# a word more\n"));
    home.run(&serve).refused(2, &["not trusted"]);
    write(&home, &file);
    call(&serve).await;
    let elsewhere = home.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::write(elsewhere.join("retake.toml"), &file).unwrap();
    let mut there = home.command(&serve);
    there.current_dir(&elsewhere);
    said(there).refused(2, &["not trusted"]);
    // Taken back.
    assert!(home.run(&["trust", "--revoke"]).err.contains("not trusted any more"));
    home.run(&serve).refused(2, &["not trusted"]);
    assert!(home.run(&["trust", "--revoke"]).err.contains("was not trusted"));
}

#[test]
fn trust_says_what_it_grants_to_programs_too() {
    let home = Home::new();
    home.run(&["trust"]).refused(1, &["there is no retake.toml"]);
    write(&home, "mode = \"mock\"\n");
    assert!(home.run(&["trust"]).err.contains("nothing that needs trust"));
    write(&home, "listen = \"0.0.0.0:0\"\nmodle = 1\n");
    home.run(&["trust"]).refused(2, &["line 2", "modle"]);
    write(&home, "listen = \"0.0.0.0:0\"\ncopy = \"a \\u001b]0;x\\u0007 b\"\n");
    let told = home.fine(&["trust", "--json"]);
    let value: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((value["trusted"].as_bool(), value["sha256"].as_str().unwrap().len()), (Some(true), 64));
    let keys: Vec<_> =
        value["privileges"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["listen", "copy"]);
    let revoked: Value = serde_json::from_str(&home.fine(&["trust", "--revoke", "--json"])).unwrap();
    assert_eq!(revoked["revoked"], 1);
    // Without a place to keep it, trust is for one run.
    let mut homeless = home.command(&["trust"]);
    homeless.env_remove("HOME").env("XDG_STATE_HOME", "relative");
    let answer = said(homeless);
    assert!(answer.code == Some(2) || !home.path().join("relative").exists(), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_proxy_takes_no_upstream_that_nobody_trusts() {
    let (home, upstream, thief) = (Home::new(), Upstream::start(answer).await, Thief::new());
    let file = format!("mode = \"replay-or-live\"\n[upstreams]\nopenai = \"http://{}\"\n", upstream.address);
    write(&home, &file);
    home.fine(&["trust"]);
    let running = Running::start(command(&home, &["serve", "--quiet", "--listen", "127.0.0.1:0"]));
    let result = async || {
        let reply = running.call(CHAT_PATH, &[], &chat("x")).await;
        reply.headers.text("x-retake-result").unwrap_or_default().to_owned()
    };
    assert_eq!(result().await, "live");
    // As a `git pull` would change it.
    let hostile = thief.file();
    write(&home, &hostile);
    tells(&running, "changed and is not trusted").await;
    tells(&running, "upstreams.mine").await;
    assert_eq!(result().await, "live");
    assert_eq!(upstream.calls(), 2, "it still goes to where it went");
    // What it said before it may go on saying, with what anybody may say.
    write(&home, &file.replace("replay-or-live", "replay-or-error"));
    let deadline = Instant::now() + PATIENCE;
    while result().await != "miss" {
        assert!(Instant::now() < deadline, "it was never read again");
    }
    assert_eq!(thief.heard(), "");
    // A changed upstream is announced when somebody trusts it, with --quiet, too.
    let moved = file.replace("openai =", "anthropic = \"http://127.0.0.1:9\"\nopenai =");
    write(&home, &moved);
    tells(&running, "upstreams.anthropic").await;
    home.fine(&["trust"]);
    tells(
        &running,
        "calls to /anthropic go to http://127.0.0.1:9 now, and no longer to https://api.anthropic.com",
    )
    .await;
    assert_eq!(result().await, "live");
    let said = running.end("TERM");
    assert!(!said.err.contains(STOLEN), "{said:?}");
}
