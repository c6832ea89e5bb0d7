//! Answers that many read at once, or that many keep at once.

use axum::body::Body;
use axum::response::Response;

use super::*;
use crate::home::fetch;
use crate::world::{PATIENCE, Upstream};

const LENGTH: usize = 24 << 20;

fn long(_: crate::world::Seen) -> Response {
    let body = Body::from(vec![b'v'; LENGTH]);
    Response::builder().header("content-type", "video/mp4").body(body).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_readers_of_one_replay() {
    let (home, upstream) = (home(), Upstream::start(long).await);
    let to = format!("openai=http://{}", upstream.address);
    let recorder = home.serve(&["--json", "--mode", "record", "--upstream", &to]);
    let path = "/openai/v1/videos/video_1/content";
    assert_eq!(fetch(recorder.address, path).await.body.len(), LENGTH);
    assert!(recorder.json().recording.is_some());
    recorder.end("TERM");
    let bounded = Bounded::new(&home, &["--mode", "replay-or-error"]).await;
    let base = format!("http://{}", bounded.running.address).parse().unwrap();
    let get = Request { method: "GET".into(), body: Bytes::new(), ..request(path, &[], "") };
    // All of them begin, and none reads on: what they have not read is in memory once.
    let mut readers = Vec::new();
    for _ in 0..30 {
        let client = UpstreamClient::new(TURN);
        let mut answer = client.forward(&get, &base).await.unwrap();
        assert_eq!(answer.status, 200);
        let first = answer.body.piece().await.unwrap().unwrap();
        readers.push((answer.body, first.len()));
    }
    bounded.bounded();
    assert!(answers(bounded.running.address).await);
    for (mut body, mut read) in readers {
        while let Some(piece) = tokio::time::timeout(PATIENCE, body.piece()).await.unwrap() {
            read += piece.unwrap().len();
        }
        assert_eq!(read, LENGTH);
    }
    bounded.bounded();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_of_many_answers_at_once_is_bounded_and_all_are_passed_on() {
    let (home, upstream) = (home(), Upstream::start(long).await);
    let to = format!("openai=http://{}", upstream.address);
    let bounded = Bounded::new(&home, &["--mode", "record", "--upstream", &to]).await;
    let get = |nth: usize| {
        let path = format!("/openai/v1/videos/video_{nth}/content");
        Request { method: "GET".into(), body: Bytes::new(), ..request(&path, &[], "") }
    };
    for reply in bounded.stands(many(12, get)).await {
        assert_eq!((reply.status, reply.body.len()), (200, LENGTH));
    }
}

/// What there is much to remember of while it is searched for secrets is passed on, and not recorded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_of_tiny_strings_and_escapes() {
    let upstream = Upstream::start(|seen: crate::world::Seen| {
        let (kind, body) = match seen.target.rsplit('/').next().unwrap() {
            "escapes" => ("application/json", format!("\"{}\"", r"\n".repeat(LENGTH / 4))),
            _ => ("application/x-ndjson", format!("[{}0]", "\"a\",".repeat(LENGTH / 8))),
        };
        Response::builder().header("content-type", kind).body(Body::from(body)).unwrap()
    })
    .await;
    let (home, to) = (home(), format!("openai=http://{}", upstream.address));
    let bounded = Bounded::new(&home, &["--mode", "record", "--upstream", &to]).await;
    for kind in ["escapes", "strings"] {
        let get = |_| {
            let path = format!("/openai/v1/files/{kind}");
            Request { method: "GET".into(), body: Bytes::new(), ..request(&path, &[], "") }
        };
        for reply in bounded.stands(many(2, get)).await {
            assert_eq!(reply.status, 200, "{kind}");
            assert!(reply.body.len() >= LENGTH / 2, "{kind}");
        }
    }
    bounded.running.end("TERM");
    assert_eq!(home.rows().len(), 0);
}
