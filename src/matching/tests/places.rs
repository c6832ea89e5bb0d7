//! Credentials by their place: what is replaced, and which neighbours stay as they are, byte for byte.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::Strategy as _;

use super::{fields, form, json, request};
use crate::matching::compare;
use crate::matching::{MountNames, Salt, Scrubber};
use crate::model::{Request, Strategy};

/// A value that no shape gives away.
const SECRET: &str = "hunter2!";

fn scrubber() -> Scrubber {
    Scrubber::new(Salt([7; 32]), false)
}

fn scrub(request: &Request) -> Request {
    scrubber().scrub(request).get().clone()
}

/// The body, scrubbed; scrubbing it once more changes nothing.
fn body(text: &str) -> String {
    let once = scrub(&json("/v1/chat/completions", text));
    assert_eq!(scrub(&once), once, "{text}");
    String::from_utf8(once.body.to_vec()).unwrap()
}

fn target(mount: &str, target: &str) -> String {
    let once = scrub(&Request { mount: mount.into(), ..json(target, "") });
    assert_eq!(scrub(&once), once, "{target}");
    once.target
}

/// Every `SECRET` of the text is gone and nothing else is.
#[track_caller]
fn only_the_secret_goes(text: &str) {
    assert_eq!(body(text), text.replace(SECRET, "redacted"), "{text}");
}

#[test]
fn json_bodies_by_the_names_of_their_keys() {
    for text in [
        r#"{"model":"m", "api_key" : "hunter2!"}"#,
        r#"{"a":[{"b":{"clientSecret":"hunter2!","x":1.0}}],"Password":"hunter2!"}"#,
        r#"{"api_keys":["hunter2!","hunter2!"],"keep":["hunter"]}"#,
        r#"{"mcp_servers":[{"type":"url","url":"https://mcp.example/sse","authorization_token":"hunter2!"}]}"#,
        r#"{"tools":[{"type":"mcp","server_label":"x","authorization":"hunter2!","require_approval":"never"}]}"#,
        r#"{"tools":[{"type":"mcp","headers":{"X-Team":"hunter2!","Authorization":"hunter2!","Accept":"a/b"}}]}"#,
        r#"{"mcpServers":{"one":{"command":"npx","args":["-y"],"env":{"SOMETHING":"hunter2!"}}}}"#,
        r#"{"data_sources":[{"type":"azure_search","parameters":{"endpoint":"https://s.example","index_name":"i","authentication":{"type":"api_key","key":"hunter2!"}}}]}"#,
        r#"{"parameters":{"authentication":{"type":"connection_string","connection_string":"hunter2!"}}}"#,
        r#"{"authentication":{"type":"key_and_key_id","key":"hunter2!","key_id":"id"},"encoded_api_key":"hunter2!"}"#,
        r#"{"webhook":{"url":"https://w.example/","headers":[{"name":"X-Team","value":"hunter2!"}]}}"#,
        r#"{"headers":[{"key":"Authorization","value":"hunter2!"},{"key":"Accept","value":"a"}]}"#,
        r#"{"credentials":{"type":"service_account","private_key":"hunter2!","project_id":"p"}}"#,
        r#"{"api_keys":{"openai":"hunter2!","other":["hunter2!"]}}"#,
        r#"{"secrets":{"ANY":"hunter2!"},"connection":{"user":"u","pwd":"hunter2!"}}"#,
        "{\"password\":\"hunter2!\",\"cut\":\"off",
        "{\"password\":\"hunter2!",
    ] {
        only_the_secret_goes(text);
    }
    assert_eq!(body(r#"{"password":12345,"max_tokens":5}"#), r#"{"password":"redacted","max_tokens":5}"#);
    assert_eq!(body(r#"{"pass\u0077ord":"hunter2\u0021"}"#), r#"{"pass\u0077ord":"redacted"}"#);
    let deep = format!("{}{{\"secret\":\"hunter2!\"}}{}", "[".repeat(400), "]".repeat(400));
    only_the_secret_goes(&deep);
}

#[test]
fn json_inside_of_json_is_json() {
    for text in [
        r#"{"arguments":"{\"api_key\":\"hunter2!\",\"city\":\"Rome\"}"}"#,
        r#"{"arguments":"{\"inner\":\"{\\\"password\\\":\\\"hunter2!\\\"}\"}"}"#,
        r#"{"content":"[{\"client_secret\": \"hunter2!\"}]"}"#,
    ] {
        only_the_secret_goes(text);
    }
}

#[test]
fn links_in_any_text() {
    for text in [
        r#"{"server_url":"https://mcp.example/sse?key=hunter2!&mode=a"}"#,
        r#"{"server_url":"https://mcp.example/sse?apiKey=hunter2!"}"#,
        r#"{"tools":[{"type":"mcp","url":"https:\/\/mcp.example\/sse?token=hunter2!"}]}"#,
        r#"{"content":[{"image_url":{"url":"https://cdn.example/a.png?access_token=hunter2!&w=1"}}]}"#,
        r#"{"content":"see https://user:hunter2!@db.example/x, and /v1/x?client_secret=hunter2! there"}"#,
        r#"{"dsn":"postgres://sa:hunter2!@db.example:5432/x","other":"redis://:hunter2!@r.example"}"#,
        r#"{"args":["mcp-remote","--api-key","hunter2!","--api-key=hunter2!"],"env":["API_KEY=hunter2!"]}"#,
        r#"{"dsn":"Server=db;User Id=sa;Password=hunter2!;Timeout=5"}"#,
        r#"{"blob":"Endpoint=sb://b.example/;SharedAccessKeyName=n;SharedAccessKey=hunter2!"}"#,
    ] {
        only_the_secret_goes(text);
    }
    assert_eq!(
        body(r#"{"auth":"Basic aHVudGVy","u":"a://b:c@d@e.example"}"#),
        r#"{"auth":"redacted","u":"a://b:redacted@e.example"}"#
    );
    let pasted = body(
        r#"{"content":"curl -H 'x-api-key: hunter2!' -H \"Authorization: Token abc12345\" https://x.example"}"#,
    );
    assert_eq!(pasted.matches("<key-").count(), 2, "{pasted}");
    assert!(!pasted.contains("hunter2") && !pasted.contains("abc12345"), "{pasted}");
    let pasted = body(
        r#"{"content":"export A_KEY=1 OPENAI_API_KEY=hunter2!x\nf(api_key=api_key, password=words) https://hooks.slack.com/services/T00/B00/XXXXXXXXXXXXXXXX"}"#,
    );
    let wanted = r#"{"content":"export A_KEY=1 OPENAI_API_KEY=redacted\nf(api_key=api_key, password=words) https://<key-"#;
    assert!(pasted.starts_with(wanted), "{pasted}");
    let path = "0a1b2c3d4e5f60718293a4b5";
    let text = format!(r#"{{"server_url":"https://mcp.example/api/mcp/s/{path}/sse"}}"#);
    assert_eq!(body(&text), text.replace(path, "redacted"));
    for same in [
        r#"{"content":"https://x.example/?page_token=abc&key=apple&code=a#token=b"}"#,
        r#"{"content":"fetch(`https://x.example/?api_key=${key}`), ?api_key=YOUR_KEY or {key}"}"#,
        r#"{"content":"https://x.example/a?b=c"}"#,
        r#"{"content":"client = OpenAI(api_key=os.environ[\"OPENAI_API_KEY\"]), password=hunter, x[key]=1, token==tok"}"#,
        r#"{"content":"curl https://x.example -H \"Authorization: Bearer $OPENAI_API_KEY\" # f\"Bearer {token}\""}"#,
        r#"{"next":"https://x.example/items?page_token=eyJhbGciOi&limit=2","cursor":"eyJhbGciOiJIUzI1NiJ9abc"}"#,
        r#"{"content":"Authorization: required. X-Api-Key: YOUR_KEY1, token: page22222, cookie: chocolate"}"#,
    ] {
        assert_eq!(body(same), same);
    }
}

#[test]
fn neighbours_in_json_stay() {
    for text in [
        r#"{"max_tokens":5,"token_type":"bearer","tokens":["a"],"logit_bias":{"50256":-100}}"#,
        r#"{"choices":[{"logprobs":{"content":[{"token":"Hello","bytes":[72],"top_logprobs":[{"token":"Hi"}]}]}}]}"#,
        r#"{"tools":[{"function":{"name":"login","description":"needs password","parameters":{"type":"object","properties":{"api_key":{"type":"string"},"password":{"type":"string","description":"the secret"},"headers":{"type":"object","additionalProperties":{"type":"string"}}},"required":["api_key","password"],"dependentRequired":{"password":["user"]}}}}]}"#,
        r#"{"page_token":"abc","nextPageToken":"page2","cursor":"c","prompt_cache_key":"user-4f9a8c7e6d5b4a394f9a"}"#,
        r#"{"key":"apple","code":"invalid_request","error":{"code":"content_policy_violation"},"auth":"none"}"#,
        r#"{"content":[{"type":"thinking","signature":"EqQBCkgIARABGAIiQL2UQ0dLZmZDSm4tSktRcEFBYm"},{"type":"redacted_thinking","data":"x"}]}"#,
        r#"{"password":"","secret":null,"api_key":false,"token":7}"#,
        r#"{"id":"call_abc-sk-0123456789abcdefghijklmn","tool_call_id":"call_abc-sk-0123456789abcdefghijklmn"}"#,
        r#"{"user":"user_01890a5d-ac96-774b-bcce-b302099a8057","key":"01890a5d-ac96-774b-bcce-b302099a8057"}"#,
    ] {
        assert_eq!(body(text), text);
    }
}

#[test]
fn ambiguous_keys_of_json_go_by_their_shape() {
    let one = body(r#"{"token":"abcdefghij0123456789abcd","tab":1}"#);
    assert!(one.starts_with(r#"{"token":"<token-"#) && one.ends_with(r#">","tab":1}"#), "{one}");
    assert_ne!(one, body(r#"{"token":"abcdefghij0123456789abce","tab":1}"#), "it decides");
}

#[test]
fn queries_by_the_names_of_their_parameters() {
    for name in ["api_key", "auth_key", "access_key", "accessToken", "client-secret", "sig", "password"] {
        assert_eq!(
            target("own", &format!("/v1/x?a=1&{name}=hunter2%21&b=2")),
            format!("/v1/x?a=1&{name}=redacted&b=2")
        );
    }
    assert_eq!(target("gemini", "/v1/x?key=apple"), "/v1/x?key=redacted");
    assert_eq!(target("vertex", "/v1/x?key=apple"), "/v1/x?key=redacted");
    for (name, other) in [("key", "apple"), ("token", "page2"), ("code", "4%2F0AX"), ("sid", "1")] {
        let once = target("own", &format!("/v1/x?{name}={other}&b=2"));
        assert!(once.starts_with(&format!("/v1/x?{name}=%3C{name}-")) && once.ends_with("%3E&b=2"), "{once}");
        assert_ne!(once, target("own", &format!("/v1/x?{name}=other&b=2")), "each value has its own");
    }
    for same in [
        "/v1/x?page_token=abc&max_tokens=5&cursor=x&pageToken=y",
        "/v1/x?api_key=&key=",
        "/v1/x?sort_key=name&q=redacted&k=5&&a",
        "/v1/models/sk-1?alt=sse",
    ] {
        assert_eq!(target("own", same), same);
    }
    let nested = target(
        "own",
        "/v1/x?next=https%3A%2F%2Fx.example%2F%3Fapi_key%3Dhunter2&p=%7B%22secret%22%3A%22hunter2%22%7D",
    );
    assert!(
        !nested.contains("hunter2") && nested.ends_with("%7B%22secret%22%3A%22redacted%22%7D"),
        "{nested}"
    );
}

#[test]
fn forms_and_parts_by_the_names_of_their_fields() {
    let kind = "application/x-www-form-urlencoded";
    let text = "grant_type=refresh_token&client_secret=hunter2&refresh_token=hunter2&client_assertion=hunter2&password=hunter2&assertion=hunter2&scope=a+b";
    let scrubbed = scrub(&request("/token", kind, text));
    assert_eq!(scrubbed.body, text.replace("=hunter2", "=redacted"));
    let code = scrub(&request("/token", kind, "grant_type=authorization_code&code=4-0AX"));
    assert!(code.body.starts_with(b"grant_type=authorization_code&code=%3Ccode-"));
    let one = form(
        "/v1/images/edits",
        "b",
        &[
            ("api_key", "", "hunter2"),
            ("prompt", "", "hunter2"),
            ("config", "", r#"{"secret":"hunter2"}"#),
            ("image", "api_key.png", "hunter2"),
        ],
    );
    let text = String::from_utf8(scrub(&one).body.to_vec()).unwrap();
    assert_eq!(text.matches("hunter2").count(), 2, "{text}");
    assert!(text.contains(r#"{"secret":"redacted"}"#) && text.contains("api_key.png"), "{text}");
}

#[test]
fn keys_differ_between_people_and_a_recording_answers_all() {
    let with = |key: &str| {
        let body = format!(
            r#"{{"model":"m","api_key":"{key}","tools":[{{"type":"mcp","headers":{{"Authorization":"{key}"}},"server_url":"https://m.example/{key}/sse?key={key}"}}]}}"#
        );
        json(&format!("/v1/chat/completions?auth_key={key}"), &body)
    };
    let keys = ["sk-proj-abcdefghij0123456789", "0a1b2c3d4e5f60718293a4b5"];
    let [one, other] = keys.map(|key| scrub(&with(key)));
    assert_eq!(one, other);
    let without = scrub(&json(
        "/v1/chat/completions",
        &String::from_utf8_lossy(&one.body).replace(r#""api_key":"redacted","#, ""),
    ));
    let compared = compare(&Strategy::STANDARD, &fields(&one), &fields(&without));
    assert!(compared.changes.is_empty(), "{compared:?}");
    let parts = |key| form("/v1/images/edits", "b", &[("api_key", "", key), ("prompt", "", "p")]);
    assert_eq!(scrub(&parts(keys[0])), scrub(&parts("x")));
}

#[test]
fn a_mount_may_say_what_is_a_secret_and_what_is_none() {
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let names = MountNames { public: list(&["key", "Token"]), secret: list(&["member-no"]) };
    let known = |names| scrubber().with_names(&BTreeMap::from([("own".to_owned(), names)]));
    let scrubber = known(names).unwrap();
    let of = |mount: &str, target: &str, body: &str| {
        scrubber.scrub(&Request { mount: mount.into(), ..json(target, body) }).get().clone()
    };
    let text = r#"{"key":"abcdefghij0123456789abcd","memberNo":"7"}"#;
    let own = of("own", "/v1/x?key=apple&token=page2&member_no=7&api_key=7", text);
    assert_eq!(own.target, "/v1/x?key=apple&token=page2&member_no=redacted&api_key=redacted");
    assert_eq!(own.body, r#"{"key":"abcdefghij0123456789abcd","memberNo":"redacted"}"#);
    assert_ne!(of("other", "/v1/x?key=apple", "").target, "/v1/x?key=apple");
    let (mount, problem) = known(MountNames { public: list(&["api_key"]), secret: Vec::new() }).unwrap_err();
    assert_eq!(mount, "own");
    assert!(problem.contains("`api_key` is the name of a credential there"), "{problem}");
    let gemini = MountNames { public: list(&["key"]), secret: Vec::new() };
    let refused = self::scrubber().with_names(&BTreeMap::from([("gemini".to_owned(), gemini)]));
    assert!(refused.is_err(), "its key is documented");
}

#[test]
fn a_credential_of_the_configuration_is_found_everywhere() {
    let key = "sk-gateway-4f9a8c7e6d5b4a39";
    let scrubber = scrubber().with_credentials([key, "dummy"]);
    let once = scrubber.scrub(&json("/v1/x", &format!(r#"{{"prompt":"my dummy is {key}"}}"#)));
    let text = String::from_utf8_lossy(&once.body);
    assert!(text.starts_with(r#"{"prompt":"my dummy is <key-"#), "{text}");
    assert!(!format!("{scrubber:?}").contains(key));
}

const NAMES: &[&str] = &[
    "api_key",
    "apiKey",
    "X-Api-Key",
    "authorization_token",
    "refreshToken",
    "client_secret",
    "PASSWORD",
    "db_password",
    "private-key",
    "subscription.key",
    "connection_string",
    "auth_key",
    "access_key",
    "id_token",
    "bearer_token",
];

/// A JSON text with the member somewhere in it.
fn around(member: String, depth: u32) -> BoxedStrategy<String> {
    if depth == 0 {
        return Just(format!("{{{member}}}")).boxed();
    }
    let next = move || around(member.clone(), depth - 1);
    prop_oneof![
        next().prop_map(|inner| format!("{{\"a\" : {inner},\"n\":1}}")),
        next().prop_map(|inner| format!("[1, {inner},null]")),
        next().prop_map(|inner| format!("{{\"arguments\":{}}}", serde_json::to_string(&inner).unwrap())),
    ]
    .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_credential_of_a_known_place_survives(
        (name, secret, text) in (prop::sample::select(NAMES), "zq[a-z!]{6}", 0..4u32).prop_flat_map(|(name, secret, depth)| {
            let member = format!("\"{name}\": \"{secret}\"");
            (Just(name), Just(secret), around(member, depth))
        }),
    ) {
        let scrubbed = scrub(&json(&format!("/v1/x?{name}={secret}"), &text));
        prop_assert!(!String::from_utf8_lossy(&scrubbed.body).contains(&secret), "{text}");
        prop_assert!(!scrubbed.target.contains(&secret));
        prop_assert_eq!(&scrub(&scrubbed), &scrubbed);
        let expected = text.replace(&secret, "redacted");
        prop_assert_eq!(String::from_utf8_lossy(&scrubbed.body), expected);
    }
}

#[test]
fn what_was_taken_out_of_a_body_cannot_be_sent_again() {
    let held = |target: &str, text: &str| crate::matching::placeholders(&scrub(&json(target, text)));
    assert_eq!(held("/v1/x?api_key=k", r#"{"a":"it was redacted"}"#), [""; 0]);
    assert_eq!(held("/v1/x", r#"{"a":{"password":"hunter2"}}"#), ["redacted"]);
}
