//! Who may ask: for every operation that the `OpenAPI` document describes.

use super::described::operations;
use super::*;
use crate::proxy::raw;

/// Everything that is refused says so in the shape of errors, and does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_holders_of_the_token_on_this_machine_are_answered() {
    let (world, _upstream, _) = furnished().await;
    let before = world.engine.snapshot();
    let right = format!("Bearer {TOKEN}");
    let json = ("content-type", "application/json");
    let mut tried = 0;
    for operation in operations() {
        let body = operation.body().map(ToString::to_string).unwrap_or_default();
        let open = !operation.is_closed();
        let mut cases = vec![
            (
                "a page's origin",
                vec![("authorization", right.as_str()), ("origin", "http://evil.example")],
                403,
            ),
            ("an origin without a name", vec![("authorization", right.as_str()), ("origin", "null")], 403),
        ];
        if !open {
            cases.push(("no token", vec![], 401));
            cases.push(("a wrong token", vec![("authorization", "Bearer 0123456789abcdee")], 401));
            cases.push(("an empty token", vec![("authorization", "Bearer ")], 401));
            cases.push(("another scheme", vec![("authorization", "Basic 0123456789abcdef")], 401));
        }
        for (what, mut headers, status) in cases {
            headers.push(json);
            let reply =
                world.send(&asking(&operation.method, &operation.target(), &headers, body.clone())).await;
            assert_eq!(reply.status, status, "{} with {what}", operation.name());
            operation.describes(reply.status, reply.headers.text("content-type").unwrap(), &reply.body);
            tried += 1;
        }
        // A page whose name was made to point here, and a name that nobody configured.
        for host in ["evil.example", "evil.example:80", "0.0.0.0"] {
            let answer = raw(
                world.address,
                &format!(
                    "{} {} HTTP/1.1\r\nhost: {host}\r\nauthorization: {right}\r\ncontent-type: application/json\r\n\
                     content-length: {}\r\nconnection: close\r\n\r\n{body}",
                    operation.method,
                    operation.target(),
                    body.len()
                ),
            )
            .await;
            assert!(answer.starts_with("HTTP/1.1 403 "), "{} for {host}: {answer}", operation.name());
            assert!(answer.contains("public_url") && answer.contains(&world.address.to_string()), "{answer}");
        }
    }
    assert!(tried > 100, "only {tried}");
    assert_eq!(world.engine.snapshot(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_have_their_limit() {
    let (world, _upstream, _) = furnished().await;
    let right = format!("Bearer {TOKEN}");
    let headers = [("authorization", right.as_str()), ("content-type", "application/json")];
    let mut tried = 0;
    for operation in operations() {
        let Some(largest) = operation.largest() else { continue };
        let filled = |len: usize| {
            let mut body = operation.body().unwrap().to_string().into_bytes();
            body.resize(len, b' ');
            asking(&operation.method, &operation.target(), &headers, body)
        };
        let reply = world.send(&filled(largest + 1)).await;
        assert_eq!(reply.status, 413, "{}", operation.name());
        operation.describes(reply.status, reply.headers.text("content-type").unwrap(), &reply.body);
        assert_ne!(world.send(&filled(largest)).await.status, 413, "{}", operation.name());
        tried += 1;
    }
    assert!(tried > 4, "only {tried}");
}
