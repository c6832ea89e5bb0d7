//! `retake doctor`: what it finds, alone, beside an owner and without a store.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::Value;

use super::*;
use crate::home::{Home, Said, said, signal};
use crate::world::{KEY, Upstream};

/// All checks of an area, as `--json` says them.
fn checks(said: &Said, area: &str) -> Vec<Value> {
    let whole: Value = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    let all = whole["checks"].as_array().unwrap();
    let problems = all.iter().filter(|check| check["state"] == "problem");
    assert!(problems.clone().all(|check| check["advice"].is_string()), "{said:?}");
    assert_eq!((whole["fine"].as_bool(), said.code), (Some(problems.count() == 0), said.code), "{said:?}");
    assert_eq!(said.code, Some(i32::from(whole["fine"] == false)), "{said:?}");
    all.iter().filter(|check| check["area"] == area).cloned().collect()
}

fn offline(home: &Home) -> Said {
    home.run(&["doctor", "--offline", "--json"])
}

/// The fact of this name, whichever of the checks holds it.
fn fact(checks: &[Value], name: &str) -> Value {
    let found: Vec<_> = checks.iter().filter_map(|check| check["facts"].get(name)).collect();
    assert_eq!(found.len(), 1, "{name} in {checks:?}");
    found[0].clone()
}

#[test]
fn without_a_store_all_is_fine_and_none_is_made() {
    let home = Home::new();
    let said = offline(&home);
    let store = checks(&said, "store");
    assert_eq!((store[0]["state"].as_str(), fact(&store, "exists")), (Some("note"), false.into()));
    assert_eq!(fact(&checks(&said, "upstreams"), "asked"), false);
    assert_eq!(fact(&checks(&said, "terminal"), "pictures"), Value::Null, "no terminal, no question");
    assert!(fact(&checks(&said, "disk"), "free_bytes").as_u64().unwrap() > 0);
    assert!(!home.store().exists());
    let text = home.fine(&["doctor", "--offline"]);
    assert!(!text.contains('\x1b'), "{text}");
    for line in text.lines() {
        assert!(["ok ", "note ", "problem ", "     "].iter().any(|word| line.starts_with(word)), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_is_looked_at_alone_and_beside_its_owner() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one", "two", "three"]).await;
    home.fine(&["rm", made[0].id.as_str(), "--yes"]);
    let alone = checks(&offline(&home), "store");
    assert_eq!(
        [fact(&alone, "recordings"), fact(&alone, "trash"), fact(&alone, "format"), fact(&alone, "mode")],
        [Value::from(2), 1.into(), 2.into(), "0700".into()]
    );
    assert_eq!(fact(&alone, "owner"), Value::Null);
    assert!(fact(&alone, "journal_bytes").as_u64().unwrap() > 0);
    let running = home.serve(&["--quiet"]);
    let beside = checks(&offline(&home), "store");
    let owner = fact(&beside, "owner");
    assert_eq!((&owner["pid"], &owner["answers"]), (&running.pid().into(), &true.into()));
    assert_eq!(owner["address"], running.address.to_string());
    assert_eq!(fact(&beside, "recordings"), 2);
    let text = home.fine(&["doctor", "--offline"]);
    assert!(text.contains(&format!("at {} owns it and answers", running.address)), "{text}");
    // One that hangs is found out.
    signal("STOP", running.pid());
    let store = checks(&offline(&home), "store");
    assert_eq!(fact(&store, "owner")["answers"], false);
    assert!(store.iter().any(|check| check["state"] == "problem"), "{store:?}");
    signal("CONT", running.pid());
    assert_eq!(running.end("TERM").code, Some(0));
}

#[test]
fn what_is_wrong_says_what_to_do() {
    let home = Home::new();
    assert_eq!(home.serve(&[]).end("TERM").code, Some(0));
    std::fs::set_permissions(home.store(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let said = home.run(&["doctor", "--offline"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("problem  store") && said.out.contains("→ chmod 700"), "{said:?}");
    std::fs::set_permissions(home.store(), std::fs::Permissions::from_mode(0o700)).unwrap();

    std::fs::write(home.path().join("retake.toml"), "mode = \"mock\"\nmodle = 1\n").unwrap();
    let said = offline(&home);
    let wrong = &checks(&said, "configuration")[1];
    assert_eq!((wrong["state"].as_str(), &wrong["facts"]["line"]), (Some("problem"), &2.into()));
    std::fs::remove_file(home.path().join("retake.toml")).unwrap();

    std::fs::write(home.store().join("journal.log"), "{\"v\":99}\nnot a journal").unwrap();
    let store = checks(&offline(&home), "store");
    assert_eq!(store[0]["state"], "problem", "{store:?}");
}

/// A `doctor` that reaches for upstreams: those on other machines are behind a proxy that is not there.
fn online(home: &Home, args: &[&str]) -> Command {
    let mut command = home.command(&[args, &["doctor", "--json"]].concat());
    command.env("HTTPS_PROXY", "http://127.0.0.1:1");
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upstreams_are_reached_for_without_a_request() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let of = |checks: &[Value], mount: &str| {
        let found = checks.iter().find(|check| check["facts"]["mount"] == mount).unwrap();
        (found["state"].as_str().unwrap().to_owned(), found["facts"]["reached"].as_bool().unwrap())
    };
    let there = format!("openai=http://{}", upstream.address);
    let answered = checks(&said(online(&home, &["--upstream", &there])), "upstreams");
    assert_eq!(of(&answered, "openai"), ("ok".into(), true));
    assert_eq!(of(&answered, "anthropic"), ("note".into(), false), "nobody asked for it");
    assert_eq!(upstream.calls(), 0, "nothing is sent");
    upstream.stop().await;
    let refused = checks(&said(online(&home, &["--upstream", &there])), "upstreams");
    assert_eq!(of(&refused, "openai"), ("problem".into(), false));
    let never = checks(&said(online(&home, &["--upstream", &there, "--never-forward"])), "upstreams");
    assert_eq!((never.len(), fact(&never, "asked")), (1, false.into()));
}

#[test]
fn keys_are_named_and_never_shown() {
    let home = Home::new();
    let mut command = home.command(&["doctor", "--offline", "--json"]);
    command.env("OPENAI_API_KEY", KEY).env("CO_API_KEY", "");
    let said = said(command);
    assert_eq!(fact(&checks(&said, "keys"), "set"), serde_json::json!(["OPENAI_API_KEY"]));
    assert!(!said.out.contains(KEY) && !said.err.contains(KEY), "{said:?}");
}
