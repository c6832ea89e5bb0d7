//! Why a call missed, what would fix it, and what that would do: `explain`, `retag`, `list --ambiguous`,
//! `suggest-ignores`, alone and beside an owner.

use std::io::Write as _;
use std::process::Stdio;

use retake::engine::{Explanation, FixKind, Retagged};
use retake::model::Row;
use serde_json::{Value, json};

use super::*;
use crate::home::{CHAT_PATH, Home, Said, chat};
use crate::world::Upstream;

fn seeded(prompt: &str, seed: u32) -> String {
    json!({"model": "gpt-5-mini", "seed": seed, "messages": [{"role": "user", "content": prompt}]})
        .to_string()
}

fn asked(home: &Home, args: &[&str], input: &str) -> Said {
    let mut command = home.command(&[&["explain"], args].concat());
    command.stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Said::of(output)
}

fn explained(home: &Home, args: &[&str], input: &str) -> Explanation {
    let said = asked(home, &[args, &["--json"]].concat(), input);
    assert_eq!(said.code, Some(0), "{said:?}");
    serde_json::from_str(&said.out).unwrap()
}

/// A store with two recordings and a history of misses.
async fn filled(home: &Home, upstream: &Upstream) -> Vec<Row> {
    let running = home.record(upstream);
    for (prompt, seed) in [("cats", 1), ("dogs", 1)] {
        running.call(CHAT_PATH, &[], &seeded(prompt, seed)).await;
        running.json();
    }
    for seed in 2..5 {
        let missed = [("x-retake-mode", "replay-or-error")];
        assert_eq!(running.call(CHAT_PATH, &missed, &seeded("cats", seed)).await.status, 404);
        running.json();
    }
    running.call(CHAT_PATH, &[("x-retake-mode", "replay-or-error")], &seeded("cats", 1)).await;
    running.json();
    running.end("TERM");
    let mut rows = home.rows();
    rows.reverse();
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_miss_is_explained_fixed_and_hit_and_the_history_survives() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let rows = filled(&home, &upstream).await;
    let to = ["--to", CHAT_PATH, "--mode", "replay-or-error"];
    let check = |explanation: Explanation| {
        assert_eq!((explanation.decision.as_str(), explanation.hit), ("miss", None));
        let near = &explanation.near[0];
        assert_eq!((&near.recording, near.tie), (&rows[0].id, false));
        let changes: Vec<_> =
            near.changes.iter().filter(|c| c.significant).map(|c| c.field.to_string()).collect();
        assert_eq!(changes, ["body/seed"]);
        let fixes: Vec<_> = near.fixes.iter().map(|fix| fix.strategy.to_string()).collect();
        assert_eq!(fixes, ["standard -seed", "specific messages", "pinned"]);
        // Three misses of an earlier run differ in the seed alone.
        let radius = &near.fixes[0].radius;
        assert_eq!((radius.calls, radius.miss_to_hit, radius.hit_to_miss), (6, 3, 0), "{radius:?}");
        assert_eq!(radius.indistinguishable, []);
        // Pinned would take over what asks for dogs, too.
        let pinned = &near.fixes[2].radius;
        assert_eq!((pinned.miss_to_hit, pinned.to_others), (3, 0), "{pinned:?}");
    };
    check(explained(&home, &to, &seeded("cats", 9)));
    let owner = home.serve(&["--mode", "replay-or-error"]);
    check(explained(&home, &to, &seeded("cats", 9)));
    assert_eq!(owner.end("TERM").code, Some(0));

    let id = rows[0].id.as_str();
    let would: Vec<Retagged> =
        serde_json::from_str(&home.fine(&["retag", id, "standard -seed", "--dry-run", "--json"])).unwrap();
    assert_eq!((would[0].radius.miss_to_hit, would[0].before.to_string()), (3, "standard".into()));
    assert_eq!(home.rows()[1].strategy.to_string(), "standard", "a dry run changes nothing");
    // What a fix says it does is what the dry run says.
    for fix in &explained(&home, &to, &seeded("cats", 9)).near[0].fixes {
        let args = ["retag", id, &fix.strategy.to_string(), "--dry-run", "--json"];
        let would: Vec<Retagged> = serde_json::from_str(&home.fine(&args)).unwrap();
        assert_eq!(would[0].radius, fix.radius, "{}", fix.strategy);
    }

    let owner = home.serve(&["--mode", "replay-or-error"]);
    assert_eq!(owner.call(CHAT_PATH, &[], &seeded("cats", 9)).await.status, 404);
    let done = home.run(&["retag", id, "standard -seed"]);
    assert!(done.out.contains("4 past misses would hit"), "{done:?}");
    assert!(done.err.contains(&format!("retake retag {id} 'standard'")), "{done:?}");
    let hit = owner.call(CHAT_PATH, &[], &seeded("cats", 9)).await;
    assert_eq!((hit.status, hit.headers.text("x-retake-match")), (200, Some("standard -seed")));
    assert_eq!(owner.call(CHAT_PATH, &[], &seeded("dogs", 9)).await.status, 404);
    assert_eq!(owner.end("TERM").code, Some(0));

    let hit = explained(&home, &to, &seeded("cats", 9)).hit.unwrap();
    assert_eq!((hit.recording.as_str(), hit.strategy.to_string()), (id, "standard -seed".to_owned()));
    assert_eq!(hit.changes.len(), 1, "{hit:?}");
    let text = asked(&home, &to, &seeded("cats", 9)).out;
    assert!(
        text.contains("HIT~")
            && text.contains("~ body/seed: 1 → 9")
            && text.contains("next in line: nothing"),
        "{text}"
    );
    home.fine(&["retag", id, "standard"]);
    let ruled = home.fine(&["retag", id, "rule contains=cats", "--dry-run"]);
    assert!(ruled.contains("not known") && !ruled.contains("nothing would change"), "{ruled}");
    let playing = home.fine(&["retag", id, "--playback", "cycle"]);
    assert!(playing.contains("standard → standard, plays cycle"), "{playing}");
    assert_eq!(home.rows()[1].playback.to_string(), "cycle");
    assert!(explained(&home, &to, &seeded("cats", 9)).hit.is_none(), "taken back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_miss_says_why_and_how_to_fix_it_wherever_it_is_read() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let rows = filled(&home, &upstream).await;
    let running = home.serve(&["--mode", "replay-or-error"]);
    let reply = running.call(CHAT_PATH, &[], &seeded("cats", 7)).await;
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    let message = body["error"]["message"].as_str().unwrap();
    let fix = format!("retake retag {} 'standard -seed'", rows[0].id);
    assert!(message.contains("body/seed 1 → 7") && message.contains(&fix), "{message}");
    let call = running.line();
    assert!(call.contains("MISS"), "{call}");
    assert_eq!(body["retake"]["fix"], fix.as_str());
    let explain = body["retake"]["explain"].as_str().unwrap();
    let number = explain.strip_prefix("retake explain call_").unwrap();
    let url = format!("http://{}/__retake/calls/{number}/explain", running.address);
    assert_eq!(body["retake"]["url"], url.as_str());
    assert!(reply.body.len() < 700, "an exception shows all of it: {body}");
    let explained = home.fine(&["explain", &format!("call_{number}")]);
    assert!(explained.contains(&fix) && explained.contains("body/seed: 1 → 7"), "{explained}");
    home.run(&["explain", &format!("call_{number}"), "--scope", "x"]).refused(2, &["of its own"]);
    home.run(&["explain", "call_999"]).refused(1, &["999"]);
    assert!(running.line().contains(&fix), "and in serve's own lines");
    let text = asked(&home, &["--to", CHAT_PATH], &seeded("cats", 3)).out;
    let record = "or record it: send it with X-Retake-Mode: replay-or-record\n        1 past miss would hit";
    assert!(text.contains(record), "{text}");
    running.end("TERM");
}

/// The first advice was `standard -messages/0/content`, in the 404, in `explain` and on screen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_prompt_is_to_be_recorded_before_anything_is_loosened() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let rows = filled(&home, &upstream).await;
    let to = format!("openai=http://{}", upstream.address);
    let running = home.serve(&["--mode", "replay-or-error", "--upstream", &to]);
    let asked_for = seeded("horses", 1);
    let reply = running.call(CHAT_PATH, &[], &asked_for).await;
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    let calls: Vec<Value> = serde_json::from_str(&home.fine(&["calls", "--json"])).unwrap();
    let call = calls.iter().filter_map(|call| call["id"].as_u64()).max().unwrap();
    let message = body["error"]["message"].as_str().unwrap();
    let keep = format!("retake keep {call}");
    assert!(
        message
            .contains(&format!("; record it: {keep}, or send it again with X-Retake-Mode: replay-or-record")),
        "{message}"
    );
    assert!(!message.contains("retake retag"), "{message}");
    assert_eq!(body["retake"]["fix"], keep.as_str());
    let told = home.fine(&["explain", &format!("call_{call}"), "--json"]);
    let told: Explanation = serde_json::from_str(&told).unwrap();
    for near in &told.near {
        assert_eq!((near.fixes[0].kind, &near.fixes[0].command), (FixKind::Record, &keep), "{near:#?}");
        assert!(near.fixes[1..].iter().all(|fix| fix.kind == FixKind::Loosen), "{near:#?}");
    }
    let explanation = explained(&home, &["--to", CHAT_PATH], &asked_for);
    assert!(explanation.near.iter().all(|near| near.fixes[0].kind == FixKind::Record), "{explanation:?}");
    let text = asked(&home, &["--to", CHAT_PATH], &asked_for).out;
    let record = text.find("fix   record it: send it with X-Retake-Mode: replay-or-record").expect(&text);
    let loosen = text.find("retake retag").expect(&text);
    assert!(record < loosen && text[loosen..].contains("would answer any prompt"), "{text}");
    let against = home.run(&["diff", rows[0].id.as_str(), &format!("call_{call}")]).out;
    assert!(
        against.find(&keep).expect(&against) < against.find("retake retag").expect(&against),
        "{against}"
    );
    // It does what it says.
    home.fine(&["keep", &call.to_string(), "--yes"]);
    assert_eq!(running.call(CHAT_PATH, &[], &asked_for).await.status, 200);
    running.end("TERM");
    let locked = home.serve(&["--mode", "replay-or-error", "--never-forward"]);
    let reply = locked.call(CHAT_PATH, &[], &seeded("cows", 1)).await;
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    assert!(
        text.contains("record it: retake serve --mode replay-or-record, without --never-forward"),
        "{text}"
    );
    locked.end("TERM");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_come_as_curl_as_json_and_as_a_body() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let rows = filled(&home, &upstream).await;
    let body = seeded("cats", 1);
    let curl = format!(
        "curl https://api.openai.com/v1/chat/completions -H 'Content-Type: application/json' -H \"Authorization: Bearer $KEY\" -d '{body}'"
    );
    let written =
        json!({"url": "/v1/chat/completions", "body": serde_json::from_str::<Value>(&body).unwrap()});
    for input in [curl, written.to_string()] {
        let hit = explained(&home, &[], &input).hit.expect(&input);
        assert_eq!((&hit.recording, hit.changes.len()), (&rows[0].id, 0));
    }
    let file = home.path().join("request.json");
    std::fs::write(&file, written.to_string()).unwrap();
    assert!(home.fine(&["explain", "request.json"]).contains("HIT  rec_"));
    for (input, words) in [
        (body.as_str(), ["--to", "/openai/v1/chat/completions"]),
        ("{", ["stdin", "JSON"]),
        ("curl", ["stdin", "no URL"]),
        ("curl https://nowhere.example/x", ["nowhere.example", "/openai"]),
        ("wget x", ["stdin", "wget"]),
    ] {
        asked(&home, &[], input).refused(2, &words);
    }
    home.run(&["explain", "missing.json"]).refused(2, &["missing.json"]);
    assert_eq!(upstream.calls(), 2, "nothing was sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_strategy_that_cannot_be_is_refused_and_nothing_changes() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let rows = filled(&home, &upstream).await;
    let id = rows[0].id.as_str();
    let check = || {
        home.run(&["retag", id, "loose"]).refused(2, &["`loose`", "standard -FIELD"]);
        home.run(&["retag", "standard"]).refused(2, &["no recording is named"]);
        home.run(&["retag", id, "--playback", "backwards"]).refused(2, &["--playback", "sequence"]);
        home.run(&["retag", id, "specific", "sizee"]).refused(2, &[id, "sizee"]);
        home.run(&["retag", "rec_nothing", "pinned"]).refused(1, &["rec_nothing"]);
        home.run(&["retag", id, "rec_nothing", "pinned"]).refused(1, &["rec_nothing"]);
        assert!(home.rows().iter().all(|row| row.strategy.to_string() == "standard"));
    };
    check();
    let owner = home.serve(&["--quiet"]);
    check();
    owner.end("TERM");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recordings_that_answer_the_same_are_listed_and_reported() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one", "one", "two", "three"]).await;
    assert_eq!(home.fine(&["list", "--ambiguous", "--json"]).trim(), "[]", "takes are no ambiguity");
    let ids: Vec<_> = [0, 2].map(|at| made[at].id.to_string()).to_vec();
    home.fine(&["retag", &ids[0], "pinned"]);
    let said = home.fine(&["retag", &ids[1], "pinned", "--json"]);
    let done: Vec<Retagged> = serde_json::from_str(&said).unwrap();
    assert_eq!(done[0].ambiguous, [made[0].id.clone()]);
    assert_eq!(done[0].radius.indistinguishable, [made[0].id.clone()]);
    let groups: Vec<Vec<Row>> = serde_json::from_str(&home.fine(&["list", "--ambiguous", "--json"])).unwrap();
    let groups: Vec<Vec<String>> =
        groups.iter().map(|group| group.iter().map(|row| row.id.to_string()).collect()).collect();
    assert_eq!(groups, [vec![ids[1].clone(), ids[0].clone()]], "the newest first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_that_vary_between_equal_calls_are_proposed() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    filled(&home, &upstream).await;
    let said = home.fine(&["suggest-ignores"]);
    assert!(said.contains("endpoint = \"chat/completions\"\nfield = \"body/seed\""), "{said}");
    std::fs::write(home.path().join("retake.toml"), &said).unwrap();
    home.fine(&["config", "check"]);
    // What was proposed works: the keys of what is stored follow the configuration.
    let running = home.serve(&["--mode", "replay-or-error", "--json"]);
    let hit = running.call(CHAT_PATH, &[], &seeded("cats", 77)).await;
    assert_eq!(hit.status, 200, "{hit:?}");
    assert!(running.json().cosmetic);
    running.end("TERM");
    std::fs::remove_file(home.path().join("retake.toml")).unwrap();
    let running = home.serve(&["--mode", "replay-or-error"]);
    assert_eq!(running.call(CHAT_PATH, &[], &seeded("cats", 77)).await.status, 404);
    assert_eq!(running.call(CHAT_PATH, &[], &chat("nothing like it")).await.status, 404);
    running.end("TERM");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_without_fields_says_why_wherever_it_is_read() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let body = |seed: &str| format!(r#"{{"model":"m","seed":{seed}}}"#);
    let running = home.record(&upstream);
    running.call(CHAT_PATH, &[], &body("NaN")).await;
    running.json();
    let missed = running.call(CHAT_PATH, &[("x-retake-mode", "replay-or-error")], &body("-Infinity")).await;
    let said = String::from_utf8_lossy(&missed.body).into_owned();
    let why = "byte for byte: its JSON holds NaN or Infinity";
    assert!(missed.status == 404 && said.contains(why), "{said}");
    running.end("TERM");
    let curl = format!("curl http://127.0.0.1:4010/openai/v1/chat/completions -d '{}'", body("Infinity"));
    let text = asked(&home, &["--mode", "replay-or-error"], &curl).out;
    assert!(text.contains(why) && text.contains("MISS"), "{text}");
    let row = &home.rows()[0];
    assert!(home.fine(&["show", row.id.as_str()]).contains(&format!("compared   as it is, {why}")));
    // What has fields says nothing of the kind.
    let fine = asked(&home, &["--mode", "replay-or-error"], &curl.replace("Infinity", "7")).out;
    assert!(!fine.contains("byte for byte"), "{fine}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_and_dates_that_the_configuration_compares_are_explained() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let write = |text: &str| std::fs::write(home.path().join("retake.toml"), text).unwrap();
    write("match_headers = [\"X-Tenant\"]\ndated_models = \"exact\"\n");
    let running = home.record(&upstream);
    running.call(CHAT_PATH, &[("x-tenant", "blue")], &seeded("cats", 1)).await;
    running.json();
    running.end("TERM");
    let curl = |tenant: &str, body: &str| {
        format!("curl http://127.0.0.1:4010/openai/v1/chat/completions -H 'X-Tenant: {tenant}' -d '{body}'")
    };
    let mode = ["--mode", "replay-or-error"];
    let dated = seeded("cats", 1).replace("gpt-5-mini", "gpt-5-mini-2025-08-07");
    assert!(explained(&home, &mode, &curl("blue", &seeded("cats", 1))).hit.is_some());
    let missed = asked(&home, &mode, &curl("red", &dated)).out;
    assert!(missed.contains("header/x-tenant: blue → red") && missed.contains("body/model"), "{missed}");
    write("");
    let hit = explained(&home, &mode, &curl("red", &dated)).hit.expect("nothing of it is configured");
    assert_eq!(hit.changes.len(), 1, "the date alone is told: {hit:?}");
    write("match_headers = [\"Cookie\"]\n");
    let said = home.run(&["config", "check"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    for words in ["line 1", "match_headers", "Cookie", "credentials"] {
        assert!(said.out.contains(words), "{words}: {said:?}");
    }
}
/// Of all these `retag` made recordings that answered everything, but for the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_strategy_that_names_what_nobody_has_is_refused() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let rows = filled(&home, &upstream).await;
    let (id, other) = (rows[0].id.as_str(), rows[1].id.as_str());
    let check = || {
        for (strategy, told) in [
            ("specific nofield", "`nofield`"),
            ("specific body/nofield", "`body/nofield`"),
            ("specific body/sede", "did you mean `seed`"),
            ("specific header/x", "header/openai-beta"),
            ("specific part/seed", "`part/seed`"),
            ("specific query/page", "`query/page`"),
            ("specific bytes", "strict alone"),
            ("specific mount", "does not count"),
            ("specific", "use pinned"),
            ("standard -sede", "did you mean `seed`"),
            ("standard -header/x-request-id", "of the headers only"),
        ] {
            home.run(&["retag", id, strategy]).refused(2, &[told]);
            home.run(&["retag", id, other, strategy, "--dry-run"]).refused(2, &[told]);
        }
        home.run(&["explain", "missing.json", "--mode", "mock"]).refused(2, &["missing.json"]);
        let curl =
            "curl http://x/v1/chat/completions -H 'X-Retake-Match: specific nofield' -d '{\"seed\":1}'";
        asked(&home, &[], curl).refused(2, &["`nofield`", "`seed`"]);
        assert!(home.rows().iter().all(|row| row.strategy.to_string() == "standard"));
    };
    check();
    let owner = home.serve(&["--quiet"]);
    check();
    owner.end("TERM");
    for flags in [["--match", "specific header/x"], ["--match", "specific"], ["--match", "specific bytes"]] {
        home.run(&[&["serve"][..], &flags].concat()).refused(2, &["--match"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_collides_among_those_that_are_changed_together_is_counted() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one", "one", "two", "three"]).await;
    let ids: Vec<&str> = made.iter().map(|row| row.id.as_str()).collect();
    let would = |strategy: &str| -> Vec<Retagged> {
        let args = [&["retag"], &ids[..], &[strategy, "--dry-run", "--json"]].concat();
        serde_json::from_str(&home.fine(&args)).unwrap()
    };
    let counted = |retagged: &[Retagged]| retagged.iter().map(|one| one.collisions).collect::<Vec<_>>();
    // Takes of one request are none: the newest answers as ever.
    assert_eq!(counted(&would("pinned")), [2, 2, 3, 3]);
    assert_eq!(counted(&would("specific messages")), [0, 0, 0, 0]);
    assert_eq!(counted(&would("standard -messages")), [2, 2, 3, 3]);
    let seedless = would("specific seed");
    assert_eq!(counted(&seedless), [2, 2, 3, 3]);
    assert!(seedless.iter().all(|one| one.absent == ["seed"]), "{seedless:?}");
    let args = [&["retag"], &ids[..], &["pinned", "--dry-run"]].concat();
    let text = home.fine(&args);
    assert!(text.contains("4 of these 4 could no longer be told apart from each other"), "{text}");
    let args = [&["retag"], &ids[..], &["specific seed", "--dry-run"]].concat();
    assert!(home.fine(&args).contains("its request has no `seed`: it answers calls that have none either"));
    // What answered the same before is not counted.
    home.fine(&[&["retag"], &ids[..], &["pinned"]].concat());
    assert_eq!(counted(&would("specific seed")), [0, 0, 0, 0]);
}
