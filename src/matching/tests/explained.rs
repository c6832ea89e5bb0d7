//! Explanations: each endpoint's request with every single change that can be made to it, among 200 other recordings.
//! The one that it was made from must come first, and every field that changed must be told.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{fields, form, json as request};
use crate::matching::nearest;
use crate::matching::{Canon, Fields, Outline, OutlineSet, RankedRecording};
use crate::model::{RecordingId, Request, Strategy, Timestamp};

const DECOYS: usize = 200;
static STANDARD: Strategy = Strategy::STANDARD;

/// A request as what can be changed in it: JSON, or the parts of a form.
#[derive(Clone)]
enum Body {
    Json(Value),
    Form(Vec<(&'static str, &'static str, String)>),
}

/// Targets and realistic requests, one per line.
const BASES: &str = include_str!("pairs/requests.txt");

fn bases() -> Vec<(String, Body)> {
    let line = |line: &'static str| {
        let (target, body) = line.split_once(" | ").unwrap();
        let body = match body.strip_prefix("form ") {
            None => Body::Json(serde_json::from_str(body).unwrap()),
            Some(parts) => Body::Form(
                parts
                    .split(" & ")
                    .map(|part| {
                        let (name, content) = part.split_once('=').unwrap();
                        let (name, file) = name.split_once('@').unwrap_or((name, ""));
                        (name, file, content.to_owned())
                    })
                    .collect(),
            ),
        };
        (target.to_owned(), body)
    };
    let mut bases: Vec<_> =
        BASES.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(line).collect();
    let turn = |nth: usize| {
        let role = if nth.is_multiple_of(2) { "user" } else { "assistant" };
        json!({ "role": role, "content": format!("in turn {nth} we speak of the {} thing at some length", nth * 7) })
    };
    let long = json!({ "model": "gpt-4o", "seed": 4, "messages": (0..61).map(turn).collect::<Vec<_>>() });
    bases.push(("/v1/chat/completions".into(), Body::Json(long)));
    bases
}

fn made(target: &str, body: &Body) -> Request {
    match body {
        Body::Json(json) => request(target, &json.to_string()),
        Body::Form(parts) => {
            let parts: Vec<_> = parts.iter().map(|(name, file, text)| (*name, *file, &**text)).collect();
            form(target, "b", &parts)
        }
    }
}

/// Every single change, with a word for each.
fn changes(body: &Body) -> Vec<(String, Body)> {
    match body {
        Body::Json(json) => changed(json).into_iter().map(|(what, json)| (what, Body::Json(json))).collect(),
        Body::Form(parts) => {
            let mut all = Vec::new();
            let mut add = |what: String, parts| all.push((what, Body::Form(parts)));
            for at in 0..parts.len() {
                let with = |text: String| {
                    let mut parts = parts.clone();
                    parts[at].2 = text;
                    parts
                };
                let name = parts[at].0;
                add(format!("{name} changed"), with(format!("{} x", parts[at].2)));
                add(format!("{name} emptied"), with(String::new()));
                let mut fewer = parts.clone();
                fewer.remove(at);
                add(format!("{name} removed"), fewer);
                let mut more = parts.clone();
                more.push((name, parts[at].1, "one more".into()));
                add(format!("{name} repeated"), more);
            }
            let mut more = parts.clone();
            more.push(("extra", "", "1".into()));
            add("part added".into(), more);
            all
        }
    }
}

fn changed(value: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let mut add = |what: &str, value| all.push((what.to_owned(), value));
    match value {
        Value::Null => add("null filled", json!("x")),
        Value::Bool(value) => {
            add("flipped", json!(!value));
            add("retyped", json!(value.to_string()));
        }
        Value::Number(number) => {
            add("changed", json!(number.as_f64().unwrap_or_default() + 1.0));
            add("retyped", json!(format!("{number} x")));
        }
        Value::String(text) => {
            add("changed", json!(format!("{text} x")));
            add("rewritten", json!("quite another value"));
            add("retyped", json!(7));
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                let without = |more: Option<Value>| -> Value {
                    let mut items = items.clone();
                    items.splice(at..=at, more);
                    items.into()
                };
                add("item removed", without(None));
                for (what, item) in changed(item) {
                    add(&format!("{at}/{what}"), without(Some(item)));
                }
            }
            let more = items.iter().cloned().chain([json!("one more")]);
            add("item appended", more.collect());
        }
        Value::Object(members) => {
            for (key, value) in members {
                let mut without = members.clone();
                without.remove(key);
                add(&format!("{key} removed"), without.into());
                for (what, value) in changed(value) {
                    let mut with = members.clone();
                    with.insert(key.clone(), value);
                    add(&format!("{key}/{what}"), with.into());
                }
            }
            let mut more = members.clone();
            more.insert("extra".into(), json!(1));
            add("key added", more.into());
        }
    }
    all
}

/// A different request to the same endpoint: other numbers, other words, now and then another model.
fn decoy(body: &Body, nth: usize) -> Body {
    match body {
        Body::Json(value) => Body::Json(varied(value, "", nth)),
        Body::Form(parts) => {
            let vary = |(name, file, text): &(&'static str, &'static str, String)| {
                let text = match text.parse::<u64>() {
                    Ok(number) => (number + 2 + nth as u64).to_string(),
                    Err(_) if *name == "model" && !nth.is_multiple_of(3) => text.clone(),
                    Err(_) => format!("another {nth} {}", name.len()),
                };
                (*name, *file, text)
            };
            Body::Form(parts.iter().map(vary).collect())
        }
    }
}

fn varied(value: &Value, key: &str, nth: usize) -> Value {
    const WORDS: [&str; 8] = ["river", "lamp", "seven", "under", "green", "walk", "paper", "north"];
    match value {
        Value::Number(number) => {
            json!(number.as_f64().unwrap_or_default() + 2.0 + f64::from(u32::try_from(nth).unwrap()) / 8.0)
        }
        Value::String(text) if key == "model" && !nth.is_multiple_of(3) => json!(text),
        // Roles, kinds and ids are the same in all requests of an application.
        Value::String(text)
            if ["role", "type", "id", "call_id", "tool_call_id", "tool_use_id"].contains(&key) =>
        {
            json!(text)
        }
        Value::String(text) => {
            let words = text.split(' ').enumerate();
            let word = |(at, word): (usize, &str)| match (at + nth + text.len()) % 3 {
                0 => format!("{word}-{nth}"),
                _ => WORDS[(at * 3 + nth) % WORDS.len()].to_owned(),
            };
            json!(words.map(word).collect::<Vec<_>>().join(" "))
        }
        Value::Array(items) => items.iter().map(|item| varied(item, key, nth)).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(key, value)| (key.clone(), varied(value, key, nth))).collect())
        }
        other => other.clone(),
    }
}

/// The body fields that differ, found without the code under test.
fn differing(one: &Body, other: &Body) -> Vec<String> {
    let (one, other) = (flat(one), flat(other));
    let names = one.keys().chain(other.keys()).collect::<std::collections::BTreeSet<_>>();
    let differs = |name: &&String| one.get(*name) != other.get(*name);
    // What went from a list or an object that is empty now is told by its own name.
    let emptied = |name: &&String| other.get(*name).is_some_and(|value| matches!(&**value, "[]" | "{}"));
    names.into_iter().filter(|name| differs(name) && !emptied(name)).cloned().collect()
}

fn flat(body: &Body) -> BTreeMap<String, String> {
    fn walk(name: &str, value: &Value, all: &mut BTreeMap<String, String>) {
        match value {
            Value::Array(items) if !items.is_empty() => {
                items.iter().enumerate().for_each(|(at, item)| walk(&format!("{name}/{at}"), item, all));
            }
            Value::Object(members) if !members.is_empty() => {
                members.iter().for_each(|(key, value)| walk(&format!("{name}/{key}"), value, all));
            }
            leaf => _ = all.insert(name.to_owned(), leaf.to_string()),
        }
    }
    let mut all = BTreeMap::new();
    match body {
        Body::Json(value) => walk("body", value, &mut all),
        Body::Form(parts) => {
            for (at, (name, _, text)) in parts.iter().enumerate() {
                let count = parts.iter().filter(|(other, ..)| other == name).count();
                let nth = parts[..at].iter().filter(|(other, ..)| other == name).count();
                let single = count == 1 && !name.ends_with("[]");
                all.insert(
                    if single { format!("part/{name}") } else { format!("part/{name}/{nth}") },
                    text.clone(),
                );
            }
        }
    }
    all
}

struct Recorded {
    fields: Fields,
    outline: Outline,
}

fn recorded(target: &str, body: &Body) -> Recorded {
    let fields = fields(&made(target, body));
    Recorded { outline: fields.outline(), fields }
}

fn id(at: usize) -> RecordingId {
    let digits = |at: usize| u8::try_from(at % 58).unwrap();
    let mut bytes = [0; 16];
    bytes[14..].copy_from_slice(&[digits(at / 58), digits(at)]);
    RecordingId::from_random(bytes)
}

/// The places of what comes nearest, the first ones of equally near ones first; from a set that was written down.
fn shortlist(library: &[Recorded], incoming: &Outline) -> Vec<usize> {
    let mut set = OutlineSet::default();
    library.iter().enumerate().for_each(|(at, one)| set.insert(id(at), &one.outline));
    let set = OutlineSet::from_bytes(&set.to_bytes(), |id| id.parse().ok(), &Canon::default()).unwrap();
    let (strategy, newest) = (Arc::new(STANDARD.clone()), i64::MAX);
    let of = |at: usize| RankedRecording {
        id: id(at),
        strategy: Arc::clone(&strategy),
        scope: None,
        recorded_at: Timestamp(newest - i64::try_from(at).unwrap()),
    };
    let (ranked, missing) = set.ranked((0..library.len()).map(of).collect());
    assert!(missing.is_empty());
    assert!(library.iter().enumerate().all(|(at, one)| set.get(&id(at)).as_ref() == Some(&one.outline)));
    let short = set.shortlist(&ranked, incoming, 16, |_| false);
    short.into_iter().map(|one| usize::try_from(newest - one.recorded_at.0).unwrap()).collect()
}

/// The fault in the explanation of one change; `None` where all is right.
fn judge(library: &[Recorded], incoming: &Fields, told_of: &[String]) -> Option<String> {
    let short = shortlist(library, &incoming.outline());
    let exact = nearest(incoming, short.iter().map(|at| (id(*at), &STANDARD, &library[*at].fields)), 3);
    let first = exact.first()?;
    if first.id != id(0) || first.tie {
        let place = short.iter().position(|at| *at == 0);
        return Some(format!("not the first, or not alone; in the shortlist at {place:?}"));
    }
    let told: Vec<String> = first.comparison.changes.iter().map(|change| change.field.to_string()).collect();
    let missing: Vec<_> = told_of.iter().filter(|field| !told.contains(field)).collect();
    (!missing.is_empty()).then(|| format!("not told: {missing:?}"))
}

#[test]
fn every_single_change_is_explained_by_the_recording_it_was_made_from() {
    let (mut all, mut wrong) = (0, Vec::new());
    for (target, base) in bases() {
        let library: Vec<Recorded> = std::iter::once(base.clone())
            .chain((0..DECOYS).map(|nth| decoy(&base, nth)))
            .map(|body| recorded(&target, &body))
            .collect();
        let mut here = 0;
        for (what, body) in changes(&base) {
            let incoming = fields(&made(&target, &body));
            here += 1;
            // Of two ids that belong together, the one that comes second is told.
            let echoes = |name: &String| !name.ends_with("id") && !name.ends_with("thoughtSignature");
            let differing: Vec<_> = differing(&base, &body).into_iter().filter(echoes).collect();
            if let Some(problem) = judge(&library, &incoming, &differing) {
                wrong.push(format!("{target}: {what}: {problem}"));
            }
        }
        println!("{target}: {here} changes");
        all += here;
    }
    println!("{all} changes among {DECOYS} decoys each, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{} of {all}\n{}", wrong.len(), wrong.join("\n"));
    assert!(all > 1400, "{all}");
}
