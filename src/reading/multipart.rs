//! The parts of a `multipart/*` body, for reading: the same that requests are compared by.

use crate::model::Headers;
use crate::wire::multipart;

/// One part of a multipart body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReadPart<'a> {
    /// The name; its place among the parts, from 0, where it has none.
    pub(crate) name: String,
    pub(crate) file: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content: &'a [u8],
}

/// The parts in order; none where the body is not multipart, or is compared as it is because its parts are not clear.
pub(crate) fn parts<'a>(headers: &Headers, body: &'a [u8]) -> Vec<ReadPart<'a>> {
    if !headers.media_type().starts_with("multipart/") {
        return Vec::new();
    }
    let content_type = headers.text("content-type").unwrap_or_default();
    let parts = multipart::parse(content_type, body).unwrap_or_default();
    let read = parts.into_iter().enumerate().map(|(place, part)| ReadPart {
        name: if part.name.is_empty() { place.to_string() } else { part.name },
        file: part.file_name,
        content_type: (!part.content_type.is_empty()).then_some(part.content_type),
        content: &body[part.data],
    });
    read.collect()
}

/// The parts of a form; none of any other kind of multipart body, which tools cannot send part by part.
pub(crate) fn form<'a>(headers: &Headers, body: &'a [u8]) -> Vec<ReadPart<'a>> {
    let is_form = multipart::is_form(headers.text("content-type").unwrap_or_default());
    if is_form { parts(headers, body) } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_taken_apart() {
        let headers: Headers =
            [("content-type", "multipart/form-data; boundary=\"xX\"")].into_iter().collect();
        let body = "preamble\r\n--xX\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\na\r\n--x\r\n--xX\r\n\
                    content-disposition: form-data; name=\"image[]\"; filename=\"cat.png\"\r\nContent-Type: image/png\r\n\r\n\
                    bytes\r\n--xX--\r\n";
        let parts = parts(&headers, body.as_bytes());
        let part = |name: &str, file: Option<&str>, kind: Option<&str>, content: &'static [u8]| ReadPart {
            name: name.into(),
            file: file.map(Into::into),
            content_type: kind.map(Into::into),
            content,
        };
        assert_eq!(parts[0], part("prompt", None, None, b"a\r\n--x"));
        assert_eq!(parts[1..], [part("image[]", Some("cat.png"), Some("image/png"), b"bytes")]);
        assert_eq!(form(&headers, body.as_bytes()), parts);
    }

    #[test]
    fn parts_without_names_go_by_their_places() {
        let headers: Headers = [("content-type", "multipart/related; boundary=x")].into_iter().collect();
        let body = b"--x\nContent-Type: application/json\n\n{}\n--x\n\nA\n--x--";
        let named: Vec<_> = parts(&headers, body).into_iter().map(|part| (part.name, part.content)).collect();
        assert_eq!(named, [("0".to_owned(), &b"{}"[..]), ("1".to_owned(), b"A")]);
        assert!(form(&headers, body).is_empty());
    }

    #[test]
    fn broken_ones_have_no_parts() {
        let headers: Headers = [("content-type", "multipart/form-data; boundary=x")].into_iter().collect();
        for body in ["", "--x", "--x\r\n", "--x\r\n\r\nopen end", "--x--", "--x\r\nno head"] {
            assert!(parts(&headers, body.as_bytes()).is_empty(), "{body}");
        }
        assert!(parts(&Headers::default(), b"--x\r\n\r\n").is_empty());
    }
}
