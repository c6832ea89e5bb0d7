use super::*;
use crate::model::Headers;

#[test]
fn credentials_are_found_in_headers_query_and_body() {
    let request = Request {
        mount: "gemini".into(),
        target: "/v1/x?key=AIza0Secret1a2b3c%2B1&b=2&sig=short&token=page2a3b4c5d6e7f8g".into(),
        headers: Headers::from_iter([
            ("authorization", "Basic dXNlcjpzM2NyZXQtNGY5YThjN2U2ZDVi"),
            ("x-api-key", "sk-ant-4f9a8c7e6d5b"),
            ("x-amz-date", "20261102T090000Z"),
            ("cookie", "a=session-4f9a8c7e6d5b; b=1"),
            ("accept", "text/long-4f9a8c7e6d5b"),
        ]),
        body: r#"{"client_secret":"body-4f9a8c7e6d5b4a39","model":"model-4f9a8c7e6d5b"}"#.into(),
        ..Request::default()
    };
    let found = credentials(&request);
    for wanted in [
        "s3cret-4f9a8c7e6d5b",
        "user:s3cret-4f9a8c7e6d5b",
        "sk-ant-4f9a8c7e6d5b",
        "session-4f9a8c7e6d5b",
        "AIza0Secret1a2b3c+1",
        "AIza0Secret1a2b3c%2B1",
        "body-4f9a8c7e6d5b4a39",
    ] {
        assert!(found.iter().any(|c| c == wanted.as_bytes()), "{wanted} {found:?}");
    }
    for other in [
        "short",
        "text/long-4f9a8c7e6d5b",
        "b=1",
        "page2a3b4c5d6e7f8g",
        "20261102T090000Z",
        "model-4f9a8c7e6d5b",
    ] {
        assert!(!found.iter().any(|c| c == other), "{other}");
    }
    let bearer = |value: &'static str| {
        let headers = Headers::from_iter([("authorization", value)]);
        credentials(&Request { headers, ..Request::default() })
    };
    assert!(bearer("bearer  sk-4f9a8c7e6d5b4a39").contains(&Bytes::from("sk-4f9a8c7e6d5b4a39")));
}

#[test]
fn what_looks_like_a_key_is_one_under_any_name() {
    for (header, wanted) in [
        (
            "x-rapidapi-key: 4f9a8c7e6dmsh5b4a39281706p1f5e4djsn3c2b1a",
            "4f9a8c7e6dmsh5b4a39281706p1f5e4djsn3c2b1a",
        ),
        ("x-gateway-pass: 4f9a8c7e6d5b4a39281706f5", "4f9a8c7e6d5b4a39281706f5"),
        ("helicone-auth: Bearer sk-helicone-4f9a8c7e6d5b4a39", "sk-helicone-4f9a8c7e6d5b4a39"),
        ("x-custom: id=1; 4f9a8c7e6d5b4a39281706f5", "4f9a8c7e6d5b4a39281706f5"),
        ("openai-organization: org-4f9a8c7e6d5b4a39281706f5", "org-4f9a8c7e6d5b4a39281706f5"),
    ] {
        let headers = Headers::from_iter([header.split_once(": ").unwrap()]);
        let found = credentials(&Request { headers, ..Request::default() });
        assert!(found.contains(&Bytes::from(wanted)), "{header}: {found:?}");
    }
    for header in [
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "x-request-id: 4f9a8c7e6d5b4a39281706f5",
        "idempotency-key: stainless-node-retry-4f9a8c7e-6d5b-4a39-2817-06f5e4d3c2b1",
        "content-type: multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
        "if-none-match: \"4f9a8c7e6d5b4a39281706f5\"",
        "x-session: 4f9a8c7e-6d5b-4a39-2817-06f5e4d3c2b1",
        "x-team: not-needed-for-local-use",
    ] {
        let headers = Headers::from_iter([header.split_once(": ").unwrap()]);
        assert_eq!(credentials(&Request { headers, ..Request::default() }), [] as [Bytes; 0], "{header}");
    }
}

#[test]
fn words_are_no_echoes_of_anything() {
    for word in [
        "dummy",
        "local",
        "test-key",
        "sk-test",
        "my-api-key",
        "not-needed",
        "lm-studio",
        "sk-1234",
        "not-needed-for-local-use",
        "my-llama3-server-key",
        "sk-no-key-required-2024",
        "Bearer sk-dummy",
        "this is a local key",
        "correct-horse-battery-staple",
        "NotNeededForLocalDevelopment",
    ] {
        assert!(!is_distinctive(word.as_bytes()) && !looks_like_key(word.as_bytes()), "{word}");
    }
    for key in [
        "sk-retake-test-4f9a8c7e6d5b4a39",
        "sk-proj-abcdefghij0123456789",
        "0123456789abcdef0123456789abcdef",
        "abc123def456ghi789",
        "own-credential-9f8e7d6c",
    ] {
        assert!(is_distinctive(key.as_bytes()), "{key}");
    }
    assert!(
        looks_like_key(b"abcdefgh12345678abcd") && !looks_like_key(b"01890a5d-ac96-774b-bcce-b302099a8057")
    );
    assert!(!looks_like_key(b"x = 4f9a8c7e6d5b4a394f9a8c7e6d5b4a39"));
}

#[test]
fn echoes_are_masked_in_the_same_length() {
    let credentials = [Bytes::from("secret-4f9a8c7e6d"), Bytes::from("dummy-word")];
    assert_eq!(
        mask(b"a secret-4f9a8c7e6d, secret-4f9a8c7e6d dummy-word", &credentials).unwrap(),
        "a *****************, ***************** dummy-word"
    );
    assert_eq!(mask(b"nothing", &credentials), None);
    assert_eq!(mask(b"a1b2a1b2a1b2a1b2a1b2", &[Bytes::from("a1b2a1b2a1b2a1b2")]).unwrap(), "*".repeat(20));
    assert_eq!(mask(b"", &[Bytes::new()]), None);
}

#[test]
fn keys_are_known_by_their_shape_and_words_and_base64_are_left() {
    let kinds = |text: &str| {
        find(text.as_bytes(), &[], true, &Effort::of_request())
            .iter()
            .map(|(r, _)| text[r.clone()].to_owned())
            .collect::<Vec<_>>()
    };
    for key in [
        "sk-proj-abcdefghij0123456789",
        "sk-ant-api03-abcdefghijklmn",
        "AIzaSyA1234567890abcdefghijklmnopqrstuv",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "AKIAIOSFODNN7EXAMPLE",
        "xoxb-123456789012-abc",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc_def-123",
        "jane.doe+x@mail.example.com",
        "hooks.slack.com/services/T00/B00/XXXXXXXXXXXXXXXXXXXX",
        "discord.com/api/webhooks/123456789/abcdefghijklmnopqrst",
        "bot12345678:abcdefghijklmnopqrstuvwxyz0123456789",
    ] {
        assert_eq!(kinds(&format!("see {key}, please")), [key]);
        assert!(suspicious(key.as_bytes(), &[]), "{key}");
    }
    assert_eq!(kinds("Authorization: Bearer abc123def456ghi"), ["abc123def456ghi"]);
    let signed = "https://bucket.example/cat.png?X-Amz-Date=1&X-Amz-Signature=0123456789abcdef0123&x=1";
    assert_eq!(kinds(signed), ["0123456789abcdef0123"]);
    assert_eq!(kinds("https://cdn.example/a?sig=AbCdEf0123456789%2B%3D"), ["AbCdEf0123456789%2B%3D"]);
    for plain in [
        "a task-force-of-many-people",
        "bearer of bad news",
        "@app.route",
        "a@b",
        "Bearer certificate-based",
        "?sig=short&design=abcdefghijklmnopqrst",
        "risk-abcdefghijklmnopqrst",
    ] {
        assert_eq!(kinds(plain), [] as [String; 0], "{plain}");
    }
    let chance = format!("{}AKIAIOSFODNN7EXAMPLE{}", "/Ab+".repeat(40), "x".repeat(99));
    assert_eq!(kinds(&chance), [] as [String; 0]);
}
