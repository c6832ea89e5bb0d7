//! Links and redirects into the network around the proxy.

use std::net::{Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::response::Response;
use retake::model::{Mode, Recording};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use crate::proxy::IMAGE;
use crate::world::{Seen, Upstream, World, json};

/// A server on every address of this machine, and how many connections it has seen.
async fn trap() -> (u16, Arc<AtomicUsize>) {
    let every = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0));
    let listener = match TcpListener::bind(every).await {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind("0.0.0.0:0").await.unwrap(),
    };
    let (port, seen) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let secret = "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 6\r\n\r\nsecret";
            _ = socket.write_all(secret.as_bytes()).await;
        }
    });
    (port, seen)
}

/// Hosts that all lead to this machine, and some that lead around it.
fn private_hosts() -> Vec<String> {
    let mut hosts: Vec<String> = [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "2130706433",
        "0",
        "0.0.0.0",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "127.0.0.1.",
        "user@127.0.0.1",
        "127.255.255.254",
    ]
    .map(str::to_owned)
    .into();
    // This machine's own name leads to an address of a private network, or to loopback.
    if let Ok(name) = std::fs::read_to_string("/proc/sys/kernel/hostname") {
        hosts.push(name.trim().to_owned());
    }
    hosts
}

async fn recorded(links: Vec<String>, redirects: Vec<String>) -> (World, Recording) {
    let upstream = Upstream::start(move |seen: Seen| {
        let own = seen.headers.iter().find(|(name, _)| name == "host").map(|(_, host)| host.clone()).unwrap();
        if let Some(nth) = seen.target.strip_prefix("/hop/") {
            let to = &redirects[nth.parse::<usize>().unwrap()];
            return Response::builder().status(302).header("location", to).body(Body::empty()).unwrap();
        }
        let hops = (0..redirects.len()).map(|nth| format!("http://{own}/hop/{nth}"));
        let urls = links.iter().cloned().chain(hops);
        let data: Vec<_> = urls.map(|url| format!(r#"{{"url":"{url}"}}"#)).collect();
        json(&format!(r#"{{"created":1,"data":[{}]}}"#, data.join(",")))
    })
    .await;
    let world = World::new(Mode::Record, upstream.address).await;
    let (_, recording) = world.record("/v1/images/generations", &[], IMAGE).await;
    (world, recording)
}

/// Not every system knows every spelling; what it does not know leads nowhere.
fn is_refusal(problem: &str) -> bool {
    problem.contains("no public address") || problem.contains("lookup")
}

#[tokio::test]
async fn no_link_leads_to_a_private_address_however_it_is_spelled() {
    let (port, seen) = trap().await;
    let links: Vec<_> = private_hosts().iter().map(|host| format!("http://{host}:{port}/x.png")).collect();
    let (_world, recording) = recorded(links.clone(), Vec::new()).await;
    assert_eq!(recording.media.len(), links.len());
    for medium in &recording.media {
        let problem = medium.problem.as_deref().unwrap_or_default();
        assert!(is_refusal(problem), "{}: {problem}", medium.url);
    }
    assert_eq!(seen.load(Ordering::SeqCst), 0, "nothing was connected to");
}

#[tokio::test]
async fn no_redirect_leads_there_either() {
    let (port, seen) = trap().await;
    let mut redirects: Vec<_> =
        private_hosts().iter().map(|host| format!("http://{host}:{port}/x")).collect();
    redirects.extend([format!("//127.1:{port}/x"), format!("http://[::ffff:7f00:1]:{port}/x")]);
    let private = redirects.len();
    redirects.extend(
        ["javascript:alert(1)", "file:///etc/passwd", "gopher://127.0.0.1:1/x", "", "/hop/0"]
            .map(str::to_owned),
    );
    let (_world, recording) = recorded(Vec::new(), redirects).await;
    for (nth, medium) in recording.media.iter().enumerate() {
        let problem = medium.problem.as_deref().unwrap_or_default();
        assert!(!problem.is_empty() && (nth >= private || is_refusal(problem)), "{}: {problem}", medium.url);
    }
    assert_eq!(seen.load(Ordering::SeqCst), 0, "nothing was connected to");
}

/// The operator named this origin, so what it links to at itself is followed, and only that.
#[tokio::test]
async fn a_private_upstream_may_link_to_its_own_origin() {
    let upstream = Upstream::start(|seen: Seen| {
        let own = seen.headers.iter().find(|(name, _)| name == "host").map(|(_, host)| host.clone()).unwrap();
        match seen.target.as_str() {
            "/there.png" => Response::builder().header("content-type", "image/png").body("x".into()).unwrap(),
            "/moved.png" => {
                Response::builder().status(307).header("location", "there.png").body(Body::empty()).unwrap()
            }
            _ => json(&format!(
                r#"{{"data":[{{"url":"http://{own}/moved.png"}},{{"url":"http://127.0.0.1:1/x"}}]}}"#
            )),
        }
    })
    .await;
    let world = World::new(Mode::Record, upstream.address).await;
    let (_, recording) = world.record("/v1/images/generations", &[], IMAGE).await;
    assert_eq!(recording.media[0].problem, None);
    assert!(recording.media[1].problem.as_deref().is_some_and(|text| text.contains("no public address")));
}
