//! Connections of clients: as many as there are places, each for as long as something comes of it.
//!
//! One task looks at all connections from time to time, so that a request costs no timer.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::limits::Limits;
use super::socket::Socket;

/// Delay where there is no descriptor.
const SHORTAGE: Duration = Duration::from_millis(50);
/// Time for which a client without a request keeps its place while others wait.
const MOMENT: Duration = Duration::from_secs(2);
/// The longest list of headers over HTTP/2, in bytes; over HTTP/1 about as much is taken.
const HEADERS: u32 = 400 << 10;

/// Answers requests with `answer` until `stopping`, then waits for those under way.
pub(super) async fn serve<A, F>(listener: TcpListener, limits: Limits, answer: A, stopping: CancellationToken)
where
    A: Fn(http::Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let (all, places) = (Arc::new(Connections::default()), Arc::new(Semaphore::new(limits.connections)));
    let tasks = TaskTracker::new();
    let mut http = Builder::new(TokioExecutor::new());
    // Who has sent its request may say so and wait for the answer.
    http.http1().half_close(true);
    http.http2().max_header_list_size(HEADERS);
    let http = Arc::new(http);
    let accepting = async {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // There is no descriptor, or that client is gone already.
                all.press();
                tokio::time::sleep(SHORTAGE).await;
                continue;
            };
            let Some(place) = place(&places, &all).await else { return };
            let connection = all.add(stream);
            tasks.spawn(run(Arc::clone(&http), connection, answer.clone(), place));
        }
    };
    tokio::select! {
        () = accepting => {}
        () = all.watch(limits) => {}
        () = stopping.cancelled() => {}
    }
    drop(listener);
    all.finish();
    tasks.close();
    tasks.wait().await;
}

/// A place for one more client. Where there is none, connections are no longer kept: each makes room when its call ends.
async fn place(places: &Arc<Semaphore>, all: &Connections) -> Option<OwnedSemaphorePermit> {
    if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        return Some(place);
    }
    let mut waiting = pin!(Arc::clone(places).acquire_owned());
    loop {
        all.press();
        tokio::select! {
            place = &mut waiting => return place.ok(),
            () = tokio::time::sleep(SHORTAGE) => {}
        }
    }
}

async fn run<A, F>(
    http: Arc<Builder<TokioExecutor>>,
    connection: Arc<Connection>,
    answer: A,
    _place: OwnedSemaphorePermit,
) where
    A: Fn(http::Request<Incoming>) -> F,
    F: Future<Output = Response> + Send + 'static,
{
    let flown = Arc::clone(&connection);
    let service = service_fn(move |request| {
        let (flight, answered) = (Flight::new(&flown), answer(request));
        async move {
            let response = answered.await;
            Ok::<_, Infallible>(response.map(|body| Carried { body, _flight: flight }))
        }
    });
    let mut serving = pin!(http.serve_connection(TokioIo::new(connection.socket.clone()), service));
    loop {
        tokio::select! {
            biased;
            _ = serving.as_mut() => return,
            () = connection.ending.notified() => {
                if connection.dropped.load(Ordering::Relaxed) {
                    return;
                }
                serving.as_mut().graceful_shutdown();
            }
        }
    }
}

/// All connections.
#[derive(Default)]
struct Connections(Mutex<Vec<Watched>>);

/// A connection as it was when it was last looked at.
struct Watched {
    connection: Weak<Connection>,
    begun: u64,
    read: u64,
    /// Time since which nothing was asked.
    since: Instant,
}

/// One connection.
struct Connection {
    socket: Socket,
    /// Count of requests that are being answered.
    flying: AtomicUsize,
    /// Count of requests so far.
    begun: AtomicU64,
    /// True for an end at once, in the middle of calls.
    dropped: AtomicBool,
    ending: Notify,
}

impl Connections {
    fn add(&self, stream: TcpStream) -> Arc<Connection> {
        let connection = Arc::new(Connection {
            socket: Socket::new(stream),
            flying: AtomicUsize::new(0),
            begun: AtomicU64::new(0),
            dropped: AtomicBool::new(false),
            ending: Notify::new(),
        });
        let weak = Arc::downgrade(&connection);
        self.all().push(Watched { connection: weak, begun: 0, read: 0, since: Instant::now() });
        connection
    }

    /// Lets no connection wait for another request; calls under way are answered.
    fn finish(&self) {
        self.all().iter().filter_map(|watched| watched.connection.upgrade()).for_each(|one| one.finish());
    }

    /// Ends connections because others wait; a client that has sent nothing yet gets a moment for it.
    fn press(&self) {
        for watched in &*self.all() {
            let Some(connection) = watched.connection.upgrade() else { continue };
            if connection.begun.load(Ordering::Relaxed) > 0 {
                connection.finish();
            } else if watched.since.elapsed() > MOMENT && !connection.socket.has_unread() {
                connection.drop_now();
            }
        }
    }

    /// Ends connections that come to nothing.
    async fn watch(&self, limits: Limits) {
        let each = (limits.head.min(limits.idle) / 4).min(Duration::from_secs(1));
        let mut ticks = tokio::time::interval(each.max(Duration::from_millis(10)));
        loop {
            ticks.tick().await;
            let now = Instant::now();
            self.all().retain_mut(|watched| {
                let Some(connection) = watched.connection.upgrade() else { return false };
                match watched.judged(&connection, &limits, now) {
                    ConnectionVerdict::Stays => {}
                    ConnectionVerdict::Finishes => connection.finish(),
                    ConnectionVerdict::Drops => connection.drop_now(),
                }
                true
            });
        }
    }

    fn all(&self) -> parking_lot::MutexGuard<'_, Vec<Watched>> {
        self.0.lock()
    }
}

/// The fate of a connection.
#[derive(Debug, PartialEq, Eq)]
enum ConnectionVerdict {
    Stays,
    /// A connection that is told that it ends, and ends when nothing is under way.
    Finishes,
    Drops,
}

impl Watched {
    fn judged(&mut self, connection: &Connection, limits: &Limits, now: Instant) -> ConnectionVerdict {
        let (begun, read) = (connection.begun.load(Ordering::Relaxed), connection.socket.read());
        if connection.flying.load(Ordering::Relaxed) > 0 {
            (self.begun, self.read, self.since) = (begun, read, now);
            // A call may be silent for long; that its client is gone only the system knows.
            return if connection.socket.is_broken() {
                ConnectionVerdict::Drops
            } else {
                ConnectionVerdict::Stays
            };
        }
        if begun != self.begun {
            (self.begun, self.read, self.since) = (begun, read, now);
        }
        let silent = now.duration_since(self.since);
        match silent {
            // The first head, and any that began and does not end. Later ones may be of a connection that is kept.
            _ if silent >= limits.head && begun == 0 => ConnectionVerdict::Drops,
            _ if silent >= limits.head && read > self.read || silent >= limits.idle => {
                ConnectionVerdict::Finishes
            }
            _ => ConnectionVerdict::Stays,
        }
    }
}

impl Connection {
    fn finish(&self) {
        self.ending.notify_one();
    }

    fn drop_now(&self) {
        self.dropped.store(true, Ordering::Relaxed);
        self.ending.notify_one();
    }
}

/// A request that is being answered.
struct Flight(Arc<Connection>);

impl Flight {
    fn new(connection: &Arc<Connection>) -> Self {
        connection.begun.fetch_add(1, Ordering::Relaxed);
        connection.flying.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(connection))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.flying.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A body that keeps its connection for as long as it is sent.
struct Carried {
    body: Body,
    _flight: Flight,
}

impl http_body::Body for Carried {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
