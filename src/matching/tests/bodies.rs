//! Bodies that are neither JSON nor a form with names, and what names mean where there are two spellings.

use super::{fields, json, request};
use crate::matching::compare;
use crate::matching::{Canon, DatedModels, Ignore, Salt, Scrubber};
use crate::model::{Request, Strategy};

const UPLOAD: &str = "gemini!/upload/v1beta/files";
const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "anthropic!/v1/messages";

fn related(boundary: &str, parts: &[(&str, &str)]) -> Request {
    let part = |(head, content): &(&str, &str)| format!("--{boundary}\r\n{head}\r\n\r\n{content}\r\n");
    let body = parts.iter().map(part).collect::<String>() + &format!("--{boundary}--\r\n");
    request(UPLOAD, &format!("multipart/related; boundary={boundary}"), body)
}

fn names(request: &Request) -> Vec<String> {
    let fields = fields(request);
    let named = |(field, value): (&crate::matching::Field, String)| format!("{field}={value}");
    fields.iter().map(named).filter(|name| name.starts_with("body") || name.starts_with("part")).collect()
}

fn same(strategy: &str, one: &Request, other: &Request) -> bool {
    let (one, other, strategy) = (fields(one), fields(other), strategy.parse().unwrap());
    let matches = compare(&strategy, &one, &other).is_match();
    assert_eq!(matches, one.fingerprint(&strategy) == other.fingerprint(&strategy), "{strategy}");
    matches
}

#[test]
fn edge_2_parts_without_names_are_told_by_their_places() {
    let info = ("Content-Type: application/json; charset=UTF-8", r#"{"file":{"displayName":"a"}}"#);
    let picture = ("Content-Type: image/png", "PNG");
    let one = related("aa", &[info, picture]);
    assert_eq!(fields(&one).opaque, None);
    let told = names(&one);
    assert_eq!(told[0], "part/0/file/displayName=a");
    assert!(told[1].starts_with("part/1=<sha256 "), "{told:?}");
    let spaced = ("content-type: application/json", "{ \"file\" : { \"displayName\" : \"\\u0061\" } }");
    for (equal, why, parts) in [
        (true, "boundary, spaces in JSON", &[spaced, picture][..]),
        (false, "metadata", &[(info.0, r#"{"file":{"displayName":"b"}}"#), picture]),
        (false, "contents", &[info, (picture.0, "GIF")]),
        (false, "type of the contents", &[info, ("Content-Type: image/gif", "PNG")]),
        (false, "order", &[picture, info]),
        (false, "one part less", &[info]),
        (
            false,
            "an id by which it is referred to",
            &[info, ("Content-Type: image/png\r\nContent-ID: <a>", "PNG")],
        ),
    ] {
        assert_eq!(same("standard", &one, &related("bb", parts)), equal, "{why}");
    }
    assert!(same("standard -displayName", &one, &one));
    let mixed = |content: &str| {
        let body = format!("--m\r\n\r\n{content}\r\n--m--");
        request("other!/v3/x", "multipart/mixed; boundary=m", body)
    };
    assert_eq!(names(&mixed("a")), ["part/0=a"]);
    assert!(!same("standard", &mixed("a"), &mixed("b")));
    let swapped = |first: &str, second: &str| {
        let text = "Content-Type: image/png\r\nContent-ID:";
        related("c", &[(&format!("{text} {first}"), "A"), (&format!("{text} {second}"), "B")])
    };
    assert!(!same("standard", &swapped("<x>", "<y>"), &swapped("<y>", "<x>")), "ids swapped");
    // A form's parts must have names: what has none is no form.
    let form = request(UPLOAD, "multipart/form-data; boundary=m", mixed("a").body);
    assert_eq!(fields(&form).opaque, Some("a part has no name"));
}

#[test]
fn edge_3_what_json_cannot_say_is_compared_as_it_is_and_said() {
    let deep = format!("{}1{}", "[".repeat(129), "]".repeat(129));
    let cases: [(&[u8], &str); 6] = [
        (br#"{"seed":NaN}"#, "its JSON holds NaN or Infinity, which JSON does not have"),
        (br#"{"a":[1,-Infinity]}"#, "its JSON holds NaN or Infinity, which JSON does not have"),
        (b"{\"a\":\"\xff\"}", "its JSON is not valid UTF-8"),
        (deep.as_bytes(), "its JSON is nested too deeply"),
        (br#"{"a":1,}"#, "it is not valid JSON"),
        (br#"{"a":"NaN"} x"#, "it is not valid JSON"),
    ];
    for (body, why) in cases {
        let one = request(CHAT, "application/json", body.to_vec());
        assert_eq!(fields(&one).opaque, Some(why));
        assert!(same("standard", &one, &one.clone()));
        let other = request(CHAT, "application/json", [body, b" "].concat());
        assert!(!same("standard", &one, &other), "{why}");
    }
    let one = request(CHAT, "application/json", b"{\"a\":\"\xff\",\"to\":\"me@example.com\"}".to_vec());
    let scrubbed = Scrubber::new(Salt([7; 32]), false).scrub(&one);
    let body = scrubbed.body.to_vec();
    assert!(
        body.starts_with(b"{\"a\":\"\xff\",\"to\":\"<email-"),
        "what is no text is left as it is: {body:?}"
    );
}

#[test]
fn a_form_in_one_text_has_a_field_for_each_name() {
    let form = "application/x-www-form-urlencoded; charset=UTF-8";
    let one = request("other!/v3/x", form, "model=m&a%20b=c+d&x=1&x=2&access_token=secret");
    assert_eq!(names(&one), ["body/a b=c d", "body/model=m", "body/x=\"1\"", "body/x/~2=\"2\""]);
    assert_eq!(fields(&one).resolve("model").unwrap().to_string(), "body/model");
    let other = request("other!/v3/x", form, "a+b=c%20d&x=1&x=2&model=m");
    assert!(same("standard", &one, &other));
    assert!(!same("strict", &one, &other));
    let third = request("other!/v3/x", form, "model=n&a+b=c%20d&x=1&x=2");
    assert!(
        !same("standard", &one, &third)
            && same("specific x", &one, &request("other!/v3/x", form, "model=m&x=1&x=2"))
    );
    let broken = request("other!/v3/x", form, b"a=\xff".to_vec());
    assert_eq!(fields(&broken).opaque, Some("its form is not valid UTF-8"));
}

#[test]
fn names_mean_the_text_of_a_lone_block_in_both_spellings() {
    let text =
        |text: &str| json(MESSAGES, &format!(r#"{{"messages":[{{"role":"user","content":"{text}"}}]}}"#));
    let block = |text: &str| {
        let block = format!(r#"{{"type":"text","text":"{text}","cache_control":{{"type":"ephemeral"}}}}"#);
        json(MESSAGES, &format!(r#"{{"messages":[{{"role":"user","content":[{block}]}}]}}"#))
    };
    assert_eq!(names(&text("a")), ["body/messages/0/content=a", "body/messages/0/role=user"]);
    let hint = "body/messages/0/content/0/cache_control/type=ephemeral";
    assert_eq!(names(&block("a")), ["body/messages/0/content=a", hint, "body/messages/0/role=user"]);
    for strategy in [
        "standard -messages/0/content",
        "standard -messages/*/content",
        "standard -messages/0/content/0/text",
        "standard -body/messages/*/content/*/text",
        "specific messages/0/role",
    ] {
        assert!(
            same(strategy, &text("a"), &block("b")) && same(strategy, &block("b"), &text("a")),
            "{strategy}"
        );
    }
    for strategy in
        ["specific messages/0/content/0/text", "specific messages/0/content", "standard -messages/0/text"]
    {
        assert!(!same(strategy, &text("a"), &block("b")), "{strategy}");
    }
    for field in ["messages/*/content", "messages/*/content/*/text"] {
        let ignore = Ignore { field: Some(field.into()), pattern: Some("date".into()), ..Ignore::default() };
        let canon = Canon::new(&std::collections::BTreeMap::new(), &[ignore]).unwrap();
        let (one, other) = (canon.fields(&text("on 2026-01-02")), canon.fields(&block("on 2027-03-04")));
        assert!(compare(&Strategy::STANDARD, &one, &other).is_match(), "{field}");
    }
    let inputs = [r#"{"input":"a"}"#, r#"{"input":[{"role":"user","content":"b"}]}"#];
    let [one, other] = inputs.map(|body| json("/v1/responses", body));
    for strategy in ["standard -input", "standard -input/*/content", "standard -input/0/content"] {
        assert!(same(strategy, &one, &other), "{strategy}");
    }
}

fn with(target: &str, headers: &[(&str, &str)]) -> Request {
    let mut request = json(target, "{}");
    for (name, value) in headers {
        request.headers.push(name, (*value).to_owned());
    }
    request
}

#[test]
fn headers_decide_as_strategies_and_the_configuration_say() {
    let [one, other] =
        ["application/json", "text/event-stream"].map(|accept| with(CHAT, &[("accept", accept)]));
    assert!(same("standard", &one, &other) && same("specific", &one, &other) && same("pinned", &one, &other));
    assert!(!same("strict", &one, &other) && !same("specific header/accept", &one, &other));
    let order = [["a, b"], ["b,a"]].map(|[beta]| with(CHAT, &[("openai-beta", beta)]));
    assert!(same("strict", &order[0], &order[1]), "a list without an order");
    assert!(!same("strict", &with(CHAT, &[("prefer", "wait")]), &with(CHAT, &[])));

    let tenant = |value: &str| with("other!/v3/x", &[("X-Tenant", value), ("authorization", "Bearer x")]);
    let canon = Canon::default().with_headers(&["X-Tenant".into(), "accept".into()]).unwrap();
    let fields = |request: &Request| canon.fields(request);
    let matches = |strategy: &str, one: &Request, other: &Request| {
        compare(&strategy.parse().unwrap(), &fields(one), &fields(other)).is_match()
    };
    assert!(same("standard", &tenant("a"), &tenant("b")), "nobody named it");
    assert!(
        matches("standard", &tenant("a"), &tenant(" a")) && !matches("standard", &tenant("a"), &tenant("b"))
    );
    assert!(matches("standard -x-tenant", &tenant("a"), &tenant("b")));
    assert!(!matches("standard", &one, &other), "what is named decides, also where it is cosmetic otherwise");
    assert!(!matches("standard", &tenant("a,b"), &tenant("b,a")), "nobody knows whether it is a list");
    let kept = Scrubber::new(Salt([7; 32]), false).keeping(canon.headers()).scrub(&tenant("a"));
    assert_eq!(kept.headers.text("x-tenant"), Some("a"));
    assert_eq!(kept.headers.text("authorization"), None);
    assert_ne!(canon.version(), Canon::default().version());
    for (name, why) in [
        ("Authorization", "credentials"),
        ("cookie", "credentials"),
        ("x-api-key", "credentials"),
        ("x-goog-api-key", "credentials"),
        ("my-token", "credentials"),
        ("Connection", "connection"),
        ("te", "connection"),
        ("host", "connection"),
        ("content-type", "how to read"),
        ("x-retake-mode", "retake itself"),
        ("X-Test-Id", "retake itself"),
        ("a b", "no name"),
        ("", "no name"),
    ] {
        let (at, problem) = Canon::default().with_headers(&["x-fine".into(), name.into()]).unwrap_err();
        assert!(at == 1 && problem.contains(why), "{name}: {problem}");
    }
}

#[test]
fn dated_models_are_the_same_unless_the_configuration_says_otherwise() {
    let chat = |model: &str| json(CHAT, &format!(r#"{{"model":"{model}"}}"#));
    let aliases =
        std::collections::BTreeMap::from([("fast".to_owned(), "openai/gpt-4o-2024-08-06".to_owned())]);
    let same = Canon::new(&aliases, &[]).unwrap();
    let exact = Canon::new(&aliases, &[]).unwrap().with_dated_models(DatedModels::Exact);
    let model = |canon: &Canon, name: &str| canon.fields(&chat(name)).model().map(str::to_owned).unwrap();
    for (name, same_as, exactly) in [
        ("gpt-4o", "gpt-4o", "gpt-4o"),
        ("gpt-4o-2024-08-06", "gpt-4o", "gpt-4o-2024-08-06"),
        ("openai/gpt-4o-2024-11-20", "gpt-4o", "gpt-4o-2024-11-20"),
        ("fast", "gpt-4o", "gpt-4o-2024-08-06"),
    ] {
        assert_eq!((model(&same, name).as_str(), model(&exact, name).as_str()), (same_as, exactly), "{name}");
    }
    let hits = |canon: &Canon, strategy: &str| {
        let [one, other] = ["gpt-4o", "gpt-4o-2024-08-06"].map(|name| canon.fields(&chat(name)));
        let strategy = strategy.parse().unwrap();
        let equal = one.fingerprint(&strategy) == other.fingerprint(&strategy);
        assert_eq!(equal, compare(&strategy, &one, &other).is_match());
        equal
    };
    for strategy in ["standard", "specific seed", "pinned"] {
        assert!(hits(&same, strategy) && !hits(&exact, strategy), "{strategy}");
    }
    assert_ne!(same.version(), exact.version());
}
