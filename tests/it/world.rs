//! A proxy on port 0 before an upstream on port 0, both real, and a client to talk to them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request as Incoming;
use axum::response::Response;
use axum::serve::ListenerExt;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use retake::engine::{self, Engine, Settings};
use retake::model::{Event, Headers, Mode, Recording, RecordingId, Request};
use retake::proxy::{Limits, Proxy, ProxyAccess};
use retake::store::{Ownership, Store};
use retake::upstream::{Arriving, UpstreamClient};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::broadcast::Receiver;
use tokio_util::sync::CancellationToken;

/// How long anything may take before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// A key that must never be found anywhere.
pub(crate) const KEY: &str = "sk-retake-test-4f9a8c7e6d5b4a39281706f5e4d3c2b1";
/// The control API's token.
pub(crate) const TOKEN: &str = "0123456789abcdef";

/// A request that an upstream saw.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

/// A stand-in for a provider: whatever `answer` says, over real connections that are counted.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
    pub(crate) connections: Arc<AtomicUsize>,
    stop: CancellationToken,
    serving: tokio::task::JoinHandle<()>,
}

impl Upstream {
    pub(crate) async fn start(answer: impl Fn(Seen) -> Response + Send + Sync + Clone + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, connections) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let log = Arc::clone(&seen);
        let app = axum::Router::new().fallback(move |request: Incoming| {
            let (log, answer) = (Arc::clone(&log), answer.clone());
            async move {
                let seen = taken_down(request).await;
                log.lock().unwrap().push(seen.clone());
                answer(seen)
            }
        });
        let count = Arc::clone(&connections);
        let listener = listener.tap_io(move |stream| {
            count.fetch_add(1, Ordering::SeqCst);
            _ = stream.set_nodelay(true);
        });
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let serving = tokio::spawn(async move {
            let serve = axum::serve(listener, app).into_future();
            tokio::select! {
                _ = serve => {}
                () = stopped => {}
            }
        });
        Self { address, seen, connections, stop, serving }
    }

    /// Stops listening at once: whoever calls is refused a connection.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.serving.await.unwrap();
    }

    pub(crate) fn calls(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub(crate) fn all(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn last(&self) -> Seen {
        self.seen.lock().unwrap().last().cloned().expect("the upstream saw no call")
    }
}

async fn taken_down(request: Incoming) -> Seen {
    let (head, body) = request.into_parts();
    // Who leaves a body unread closes the connection on the one who sends it.
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let headers =
        head.headers.iter().map(|(n, v)| (n.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned()));
    Seen {
        target: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        headers: headers.collect(),
        body,
    }
}

/// A retake in this process.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) address: SocketAddr,
    pub(crate) dir: TempDir,
    client: UpstreamClient,
    stop: CancellationToken,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Bytes,
}

impl World {
    /// A proxy in `mode` whose upstream `openai` is at `upstream`.
    pub(crate) async fn new(mode: Mode, upstream: SocketAddr) -> Self {
        Self::with(settings(mode, upstream), tempfile::tempdir().unwrap()).await
    }

    pub(crate) async fn with(settings: Settings, dir: TempDir) -> Self {
        Self::limited(settings, dir, Limits::default()).await
    }

    /// A world that grants its clients this much.
    pub(crate) async fn limited(settings: Settings, dir: TempDir, limits: Limits) -> Self {
        let opened = Store::open(dir.path(), &Ownership::default(), engine::now()).unwrap();
        let engine = Engine::new(settings, opened.store).unwrap();
        let access = ProxyAccess { token: TOKEN.into(), public_url: None };
        let proxy = Proxy::bind(SocketAddr::from(([127, 0, 0, 1], 0)), engine.clone(), access).await.unwrap();
        let proxy = proxy.with_limits(limits);
        let (address, stop) = (proxy.address(), CancellationToken::new());
        let serving = tokio::spawn(proxy.run(stop.clone().cancelled_owned()));
        Self { engine, address, dir, client: UpstreamClient::new(PATIENCE), stop, serving }
    }

    /// Ends this retake properly and starts another on the same store.
    pub(crate) async fn restarted(self, settings: Settings) -> Self {
        Self::with(settings, self.ended().await).await
    }

    /// Ends this retake properly and gives its store.
    pub(crate) async fn ended(self) -> TempDir {
        self.stop.cancel();
        self.serving.await.unwrap().unwrap();
        self.engine.close(PATIENCE).await;
        self.dir
    }

    /// Sends a request and does not wait for the end of its answer.
    pub(crate) async fn begin(
        &self,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, Headers, Arriving) {
        let request = request(target, headers, body);
        let base = format!("http://{}", self.address).parse().unwrap();
        let answer = self.client.forward(&request, &base).await.unwrap();
        (answer.status, answer.headers, answer.body)
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(&self, request: &Request) -> Reply {
        let base = format!("http://{}", self.address).parse().unwrap();
        let mut answer = self.client.forward(request, &base).await.unwrap();
        let mut body = Vec::new();
        while let Some(piece) = answer.body.piece().await {
            body.extend_from_slice(&piece.unwrap());
        }
        Reply { status: answer.status, headers: answer.headers, body: body.into() }
    }

    pub(crate) async fn post(&self, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        self.send(&request(target, headers, body)).await
    }

    pub(crate) async fn get(&self, target: &str, headers: &[(&str, &str)]) -> Reply {
        self.send(&Request { method: "GET".into(), body: Bytes::new(), ..request(target, headers, "") }).await
    }

    /// Sends a request that becomes a recording, and waits until it is announced.
    pub(crate) async fn record(
        &self,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (Reply, Recording) {
        let mut events = self.engine.subscribe();
        let reply = self.post(target, headers, body).await;
        let id = stored(&mut events).await;
        assert_eq!(reply.headers.text("x-retake-recording-id"), Some(id.as_str()));
        (reply, self.recording(&id))
    }

    pub(crate) fn recording(&self, id: &RecordingId) -> Recording {
        Recording::clone(&self.engine.recording(id).unwrap().expect("an announced recording is there"))
    }
}

/// The settings of a world.
pub(crate) fn settings(mode: Mode, upstream: SocketAddr) -> Settings {
    let base = format!("http://{upstream}").parse().unwrap();
    let upstreams = BTreeMap::from([("openai".to_owned(), base)]);
    Settings { mode, upstreams, ..Settings::default() }
}

pub(crate) fn request(target: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let mut all: Headers = headers.iter().map(|(name, value)| (name, (*value).to_owned())).collect();
    if all.get("content-type").is_none() {
        all.push("content-type", "application/json");
    }
    all.push("authorization", format!("Bearer {KEY}"));
    Request {
        method: "POST".into(),
        target: target.into(),
        headers: all,
        body: Bytes::copy_from_slice(body.as_bytes()),
        ..Request::default()
    }
}

/// Waits for the announcement of a recording.
pub(crate) async fn stored(events: &mut Receiver<Arc<Event>>) -> RecordingId {
    let wanted = |event: &Event| match event {
        Event::Stored { rows } => rows.first().map(|row| row.id.clone()),
        _ => None,
    };
    wait(events, wanted).await
}

/// Waits for an announcement that `wanted` takes something from.
pub(crate) async fn wait<T>(events: &mut Receiver<Arc<Event>>, wanted: impl Fn(&Event) -> Option<T>) -> T {
    let waiting = async {
        loop {
            if let Some(found) = wanted(&events.recv().await.expect("the engine is there")) {
                return found;
            }
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("an announcement came in time")
}

/// Whether `needle` stands in any file under `dir`.
pub(crate) fn stands_in(dir: &Path, needle: &str) -> Option<String> {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let found = if path.is_dir() {
            stands_in(&path, needle)
        } else {
            let bytes = std::fs::read(&path).unwrap();
            bytes.windows(needle.len()).any(|w| w == needle.as_bytes()).then(|| path.display().to_string())
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// An answer of an upstream.
pub(crate) fn json(body: &str) -> Response {
    Response::builder().header("content-type", "application/json").body(Body::from(body.to_owned())).unwrap()
}
