use super::*;
use crate::model::{ByteLog, Headers};

const SECRET: &str = "sk-proj-0123456789abcdefghij";

fn read(mount: &str, target: &str, headers: &[(&str, &str)], body: &str) -> LoadedExchange {
    let request = Request {
        method: "POST".into(),
        mount: mount.into(),
        target: target.into(),
        headers: headers.iter().copied().map(|(name, value)| (name, value.to_owned())).collect(),
        body: body.to_owned().into(),
    };
    let answer = r#"{"choices":[{"message":{"content":"hi \u001b]52;c;aGk=\u0007 there"}}]}"#;
    let response = Response {
        status: 200,
        headers: Headers::from_iter([("content-type", "application/json")]),
        log: ByteLog::whole(answer, std::time::Duration::ZERO),
    };
    LoadedExchange { request, response: Some(response), media: Vec::new(), id: "rec_a".into() }
}

fn chat() -> LoadedExchange {
    let body = r#"{"model":"gpt-5-mini","messages":[{"role":"user","content":"don't $HOME `id`"}],"seed":null,"stream":true}"#;
    let secret = format!("Bearer {SECRET}");
    let headers = [
        ("content-type", "application/json"),
        ("authorization", &secret),
        ("cookie", "session=abcdefghijkl"),
    ];
    read("openai", "/v1/chat/completions", &headers, body)
}

const BASE: &str = "http://127.0.0.1:4010";

#[test]
fn a_curl_command_names_the_variable_and_never_the_key() {
    let text = CopyPart::Curl.of(&chat(), BASE).unwrap();
    assert_eq!(
        text,
        "curl http://127.0.0.1:4010/openai/v1/chat/completions \\\n  \
         -H \"authorization: Bearer $OPENAI_API_KEY\" \\\n  \
         -H 'content-type: application/json' \\\n  \
         --data-raw '{\"model\":\"gpt-5-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"don'\\''t $HOME `id`\"}],\"seed\":null,\"stream\":true}'"
    );
}

#[test]
fn credentials_are_masked_wherever_they_stand() {
    let body = format!(r#"{{"model":"m","prompt":"my key is {SECRET}"}}"#);
    let headers = [("content-type", "application/json"), ("x-api-key", SECRET)];
    for target in ["/v1/messages".to_owned(), format!("/v1/messages?key={SECRET}")] {
        let read = read("anthropic", &target, &headers, &body);
        for part in [CopyPart::Curl, CopyPart::Snippet, CopyPart::Asked, CopyPart::Url, CopyPart::Prompt] {
            let text = part.of(&read, BASE).unwrap();
            assert!(!text.contains("0123456789"), "{part:?}: {text}");
        }
    }
}

#[test]
fn python_goes_by_the_dialect() {
    let text = CopyPart::Snippet.of(&chat(), BASE).unwrap();
    let wanted = r#"from openai import OpenAI

# The key comes from OPENAI_API_KEY; a replay needs none, so any will do.
client = OpenAI(base_url="http://127.0.0.1:4010/openai/v1")

answer = client.chat.completions.create(
    model="gpt-5-mini",
    messages=[
        {
            "role": "user",
            "content": "don't $HOME `id`",
        },
    ],
    seed=None,
    stream=True,
)
for event in answer:
    print(event)
"#;
    assert_eq!(text, wanted);
    let json = [("content-type", "application/json")];
    let claude =
        read("anthropic", "/v1/messages", &json, r#"{"model":"claude","max_tokens":9,"messages":[]}"#);
    let text = CopyPart::Snippet.of(&claude, BASE).unwrap();
    assert!(text.contains("client = Anthropic(base_url=\"http://127.0.0.1:4010/anthropic\")"), "{text}");
    assert!(
        text.contains(
            "client.messages.create(\n    model=\"claude\",\n    max_tokens=9,\n    messages=[],\n)"
        ),
        "{text}"
    );
    let other = read("fal", "/fal-ai/flux", &json, r#"{"prompt":"a","sync":true}"#);
    let text = CopyPart::Snippet.of(&other, BASE).unwrap();
    assert!(
        text.contains("requests.request(\n    \"POST\",\n    \"http://127.0.0.1:4010/fal/fal-ai/flux\""),
        "{text}"
    );
    assert!(text.contains("\"sync\": True"), "{text}");
}

#[test]
fn forms_are_asked_part_by_part() {
    let kind = [("content-type", "multipart/form-data; boundary=XX")];
    let body = "--XX\r\ncontent-disposition: form-data; name=\"prompt\"\r\n\r\na 'hat'\r\n--XX\r\n\
                content-disposition: form-data; name=\"image\"; filename=\"../a,b.png\"\r\ncontent-type: image/png\r\n\r\nxx\r\n--XX--\r\n";
    let form = read("openai", "/v1/images/edits", &kind, body);
    let curl = CopyPart::Curl.of(&form, BASE).unwrap();
    assert!(curl.contains("--form-string 'prompt=a '\\''hat'\\'''"), "{curl}");
    assert!(curl.contains("-F image=@.._a_b.png") && !curl.contains("boundary"), "{curl}");
    let python = CopyPart::Snippet.of(&form, BASE).unwrap();
    assert!(python.contains("(\"prompt\", (None, \"a 'hat'\"))") && python.contains("files=["), "{python}");
}

#[test]
fn what_is_copied_cannot_speak_to_a_terminal() {
    let text = CopyPart::Text.of(&chat(), BASE).unwrap();
    assert_eq!(text, "hi ␛]52;c;aGk=␇ there");
    let hostile = read("openai", "/v1/x", &[], "a\u{1b}[31m\u{202e}\tb\r\nc\u{9b}");
    for part in [CopyPart::Curl, CopyPart::Asked, CopyPart::Snippet] {
        let text = part.of(&hostile, BASE).unwrap();
        assert!(text.chars().all(|c| !c.is_control() || c == '\n' || c == '\t'), "{text:?}");
    }
    assert!(
        CopyPart::Curl.of(&hostile, BASE).unwrap().contains(r"$'a\x1b[31m"),
        "the shell gets the same bytes"
    );
}

#[test]
fn what_is_not_there_is_said() {
    let mut bare = read("fal", "/x", &[], "");
    assert_eq!(CopyPart::Prompt.of(&bare, BASE), Err("there is no prompt in this request"));
    bare.response = None;
    assert_eq!(CopyPart::Text.of(&bare, BASE), Err("there is no answer yet"));
    assert_eq!(CopyPart::Id.of(&bare, BASE).as_deref(), Ok("rec_a"));
    assert_eq!(CopyPart::Hash.of(&bare, BASE).map(|hash| hash.len()), Ok(64));
    assert_eq!(CopyPart::Url.of(&bare, BASE).as_deref(), Ok("http://127.0.0.1:4010/fal/x"));
    assert_eq!(CopyPart::Prompt.of(&chat(), BASE).as_deref(), Ok("don't $HOME `id`"));
}
