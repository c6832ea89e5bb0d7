//! `retake run`: what the command is told, what becomes of its calls, and how it ends.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::*;
use crate::home::{CHAT_PATH, Home, Said, chat, said, signal};
use crate::world::{KEY, Upstream};

/// Says its environment, waits for a line, and ends with the code that stands there.
pub(super) const SCRIPT: &str = "env; echo ready; read code; exit $code";

/// A `retake run` whose command waits to be told how to end.
pub(super) struct Session {
    child: Child,
    out: BufReader<ChildStdout>,
    variables: HashMap<String, String>,
}

impl Session {
    pub(super) fn start(home: &Home, args: &[&str], script: &str) -> Self {
        Self::of(home.command(&[&["run"], args, &["--", "sh", "-c", script]].concat()))
    }

    pub(super) fn of(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut session = Self { child, out, variables: HashMap::new() };
        loop {
            let mut line = String::new();
            session.out.read_line(&mut line).unwrap();
            match line.trim_end().split_once('=') {
                Some((name, value)) => session.variables.insert(name.to_owned(), value.to_owned()),
                None if line == "ready\n" => return session,
                None => panic!("`{line}` is not the command's: {:?}", session.ended()),
            };
        }
    }

    fn variable(&self, name: &str) -> &str {
        self.variables.get(name).map_or("", String::as_str)
    }

    fn address(&self) -> SocketAddr {
        let url = self.variable("RETAKE_URL").strip_prefix("http://").unwrap();
        url.split('/').next().unwrap().parse().unwrap()
    }

    /// What follows the address in the base URL of OpenAI's SDK.
    fn openai(&self) -> String {
        let url = self.variable("OPENAI_BASE_URL").strip_prefix("http://").unwrap();
        format!("{}/chat/completions", &url[url.find('/').unwrap()..])
    }

    pub(super) async fn call(&self, headers: &[(&str, &str)], prompt: &str) -> u16 {
        crate::home::call(self.address(), &self.openai(), headers, &chat(prompt)).await.status
    }

    /// Lets the command end with this code.
    pub(super) fn end(mut self, code: u8) -> Said {
        writeln!(self.child.stdin.take().unwrap(), "{code}").unwrap();
        self.ended()
    }

    fn ended(mut self) -> Said {
        let mut rest = Vec::new();
        self.out.read_to_end(&mut rest).unwrap();
        let mut output = self.child.wait_with_output().unwrap();
        output.stdout = rest;
        Said::of(output)
    }
}

/// The last line of stderr as an object.
fn last(said: &Said) -> Value {
    serde_json::from_str(said.err.lines().last().unwrap()).unwrap_or_else(|error| panic!("{error}: {said:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_finds_the_proxy_in_its_environment() {
    let home = Home::new();
    let mut command = home.command(&["run", "--mode", "mock", "--", "sh", "-c", SCRIPT]);
    command.envs([
        ("NO_PROXY", "corp.example"),
        ("ANTHROPIC_API_KEY", "own-key"),
        ("OPENAI_BASE_URL", "https://me:hidden@gateway.example/v1"),
    ]);
    let session = Session::of(command);
    let url = format!("http://{}", session.address());
    for (name, path) in [
        ("OPENAI_BASE_URL", "/openai/v1"),
        ("ANTHROPIC_BASE_URL", "/anthropic"),
        ("AZURE_OPENAI_ENDPOINT", "/azure"),
        ("GOOGLE_GEMINI_BASE_URL", "/gemini"),
        ("GOOGLE_VERTEX_BASE_URL", "/vertex"),
        ("CO_API_URL", "/cohere"),
        ("OLLAMA_HOST", "/ollama"),
        ("RETAKE_URL", ""),
    ] {
        assert_eq!(session.variable(name), format!("{url}{path}"), "{name}");
    }
    assert_eq!(session.variable("NO_PROXY"), "corp.example,127.0.0.1,localhost");
    assert_eq!(session.variable("no_proxy"), "127.0.0.1,localhost");
    assert!(!session.variable("OPENAI_API_KEY").is_empty(), "an SDK does not start without one");
    assert_eq!(session.variable("ANTHROPIC_API_KEY"), "own-key");
    assert_eq!(session.call(&[], "hello").await, 200);
    let said = session.end(0);
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""), "{said:?}");
    assert!(said.err.contains("1 call: 1 MOCK"), "{said:?}");
    assert_eq!(said.err.matches("pointed to").count(), 1, "{said:?}");
    assert!(said.err.contains("OPENAI_BASE_URL pointed to gateway.example "), "{said:?}");
    assert!(!said.err.contains("hidden"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recordings_are_made_in_the_scope_and_summed_up() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let to = format!("openai=http://{}", upstream.address);
    let args =
        ["--mode", "replay-or-record", "--upstream", &to, "--scope", "tests/a b", "--summary", "sum.json"];
    let session = Session::start(&home, &args, SCRIPT);
    assert!(session.openai().starts_with("/@tests%2Fa%20b/openai/v1/"), "{}", session.openai());
    assert_eq!(session.variable("OPENAI_API_KEY"), "", "a forwarded call needs a real one");
    assert_eq!(session.call(&[], "one").await, 200);
    assert_eq!(session.call(&[], "one").await, 200);
    assert_eq!(session.call(&[("x-retake-mode", "replay-or-error")], "two").await, 404);
    let said = session.end(0);
    let rows = home.rows();
    assert_eq!(rows[0].scope.as_deref(), Some("tests/a b"));
    for words in
        ["3 calls: 1 HIT, 1 MISS, 1 REC; 1 recording made", "MISS chat/completions gpt-5-mini in @tests/a b"]
    {
        assert!(said.err.contains(words), "{words} in {said:?}");
    }
    assert!(said.err.contains(&format!("nearest is {}", rows[0].id)), "{said:?}");
    let summary = std::fs::read_to_string(home.path().join("sum.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["outcomes"]["record"], 1);
    assert_eq!(summary["recordings"][0], rows[0].id.as_str());
    assert_eq!(summary["misses"][0]["nearest"]["recording"], rows[0].id.as_str());
    assert_eq!((&summary["exit"], &summary["beside_owner"]), (&0.into(), &false.into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_run_left_unused_is_said_by_scope() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let to = format!("openai=http://{}", upstream.address);
    for (scope, prompts) in [("a", &["one", "two", "three"][..]), ("b", &["four"])] {
        let args = ["--mode", "replay-or-record", "--upstream", &to, "--scope", scope];
        let session = Session::start(&home, &args, SCRIPT);
        for prompt in prompts {
            assert_eq!(session.call(&[], prompt).await, 200);
        }
        assert!(!session.end(0).err.contains("not used"), "what was made now is not unused");
    }
    let args = ["--mode", "replay-or-error", "--scope", "a", "--summary", "sum.json"];
    let session = Session::start(&home, &args, SCRIPT);
    assert_eq!(session.call(&[], "one").await, 200);
    let said = session.end(0);
    assert!(said.err.contains("2 recordings were not used: 2 in @a"), "{said:?}");
    let summary = std::fs::read_to_string(home.path().join("sum.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["unused"][0]["scope"], "a");
    assert_eq!(summary["unused"][0]["recordings"].as_array().map(Vec::len), Some(2));
    assert_eq!(summary["unused"].as_array().map(Vec::len), Some(1), "nothing is known of other scopes");
}

#[test]
fn the_command_needs_no_dashes_before_it() {
    let home = Home::new();
    let said = home.run(&["run", "--mode", "mock", "sh", "-c", "echo $0 $1", "--json", "--mode"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "--json --mode\n"), "{said:?}");
    assert!(said.err.contains("no calls"), "the options behind the command are its own: {said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_that_were_recorded_are_named() {
    let home = Home::new();
    let upstream = Upstream::start(|seen| {
        let busy = String::from_utf8_lossy(&seen.body).contains("busy");
        let (status, body) = if busy {
            (429, r#"{"error":{"message":"slow down"}}"#)
        } else {
            (422, r#"{"error":{"message":"no"}}"#)
        };
        axum::response::Response::builder()
            .status(status)
            .header("content-type", "application/json")
            .body(axum::body::Body::from(body))
            .unwrap()
    })
    .await;
    let to = format!("openai=http://{}", upstream.address);
    let args = ["--mode", "replay-or-record", "--upstream", &to, "--summary", "sum.json"];
    let session = Session::start(&home, &args, SCRIPT);
    assert_eq!(session.call(&[], "busy").await, 429);
    assert_eq!(session.call(&[], "wrong").await, 422);
    let said = session.end(0);
    for words in [
        "2 calls: 2 REC; 2 recordings made",
        "a failure was recorded: chat/completions gpt-5-mini answered with 429; replay-or-record asks again (rec_",
        "a failure was recorded: chat/completions gpt-5-mini answered with 422; it answers from now on (rec_",
    ] {
        assert!(said.err.contains(words), "{words} in {said:?}");
    }
    let summary = std::fs::read_to_string(home.path().join("sum.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    let again: Vec<_> =
        summary["failures"].as_array().unwrap().iter().map(|one| &one["asked_again"]).collect();
    assert_eq!(again, [&Value::Bool(true), &Value::Bool(false)]);
    let listed = home.run(&["list"]);
    assert_eq!(listed.out.matches("failed").count(), 2, "{listed:?}");
    let shown = home.run(&["show", summary["failures"][0]["recording"].as_str().unwrap()]);
    assert!(shown.out.contains("the upstream answered with 429; replay-or-record asks again"), "{shown:?}");
}

#[test]
fn the_exit_code_is_the_commands() {
    let home = Home::new();
    let run = |command: &[&str]| home.run(&[&["run", "--mode", "mock", "--"], command].concat());
    assert_eq!(run(&["sh", "-c", "exit 0"]).code, Some(0));
    assert_eq!(run(&["sh", "-c", "exit 42"]).code, Some(42));
    assert_eq!(run(&["sh", "-c", "kill -TERM $$"]).code, Some(128 + 15));
    run(&["no-such-command"]).refused(127, &["no-such-command", "PATH"]);
    std::fs::write(home.path().join("data"), "x").unwrap();
    run(&["./data"]).refused(126, &["./data", "ermission"]);
    home.run(&["run"]).refused(2, &["<CMD>"]);
    home.run(&["run", "--fail-on", "sadness", "--", "true"]).refused(2, &["sadness", "miss", "mock"]);
    home.run(&["run", "--scope", "a;b", "--", "true"]).refused(2, &["--scope", "letters"]);
    let said = home.run(&["run", "--summary", "none/there.json", "--", "sh", "-c", "echo ran"]);
    said.refused(2, &["--summary", "none/there.json"]);
    assert_eq!(said.out, "", "a run that cannot be reported does not begin");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outcomes_that_must_not_be_fail_the_run() {
    let home = Home::new();
    let args = ["--mode", "replay-or-error", "--fail-on", "miss,mock"];
    let missed = Session::start(&home, &args, SCRIPT);
    for nth in 0..12 {
        assert_eq!(missed.call(&[], &format!("prompt {nth}")).await, 404);
    }
    let said = missed.end(0);
    said.refused(5, &["12 calls: 12 MISS", "\"prompt 9\"", "and 2 more MISS", "failed: 12 MISS (--fail-on)"]);
    assert!(!said.err.contains("\"prompt 10\""), "{said:?}");
    let failing = Session::start(&home, &args, SCRIPT);
    assert_eq!(failing.call(&[], "hello").await, 404);
    assert_eq!(failing.end(7).code, Some(7), "the command's own failure comes first");
    let other = Session::start(&home, &["--mode", "mock", "--fail-on", "miss,live", "--json"], SCRIPT);
    assert_eq!(other.call(&[], "hello").await, 200);
    let said = other.end(0);
    let summary = last(&said);
    assert_eq!((said.code, &summary["outcomes"]["mock"]), (Some(0), &1.into()), "{said:?}");
    assert_eq!(summary["failed_on"].as_array().unwrap().len(), 0);
}

#[test]
fn signals_reach_the_command_and_the_second_one_kills() {
    let home = Home::new();
    // It is ready when what it waits for is no copy of the shell any more, which would have the trap, too.
    let script =
        "trap 'kill $!; echo caught; exit 9' TERM; sh -c 'echo ready; exec tail -f /dev/null' & wait";
    let polite = Session::start(&home, &["--mode", "mock"], script);
    signal("TERM", polite.child.id());
    let said = polite.ended();
    assert_eq!((said.code, said.out.as_str()), (Some(9), "caught\n"), "{said:?}");
    assert!(said.err.contains("no calls"), "{said:?}");
    let script = "trap '' TERM; echo ready; exec tail -f /dev/null";
    let mut deaf = Session::start(&home, &["--mode", "mock"], script);
    let code = loop {
        signal("TERM", deaf.child.id());
        if let Some(status) = deaf.child.try_wait().unwrap() {
            break status.code();
        }
    };
    assert_eq!(code, Some(128 + 9));
    assert_eq!(home.run(&["list"]).code, Some(0), "the store is free again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_an_owner_its_proxy_is_used_and_only_calls_since_are_counted() {
    let home = Home::new();
    let owner = home.serve(&["--mode", "replay-or-error", "--quiet"]);
    assert_eq!(owner.call(CHAT_PATH, &[], &chat("before")).await.status, 404);
    for (args, count) in [(&["--json"][..], 3), (&["--json", "--scope", "mine"], 2)] {
        let session = Session::start(&home, args, SCRIPT);
        assert_eq!(session.address(), owner.address);
        assert!(!session.variable("OPENAI_API_KEY").is_empty(), "the owner forwards nothing");
        assert_eq!(session.call(&[], "one").await, 404);
        assert_eq!(session.call(&[], "two").await, 404);
        assert_eq!(owner.call(CHAT_PATH, &[], &chat("of somebody else")).await.status, 404);
        let said = session.end(0);
        let summary = last(&said);
        assert_eq!((said.code, &summary["outcomes"]["miss"]), (Some(0), &count.into()), "{said:?}");
        assert_eq!(summary["beside_owner"], true);
        assert_eq!(said.err.contains("counted, too"), args.len() == 1, "{said:?}");
    }
    let run = |args: &[&str]| home.run(&[&["run"], args, &["--", "true"]].concat());
    let address = owner.address.to_string();
    run(&["--mode", "mock"]).refused(2, &[&address, "replay-or-error", "mock", "--store"]);
    run(&["--never-forward"]).refused(2, &[&address, "--store"]);
    run(&["--mode", "replay-or-error", "--match", "strict"]).refused(2, &["--match", &address, "--store"]);
    let mut command = home.command(&["run", "--mode", "replay-or-error", "--", "true"]);
    command.env("RETAKE_MATCH", "strict");
    said(command).refused(0, &["environment's --match", &address]);
    assert_eq!(owner.end("TERM").code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_the_command_are_on_no_stream_of_ours() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let to = format!("openai=http://{}", upstream.address);
    let mut command = home.command(&["run", "--mode", "record", "--upstream", &to, "--", "sh", "-c", SCRIPT]);
    command.env("OPENAI_API_KEY", KEY);
    let session = Session::of(command);
    assert_eq!(session.variable("OPENAI_API_KEY"), KEY);
    let authorization = format!("Bearer {KEY}");
    assert_eq!(session.call(&[("authorization", &authorization)], "hello").await, 200);
    let said = session.end(0);
    assert!(said.err.contains("1 recording made") && !said.err.contains(KEY), "{said:?}");
    assert!(said.out.is_empty());
    // What the shell of a test says is its own.
    assert_eq!(said_of_true(&home), "");
}

/// The stdout of a run whose command says nothing.
fn said_of_true(home: &Home) -> String {
    said(home.command(&["run", "--mode", "mock", "--", "true"])).out
}
