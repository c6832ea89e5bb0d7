//! The kind of a request's body. Its bytes decide before its content type does: `curl -d` sends JSON under the type of
//! a form, and whoever believes the type cuts a JSON text at its ampersands.

use super::without_mark;
use crate::model::Headers;

/// The kind of a request body, by which it is compared and scrubbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// No body.
    Empty,
    /// A JSON text, valid or not.
    Json,
    /// Parts with a boundary between them.
    Multipart,
    /// Names and values as in a query (`application/x-www-form-urlencoded`).
    Form,
    /// Anything else.
    Other,
}

impl BodyKind {
    /// The kind of a body from which the content encoding was taken off.
    #[must_use]
    pub fn of(headers: &Headers, body: &[u8]) -> Self {
        let media_type = headers.media_type();
        match without_mark(body).trim_ascii_start().first() {
            None if body.is_empty() => Self::Empty,
            _ if media_type.starts_with("multipart/") => Self::Multipart,
            Some(b'{' | b'[') => Self::Json,
            _ if media_type.is_empty() || media_type.contains("json") => Self::Json,
            _ if media_type == "application/x-www-form-urlencoded" => Self::Form,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_json_whatever_its_type_says() {
        let form = "application/x-www-form-urlencoded";
        for (media_type, body, kind) in [
            (form, r#"{"prompt":"a&b=c","seed":1}"#, BodyKind::Json),
            (form, "\u{feff} [1]", BodyKind::Json),
            ("text/plain", " {}", BodyKind::Json),
            (form, "a=1&b=2", BodyKind::Form),
            ("application/json", "not json", BodyKind::Json),
            ("application/vnd.api+json; charset=utf-8", "7", BodyKind::Json),
            ("", "x", BodyKind::Json),
            ("multipart/form-data; boundary=b", "{--b--", BodyKind::Multipart),
            ("audio/wav", "RIFF", BodyKind::Other),
            (form, "", BodyKind::Empty),
        ] {
            let headers = Headers::from_iter([("content-type", media_type)]);
            assert_eq!(BodyKind::of(&headers, body.as_bytes()), kind, "{media_type} {body}");
        }
    }
}
