use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;
use crate::reading::decoded::tests::gzip;
use crate::reading::media::tests::png;

fn shown_as(content_type: &str, body: impl Into<Bytes>) -> String {
    pretty(&[("content-type", content_type.to_string())].into_iter().collect(), &body.into())
}

#[test]
fn json_keeps_order_numbers_and_equal_keys() {
    let body = r#"{"z":18446744073709551617,"a":1.0,"a":1e0,"e":{},"l":[ ],"t":["x",true],"n":[1,2.50,null],"s":"\u00fc\n"}"#;
    let expected = r#"{
  "z": 18446744073709551617,
  "a": 1.0,
  "a": 1e0,
  "e": {},
  "l": [],
  "t": [
    "x",
    true
  ],
  "n": [1, 2.50, null],
  "s": "ü\n"
}
"#;
    assert_eq!(shown_as("application/json", body), expected);
    assert_eq!(shown_as("application/json", format!("\u{feff}{body}")), expected, "a byte order mark");
    assert_eq!(shown_as("application/json", "{\"broken\":"), "{\"broken\":");
    assert_eq!(shown_as("application/json", ""), "");
}

#[test]
fn long_arrays_of_numbers_fill_lines() {
    let body = serde_json::json!({ "embedding": vec![0.25; 60] }).to_string();
    let text = shown_as("application/json", body);
    assert_eq!(text.lines().count(), 8, "{text}");
    assert!(text.lines().all(|line| line.len() <= WIDTH + 1), "{text}");
}

#[test]
fn base64_becomes_a_word() {
    let image = STANDARD.encode(png(8, 3_300));
    let noise =
        STANDARD.encode((0..12_288_u32).flat_map(|n| (n * n + 7 * n).to_le_bytes()).collect::<Vec<_>>());
    let body = format!(
        "{{\"b64_json\":\"{image}\",\"uri\":\"data:image/png;base64,{image}\",\"vector\":\"{noise}\",\"sha\":\"{}\",\"short\":\"{}\"}}",
        "0a".repeat(200),
        &noise[..100],
    );
    let text = shown_as("application/json", body);
    assert!(text.contains("\"b64_json\": \"<image 3.2 KiB png>\""), "{text}");
    assert!(text.contains("\"uri\": \"<image 3.2 KiB png>\""), "{text}");
    assert!(text.contains("\"vector\": \"<base64 48 KiB>\""), "{text}");
    assert!(text.contains(&"0a".repeat(200)) && text.contains(&noise[..100]), "{text}");
}

#[test]
fn streams_have_an_event_on_each_line() {
    let image = STANDARD.encode(png(8, 3_300));
    let body = format!(
        "event: done\ndata: {{\"b64_json\":\"{image}\",\"n\":1}}\n\ndata: a\ndata: b\n\ndata: [DONE]\n\n"
    );
    let expected = "done  {\"b64_json\": \"<image 3.2 KiB png>\", \"n\": 1}\na\n    b\n[DONE]\n";
    assert_eq!(shown_as("text/event-stream", body), expected);
    assert_eq!(
        shown_as("application/x-ndjson", "{\"a\":1}\n{\"b\":[1,2]}\n"),
        "{\"a\": 1}\n{\"b\": [1, 2]}\n"
    );
}

#[test]
fn multipart_and_binary_are_told_in_words() {
    let mut body = b"--x\r\ncontent-disposition: form-data; name=\"prompt\"\r\n\r\nadd a hat\r\n\
        --x\r\ncontent-disposition: form-data; name=\"image\"; filename=\"cat.png\"\r\ncontent-type: image/png\r\n\r\n"
        .to_vec();
    body.extend(png(8, 3_300));
    body.extend(b"\r\n--x--\r\n");
    let text = shown_as("multipart/form-data; boundary=x", body);
    assert_eq!(text, "prompt: add a hat\nimage: <image/png 3.2 KiB> \"cat.png\"\n");
    let text = shown_as("image/png", png(8, 3_300));
    assert!(text.starts_with("<3.2 KiB image/png, 8x8>\n00000000  89 50 4e 47"), "{text}");
    assert!(text.ends_with("… 3.0 KiB of 3.2 KiB left out"), "{text}");
}

#[test]
fn encodings_are_decoded_or_named() {
    let headers = |encoding| {
        [("content-type", "application/json"), ("content-encoding", encoding)].into_iter().collect()
    };
    assert_eq!(pretty(&headers("gzip"), &gzip(b"[true]").into()), "[true]\n");
    assert!(pretty(&headers("lzma"), &"xx".into()).contains("encoded as `lzma`"));
}

#[test]
fn what_is_too_long_is_cut_and_says_so() {
    let rows: Vec<_> = (0..60_000).map(|n| format!("row {n}")).collect();
    let cases = [
        ("application/json", serde_json::to_string(&rows).unwrap()),
        ("text/plain", rows.join("\n")),
        ("text/event-stream", format!("data: {}\n\n", rows.join("\n\ndata: "))),
        ("application/json", serde_json::to_string(&"long 猫 ".repeat(60_000)).unwrap()),
        ("application/json", serde_json::to_string(&vec![1; 400_000]).unwrap()),
    ];
    for (content_type, body) in cases {
        let text = shown_as(content_type, body);
        assert!(text.len() < LIMIT + 100 && text.len() > LIMIT - 100);
        assert!(text.ends_with("left out"), "{}", &text[text.len() - 60..]);
    }
}

proptest! {
    #[test]
    fn pretty_json_is_the_same_json(body in r#"[\[\]{}:,"a-c0-9.]{0,30}|\{"a":\[-?[0-9]{1,25},"[a-z\\"]{0,5}"\]\}"#) {
        let text = shown_as("application/json", body.clone());
        let tokens = |text: &str| JsonTokens(text).map(|t| format!("{t:?}")).collect::<Vec<_>>();
        if is_json(&body) {
            prop_assert_eq!(tokens(&text), tokens(&body));
        } else {
            prop_assert_eq!(text, body);
        }
    }

    #[test]
    fn no_body_is_too_broken(
        kind in prop::sample::select(vec!["application/json", "text/event-stream", "multipart/form-data; boundary=a", "x/y", "text/plain"]),
        body in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        shown_as(kind, body);
    }
}

#[test]
fn letters_written_as_escapes_are_shown_as_letters() {
    let shown = |token: &str| super::lettered(token).into_owned();
    assert_eq!(shown(r#""h\u00e9 \u2713 \ud83d\ude00""#), "\"hé ✓ 😀\"");
    for kept in [
        r#""\u0022 \u005c \u001b \u0000""#,
        r#""\ud83d""#,
        r#""\ud83d\u0041""#,
        r#""\\u00e9 \n \"""#,
        r#""\u00""#,
        r#""\u"#,
    ] {
        let expected = kept.replace(r"\u0041", "A");
        assert_eq!(shown(kept), expected);
    }
}

#[test]
fn what_is_edited_is_all_there_and_means_the_same() {
    let picture = STANDARD.encode(png(2, 600));
    let long = STANDARD.encode(vec![7_u8; 300 << 10]);
    let body = format!(r#"{{"data":[{{"b64_json":"{picture}","s":"\u00fc"}}],"long":"{long}","n":1.50}}"#);
    let headers: Headers = [("content-type", "application/json")].into_iter().collect();
    let text = editable(&headers, &body.clone().into()).unwrap();
    assert!(text.lines().count() > 5, "it is set out over lines");
    let squeezed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    assert_eq!(squeezed, body, "nothing is left out or written otherwise");
    let stream: Headers = [("content-type", "text/event-stream")].into_iter().collect();
    assert_eq!(editable(&stream, &"data: {\"a\":1}\n\n".into()).as_deref(), Some("data: {\"a\":1}\n\n"));
    assert_eq!(editable(&headers, &Bytes::from_static(&[0xff, 0xfe])), None);
}
