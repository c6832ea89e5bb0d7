//! What every verb says to programs, from the built program on a store that has a bit of everything.

use retake::model::Outcome;
use serde_json::{Value, json};

use super::*;
use crate::home::{CHAT_PATH, Home, Running, chat, said};
use crate::world::{KEY, Upstream};

/// Outputs by the names of their schemas.
pub(super) type Outputs = Vec<(&'static str, String)>;

/// What each verb says. A new verb gets a line here and a schema with its name.
pub(super) async fn of_every_verb() -> Outputs {
    let (home, upstream) = (Home::new(), Upstream::start(billed).await);
    let rows = home.filled(&upstream, &["one", "one", "other"]).await;
    let (id, last) = (rows[0].id.as_str(), rows[2].id.as_str());
    let mut outputs = curated(&home, id, last);
    outputs.extend(beside_an_owner(&home, &upstream, id).await);
    outputs.extend(retagged(&home, id, last));
    outputs.extend(ran(&home).await);
    outputs.extend(carried(&home));
    outputs.extend(pruned(&home, id));
    std::fs::write(home.path().join("wrong.toml"), "modle = 1").unwrap();
    std::fs::write(home.path().join("trusted.toml"), "[upstreams]\nopenai = \"http://10.0.0.1\"\n").unwrap();
    outputs.push(("trust", home.fine(&["trust", "trusted.toml", "--yes", "--json"])));
    outputs.push(("trust", home.fine(&["trust", "trusted.toml", "--revoke", "--json"])));
    outputs.push(("config-check", said(home.command(&["config", "check", "wrong.toml", "--json"])).out));
    outputs
}

/// An answer that says what it was billed by.
fn billed(_: Seen) -> Response {
    let usage =
        json!({"prompt_tokens": 5, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 2}});
    let mut whole: Value = serde_json::from_str(ANSWER).unwrap();
    whole["usage"] = usage;
    json(&whole.to_string())
}

/// The first of the ids that a verb names.
fn named(output: &str) -> String {
    let output: Value = serde_json::from_str(output).unwrap();
    output["ids"][0].as_str().unwrap().to_owned()
}

/// What `diff` says of things that are not the same.
fn differing(home: &Home, things: &[&str]) -> String {
    let said = home.run(&[&["diff", "--json"], things].concat());
    assert_eq!(said.code, Some(1), "{said:?}");
    said.out
}

/// The verbs that change recordings, on a store that nobody else has.
fn curated(home: &Home, id: &str, last: &str) -> Outputs {
    std::fs::write(home.path().join("request.json"), chat("new")).unwrap();
    let edit = ["edit", id, "--status", "201", "-H", "x-edited: yes", "--pace", "x0.5", "--json"];
    let new = home.fine(&["new", "--to", CHAT_PATH, "--json", "request.json"]);
    let mut outputs = vec![
        ("tag", home.fine(&["tag", last, "--add", "ci", "--json"])),
        ("rename", home.fine(&["rename", last, "chats/other", "--json"])),
        ("protect", home.fine(&["protect", last, "--json"])),
        ("edit", home.fine(&edit)),
        ("new", new.clone()),
        ("derive", home.fine(&["derive", last, "cut@1", "--scope", "checkout", "--json"])),
        ("duplicate", home.fine(&["duplicate", id, "--json"])),
    ];
    let copy = named(&outputs.last().unwrap().1);
    outputs.push(("rm", home.fine(&["rm", &copy, "--yes", "--json"])));
    outputs.push(("trash", home.fine(&["trash", "--json"])));
    outputs.push(("restore", home.fine(&["restore", &copy, "--json"])));
    outputs.push(("undo", home.fine(&["undo", "--steps", "2", "--json"])));
    outputs.push(("steps", home.fine(&["steps", "--json"])));
    outputs.push(("redo", home.fine(&["redo", "--json"])));
    outputs.push(("show", home.fine(&["show", id, "--json"])));
    outputs.push(("list", home.fine(&["list", "--json", "status:200..201"])));
    outputs.push(("diff", differing(home, &[id])));
    outputs.push(("diff", differing(home, &[id, &named(&new)])));
    let pictures = ["a cat", "a capybara in a tiny hat"].map(|prompt| {
        let picture = json!({"model": "gpt-image-1", "prompt": prompt, "size": "1024x1024"});
        std::fs::write(home.path().join("request.json"), picture.to_string()).unwrap();
        let made = ["new", "--to", "/openai/v1/images/generations", "--json", "request.json"];
        named(&home.fine(&made))
    });
    outputs.push(("diff", differing(home, &[&pictures[0], &pictures[1]])));
    outputs
}

/// The verbs that ask a running retake, or an upstream through it.
async fn beside_an_owner(home: &Home, upstream: &Upstream, id: &str) -> Outputs {
    let to = format!("openai=http://{}", upstream.address);
    let serve =
        ["serve", "--listen", "127.0.0.1:0", "--mode", "replay-or-error", "--upstream", &to, "--json"];
    let mut command = home.command(&serve);
    command.env("OPENAI_API_KEY", KEY);
    let serving = Running::start(command);
    for seed in [1, 2, 3] {
        let body =
            json!({"model": "gpt-5-mini", "seed": seed, "messages": [{"role": "user", "content": "x"}]});
        assert_eq!(serving.call(CHAT_PATH, &[], &body.to_string()).await.status, 404);
    }
    let mut outputs = vec![("call", serving.line())];
    let hit = serving.call(CHAT_PATH, &[("x-retake-scope", "checkout")], &chat("one")).await;
    assert_eq!(hit.headers.text("x-retake-result"), Some("replay"));
    assert_eq!(serving.call(CHAT_PATH, &[("x-retake-mode", "off")], &chat("live")).await.status, 200);
    // A call is in the history, whole, when its line is there.
    let mut lines = std::iter::repeat_with(|| serving.json());
    let live = lines.find(|call| call.outcome == Some(Outcome::Live)).unwrap().id.0.to_string();
    for prompt in ["two", "one"] {
        std::fs::write(home.path().join("request.json"), chat(prompt)).unwrap();
        let to = ["explain", "--to", CHAT_PATH, "--json", "request.json"];
        outputs.push(("explain", home.fine(&to)));
    }
    outputs.push(("calls", home.fine(&["calls", "--json"])));
    outputs.push(("stats", home.fine(&["stats", "--json"])));
    outputs.push(("suggest-ignores", home.fine(&["suggest-ignores", "--json"])));
    outputs.push(("doctor", home.fine(&["doctor", "--offline", "--json"])));
    outputs.push(("keep", home.fine(&["keep", &live, "--json"])));
    outputs.push(("rerecord", home.fine(&["rerecord", id, "--yes", "--json"])));
    outputs.push(("review", home.fine(&["review", "--json"])));
    outputs.push(("prune", home.fine(&["prune", "--dry-run", "--json", "mount:openai"])));
    outputs.push(("review-verdict", home.fine(&["review", "keep", "--all", "--json"])));
    assert_eq!(serving.end("TERM").code, Some(0));
    outputs
}

fn retagged(home: &Home, id: &str, last: &str) -> Outputs {
    home.fine(&["retag", id, "pinned"]);
    let retagged = home.fine(&["retag", last, "pinned", "--json"]);
    let ambiguous = home.fine(&["list", "--ambiguous", "--json"]);
    home.fine(&["retag", id, last, "standard"]);
    vec![("retag", retagged), ("list-ambiguous", ambiguous)]
}

async fn ran(home: &Home) -> Outputs {
    let session = run::Session::start(home, &["--mode", "replay-or-error", "--json"], run::SCRIPT);
    assert_eq!(session.call(&[], "unheard of").await, 404);
    let ran = session.end(3);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    vec![("run", ran.err.lines().last().unwrap().to_owned())]
}

/// What one store knows of use, told to another one that has the same requests.
fn carried(home: &Home) -> Outputs {
    let report = home.fine(&["usage", "export"]);
    let other = Home::new();
    std::fs::write(other.path().join("request.json"), chat("one")).unwrap();
    std::fs::write(other.path().join("report.json"), &report).unwrap();
    other.fine(&["new", "--to", CHAT_PATH, "request.json"]);
    let merged = other.fine(&["usage", "merge", "--json", "report.json"]);
    let rows = other.fine(&["list", "--json"]);
    let listed: Value = serde_json::from_str(&rows).unwrap();
    let elsewhere = listed[0]["usage"]["elsewhere"].as_object().unwrap();
    assert_eq!(elsewhere.values().next().unwrap()["scopes"]["checkout"]["count"], 1, "{rows}");
    vec![("usage-export", report), ("usage-merge", merged), ("list", rows)]
}

fn pruned(home: &Home, id: &str) -> Outputs {
    let plan = home.fine(&["prune", "--keep", id, "--dry-run", "--json", "mount:openai"]);
    let why = home.fine(&["prune", "--dry-run", "--json", "superseded:yes"]);
    let compacted = home.fine(&["compact", "--json"]);
    std::fs::write(home.path().join("later.toml"), "[[scrub]]\nname = \"word\"\npattern = \"other\"\n")
        .unwrap();
    let again = |more: &str| home.fine(&["--config", "later.toml", "scrub", "--again", "--json", more]);
    let (planned, rewritten) = (again("--dry-run"), again("--yes"));
    vec![("prune", plan), ("prune", why), ("compact", compacted), ("scrub", planned), ("scrub", rewritten)]
}
