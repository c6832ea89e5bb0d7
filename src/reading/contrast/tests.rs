use std::io::Cursor;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use proptest::prelude::*;

use super::*;
use crate::model::{ByteLog, Request};

fn response(kind: &str, body: impl Into<Bytes>) -> Response {
    let headers = [("content-type", kind.to_owned())].into_iter().collect();
    Response { status: 200, headers, log: ByteLog::whole(body, Duration::from_millis(3)) }
}

fn between(old: &Response, new: &Response) -> Contrast {
    let request = Request::default();
    let side = |response| Side { request: &request, response, linked: Vec::new() };
    contrast(&side(old), &side(new), CONTEXT)
}

fn json(old: &str, new: &str) -> Contrast {
    between(&response("application/json", old.to_owned()), &response("application/json", new.to_owned()))
}

fn shown(lines: &DiffLines) -> Vec<String> {
    let mark = |run: &Run| match run.tag {
        DiffTag::Same => format!(" {}", run.text),
        DiffTag::Removed => format!("-{}", run.text),
        DiffTag::Added => format!("+{}", run.text),
        DiffTag::Skipped => format!("…{}", run.text),
    };
    lines.runs.iter().map(mark).collect()
}

fn body_lines(contrast: &Contrast) -> Vec<String> {
    let BodyContrast::Text(lines) = &contrast.body else { panic!("{:?}", contrast.body) };
    shown(lines)
}

fn file(width: u32, height: u32, format: ImageFormat, paint: impl Fn(u32, u32) -> [u8; 3]) -> Bytes {
    let picture = RgbImage::from_fn(width, height, |x, y| Rgb(paint(x, y)));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(picture).write_to(&mut bytes, format).unwrap();
    bytes.into_inner().into()
}

/// A soft slope with a dark disc.
fn disc(x: u32, y: u32) -> [u8; 3] {
    let (dx, dy) = (x.abs_diff(60), y.abs_diff(40));
    let slope = u8::try_from(x).unwrap_or(255);
    if dx * dx + dy * dy < 900 { [20, 30, 40] } else { [slope, 200, slope] }
}

fn pair(one: Bytes, other: Bytes) -> PictureContrast {
    contrast_pictures(&("a".into(), one), &("b".into(), other))
}

#[test]
fn as_many_equal_lines_stand_around_a_change_as_are_asked_for() {
    let lines = |changed: &str| {
        let text = (0..30).map(|at| if at == 15 { changed.into() } else { format!("line {at}") });
        response("text/plain", text.collect::<Vec<String>>().join("\n"))
    };
    let (old, new) = (lines("old"), lines("new"));
    let request = Request::default();
    let side = |response| Side { request: &request, response, linked: Vec::new() };
    let runs = |context| match contrast(&side(&old), &side(&new), context).body {
        BodyContrast::Text(lines) => {
            let count = |tag| lines.runs.iter().filter(|run| run.tag == tag).count();
            (count(DiffTag::Same), count(DiffTag::Removed), count(DiffTag::Added), count(DiffTag::Skipped))
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(runs(0), (0, 1, 1, 2));
    assert_eq!(runs(CONTEXT), (6, 1, 1, 2));
    assert_eq!(runs(usize::MAX), (29, 1, 1, 0));
}

#[test]
fn headers_that_differ_say_how_and_whether_it_matters() {
    let before = [("a", "1"), ("date", "x"), ("same", "s"), ("a", "2")].into_iter().collect();
    let after = [("date", "y"), ("same", "s"), ("a", "1"), ("x-ratelimit-remaining-tokens", "7")]
        .into_iter()
        .collect();
    let seen: Vec<_> = header_changes(&before, &after)
        .into_iter()
        .map(|c| (c.name, c.before.unwrap_or_default(), c.after.unwrap_or_default(), c.volatile))
        .collect();
    let want = |name: &str, before: &str, after: &str, volatile| {
        (name.into(), before.into(), after.into(), volatile)
    };
    assert_eq!(
        seen,
        [
            want("a", "1, 2", "1", false),
            want("date", "x", "y", true),
            want("x-ratelimit-remaining-tokens", "", "7", true),
        ]
    );
}

#[test]
fn json_is_compared_by_what_it_says() {
    let contrast = json(r#"{"b":1.0,"a":[1],"c":"x"}"#, "{ \"c\": \"y\", \"a\": [1], \"b\": 1.0 }");
    assert_eq!(
        body_lines(&contrast),
        [" {", "   \"a\": [1],", "   \"b\": 1.0,", "-  \"c\": \"x\"", "+  \"c\": \"y\"", " }"]
    );
    let long = |last: u8| format!("[\"{}\",{last}]", vec!["x"; 20].join("\",\""));
    let lines = body_lines(&json(&long(1), &long(2)));
    assert_eq!(lines[0], "…18 equal lines");
    let equal = json("{\"a\":1}", "{\"a\":1}");
    assert!(matches!(equal.body, BodyContrast::Same(Blob { size: 7, .. })) && equal.text.is_none());
    let order = json("{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}");
    assert_eq!(body_lines(&order), ["…4 equal lines"], "other bytes that say the same");
}

#[test]
fn files_in_json_are_told_apart_by_their_hash() {
    let png = |bright| STANDARD.encode(super::super::media::tests::png(bright, 300));
    let body = |bright| format!("{{\"b64_json\":\"{}\"}}", png(bright));
    let lines = body_lines(&json(&body(8), &body(9)));
    assert!(lines[1].starts_with("-  \"b64_json\": \"<image 300 B png, sha256 "), "{lines:?}");
    assert_eq!(lines.len(), 4);
}

#[test]
fn what_was_said_is_compared_by_words() {
    let chat = |text: &str| format!("{{\"choices\":[{{\"message\":{{\"content\":\"{text}\"}}}}]}}");
    let contrast = json(&chat("Steam over stone."), &chat("Steam under stone."));
    let text = contrast.text.unwrap();
    assert_eq!(shown(&text), [" Steam ", "-over", "+under", "  stone."]);
    let stream = |pieces: &[&str]| {
        let event =
            |text: &&str| format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n");
        let timed = pieces.iter().map(event).zip(1..).map(|(event, n)| (Duration::from_micros(n), event));
        Response { log: ByteLog::from_pieces(timed), ..response("text/event-stream", "") }
    };
    let same_words = between(&stream(&["One two"]), &stream(&["One", " two"]));
    assert_eq!(same_words.text, None);
    let arrival = |events, total| AnswerArrival { events, first_byte: 1, total };
    assert_eq!(same_words.arrival, (arrival(1, 1), arrival(2, 2)));
    assert_eq!(body_lines(&same_words).len(), 3);
}

#[test]
fn bodies_that_are_no_text_are_sizes_and_hashes() {
    let contrast = between(&response("audio/mpeg", "ID3\0"), &response("text/plain", "hello"));
    let BodyContrast::Binary { before, after } = contrast.body else { panic!("binary") };
    assert_eq!((before.size, after.size), (4, 5));
    assert_eq!((before.content_type.as_str(), before.hash), ("audio/mpeg", Hash::of(b"ID3\0")));
}

#[test]
fn huge_bodies_are_cut_and_say_so() {
    let lines = |n: u32| (0..9_000).map(|line| (line * n).to_string()).collect::<Vec<_>>().join("\n");
    let contrast = between(&response("text/plain", lines(1)), &response("text/plain", lines(3)));
    let BodyContrast::Text(lines) = contrast.body else { panic!("text") };
    assert!(lines.cut && lines.runs.len() <= 8_002);
    let deep = |end: &str| format!("{}1{}{end}", "[".repeat(100_000), "]".repeat(100_000));
    json(&deep(""), &deep(" "));
}

#[test]
fn pictures_are_alike_in_numbers() {
    let png = |paint: fn(u32, u32) -> [u8; 3]| file(300, 120, ImageFormat::Png, paint);
    let same = pair(png(disc), png(disc)).likeness.unwrap();
    assert!(same.structure > 0.999 && same.difference.abs() < 1e-9 && same.hash_distance == 0, "{same:?}");
    let jpeg = pair(png(disc), file(600, 240, ImageFormat::Jpeg, |x, y| disc(x / 2, y / 2)));
    let close = jpeg.likeness.unwrap();
    assert!(close.structure > 0.8 && close.difference < 0.03 && close.hash_distance <= 10, "{close:?}");
    let facts = jpeg.after.unwrap();
    assert_eq!((facts.content_type.as_str(), facts.dimensions), ("image/jpeg", Some((600, 240))));
    let map = jpeg.map.unwrap();
    assert!(map.width() == 256 && map.height() <= 103);
    let other = pair(png(disc), png(|x, y| if (x / 9 + y / 9) % 2 == 0 { [0; 3] } else { [255; 3] }))
        .likeness
        .unwrap();
    assert!(other.structure < 0.3 && other.difference > 0.3 && other.hash_distance > 10, "{other:?}");
    let extreme = pair(png(|_, _| [0; 3]), png(|_, _| [255; 3])).likeness.unwrap();
    assert!((extreme.difference - 1.0).abs() < 1e-9);
}

#[test]
fn pictures_come_in_pairs_and_broken_ones_say_why() {
    let png = file(4, 4, ImageFormat::Png, |_, _| [9; 3]);
    let request = Request::default();
    let empty = response("application/json", "{}");
    let side = |linked| Side { request: &request, response: &empty, linked };
    let linked = |bytes: &Bytes| ("/data/0/url".to_owned(), bytes.clone());
    let contrast =
        contrast(&side(vec![linked(&png), linked(&png)]), &side(vec![linked(&png.slice(..30))]), CONTEXT);
    let [first, second] = &contrast.pictures[..] else { panic!("two pairs") };
    assert!(first.problem.as_ref().is_some_and(|problem| problem.starts_with("the second picture: ")));
    assert!(second.before.is_some() && second.after.is_none() && second.problem.is_none());
    let told = serde_json::to_value(&contrast).unwrap();
    assert_eq!(told["pictures"][1]["before"]["field"], "/data/0/url");
    let many = vec![linked(&png); PAIRS_TRIED];
    assert_eq!(super::contrast(&side(many.clone()), &side(many), CONTEXT).pictures_left_out, 2);
}

const PAIRS_TRIED: usize = 10;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_survived(
        one in prop::collection::vec(any::<u8>(), 0..200),
        other in "[{}\\[\\]\"a:1,猫\r\nvdte \u{1b}]{0,60}",
        kinds in prop::collection::vec(prop::sample::select(vec!["text/event-stream", "application/json", "text/plain", "image/png"]), 2),
    ) {
        let contrast = between(&response(kinds[0], one), &response(kinds[1], other));
        prop_assert!(serde_json::to_string(&contrast).is_ok());
    }
}
