//! However many calls there are, what is kept of them stays within its bounds, in memory and on disk. Counted, not timed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::BodyExt as _;

use super::curate::create::Draft;
use super::history::exchanges::{REMEMBERED, RememberedExchanges};
use super::index::cursors::{CURSORS, TakeTurn};
use super::index::open_reads::{OpenReads, READS};
use super::{Engine, Incoming, Overrides, RawCall, Settings};
use crate::model::{
    ByteLog, CallId, Event, Exchange, Fingerprint, Headers, Mode, Piece, RecordingId, Request, Response,
    Snapshot, Timestamp, Usage,
};
use crate::store::{Ownership, Store};

/// An engine that has nobody to forward to.
struct Bench {
    engine: Engine,
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let engine = Self::opened(dir.path());
        Self { engine, dir }
    }

    fn opened(dir: &Path) -> Engine {
        let store = Store::open(dir, &Ownership::default(), super::now()).unwrap().store;
        let engine =
            Engine::new(Settings { mode: Mode::ReplayOrMock, ..Settings::default() }, store).unwrap();
        engine.shared.store.watch(super::now()).unwrap();
        engine
    }

    async fn recorded(&self, request: Request) -> RecordingId {
        let response = Some(super::plain_response(200, "application/json", "{}".into()));
        let draft = Draft { request, response, strategy: None, scope: None, name: None, dry_run: false };
        self.engine.create(draft).await.unwrap()
    }

    /// A call answered as the proxy does it.
    async fn call(&self, request: Request, mode: Mode, scope: Option<&str>) -> u16 {
        let overrides = Overrides { mode: Some(mode), scope: scope.map(Into::into), ..Overrides::default() };
        let (base, started, headers): (Arc<str>, _, _) =
            ("http://127.0.0.1".into(), Instant::now(), HeaderMap::new());
        let raw = RawCall {
            method: &request.method,
            mount: &request.mount,
            target: &request.target,
            headers: &headers,
            body: &request.body,
            overrides: &overrides,
            base: &base,
            started,
        };
        let key = self.engine.raw_key(&raw);
        let answer = match self.engine.answer_known(&raw, &key) {
            Some(answer) => answer,
            None => self.engine.answer(Incoming { request, overrides, base, started, key, held: None }).await,
        };
        let status = answer.status;
        answer.body.collect().await.unwrap();
        status
    }

    /// The length of the journal, how many of its lines speak of use, and the length of the index's files.
    fn on_disk(&self) -> (u64, usize, u64) {
        let stats = self.engine.shared.store.stats().unwrap();
        (stats.journal_bytes, self.ledgers(), stats.index_bytes)
    }

    fn ledgers(&self) -> usize {
        let journal = std::fs::read_to_string(self.dir.path().join("journal.log")).unwrap();
        journal.lines().filter(|line| line.contains("\"ledger\":")).count()
    }

    fn len(&self, name: &str) -> u64 {
        self.dir.path().join(name).metadata().map_or(0, |metadata| metadata.len())
    }
}

fn request(target: &str, body: &str) -> Request {
    Request {
        method: "POST".into(),
        mount: "openai".into(),
        target: target.into(),
        headers: Headers::from_iter([("content-type", "application/json")]),
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

fn chat(nth: usize) -> Request {
    let message = format!(r#"{{"role":"user","content":"{nth}"}}"#);
    request("/v1/chat/completions", &format!(r#"{{"model":"gpt-5","messages":[{message}],"seed":{nth}}}"#))
}

fn moderation(nth: usize) -> Request {
    request("/v1/moderations", &format!(r#"{{"model":"omni-moderation-latest","input":"{nth}"}}"#))
}

#[tokio::test]
async fn what_is_kept_of_calls_stays_within_its_bounds_however_many_there_are() {
    let bench = Bench::new();
    let ids = [bench.recorded(moderation(0)).await, bench.recorded(moderation(1)).await];
    let (history, before) = (&bench.engine.shared.history, bench.on_disk());
    for nth in 0..24_000 {
        let (asked, mode) = match nth % 3 {
            0 => (chat(nth), Mode::Mock),
            _ => (moderation(nth % 2), Mode::ReplayOrError),
        };
        let scope = (nth % 5 == 0).then(|| format!("test-{nth}"));
        assert_eq!(bench.call(asked, mode, scope.as_deref()).await, 200);
        if nth % 1000 == 999 {
            bench.engine.checkpoint().await;
            let waiting = bench.engine.shared.sketches.waiting.load(std::sync::atomic::Ordering::Relaxed);
            assert_eq!(waiting, 0, "what was asked is kept as an outline once it is written down");
        }
    }
    assert_eq!(history.held(), (Snapshot::CALLS, Snapshot::CALLS));
    let (exchanges, memory) = history.exchanges.extent();
    assert!(exchanges <= Snapshot::CALLS && memory <= REMEMBERED, "{exchanges} in {memory} bytes");
    let rows = bench.engine.rows();
    assert_eq!(ids.iter().map(|id| rows[id].usage.hits).sum::<u64>(), 16_000);
    assert!(ids.iter().all(|id| rows[id].usage.scopes.len() == Usage::SCOPES));
    // Neither the journal nor what is made of it knows how many hits there were; the index has all rows together by now.
    let after = bench.on_disk();
    assert_eq!((after.0, after.1), (before.0, before.1));
    assert!(after.2 < before.2 + 8192, "{after:?} {before:?}");
    // Two files of at most 10,000 calls, and notes of two recordings with all their scopes: twice, and what is borne.
    assert!(bench.len("history") + bench.len("history.old") < 2 * 10_000 * 700, "{}", bench.len("history"));
    assert!(bench.len("watch") < 3 * 2 * 260 * 90 + (64 << 10), "{}", bench.len("watch"));
    bench.engine.close(Duration::from_secs(20)).await;
    assert_eq!(bench.ledgers(), before.1 + 1, "the journal is told at the end");
    assert_eq!(bench.len("watch"), 0);
    let again = Bench::opened(bench.dir.path());
    assert_eq!(again.rows().values().map(|row| row.usage.hits).sum::<u64>(), 16_000);
    again.restore_history();
    let told = again.stats().await.unwrap().history;
    assert_eq!(told.calls, Snapshot::CALLS as u64, "and the history goes on where it ended");
    assert_eq!((told.limit, told.since), (10_000, again.calls().front().map(|call| call.at)));
    assert!(again.calls().back().unwrap().id > CallId(20_000));
}

#[tokio::test]
async fn a_killed_process_is_survived_by_all_that_it_counted() {
    let bench = Bench::new();
    let id = bench.recorded(moderation(0)).await;
    for nth in 0..500 {
        bench.call(moderation(0), Mode::ReplayOrError, Some(&format!("test-{}", nth % 4))).await;
    }
    bench.engine.checkpoint().await;
    let (usage, journal) = (bench.engine.row(&id).unwrap().usage.clone(), bench.on_disk());
    let Bench { engine, dir } = bench;
    // Nothing is closed.
    drop(engine);
    let again = Bench { engine: Bench::opened(dir.path()), dir };
    assert_eq!(again.engine.row(&id).unwrap().usage, usage);
    assert_eq!(usage.hits, 500);
    assert_eq!(again.on_disk().1, journal.1 + 1, "the next start tells the journal");
    assert_eq!(again.engine.shared.store.gaps().unwrap(), []);
}

#[tokio::test]
async fn who_counts_and_who_follows_along_forget_the_same_scopes() {
    let bench = Bench::new();
    let id = bench.recorded(moderation(0)).await;
    let mut followed = bench.engine.snapshot();
    let mut events = bench.engine.subscribe();
    // Each scope comes back once, when it may be forgotten already.
    for nth in 0..700 {
        for scope in [nth, nth / 2] {
            bench.call(moderation(0), Mode::ReplayOrError, Some(&format!("test-{scope}"))).await;
        }
        while let Ok(event) = events.try_recv() {
            followed.apply(&event);
        }
    }
    let usage = bench.engine.row(&id).unwrap().usage.clone();
    assert_eq!(followed.rows[&id].usage, usage);
    assert_eq!((usage.hits, usage.scopes.len()), (1400, Usage::SCOPES));
    assert!(usage.has_more_scopes() && usage.scopes.contains_key("test-699"));
    assert!(!usage.scopes.contains_key("test-3"));
    let other = Usage {
        hits: 9,
        scopes: (0..999).map(|nth| (format!("{nth:03}").into(), crate::model::Hits::default())).collect(),
        ..Usage::default()
    };
    let used = bench.engine.shared.index.used(&id).unwrap();
    used.hear(
        &"store_elsewhere".into(),
        &Usage { elsewhere: BTreeMap::from([("x".into(), other.clone())]), ..other },
    );
    let there = used.get().elsewhere["store_elsewhere"].clone();
    assert_eq!((there.scopes.len(), there.elsewhere.len()), (Usage::SCOPES, 0));
    // Every run of a build machine may report a store of its own.
    for nth in 0..200 {
        let once = Usage { hits: 1, last_hit: Some(Timestamp(nth)), ..Usage::default() };
        used.hear(&format!("run_{nth:03}").into(), &once);
    }
    let usage = used.get();
    assert_eq!(usage.elsewhere.len(), Usage::STORES);
    assert!(usage.elsewhere.contains_key("run_199") && !usage.elsewhere.contains_key("run_000"));
    assert_eq!(usage.everywhere().count, 1400 + 9 + 200, "what is not told apart still counts");
}

#[test]
fn reads_that_may_be_asked_for_again_have_a_bound() {
    let reads = OpenReads::default();
    let request =
        Request { method: "GET".into(), mount: "x".into(), target: "/y".into(), ..Request::default() };
    let log = ByteLog::whole(br#"{"status":"running"}"#.to_vec(), Duration::ZERO);
    let response = Response { status: 200, headers: Headers::default(), log };
    let asked = |nth: usize| Fingerprint(crate::model::Hash::of(&nth.to_be_bytes()).0);
    for nth in 0..READS + 10 {
        let id = RecordingId::from_random([1; 16]);
        reads.note(&id, (asked(nth), &None), (&request, &response), (false, false));
    }
    assert_eq!(reads.len(), READS);
    assert!(!reads.is_open(&asked(9), &None) && reads.is_open(&asked(10), &None));
    assert!(reads.is_open(&asked(READS + 9), &Some("any".into())));
}

#[tokio::test]
async fn sequences_have_a_bound_and_people_are_told() {
    let bench = Bench::new();
    let mut events = bench.engine.subscribe();
    let cursors = &bench.engine.shared.takes.cursors;
    let takes = (Fingerprint([7; 32]), false);
    let scope = |nth: usize| Some(Arc::from(format!("test-{nth}")));
    let turn = |nth: usize, from: usize| TakeTurn { scope: scope(nth), takes, from, to: from + 1, job: None };
    let mut told = 0;
    for nth in 0..CURSORS + 100 {
        told += usize::from(cursors.delivered(turn(nth, 0)));
        // One of them goes on all the time, so it stays.
        let at = cursors.position(&scope(0), &takes);
        told += usize::from(cursors.delivered(turn(0, at)));
    }
    assert_eq!(told, 1);
    assert_eq!(cursors.position(&scope(0), &takes), CURSORS + 101);
    assert_eq!(cursors.position(&scope(1), &takes), 0, "its sequence starts anew");
    assert_eq!(cursors.position(&scope(101), &takes), 1);
    assert_eq!(bench.engine.scopes().iter().map(|scope| scope.cursors.len()).sum::<usize>(), CURSORS);
    bench.engine.tell_given_up(true);
    let Event::Notice(notice) = &*events.recv().await.unwrap() else { panic!("people are told") };
    assert!(notice.text.contains("16384 sequences"), "{}", notice.text);
    assert_eq!(bench.engine.reset_cursors(Some("test-101")), 1);
    assert_eq!(bench.engine.reset_cursors(None), CURSORS - 1);
    assert_eq!(bench.engine.reset_cursors(None), 0);
}

#[tokio::test]
async fn misses_at_several_endpoints_in_turn_make_each_lineup_once() {
    let bench = Bench::new();
    bench.recorded(chat(0)).await;
    bench.recorded(moderation(0)).await;
    for nth in 1..20 {
        assert_eq!(bench.call(chat(nth), Mode::ReplayOrError, None).await, 404);
        assert_eq!(bench.call(moderation(nth), Mode::ReplayOrError, None).await, 404);
    }
    let made = || bench.engine.shared.sketches.made.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(made(), 2);
    bench.recorded(chat(99)).await;
    bench.call(chat(5), Mode::ReplayOrError, None).await;
    assert_eq!(made(), 3, "another recording may come nearer");
    // However many endpoints there are.
    for nth in 0..40 {
        bench.call(request(&format!("/v1/unknown/{nth}"), "{}"), Mode::ReplayOrError, None).await;
    }
    assert_eq!(bench.engine.shared.sketches.lineups(), super::index::sketches::LINEUPS);
}

#[test]
fn a_remembered_exchange_counts_all_that_it_holds() {
    let exchanges = RememberedExchanges::default();
    let weighed = |exchange: Exchange, asked: Option<Request>| {
        exchanges.forget(CallId(1));
        exchanges.remember_repeatable(CallId(1), exchange, asked);
        exchanges.extent().1
    };
    let answer = |pieces: usize, headers: usize| {
        let pieces = vec![Piece { len: 1, at: 0 }; pieces];
        let headers = (0..headers).map(|nth| (format!("x-{nth}"), vec![b'v'; 1000])).collect();
        Response { status: 200, headers, log: ByteLog { bytes: Bytes::new(), pieces } }
    };
    let exchange = |request: &Request, response| {
        let exchange = serde_json::json!({ "request": request, "response": null });
        let request = serde_json::from_value::<Exchange>(exchange).unwrap().request;
        Exchange { request, response: Some(response) }
    };
    let small = request("/v1/x", "");
    let bare = weighed(exchange(&small, answer(0, 0)), None);
    assert!((500..1500).contains(&bare), "{bare}");
    let streamed = weighed(exchange(&small, answer(10_000, 0)), None) - bare;
    assert!((160_000..161_000).contains(&streamed), "{streamed}");
    let spoken = weighed(exchange(&small, answer(0, 100)), None) - bare;
    assert!((100_000..125_000).contains(&spoken), "{spoken}");
    // The body is kept once, though the request is kept as it came, too.
    let long = request("/v1/x", &"y".repeat(100_000));
    let kept = weighed(exchange(&long, answer(0, 0)), Some(long.clone())) - bare;
    assert!((100_000..101_500).contains(&kept), "{kept}");
    // And it does not keep the buffer that it came in.
    let buffer = Bytes::from(vec![b'z'; 1 << 20]);
    let asked = Request { body: buffer.slice(10..20), ..small };
    let mut came = exchange(&asked, answer(0, 0));
    came.response.as_mut().unwrap().log.bytes = buffer.slice(0..5);
    let kept = weighed(came, Some(asked)) - bare;
    assert!(kept < 1500, "{kept}");
    assert!(buffer.is_unique(), "nobody else has it");
    for nth in 2..20 {
        exchanges.remember(CallId(nth), exchange(&request("/v1/x", &"y".repeat(7 << 20)), answer(0, 0)));
        assert!(exchanges.extent().1 <= REMEMBERED);
    }
    assert_eq!(exchanges.extent().0, 9);
}
