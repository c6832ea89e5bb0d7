//! The pictures, sounds and films inside an answer.

use bytes::Bytes;

use super::decoded::decoded;
use super::events::events;
use crate::model::Response;
use crate::wire::event_stream::StreamForm;
use crate::wire::json_text::{JsonStep, pointer, strings, unquoted};
use crate::wire::sniff::{base64_len, data_uri, dimensions, from_base64, sniff, sniff_base64};

/// The most media one answer is searched for, and the most bytes they have together: what a screen can use.
const COUNT: usize = 64;
const BYTES: u64 = 256 << 20;

/// One picture, sound or film inside an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Medium {
    /// The place in the answer: a JSON pointer (`/data/0/b64_json`), in streams behind the event's number, counted from
    /// 0 (`event 3 /b64_json`), or `body`.
    pub field: String,
    /// The content type by its first bytes (`image/png`), whatever the answer called it.
    pub content_type: &'static str,
    /// Bytes, decoded.
    pub bytes: Bytes,
    /// Width in pixels, when its header says so.
    pub width: Option<u32>,
    /// Height in pixels, when its header says so.
    pub height: Option<u32>,
}

/// The media inside an answer, in order: the body itself, or base64 and data URIs in JSON, in events and in rows,
/// wherever they stand (`b64_json`, `partial_image_b64`, `result`, `bytesBase64Encoded`, `inlineData.data`, …). A medium
/// that a stream repeats is listed once. Links are not followed.
#[must_use]
pub fn media(response: &Response) -> Vec<Medium> {
    let mut found = MediaSearch::default();
    if StreamForm::of(&response.headers, &response.log.bytes).is_some() {
        for (number, event) in events(response).iter().enumerate() {
            found.in_json(&event.data, &format!("event {number} "));
        }
        return found.media;
    }
    let Ok(body) = decoded(&response.headers, &response.log.bytes) else { return found.media };
    match (sniff(&body), std::str::from_utf8(&body)) {
        (Some(content_type), _) => found.add("body".into(), content_type, body),
        (None, Ok(text)) => found.in_json(text, ""),
        (None, Err(_)) => {}
    }
    found.media
}

/// Count of pictures that an answer holds or links to, without decoding them. Steps towards a picture count only in a
/// stream that holds nothing else.
#[must_use]
pub fn count_images(response: &Response) -> u32 {
    let mut seen = SeenMedia::default();
    if StreamForm::of(&response.headers, &response.log.bytes).is_some() {
        let events = events(response);
        for event in &events {
            seen.in_json(
                &event.data,
                event.name.as_deref().is_some_and(|name| name.ends_with("partial_image")),
            );
        }
        return seen.count();
    }
    match decoded(&response.headers, &response.log.bytes) {
        Ok(body) if sniff(&body).is_some_and(|kind| kind.starts_with("image/")) => 1,
        Ok(body) => {
            if let Ok(text) = std::str::from_utf8(&body) {
                seen.in_json(text, false);
            }
            seen.count()
        }
        Err(_) if response.headers.media_type().starts_with("image/") => 1,
        Err(_) => 0,
    }
}

#[derive(Default)]
struct MediaSearch {
    media: Vec<Medium>,
    bytes: u64,
}

impl MediaSearch {
    fn in_json(&mut self, text: &str, prefix: &str) {
        strings(text, |path, token| {
            // The shortest picture there is has more; shorter strings are not worth a look.
            if token.len() < 32 || self.media.len() >= COUNT {
                return;
            }
            let text = unquoted(token);
            let payload = data_uri(&text).unwrap_or(&text);
            if sniff_base64(payload).is_some()
                && self.bytes + base64_len(payload) <= BYTES
                && let Some(bytes) = from_base64(payload)
                && let Some(content_type) = sniff(&bytes)
            {
                self.add(format!("{prefix}{}", pointer(path)), content_type, bytes.into());
            }
        });
    }

    fn add(&mut self, field: String, content_type: &'static str, bytes: Bytes) {
        if self.media.iter().any(|known| known.bytes == bytes) {
            return;
        }
        self.bytes += bytes.len() as u64;
        let (width, height) = dimensions(&bytes).unzip();
        self.media.push(Medium { field, content_type, bytes, width, height });
    }
}

/// Pictures as they stand in the text, so that repeated ones count once.
#[derive(Default)]
struct SeenMedia<'a> {
    pictures: Vec<&'a str>,
    steps: u32,
}

impl<'a> SeenMedia<'a> {
    fn in_json(&mut self, text: &'a str, partial: bool) {
        strings(text, |path, token| {
            if !is_picture(path, token) {
                return;
            }
            if partial || matches!(path.last(), Some(JsonStep::Key("\"partial_image_b64\""))) {
                self.steps += 1;
            } else if !self.pictures.contains(&token) {
                self.pictures.push(token);
            }
        });
    }

    fn count(&self) -> u32 {
        match u32::try_from(self.pictures.len()) {
            Ok(0) => self.steps,
            count => count.unwrap_or(u32::MAX),
        }
    }
}

fn is_picture(path: &[JsonStep<'_>], token: &str) -> bool {
    let inner = token.trim_matches('"');
    // Some encoders escape every slash, and JPEG begins with one.
    let head = inner.get(..96.min(inner.len())).unwrap_or_default().replace("\\/", "/");
    if head.starts_with("data:image/") {
        return true;
    }
    if head.starts_with("http://") || head.starts_with("https://") {
        return is_picture_link(path, inner);
    }
    inner.len() >= 32 && sniff_base64(&head).is_some_and(|kind| kind.starts_with("image/"))
}

/// A link that names a picture, or stands where image endpoints put theirs (`/data/0/url`).
fn is_picture_link(path: &[JsonStep<'_>], link: &str) -> bool {
    if let [JsonStep::Key("\"data\""), JsonStep::Index(_), JsonStep::Key("\"url\"")] = path {
        return true;
    }
    let link = link.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    [".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif"].iter().any(|ending| link.ends_with(ending))
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::model::ByteLog;
    use crate::reading::events::tests::stream;

    /// A PNG of `side` by `side` pixels, without its pixels.
    pub(in crate::reading) fn png(side: u8, len: usize) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0DIHDR\0\0\0".to_vec();
        bytes.extend([side, 0, 0, 0, side, 8, 6, 0, 0, 0]);
        bytes.extend((bytes.len()..len).map(|n| u8::try_from(n * 37 % 251).unwrap()));
        bytes
    }

    pub(in crate::reading) fn json(body: impl Into<Bytes>) -> Response {
        Response {
            status: 200,
            headers: [("content-type", "application/json")].into_iter().collect(),
            log: ByteLog::whole(body, Duration::from_secs(2)),
        }
    }

    fn fields(response: &Response) -> Vec<(String, &'static str, Option<u32>)> {
        media(response).into_iter().map(|m| (m.field, m.content_type, m.width)).collect()
    }

    #[test]
    fn pictures_are_found_wherever_they_stand() {
        let (one, two) = (STANDARD.encode(png(8, 90)), STANDARD.encode(png(9, 90)));
        let answer = json(format!(
            r#"{{"data":[{{"b64_json":"{one}"}},{{"b64_json":"{two}"}}],"u":"data:image/png;base64,{one}","n":"short"}}"#
        ));
        let expected = [
            ("/data/0/b64_json".into(), "image/png", Some(8)),
            ("/data/1/b64_json".into(), "image/png", Some(9)),
        ];
        assert_eq!(fields(&answer), expected);
        assert_eq!(media(&answer)[0].bytes, png(8, 90));
        let escaped = json(format!(
            r#"{{"result":"{}"}}"#,
            STANDARD.encode(b"\xFF\xD8\xFF\xE0 a photograph of some kind").replace('/', "\\/")
        ));
        assert_eq!(fields(&escaped), [("/result".into(), "image/jpeg", None)]);
        assert_eq!(count_images(&escaped), 1);
        assert_eq!(fields(&json(png(7, 60))), [("body".into(), "image/png", Some(7))]);
        assert_eq!(count_images(&json(png(7, 60))), 1);
    }

    #[test]
    fn links_count_and_steps_of_a_stream_do_not() {
        let links = r#"{"data":[{"url":"https://x/y?sig=1"},{"url":"http://x/z.png"}],"docs":"https://x/","i":"https://x/a.webp?b"}"#;
        assert_eq!(count_images(&json(links)), 3);
        let picture = |side| STANDARD.encode(png(side, 90));
        let partial = |side| {
            let name = "image_generation.partial_image";
            format!("event: {name}\ndata: {{\"type\":\"{name}\",\"b64_json\":\"{}\"}}\n\n", picture(side))
        };
        let done =
            format!("event: image_generation.completed\ndata: {{\"b64_json\":\"{}\"}}\n\n", picture(9));
        assert_eq!(count_images(&stream([partial(1), partial(2)])), 2);
        let whole = stream([partial(1), partial(2), done.clone(), done]);
        assert_eq!(count_images(&whole), 1);
        let names: Vec<_> = media(&whole).into_iter().map(|m| m.field).collect();
        assert_eq!(names, ["event 0 /b64_json", "event 1 /b64_json", "event 2 /b64_json"]);
    }

    #[test]
    fn other_answers_have_none() {
        for body in ["", "plain", "{", "{\"data\":\"//example.com/a/very/long/link/to/some/page\"}"] {
            assert_eq!((media(&json(body)).len(), count_images(&json(body))), (0, 0), "{body}");
        }
    }
}
