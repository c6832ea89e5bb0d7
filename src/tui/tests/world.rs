//! A made-up world: recordings, calls and exchanges.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::{
    Deciding, Diff, ExchangeRef, ExplainedHit, Explanation, FieldShown, Fix, FixKind, Near, Stats,
};
use crate::matching::compare;
use crate::matching::{BlastRadius, Change, Fields, Remedy, remedies};
use crate::model::{
    ByteLog, Call, CallId, Cause, Completeness, Counters, Event, Exchange, Headers, Mode, Outcome, Playback,
    Recording, RecordingId, Response, Row, Snapshot, Strategy, Timestamp, Usage, Usd,
};
use crate::reading::contrast::{CONTEXT, Contrast, Side, contrast};
use crate::store;
use crate::tui::content::page::ExchangePages;
use crate::tui::content::text::BodyForm;
use crate::tui::protocol::job::PairJob;
use crate::tui::widgets::picture::ScaledPicture;

/// The time at which the stories begin: 2026-11-02 14:02:00 UTC.
pub(crate) const START: Timestamp = Timestamp(1_793_628_120_000);

const ENDPOINTS: [(&str, &str, &str, &str); 6] = [
    (
        "openai",
        "images/generations",
        "gpt-image-1.5",
        "A capybara wearing a tiny hat, sitting in a hot spring",
    ),
    ("openai", "chat/completions", "gpt-5-mini", "Extract the invoice number from this letter"),
    ("anthropic", "messages", "claude-sonnet-4-5", "Summarize this document in three sentences"),
    ("openai", "embeddings", "text-embedding-3-small", "neon city in the rain"),
    ("fal", "flux-2-max", "flux-2-max", "watercolor fox, soft light"),
    ("gemini", "models/gemini-3-pro:generateContent", "gemini-3-pro", "isometric tiny kitchen"),
];

/// The recording with this number.
pub(crate) fn id(number: u8) -> RecordingId {
    RecordingId::from_random([number.wrapping_mul(37); 16])
}

/// One of very many ids.
pub(crate) fn nth_id(number: u32) -> RecordingId {
    RecordingId::from_random(std::array::from_fn(|at| {
        u8::try_from(number / 50_u32.pow(u32::try_from(at.min(4)).unwrap()) % 50).unwrap()
    }))
}

/// A row like the ones in lists.
pub(crate) fn row(number: u8) -> Row {
    let (mount, endpoint, model, prompt) = ENDPOINTS[usize::from(number) % ENDPOINTS.len()];
    let hits = u64::from(number) * 7 % 43;
    Row {
        id: id(number),
        hash: crate::model::Hash::of(&[number]),
        method: "POST".into(),
        mount: mount.into(),
        endpoint: endpoint.into(),
        model: Some(model.into()),
        prompt: Some(prompt.into()),
        strategy: ["standard", "strict", "specific size", "pinned"][usize::from(number) % 4].parse().unwrap(),
        name: None,
        tags: Vec::new(),
        protected: number % 7 == 3,
        scope: None,
        playback: Playback::Newest,
        completeness: if number == 5 { Completeness::CutByUpstream } else { Completeness::Whole },
        status: 200,
        streamed: endpoint == "messages",
        images: u32::from(endpoint == "images/generations"),
        size: 1_468_006 / (u64::from(number) * 13 + 1) + 312,
        recorded_at: Timestamp(START.0 - i64::from(number) * 3_700_000),
        stored_at: Timestamp(START.0 - i64::from(number) * 3_700_000),
        total: 11_800_000 / (u64::from(number) + 1),
        answer: None,
        tokens: None,
        ending: crate::model::Ending::Clean,
        source: None,
        review: None,
        edited: false,
        job: None,
        failure: None,
        continues: None,
        usage: Usage {
            hits,
            last_hit: (hits > 0).then(|| Timestamp(START.0 - i64::from(number) * 1_200_000)),
            ..Usage::default()
        },
    }
}

/// A call like the ones in the live list.
pub(crate) fn call(number: u64) -> Call {
    let (mount, endpoint, model, prompt) = ENDPOINTS[usize::try_from(number).unwrap() % ENDPOINTS.len()];
    let outcome = match number % 8 {
        0 | 1 | 4 => Outcome::Replay,
        2 => Outcome::Miss,
        3 => Outcome::Record,
        5 => Outcome::Mock,
        6 => Outcome::Live,
        _ => Outcome::Error,
    };
    let (status, total) = match outcome {
        Outcome::Replay | Outcome::Mock => (200, 1_400 * (number % 3 + 1)),
        Outcome::Miss => (404, 300),
        Outcome::Error => (502, 30_000_000),
        _ => (200, 1_870_000 + number * 91_000),
    };
    let reason = match outcome {
        Outcome::Miss => {
            Some("seed is 8, recorded is 7; quality is absent, recorded is \"high\" (nearest rec_2jKx8mNp)")
        }
        Outcome::Error => Some("api.openai.com did not answer within 30 s"),
        _ => None,
    };
    Call {
        scope: None,
        match_header: None,
        coalesced: None,
        id: CallId(number),
        at: Timestamp(START.0 + i64::try_from(number).unwrap() * 700),
        method: "POST".into(),
        mount: mount.into(),
        endpoint: endpoint.into(),
        model: Some(model.into()),
        prompt: Some(prompt.into()),
        profile: None,
        mode: Mode::ReplayOrError,
        outcome: Some(outcome),
        done: true,
        status: Some(status),
        streamed: endpoint == "messages",
        cosmetic: number % 8 == 4,
        recording: matches!(outcome, Outcome::Replay | Outcome::Record)
            .then(|| id(u8::try_from(number % 12).unwrap())),
        request_len: 312,
        response_len: 97 + number * number * 911 % 1_500_000,
        first_byte: Some(total / 3),
        total: Some(total),
        reason: reason.map(String::from),
        code: None,
        cause: (outcome == Outcome::Miss).then(|| Arc::new(cause(7, &["body/quality", "body/seed"]))),
        retry_after: None,
    }
}

/// The cause of a miss.
pub(crate) fn cause(nearest: u8, fields: &[&str]) -> Cause {
    Cause { nearest: id(nearest), fields: fields.iter().map(|field| (*field).to_owned()).collect() }
}

fn change(field: &str, values: (Option<&str>, Option<&str>), significant: bool) -> Change {
    let text = |value: Option<&str>| value.map(str::to_owned);
    let (recorded, incoming) = (text(values.0), text(values.1));
    Change { field: field.parse().unwrap(), recorded, incoming, significant }
}

fn near(number: u8, likeness: u8, changes: Vec<Change>, fixes: &[(&str, u64)]) -> Near {
    let fix = |(strategy, mended): &(&str, u64)| Fix {
        kind: FixKind::Retag,
        strategy: strategy.parse().unwrap(),
        command: format!("retake retag {} '{strategy}'", id(number)),
        radius: BlastRadius { calls: 40, miss_to_hit: *mended, ..BlastRadius::default() },
    };
    let fixes = fixes.iter().map(fix).collect();
    Near { recording: id(number), strategy: Strategy::STANDARD, likeness, tie: false, changes, fixes }
}

/// The explanation of a miss: two recordings come near.
pub(crate) fn missed() -> Explanation {
    let capybara = Some("\"A capybara wearing a tiny hat, sitting in a hot spring\"");
    let changes = vec![
        change("body/prompt", (capybara, Some("\"A capybara in a hot spring, no hat\"")), false),
        change("body/quality", (Some("\"high\""), None), true),
        change("body/seed", (Some("7"), Some("8")), true),
    ];
    let fixes = [("standard -quality -seed", 5), ("specific size", 9), ("pinned", 12)];
    let other = vec![change("body/model", (Some("\"gpt-image-1\""), Some("\"gpt-image-1.5\"")), true)];
    explained(None, vec![near(7, 91, changes, &fixes), near(1, 74, other, &[])])
}

/// The explanation of a miss: a chat with another prompt.
pub(crate) fn reworded() -> Explanation {
    let change = change("body/messages/0/content", (Some("Say hi"), Some("Say bye")), true);
    let fixes = [("standard -messages/0/content", 3), ("pinned", 9)];
    let mut near = near(7, 96, vec![change], &fixes);
    near.fixes.iter_mut().for_each(|fix| fix.kind = FixKind::Loosen);
    let record = Fix {
        kind: FixKind::Record,
        strategy: Strategy::STANDARD,
        command: "retake keep 10".into(),
        radius: BlastRadius { calls: 40, miss_to_hit: 1, ..BlastRadius::default() },
    };
    near.fixes.insert(0, record);
    explained(None, vec![near])
}

/// The explanation of a hit, although its prompt is another one.
pub(crate) fn hit(number: u8) -> Explanation {
    let prompt = change("body/prompt", (Some("\"a fox\""), Some("\"a cat\"")), false);
    let hit = ExplainedHit {
        recording: id(number),
        strategy: Strategy::STANDARD,
        because: "all that its strategy `standard` looks at is equal".into(),
        changes: vec![prompt],
        next: Some(id(9)),
    };
    explained(Some(hit), Vec::new())
}

fn explained(hit: Option<ExplainedHit>, near: Vec<Near>) -> Explanation {
    Explanation {
        endpoint: "images/generations".into(),
        model: Some("gpt-image-1.5".into()),
        scope: None,
        mode: Mode::ReplayOrError,
        decision: "miss".into(),
        opaque: None,
        hit,
        passed_over: None,
        near,
        record: None,
    }
}

/// An explanation with everything in it as bad as it can be.
pub(crate) fn hostile(bad: &str) -> Explanation {
    let field = serde_json::json!(format!("body/{}", bad.replace('/', "")));
    let change = Change {
        field: serde_json::from_value(field).unwrap(),
        ..change("body/x", (Some(bad), Some(bad)), true)
    };
    let near = near(7, 91, vec![change], &[("specific x", u64::MAX)]);
    explained(None, vec![near])
}

/// A call that is under way.
pub(crate) fn flying(number: u64) -> Call {
    Call {
        outcome: None,
        done: false,
        status: None,
        total: None,
        first_byte: None,
        reason: None,
        cause: None,
        ..call(number)
    }
}

/// The announcement of a call.
pub(crate) fn announced(call: Call, in_flight: u64) -> Event {
    let mut counters = Counters { in_flight, ..Counters::default() };
    counters.outcomes = [9, 2, 1, 1, 1, 0];
    Event::Call { call: Arc::new(call), usage: None, counters }
}

/// A world with so many recordings and calls.
pub(crate) fn world(recordings: u8, calls: u64) -> Snapshot {
    let mut world = Snapshot { mode: Mode::ReplayOrError, ..Snapshot::default() };
    let rows = (0..recordings).map(|number| Arc::new(row(number))).collect();
    world.apply(&Event::Stored { rows });
    for number in 1..=calls {
        world.apply(&announced(call(number), 0));
    }
    world
}

/// A recording with a picture, behind its row.
pub(crate) fn recording(number: u8, png: &[u8]) -> Recording {
    use base64::Engine as _;
    let row = row(number);
    let picture = base64::engine::general_purpose::STANDARD.encode(png);
    let answer = serde_json::json!({
        "created": 1_793_628_120,
        "data": [{ "b64_json": picture, "revised_prompt": "A capybara \u{1b}]52;c;aGk=\u{7}with a \u{202e}tah" }],
        "usage": { "total_tokens": 1056, "cached": false },
    });
    let json = [("content-type", "application/json"), ("x-request-id", "req_0123456789")];
    let body = answer.to_string().into_bytes();
    let halves = body.split_at(body.len() / 3);
    let response = Response {
        status: 200,
        headers: Headers::from_iter(json),
        log: ByteLog::from_pieces([
            (Duration::from_millis(900), halves.0),
            (Duration::from_millis(2_400), halves.1),
        ]),
    };
    let provenance = crate::model::Provenance {
        recorded_at: row.recorded_at,
        stored_at: row.recorded_at,
        upstream: "https://api.openai.com".into(),
        version: "0.1.0".into(),
        first_byte: 850_000,
        total: 2_400_000,
    };
    Recording {
        hash: row.hash,
        strategy: row.strategy,
        protected: row.protected,
        completeness: row.completeness,
        ..Recording::new(row.id, request(), response, provenance)
    }
}

/// The pages of a recording, with what only the client knows.
pub(crate) fn pages(recording: &Recording, form: BodyForm) -> ExchangePages {
    let mut pages = ExchangePages::of_recording(recording, form);
    let fields = Fields::of(&recording.request);
    let shown = fields.under_strategy(&recording.strategy).map(|(field, value, significant)| FieldShown {
        field: field.to_string(),
        value,
        significant,
    });
    let fingerprint = fields.fingerprint(&recording.strategy).to_string();
    let deciding = Deciding { fingerprint, fields: shown.collect(), left_out: 0 };
    let facts = pages.facts.get_or_insert_default();
    (facts.deciding, facts.price) = (Some(deciding), Some(Usd(42_000)));
    pages
}

/// The difference of two made-up recordings with pictures.
pub(crate) fn diff(one: ExchangeRef, other: ExchangeRef) -> Diff {
    let (before, mut after) = (recording(0, &png(64)), recording(0, &png(48)));
    let body = r#"{"model":"gpt-image-1.5","prompt":"A capybara wearing a \u001b[31mred hat","size":"1024x1536","seed":8,"stream":false}"#;
    let request = serde_json::json!({
        "method": "POST", "mount": "openai", "target": "/v1/images/generations",
        "headers": [["content-type", "application/json"], ["openai-beta", "x=1"]], "body": body,
    });
    let exchange = serde_json::json!({ "request": request, "response": null });
    after.request = serde_json::from_value::<Exchange>(exchange).unwrap().request;
    after.response.status = 202;
    let contrast = contrast(&Side::from(&before), &Side::from(&after), CONTEXT);
    diff_of((one, &before), (other, &after), contrast)
}

/// The difference of two recordings.
pub(crate) fn diff_of(
    (one, before): (ExchangeRef, &Recording),
    (other, after): (ExchangeRef, &Recording),
    contrast: Contrast,
) -> Diff {
    let (was, is) = (Fields::of(&before.request), Fields::of(&after.request));
    let strategy = Strategy::STANDARD;
    let radius = BlastRadius { calls: 120, miss_to_hit: 3, from_others: 1, ..BlastRadius::default() };
    let fix = |remedy: Remedy| {
        let (kind, strategy) = match remedy {
            Remedy::Record => return None,
            Remedy::Retag(strategy) => (FixKind::Retag, strategy),
            Remedy::Loosen(strategy) => (FixKind::Loosen, strategy),
        };
        let command = format!("retake retag {one} '{strategy}'");
        Some(Fix { kind, strategy, command, radius: radius.clone() })
    };
    let comparison = compare(&strategy, &was, &is);
    Diff {
        matches: comparison.is_match(),
        changes: comparison.changes,
        fixes: remedies(&strategy, &was, &is).into_iter().filter_map(fix).collect(),
        contrast,
        one,
        other,
        strategy,
    }
}

/// The pictures of that difference.
pub(crate) fn pictures(pair: &PairJob) -> [Option<ScaledPicture>; 2] {
    [64, 48].map(|side| {
        let decoded = crate::reading::decode_picture(&png(side)).ok()?;
        let scaled = Arc::new(crate::tui::widgets::picture::thumbnail(&decoded, pair.cells));
        Some(Ok(((side, side), scaled)))
    })
}

/// A recording with a streamed answer that waits in the middle.
pub(crate) fn streamed() -> Recording {
    let Exchange { request, response } = stream();
    let plain = recording(2, &png(8));
    Recording { request, response: response.unwrap(), ..plain }
}

/// An exchange with a streamed answer.
pub(crate) fn stream() -> Exchange {
    let words = ["The ", "letter ", "is ", "about ", "a ", "capybara."];
    let pieces = words.iter().zip(1_u32..).map(|(word, number)| {
        let data = serde_json::json!({ "choices": [{ "delta": { "content": word } }] });
        (Duration::from_millis(180) * number * number, format!("data: {data}\n\n"))
    });
    let headers = Headers::from_iter([("content-type", "text/event-stream")]);
    let response = Response { status: 200, headers, log: ByteLog::from_pieces(pieces) };
    Exchange { request: request(), response: Some(response) }
}

fn request() -> crate::model::Scrubbed {
    let body = r#"{"model":"gpt-image-1.5","prompt":"A capybara wearing a tiny hat, sitting in a hot spring","size":"1024x1024","quality":"high","seed":7,"stream":false}"#;
    let request = serde_json::json!({
        "method": "POST", "mount": "openai", "target": "/v1/images/generations",
        "headers": [["content-type", "application/json"], ["user-agent", "OpenAI/Python 2.8.0"]], "body": body,
    });
    let exchange = serde_json::json!({ "request": request, "response": null });
    serde_json::from_value::<Exchange>(exchange).unwrap().request
}

/// The picture of a recording: every third one looks like another.
pub(crate) fn png_of(of: &RecordingId) -> Vec<u8> {
    let number = (0..=255).find(|number| id(*number) == *of).unwrap_or_default();
    let bars = u32::from(number % 12) / 2 + 2;
    let picture = image::RgbImage::from_fn(48, 48, |x, y| {
        let across = if number % 2 == 0 { x } else { y };
        if across * bars / 48 % 2 == 0 { image::Rgb([240, 200, 60]) } else { image::Rgb([30, 60, 120]) }
    });
    written(&picture)
}

/// A small picture with a gradient and a disc.
pub(crate) fn png(side: u32) -> Vec<u8> {
    let middle = f64::from(side) / 2.0;
    let pixel = |x: u32, y: u32| {
        let away = (f64::from(x) - middle).hypot(f64::from(y) - middle) / middle;
        let shade = u8::try_from((x * 255 / side).min(255)).unwrap();
        if away < 0.6 { image::Rgb([240, 200, shade]) } else { image::Rgb([30, shade / 2, 90]) }
    };
    written(&image::RgbImage::from_fn(side, side, pixel))
}

fn written(picture: &image::RgbImage) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

/// The numbers of a store whose hits saved so much.
pub(crate) fn stats(saved: Usd) -> Stats {
    let store =
        store::StoreStats { recordings: 12, trash: 0, journal_bytes: 0, body_bytes: 0, index_bytes: 0 };
    Stats {
        recordings: 12,
        bytes: 0,
        protected: 0,
        silent: 0,
        never_hit: 0,
        use_unknown_before: START,
        use_gaps: Vec::new(),
        hits: 9,
        saved,
        unpriced_hits: 0,
        endpoints: BTreeMap::new(),
        store,
        calls: Counters::default(),
        latencies: BTreeMap::new(),
        history: crate::engine::PastCalls::default(),
    }
}
