use std::io::Cursor;
use std::time::Duration;

use image::{DynamicImage, ImageFormat};

use super::*;
use crate::reading::media;

fn file(side: u32, format: ImageFormat) -> Bytes {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(side, side).write_to(&mut bytes, format).unwrap();
    bytes.into_inner().into()
}

fn base64(side: u32) -> String {
    STANDARD.encode(file(side, ImageFormat::Png))
}

fn response(kind: &'static str, body: &str) -> Response {
    let headers = [("content-type", kind)].into_iter().collect();
    Response { status: 200, headers, log: ByteLog::whole(body.to_owned(), Duration::from_millis(7)) }
}

fn text(response: &Response) -> &str {
    std::str::from_utf8(&response.log.bytes).unwrap()
}

#[test]
fn the_only_picture_is_replaced_with_what_says_its_format() {
    let jpeg = file(9, ImageFormat::Jpeg);
    let (old, new) = (base64(8), STANDARD.encode(&jpeg));
    for (before, after) in [
        (
            format!(r#"{{ "data":[{{"b64_json": "{old}"}}],"output_format":"png","n":1.0}}"#),
            format!(r#"{{ "data":[{{"b64_json": "{new}"}}],"output_format":"jpeg","n":1.0}}"#),
        ),
        (
            format!(
                r#"{{"parts":[{{"text":"x"}},{{"inlineData":{{"mimeType":"image/png","data":"{old}"}}}}]}}"#
            ),
            format!(
                r#"{{"parts":[{{"text":"x"}},{{"inlineData":{{"mimeType":"image/jpeg","data":"{new}"}}}}]}}"#
            ),
        ),
        (
            format!(r#"{{"url":"data:image/png;base64,{old}"}}"#),
            format!(r#"{{"url":"data:image/jpeg;base64,{new}"}}"#),
        ),
    ] {
        assert_eq!(text(&set_image(&response("application/json", &before), None, &jpeg).unwrap()), after);
    }
}

#[test]
fn of_several_pictures_one_is_named() {
    let body = format!(
        r#"{{"data":[{{"b64_json":"{}"}},{{"b64_json":"{}"}}],"output_format":"png"}}"#,
        base64(8),
        base64(9)
    );
    let answer = response("application/json", &body);
    let jpeg = file(5, ImageFormat::Jpeg);
    let which = set_image(&answer, None, &jpeg).unwrap_err();
    assert_eq!(which, EditError::Which(vec!["/data/0/b64_json".into(), "/data/1/b64_json".into()]));
    let new = set_image(&answer, Some("/data/1/b64_json"), &jpeg).unwrap();
    let sides: Vec<_> = media(&new).iter().map(|medium| (medium.width, medium.content_type)).collect();
    assert_eq!(sides, [(Some(8), "image/png"), (Some(5), "image/jpeg")]);
    assert!(text(&new).ends_with(r#""output_format":"png"}"#), "it holds for the other one");
    let wrong = set_image(&answer, Some("/data/2/b64_json"), &jpeg).unwrap_err().to_string();
    assert!(wrong.contains("/data/2/b64_json") && wrong.contains("/data/0/b64_json, /data/1"), "{wrong}");
}

#[test]
fn of_a_stream_the_last_picture_is_replaced_wherever_it_is_said() {
    let event = |name: &str, side| {
        let picture = base64(side);
        format!(
            "event: {name}\r\ndata: {{\"type\":\"{name}\",\"b64_json\":\"{picture}\",\"output_format\":\"png\"}}\r\n\r\n"
        )
    };
    let body = [
        event("image_generation.partial_image", 3),
        event("image_generation.completed", 8),
        event("image_generation.completed", 8),
    ];
    let answer = response("text/event-stream", &body.concat());
    let new = set_image(&answer, None, &file(6, ImageFormat::WebP)).unwrap();
    let found: Vec<_> = media(&new).into_iter().map(|m| (m.field, m.width)).collect();
    assert_eq!(found, [("event 0 /b64_json".into(), Some(3)), ("event 1 /b64_json".into(), Some(6))]);
    assert_eq!(text(&new).matches("\"output_format\":\"webp\"").count(), 2);
    assert_eq!(text(&new).matches("\r\n").count(), text(&answer).matches("\r\n").count());
    let named = set_image(&answer, Some("event 0 /b64_json"), &file(6, ImageFormat::Png)).unwrap();
    assert_eq!(media(&named)[0].width, Some(6));
    assert_eq!(set_image(&answer, Some("/b64_json"), &file(6, ImageFormat::WebP)).unwrap(), new);
}

#[test]
fn a_body_that_is_a_picture_and_answers_without_one() {
    let mut answer = response("image/png", "");
    answer.log = ByteLog::whole(file(8, ImageFormat::Png), Duration::from_millis(7));
    let new = set_image(&answer, None, &file(2, ImageFormat::Jpeg)).unwrap();
    assert_eq!(new.headers.media_type(), "image/jpeg");
    assert_eq!(media(&new)[0].width, Some(2));
    let png = file(1, ImageFormat::Png);
    assert_eq!(set_image(&response("application/json", "{}"), None, &png), Err(EditError::NoPicture));
    assert_eq!(set_image(&answer, None, &"text".into()), Err(EditError::NotAPicture));
}
