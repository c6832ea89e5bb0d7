//! A made-up store as large as one likes: rows as they come from people who use many models, and the calls they answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use retake::model::{
    Call, CallId, Cause, Completeness, Counters, Ending, Event, Hash, Hit, Hits, Mode, Outcome, Playback,
    RecordingId, Row, Snapshot, Strategy, Timestamp, Usage,
};

/// How late it is on the screen.
pub(crate) const NOW: Timestamp = Timestamp(1_793_628_160_000);

const MODELS: [(&str, &str, &str); 10] = [
    ("openai", "images/generations", "gpt-image-1.5"),
    ("openai", "chat/completions", "gpt-5-mini"),
    ("openai", "chat/completions", "gpt-5"),
    ("openai", "responses", "gpt-5.1-codex"),
    ("openai", "embeddings", "text-embedding-3-small"),
    ("anthropic", "messages", "claude-sonnet-4-5"),
    ("anthropic", "messages", "claude-haiku-4-5"),
    ("gemini", "models/gemini-3-pro:generateContent", "gemini-3-pro"),
    ("fal", "flux-2-max", "flux-2-max"),
    ("mistral", "chat/completions", "mistral-large-latest"),
];
const WORDS: [&str; 40] = [
    "a",
    "capybara",
    "wearing",
    "tiny",
    "hat",
    "in",
    "the",
    "rain",
    "Summarize",
    "this",
    "letter",
    "for",
    "Zürich",
    "invoice",
    "number",
    "from",
    "neon",
    "city",
    "watercolor",
    "fox",
    "with",
    "soft",
    "light",
    "isometric",
    "kitchen",
    "Extract",
    "all",
    "dates",
    "and",
    "names",
    "translate",
    "into",
    "French",
    "JSON",
    "schema",
    "of",
    "orders",
    "at",
    "night",
    "please",
];

/// Numbers that look random and are the same in every run.
fn mixed(at: u64) -> u64 {
    let mut x = at.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn pick<T>(from: &[T], at: u64) -> &T {
    &from[usize::try_from(at).unwrap_or_default() % from.len()]
}

fn id(at: u64) -> RecordingId {
    let mut random = [0; 16];
    random[..8].copy_from_slice(&mixed(at).to_le_bytes());
    random[8..].copy_from_slice(&mixed(at ^ 0xffff_0000).to_le_bytes());
    RecordingId::from_random(random)
}

fn back(millis: u64) -> Timestamp {
    Timestamp(NOW.0 - i64::try_from(millis).unwrap_or_default())
}

fn prompt(at: u64) -> String {
    let words = (0..6 + at % 9).map(|nth| *pick(&WORDS, mixed(at * 16 + nth)));
    words.collect::<Vec<_>>().join(" ")
}

/// The row with this number: the higher, the older.
pub(crate) fn row(at: u64) -> Row {
    let random = mixed(at);
    let (mount, endpoint, model) = *pick(&MODELS, random);
    let hits = if random.is_multiple_of(3) { 0 } else { random >> 8 & 0x3f };
    Row {
        id: id(at),
        // Every eighth is another take of the request before it.
        hash: Hash::of(&(at - at % 8 / 7).to_le_bytes()),
        method: "POST".into(),
        mount: mount.into(),
        endpoint: endpoint.into(),
        model: Some(model.into()),
        prompt: Some(prompt(at)),
        strategy: if random.is_multiple_of(5) { Strategy::Pinned } else { Strategy::STANDARD },
        name: (at % 50 == 7).then(|| format!("case {at}")),
        tags: if at.is_multiple_of(6) { vec!["ci".into()] } else { Vec::new() },
        protected: at % 40 == 3,
        scope: (at % 30 == 1).then(|| format!("test-{}", at % 90)),
        playback: Playback::Newest,
        completeness: Completeness::Whole,
        status: if at.is_multiple_of(17) { 429 } else { 200 },
        streamed: endpoint == "messages",
        images: u32::from(endpoint == "images/generations"),
        size: 300 + (random >> 20) % 2_000_000,
        recorded_at: back(at * 60_000),
        stored_at: back(at * 60_000),
        total: 90_000 + (random >> 30) % 20_000_000,
        answer: None,
        tokens: None,
        ending: Ending::Clean,
        source: None,
        review: None,
        edited: false,
        job: None,
        failure: None,
        continues: None,
        usage: Usage {
            hits,
            last_hit: (hits > 0).then(|| back((random >> 12) % (at * 60_000 + 1))),
            scopes: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
        },
    }
}

/// The call with this number, answered by one of so many recordings, unless it missed.
pub(crate) fn call(number: u64, rows: u64) -> Call {
    let random = mixed(number);
    let (mount, endpoint, model) = *pick(&MODELS, random);
    let miss = random.is_multiple_of(10);
    let fields = vec![(*pick(&["body/seed", "body/size", "body/quality"], random >> 7)).to_owned()];
    Call {
        id: CallId(number),
        at: NOW,
        method: "POST".into(),
        mount: mount.into(),
        endpoint: endpoint.into(),
        model: Some(model.into()),
        prompt: Some(prompt(number).into()),
        mode: Mode::ReplayOrError,
        outcome: Some(if miss { Outcome::Miss } else { Outcome::Replay }),
        done: true,
        status: Some(if miss { 404 } else { 200 }),
        recording: (!miss).then(|| id(random % rows)),
        request_len: 312,
        response_len: 700,
        first_byte: Some(random % 900),
        total: Some(random % 4_000),
        reason: miss.then(|| "seed is 8, recorded is 7".to_owned()),
        cause: miss.then(|| Arc::new(Cause { nearest: id(random % rows.min(200)), fields })),
        ..Call::default()
    }
}

/// A store with so many recordings, of which so many calls are remembered.
pub(crate) fn world(rows: u64, calls: u64) -> Snapshot {
    let mut world = Snapshot { mode: Mode::ReplayOrError, ..Snapshot::default() };
    world.apply(&Event::Stored { rows: (0..rows).map(|at| Arc::new(row(at))).collect() });
    for number in 1..=calls {
        Snapshot::put(&mut world.calls, &Arc::new(call(number, rows)));
    }
    world.counters = counters(calls);
    world
}

fn counters(calls: u64) -> Counters {
    let mut counters = Counters { in_flight: 2, ..Counters::default() };
    for (at, count) in counters.outcomes.iter_mut().enumerate() {
        *count = calls / (at as u64 + 1);
    }
    counters
}

/// The announcements of a call: that it arrived, and that it ended.
pub(crate) fn announced(number: u64, rows: u64) -> [Event; 2] {
    let ended = call(number, rows);
    let begun = Call {
        outcome: None,
        done: false,
        status: None,
        recording: None,
        cause: None,
        reason: None,
        total: None,
        ..ended.clone()
    };
    let all =
        Hits { count: number, last: Some(Timestamp(NOW.0 + i64::try_from(number).unwrap_or_default())) };
    let usage = ended.recording.is_some().then(|| Hit { all, in_scope: Hits::default() });
    let event = |call: Call, usage| Event::Call { call: Arc::new(call), usage, counters: counters(number) };
    [event(begun, None), event(ended, usage)]
}
