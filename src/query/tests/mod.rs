//! The language, key by key.

mod completing;
mod errors;
mod laws;
mod narrow;
mod unknown;

use super::*;
use crate::model::{
    Call, CallId, Completeness, Derivation, Ending, Hash, Mode, Outcome, Playback, RecordingId, Row, Source,
    Strategy, Usage, Usd,
};

pub(crate) const DAY: i64 = 86_400_000;

/// 2026-11-21, twelve o'clock.
pub(crate) const NOW: Timestamp = Timestamp(1_795_262_400_000);

pub(crate) fn days_ago(days: i64) -> Timestamp {
    Timestamp(NOW.0 - days * DAY)
}

pub(crate) fn id(number: u8) -> RecordingId {
    RecordingId::from_random([number; 16])
}

/// A picture of a hat, recorded ten days ago and never hit.
pub(crate) fn row(number: u8) -> Row {
    Row {
        id: id(number),
        hash: Hash::of(&[number]),
        method: "POST".into(),
        mount: "openai".into(),
        endpoint: "images/generations".into(),
        model: Some("gpt-image-1.5".into()),
        prompt: Some("A capybara wearing a tiny hat, sitting in a hot spring".into()),
        strategy: Strategy::STANDARD,
        name: None,
        tags: vec!["ci".into(), "Nightly".into()],
        protected: false,
        scope: None,
        playback: Playback::Newest,
        completeness: Completeness::Whole,
        status: 200,
        streamed: false,
        images: 1,
        size: 3 << 19,
        recorded_at: days_ago(10),
        stored_at: days_ago(10),
        total: 2_500_000,
        answer: Some(Hash::of(b"answer")),
        tokens: None,
        ending: Ending::Clean,
        source: None,
        review: None,
        edited: false,
        job: None,
        failure: None,
        continues: None,
        usage: Usage::default(),
    }
}

fn call() -> Call {
    Call {
        id: CallId(7),
        at: Timestamp(NOW.0 - 5_000),
        method: "POST".into(),
        mount: "openai".into(),
        endpoint: "chat/completions".into(),
        model: Some("gpt-5-mini".into()),
        prompt: Some("Extract the invoice".into()),
        scope: Some("test-1".into()),
        profile: Some("ci".into()),
        mode: Mode::ReplayOrRecord,
        outcome: Some(Outcome::Replay),
        done: true,
        status: Some(200),
        cosmetic: true,
        recording: Some(id(1)),
        response_len: 2_100,
        total: Some(3_000),
        ..Call::default()
    }
}

pub(crate) fn query(text: &str) -> Query {
    Query::parse(text, QueryKind::Recordings).unwrap_or_else(|error| panic!("{error}"))
}

fn says(text: &str, row: &Row, facts: &RowFacts) -> QueryVerdict {
    query(text).matches(Subject::Row(row, facts), NOW)
}

#[track_caller]
fn yes(text: &str, row: &Row) {
    assert_eq!(says(text, row, &RowFacts::default()), QueryVerdict::Yes, "{text}");
}

#[track_caller]
fn no(text: &str, row: &Row) {
    assert_eq!(says(text, row, &RowFacts::default()), QueryVerdict::No, "{text}");
}

#[test]
fn words_are_looked_for_in_what_people_read() {
    let row = Row { name: Some("Checkout hat".into()), ..row(1) };
    for text in
        ["", "  ", "TINY", "\"tiny hat\"", "image-1.5", "generations", "checkout", "night", "cap*hat", "h?t"]
    {
        yes(text, &row);
    }
    for text in ["tinyhat", "\"t?ny\"", "openai", "\"cap*hat\"", "-tiny", "hat -capybara"] {
        no(text, &row);
    }
    yes("ÄRGER", &Row { prompt: Some("viel ärger".into()), ..row.clone() });
    yes("夜景 NIGHT prompt:*夜?を*", &Row { prompt: Some("東京の夜景を (Night)".into()), ..row.clone() });
    yes(
        "model:ΟΔΟΣ prompt:=οδόσ",
        &Row { model: Some("οδοσ-1".into()), prompt: Some("ΟΔΌΣ".into()), ..row.clone() },
    );
    yes("or", &Row { prompt: Some("this or that".into()), ..row.clone() });
    yes("\"OR\"", &Row { prompt: Some("this or that".into()), ..row });
}

#[test]
fn terms_are_joined() {
    let row = row(1);
    for text in
        ["tiny hat", "nothing OR hat", "nothing there OR tiny hat", "-(nothing OR never)", "-(tiny nothing)"]
    {
        yes(text, &row);
    }
    for text in [
        "tiny nothing",
        "tiny (nothing OR never)",
        "-(nothing OR hat)",
        "-(tiny hat)",
        "tiny -hat OR nothing",
    ] {
        no(text, &row);
    }
}

#[test]
fn texts_and_names() {
    let row = Row { scope: Some("test-1".into()), name: Some("a (b), c*".into()), ..row(1) };
    for text in [
        "model:GPT-image",
        "model:gpt-image*",
        "model:=gpt-image-1.5",
        "model:flux*,gpt*",
        "model:*",
        "endpoint:/v1/images",
        "endpoint:images",
        "endpoint:/v1/images/gen*",
        "endpoint:=/v1beta/images/generations",
        "prompt:\"tiny hat\"",
        "prompt:*tiny?hat*",
        "tag:CI",
        "tag:night*",
        "-tag:night",
        "scope:test-?",
        "scope:*",
        "mount:openai",
        "method:post",
        "name:\"(b), c*\"",
        "name:=\"A (b), c*\"",
        "Model:gpt",
    ] {
        yes(text, &row);
    }
    for text in [
        "model:gpt-image-1.?.?",
        "model:=gpt-image",
        "model:image*",
        "endpoint:/v1/chat",
        "tag:night",
        "scope:test",
        "mount:open",
        "-scope:*",
        "prompt:\"tiny*hat\"",
        "name:\"d\"",
    ] {
        no(text, &row);
    }
    yes("-scope:* -name:* -tag:*", &Row { scope: None, name: None, tags: Vec::new(), ..row });
}

#[test]
fn amounts_and_their_units() {
    let row = Row { status: 404, ..row(1) };
    for text in [
        "status:404",
        "status:>=400",
        "status:400..499",
        "status:200,404",
        "status:=404",
        "status:..404",
        "latency:>2s",
        "latency:2s",
        "latency:2500ms",
        "latency:2.5s",
        "latency:<=2.5s",
        "latency:>=0.04m",
        "latency:2s..3s",
        "size:>1M",
        "size:1.5M",
        "size:1.5MiB",
        "size:1M",
        "size:=1536k",
        "size:<1G",
        "size:1572864",
        "size:>1572863b",
        "hits:0",
        "hits:<1",
    ] {
        yes(text, &row);
    }
    for text in [
        "status:>404",
        "status:405..",
        "latency:<2s",
        "latency:3s",
        "size:2M",
        "size:<=1M",
        "size:1.4M",
        "hits:>0",
    ] {
        no(text, &row);
    }
}

#[test]
fn times_and_days() {
    let row = row(1);
    for text in [
        "age:10d",
        "age:=10d",
        "age:9d",
        "age:1w",
        "age:>1w",
        "age:<=10d",
        "age:240h",
        "age:<2w",
        "recorded:2026-11-11",
        "recorded:<2026-11-12",
        "recorded:<=2026-11-11",
        "recorded:>2026-11-10",
        "recorded:2026-11-01..2026-11-11",
        "recorded:2026-11-11..",
        "-recorded:>2026-11-11",
        "unused:10d",
        "unused:1d",
        "unused:=10d",
        "unused:>9d",
    ] {
        yes(text, &row);
    }
    for text in [
        "age:>10d",
        "age:11d",
        "age:=9d",
        "recorded:<2026-11-11",
        "recorded:>2026-11-11",
        "unused:30d",
        "unused:=9d",
        "unused:>30d",
    ] {
        no(text, &row);
    }
}

#[test]
fn what_recordings_are() {
    let id = id(1).to_string();
    let plain = row(1);
    let rest = &id["rec_".len()..];
    for text in [&format!("id:{}", &id[..9]), &format!("id:{rest}"), &format!("hash:{}", plain.hash)] {
        yes(text, &plain);
    }
    yes(&format!("hash:{}", plain.hash.to_string()[..5].to_uppercase()), &plain);
    no("id:rec_z OR hash:0000 OR source:rec_ OR strategy:strict,pinned", &plain);
    yes("strategy:Standard image:yes sse:no protected:no partial:no fault:no edited:no review:no", &plain);
    let source = |how| Some(Source { recording: super::tests::id(9), how });
    for (text, other) in [
        ("strategy:specific", Row { strategy: "specific size".parse().unwrap(), ..plain.clone() }),
        ("image:no", Row { images: 0, ..plain.clone() }),
        ("sse:yes", Row { streamed: true, ..plain.clone() }),
        ("protected:yes", Row { protected: true, ..plain.clone() }),
        ("partial:yes", Row { completeness: Completeness::CutByClient, ..plain.clone() }),
        ("fault:yes", Row { ending: Ending::Stall, ..plain.clone() }),
        ("fault:yes source:rec_", Row { source: source(Derivation::Fault), ..plain.clone() }),
        ("fault:no source:rec_", Row { source: source(Derivation::Duplicate), ..plain.clone() }),
        ("edited:yes", Row { edited: true, ..plain.clone() }),
        ("review:yes", Row { review: Some(super::tests::id(9)), ..plain.clone() }),
    ] {
        yes(text, &other);
        no(text, &plain);
    }
}

#[test]
fn calls_have_keys_of_their_own() {
    let call = call();
    let shows = |text: &str, call: &Call| {
        let query = Query::parse(text, QueryKind::Calls).unwrap_or_else(|error| panic!("{error}"));
        query.shows(Subject::Call(call), NOW)
    };
    for text in [
        "result:hit",
        "result:hit~",
        "result:replay",
        "result:miss,HIT",
        "mode:replay-or-record",
        "profile:ci",
        "scope:test-1",
        "invoice",
        "gpt-5",
        "completions",
        "status:200",
        "latency:3ms",
        "size:>2K",
        "age:5s",
        "sse:no",
        "id:call_7",
        "id:rec_",
        "model:gpt-5*",
        "endpoint:/v1/chat",
        "prompt:invoice",
        "mount:openai",
        "method:POST",
    ] {
        assert!(shows(text, &call), "{text}");
    }
    for text in ["result:miss", "id:call_", "id:call_70", "-invoice", "age:>1m", "status:>=400"] {
        assert!(!shows(text, &call), "{text}");
    }
    let exact = Call { cosmetic: false, ..call.clone() };
    assert!(shows("result:hit -result:hit~", &exact));
    for (outcome, word) in [(Outcome::Record, "rec"), (Outcome::Error, "err"), (Outcome::Live, "live")] {
        assert!(shows(
            &format!("result:{word} result:{outcome}"),
            &Call { outcome: Some(outcome), ..call.clone() }
        ));
    }
    let under_way = Call { outcome: None, status: None, total: None, ..call };
    assert!(shows("-result:hit,miss,rec,mock,live,err -status:0.. -latency:0s..", &under_way));
}

#[test]
fn the_table_and_the_language_agree() {
    let (row, call, facts) = (row(1), call(), RowFacts::default());
    for entry in KEYS {
        assert_eq!(KEYS.iter().filter(|other| other.name == entry.name || other.key == entry.key).count(), 1);
        assert!(
            !entry.help.is_empty() && !entry.examples.is_empty() && !entry.kinds.is_empty(),
            "{}",
            entry.name
        );
        for (example, kind) in entry
            .examples
            .iter()
            .flat_map(|example| [(example, QueryKind::Recordings), (example, QueryKind::Calls)])
        {
            let parsed = Query::parse(&format!("{}:{example}", entry.name), kind);
            assert_eq!(parsed.is_ok(), entry.kinds.contains(&kind), "{}:{example} of {kind}", entry.name);
            let Ok(query) = parsed else { continue };
            let own =
                if kind == QueryKind::Calls { Subject::Call(&call) } else { Subject::Row(&row, &facts) };
            let other =
                if kind == QueryKind::Calls { Subject::Row(&row, &facts) } else { Subject::Call(&call) };
            assert_eq!(query.shows(own, NOW), query.matches(own, NOW) == QueryVerdict::Yes, "{query}");
            if entry.kinds.len() == 1 {
                assert_eq!(query.matches(other, NOW), QueryVerdict::No, "{} of the other kind", entry.name);
            }
        }
    }
    for (example, meaning) in SYNTAX {
        assert!(Query::parse(example, QueryKind::Recordings).is_ok() && !meaning.is_empty(), "{example}");
    }
    let words = |key: Key| {
        let entry = KEYS.iter().find(|entry| entry.key == key).unwrap();
        entry.values.words().iter().map(|(word, _)| (*word).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(words(Key::Mode), Mode::ALL.map(|mode| mode.to_string()));
    let mut results = words(Key::Result);
    results.retain(|word| word != "hit~");
    let labels = Outcome::ALL.map(|outcome| outcome.label().to_lowercase());
    assert!(results.len() == labels.len() && labels.iter().all(|label| results.contains(label)));
    for word in ["standard", "strict", "specific", "pinned", "rule"] {
        assert!(words(Key::Strategy).contains(&word.to_owned()));
    }
    for strategy in words(Key::Strategy) {
        assert_eq!(strategy.parse::<Strategy>().map(|parsed| parsed.word().to_owned()), Ok(strategy));
    }
}

#[test]
fn each_term_says_what_it_found() {
    let row = row(1);
    let facts = RowFacts { use_unknown_before: days_ago(1), ..RowFacts::default() };
    let judged = query("hits:0 -(tag:x OR \"flux\") hat").judged(Subject::Row(&row, &facts), NOW);
    let said: Vec<_> = judged.iter().map(|one| (one.term.as_str(), one.key, one.verdict)).collect();
    assert_eq!(
        said,
        [
            ("hits:0", Some(Key::Hits), QueryVerdict::Unknown),
            ("-tag:x", Some(Key::Tag), QueryVerdict::Yes),
            ("-\"flux\"", None, QueryVerdict::Yes),
            ("hat", None, QueryVerdict::Yes),
        ]
    );
}
