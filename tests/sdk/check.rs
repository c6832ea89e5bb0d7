//! What holds whatever the SDK: a replay is what was recorded, a miss is told at once, and no secret is kept.

use std::collections::BTreeMap;

use retake::model::{Call, Outcome as CallOutcome};
use serde_json::{Value, json};

use crate::home::{Home, Running};
use crate::python::{Exchange, Outcome};
use crate::world::{KEY, Upstream, stands_in};
use crate::{Outcomes, Scene, is_own, text};

/// Waits until all calls are done, and gives what the program said of them. A recording call is done when its
/// recording is safe.
pub(crate) fn all_became(serve: &Running, outcome: CallOutcome, number: usize) -> String {
    let lines: Vec<_> = (0..number).map(|_| serve.line()).collect();
    for line in &lines {
        assert_eq!(call(line).outcome, Some(outcome), "{line}");
    }
    lines.join("\n")
}

fn call(line: &str) -> Call {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in `{line}`"))
}

pub(crate) fn only(outcome: &Outcome) -> &Exchange {
    let [exchange] = outcome.exchanges.as_slice() else {
        panic!("{} exchanges instead of one", outcome.exchanges.len())
    };
    exchange
}

pub(crate) fn marked(outcomes: &Outcomes, result: &str) {
    for (name, outcome) in outcomes {
        assert!(!outcome.exchanges.is_empty(), "{name}");
        for exchange in &outcome.exchanges {
            assert_eq!(exchange.headers.get("x-retake-result").map(String::as_str), Some(result), "{name}");
            assert!(exchange.headers.contains_key("x-retake-recording-id"), "{name}");
        }
    }
}

/// What the proxy is told by headers is not the upstream's business, but for the mark that ends loops: it goes to
/// upstreams that are no provider's own.
pub(crate) fn nothing_of_ours_arrived(upstream: &Upstream) {
    for seen in upstream.seen.lock().unwrap().iter() {
        let own = seen.headers.iter().find(|(name, _)| is_own(name) && *name != "x-retake-hop");
        assert!(own.is_none(), "{own:?} reached the upstream with {}", seen.target);
    }
}

/// A call gave again what it gave: the SDK's objects or its error, the bytes, the status, the headers.
pub(crate) fn same(name: &str, first: &Outcome, second: &Outcome) {
    same_heads(name, first, second);
    for (then, again) in first.exchanges.iter().zip(&second.exchanges) {
        assert!(then.body == again.body, "{name}: the bytes differ");
    }
    assert_eq!((&first.result, &first.error), (&second.result, &second.error), "{name}");
}

fn same_heads(name: &str, first: &Outcome, second: &Outcome) {
    let heads = |outcome: &Outcome| -> Vec<_> {
        outcome.exchanges.iter().map(|exchange| (exchange.status, lasting(exchange))).collect()
    };
    assert_eq!(heads(first), heads(second), "{name}");
    for exchange in &second.exchanges {
        assert!(!exchange.headers.contains_key("set-cookie"), "{name}: cookies are not replayed");
        let who = exchange.headers.contains_key("anthropic-organization-id");
        assert!(!who, "{name}: who called is not stored");
    }
}

/// The headers that a replay repeats.
fn lasting(exchange: &Exchange) -> BTreeMap<String, String> {
    let passing = [
        "date",
        "set-cookie",
        "connection",
        "transfer-encoding",
        "content-length",
        "x-echo-authorization",
        "anthropic-organization-id",
    ];
    let all = exchange.headers.iter().filter(|(name, _)| !is_own(name) && !passing.contains(&name.as_str()));
    all.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The client that recorded got the echo of its credential; what is kept and replayed has a placeholder there.
pub(crate) fn masked(name: &str, first: &Outcome, second: &Outcome, credential: &str) {
    same_heads(name, first, second);
    let (then, again) = (&only(first).body, &only(second).body);
    let start = text(then).find(credential).expect("the upstream said the key back");
    let end = start + credential.len();
    let behind = then.len() - end;
    let (before, rest) = again.split_at(start);
    let (placeholder, after) = rest.split_at(rest.len() - behind);
    assert_eq!((&then[..start], &then[end..]), (before, after));
    let placeholder = text(placeholder);
    assert!(placeholder.contains("<key-") && placeholder.ends_with('>'), "{name}: {placeholder}");
    assert!(only(second).headers.contains_key("x-retake-scrubbed"), "{name}: it says that it differs");
    assert!(!text(again).contains(KEY), "the echo of a key is kept");
}

/// A link that leads to the proxy follows it to another address, and nothing else changes.
pub(crate) fn moved(name: &str, first: &Outcome, second: &Outcome, origin: &str) {
    same_heads(name, first, second);
    let (then, again) = (text(&only(first).body), text(&only(second).body));
    let now = again.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("a link");
    assert_eq!(then.replace(origin, &format!("http://{now}")), again);
}

/// A call that nothing answers: the SDK's exception for 404 at once, without a retry, that says which field differs
/// and from what. Gives what the program said of it.
pub(crate) fn a_miss_is_told_at_once(
    scene: &Scene,
    serve: &Running,
    name: &str,
    exception: [&str; 2],
    reason: [&str; 2],
) -> String {
    let outcomes = scene.calls(serve, json!({}), &[name]);
    let outcome = &outcomes[name];
    assert_eq!((only(outcome).status, &outcome.result), (404, &Value::Null), "{name}");
    let error = &outcome.error;
    assert_eq!([&error["type"], &error["code"]], exception, "{name}: {error}");
    assert_eq!(error["status"], 404, "{name}");
    assert_eq!(only(outcome).headers["x-retake-result"], "miss", "{name}");
    let line = serve.line();
    let call = call(&line);
    assert_eq!(call.outcome, Some(CallOutcome::Miss), "{name}");
    for said in [error["message"].as_str().unwrap(), &call.reason.expect("a reason")] {
        assert!(reason.iter().all(|word| said.contains(word)), "{name}: it does not say why: {said}");
    }
    let shown = error["message"].as_str().unwrap();
    assert!(shown.len() < 1500, "{name}: an exception that fills a screen: {shown}");
    // OpenAI's exception shows the sentence with the command that fixes it; the others' show the whole body, and there where
    // the rest is told.
    let has_address = shown.contains("retake explain call_") && shown.contains("/__retake/calls/");
    assert!(
        if shown.contains('{') { has_address } else { shown.contains("retake retag") },
        "{name}: {shown}"
    );
    line
}

/// Ends the program; gives what it said since, other calls than those that were waited for among it.
pub(crate) fn stopped(serve: Running) -> String {
    let said = serve.end("TERM");
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""), "no call that nobody waited for: {said:?}");
    said.err
}

/// Law 4: neither files nor output hold one of the secrets.
pub(crate) fn no_secret_anywhere(home: &Home, said: &str, secrets: &[&str]) {
    for secret in secrets {
        assert_eq!(stands_in(&home.store(), secret), None, "{secret} is in a file");
        assert!(!said.contains(secret), "{secret} is in what `retake serve` said");
    }
    let mut shown = vec![home.run(&["list"]), home.run(&["list", "--json"])];
    for row in home.rows() {
        let id = row.id.as_str();
        shown.push(home.run(&["show", id]));
        let parts = ["--json", "--request", "--response", "--body"];
        shown.extend(parts.map(|part| home.run(&["show", id, part])));
    }
    for shown in shown {
        assert_eq!(shown.code, Some(0), "{shown:?}");
        let output = shown.out + &shown.err;
        assert!(!secrets.iter().any(|secret| output.contains(secret)), "a secret is shown:\n{output}");
    }
}
