//! What is known of a request by its bytes alone is what looking it up would say, whatever was recorded, changed or removed
//! in between; and what cannot have changed it leaves it known.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

use super::curate::create::Draft;
use super::{Engine, Incoming, MatchSettings, Overrides, RawCall, Settings};
use crate::model;
use crate::model::{Headers, Mode, RecordingId, Request};
use crate::store::{Ownership, Store};

struct Bench {
    engine: Engine,
    _dir: tempfile::TempDir,
}

/// Who answered, by which strategy; none for a miss.
type Found = Option<(HeaderValue, HeaderValue)>;

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &Ownership::default(), super::now()).unwrap().store;
        let settings = Settings { mode: Mode::ReplayOrError, ..Settings::default() };
        Self { engine: Engine::new(settings, store).unwrap(), _dir: dir }
    }

    async fn recorded(
        &self,
        request: Request,
        strategy: model::Strategy,
        scope: Option<&str>,
    ) -> RecordingId {
        let response = Some(super::plain_response(200, "application/json", "{}".into()));
        let (strategy, scope) = (Some(strategy), scope.map(str::to_owned));
        self.engine
            .create(Draft { request, response, strategy, scope, name: None, dry_run: false })
            .await
            .unwrap()
    }

    /// Who answers a call that is known, and who answers it when it is looked up.
    async fn asked(&self, request: &Request, scope: Option<&str>) -> (Option<Found>, Found) {
        let overrides = Overrides { scope: scope.map(Into::into), ..Overrides::default() };
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
        let found = |headers: &HeaderMap| {
            let header = |name: &str| headers.get(name).cloned();
            header("x-retake-recording-id").zip(header("x-retake-match"))
        };
        let key = self.engine.raw_key(&raw);
        let known = self.engine.answer_known(&raw, &key).map(|answer| found(&answer.headers));
        let incoming = Incoming { request: request.clone(), overrides, base, started, key, held: None };
        (known, found(&self.engine.answer(incoming).await.headers))
    }

    async fn is_known(&self, request: &Request) -> bool {
        self.asked(request, None).await.0.is_some()
    }
}

fn chat(prompt: u8, user: u8) -> Request {
    let message = format!(r#"{{"role":"user","content":"{prompt}"}}"#);
    let body = format!(r#"{{"model":"gpt-5","messages":[{message}],"user":"{user}"}}"#);
    Request {
        method: "POST".into(),
        mount: "openai".into(),
        target: "/v1/chat/completions".into(),
        headers: Headers::from_iter([("content-type", "application/json")]),
        body: Bytes::from(body),
    }
}

#[tokio::test]
async fn a_recording_of_something_else_leaves_what_is_known() {
    let bench = Bench::new();
    let standard = model::Strategy::default;
    let first = bench.recorded(chat(1, 1), standard(), None).await;
    bench.recorded(chat(2, 1), standard(), None).await;
    for _ in 0..2 {
        bench.asked(&chat(1, 1), None).await;
        bench.asked(&chat(1, 2), None).await;
    }
    assert!(bench.is_known(&chat(1, 1)).await && bench.is_known(&chat(1, 2)).await);
    bench.recorded(chat(3, 1), standard(), None).await;
    assert!(bench.is_known(&chat(1, 1)).await, "nothing that answers it changed");
    // A take of its own, a strategy that nobody used, and the end of what answers it.
    bench.recorded(chat(1, 2), standard(), None).await;
    assert!(!bench.is_known(&chat(1, 2)).await);
    bench.recorded(chat(4, 1), model::Strategy::Pinned, None).await;
    assert!(!bench.is_known(&chat(1, 1)).await);
    assert!(bench.is_known(&chat(1, 1)).await);
    bench.engine.remove(&[first]).await.unwrap();
    assert!(!bench.is_known(&chat(1, 1)).await);
}

#[tokio::test]
async fn more_requests_than_were_known_at_once_are_known_in_turn() {
    let bench = Bench::new();
    bench.recorded(chat(1, 1), model::Strategy::Pinned, None).await;
    let requests: Vec<_> = (0..10_000)
        .map(|nth: usize| Request {
            body: Bytes::from(format!(
                r#"{{"model":"gpt-5","messages":[{{"role":"user","content":"{nth}"}}]}}"#
            )),
            ..chat(1, 1)
        })
        .collect();
    for _ in 0..2 {
        for request in &requests {
            bench.asked(request, None).await;
        }
    }
    let mut known = 0;
    for request in &requests {
        known += usize::from(bench.is_known(request).await);
    }
    assert!(known > 9_500, "{known} of 10,000");
}

/// Something that happens to the recordings, or a call.
#[derive(Clone, Debug)]
enum Event {
    Record(u8, u8, usize, bool),
    Retag(usize, usize),
    Remove(usize),
    Undo,
    Call(u8, u8, bool),
}

fn strategy(nth: usize) -> model::Strategy {
    let texts =
        ["standard", "strict", "pinned", "specific messages", "standard -messages", "rule contains=1"];
    texts[nth % texts.len()].parse().unwrap()
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (0..3u8, 0..2u8, 0..6usize, any::<bool>()).prop_map(|(p, u, s, scoped)| Event::Record(p, u, s, scoped)),
        1 => (0..8usize, 0..6usize).prop_map(|(at, to)| Event::Retag(at, to)),
        1 => (0..8usize).prop_map(Event::Remove),
        1 => Just(Event::Undo),
        12 => (0..3u8, 0..2u8, any::<bool>()).prop_map(|(p, u, scoped)| Event::Call(p, u, scoped)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_is_known_is_what_is_found(events in prop::collection::vec(event(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (bench, mut ids) = (Bench::new(), Vec::new());
            for event in events {
                match event {
                    Event::Record(prompt, user, nth, scoped) => {
                        let scope = scoped.then_some("test");
                        ids.push(bench.recorded(chat(prompt, user), strategy(nth), scope).await);
                    }
                    Event::Retag(at, nth) => if let Some(id) = ids.get(at) {
                        let to = MatchSettings { strategy: Some(strategy(nth)), ..MatchSettings::default() };
                        _ = bench.engine.retag(std::slice::from_ref(id), &to, false).await;
                    },
                    Event::Remove(at) => if let Some(id) = ids.get(at) {
                        bench.engine.remove(std::slice::from_ref(id)).await.unwrap();
                    },
                    Event::Undo => _ = bench.engine.undo().await,
                    Event::Call(prompt, user, scoped) => {
                        let scope = scoped.then_some("test");
                        let (known, found) = bench.asked(&chat(prompt, user), scope).await;
                        if let Some(known) = known {
                            assert_eq!(known, found, "{prompt} {user} {scoped}");
                        }
                    }
                }
            }
        });
    }
}
