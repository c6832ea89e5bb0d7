//! HTTP as it is sent: methods, targets, lengths, order, and what cannot be answered.

use retake::model::{Mode, Outcome};

use super::{ANSWER, CHAT, chat, raw};
use crate::world::{Upstream, World, json, stored};

#[tokio::test]
async fn what_cannot_be_answered_says_so_in_the_dialects_shape() {
    let upstream = Upstream::start(chat).await;
    let address = upstream.address;
    upstream.stop().await;
    let world = World::new(Mode::Record, address).await;
    for (target, headers, status, code) in [
        ("/v1/chat/completions", vec![], 502, "UPSTREAM_UNREACHABLE"),
        ("/nowhere/v3/x", vec![], 404, "UNKNOWN_MOUNT"),
        ("/openai/deployments/d/chat/completions", vec![("api-key", "of-azure")], 404, "UNKNOWN_MOUNT"),
        (
            "/v1/realtime",
            vec![("upgrade", "websocket"), ("connection", "upgrade")],
            501,
            "WEBSOCKET_UNSUPPORTED",
        ),
    ] {
        let reply = world.post(target, &headers, CHAT).await;
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!((reply.status, body["error"]["code"].as_str()), (status, Some(code)), "{target}");
        assert_eq!(reply.headers.text("x-retake-result"), Some("error"));
        let retry = if status == 502 { None } else { Some("false") };
        assert_eq!(reply.headers.text("x-should-retry"), retry, "an upstream may come back");
        assert_eq!(world.engine.snapshot().calls.back().unwrap().outcome, Some(Outcome::Error));
    }
}

/// Edge case 34: answers come in the order of requests, whatever each of them is.
#[tokio::test]
async fn pipelined_calls_are_answered_in_order() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::ReplayOrError, upstream.address).await;
    world.record("/v1/chat/completions", &[("x-retake-mode", "record")], CHAT).await;
    let other = CHAT.replace("hi", "no");
    let one = |body: &str, last: bool| {
        let close = if last { "connection: close\r\n" } else { "" };
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{close}content-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let text = one(CHAT, false) + &one(&other, false) + &one(CHAT, false) + &one(&other, true);
    let answers = raw(world.address, &text).await;
    let statuses: Vec<_> =
        answers.match_indices("HTTP/1.1 ").map(|(at, _)| answers[at + 9..at + 12].to_owned()).collect();
    assert_eq!(statuses, ["200", "404", "200", "404"]);
}

#[tokio::test]
async fn a_forward_proxy_request_is_told_what_to_do() {
    let world = World::new(Mode::Record, "127.0.0.1:9".parse().unwrap()).await;
    for line in ["GET http://example.org/v1/x HTTP/1.1", "CONNECT example.org:443 HTTP/1.1"] {
        let answer =
            raw(world.address, &format!("{line}\r\nhost: example.org\r\nconnection: close\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("base URL"), "{answer}");
    }
}

#[tokio::test]
async fn paths_reach_the_upstream_as_they_were_sent() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::Off, upstream.address).await;
    for target in ["/v1/models/a%3Ab%2Fc", "/v1//x;p=1/?", "/v1/x?b=2&a=1&b=%20y", "/v1/~%7E"] {
        world.post(&format!("/openai{target}"), &[], "{}").await;
        assert_eq!(upstream.last().target, target);
    }
}

/// Edge case 9.
#[tokio::test]
async fn the_length_in_an_answer_to_head_is_the_upstreams() {
    let upstream = Upstream::start(|_| json(ANSWER)).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let length = ANSWER.len().to_string();
    let mut events = world.engine.subscribe();
    for result in ["record", "replay"] {
        let head = "HEAD /openai/v1/models/gpt-5 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        let answer = raw(world.address, head).await;
        assert!(answer.contains(&format!("x-retake-result: {result}")), "{answer}");
        assert!(
            answer.contains(&format!("content-length: {length}")) && answer.ends_with("\r\n\r\n"),
            "{answer}"
        );
        if result == "record" {
            stored(&mut events).await;
        }
    }
}
