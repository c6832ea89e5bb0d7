//! The parts of a `multipart/*` body, for reading.

use crate::model::Headers;

/// One part of a multipart body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    pub(crate) name: &'a str,
    pub(crate) file: Option<&'a str>,
    pub(crate) content_type: Option<&'a str>,
    pub(crate) content: &'a [u8],
}

/// The parts in order; none when the body is not multipart or has no such boundary.
pub(crate) fn parts<'a>(headers: &Headers, body: &'a [u8]) -> Vec<Part<'a>> {
    let content_type = headers.text("content-type").unwrap_or_default();
    let Some(boundary) = parameter(content_type, "boundary").filter(|b| !b.is_empty()) else {
        return Vec::new();
    };
    if !headers.media_type().starts_with("multipart/") {
        return Vec::new();
    }
    let delimiter = [b"--", boundary.as_bytes()].concat();
    let mut rest = match find(body, &delimiter) {
        Some(at) => &body[at + delimiter.len()..],
        None => return Vec::new(),
    };
    let delimiter = [b"\r\n--", boundary.as_bytes()].concat();
    let mut parts = Vec::new();
    while let Some(inside) = rest.strip_prefix(b"\r\n") {
        let end = find(inside, &delimiter);
        parts.extend(part(&inside[..end.unwrap_or(inside.len())]));
        let Some(end) = end else { break };
        rest = &inside[end + delimiter.len()..];
    }
    parts
}

fn part(bytes: &[u8]) -> Option<Part<'_>> {
    let (head, content) = if let Some(content) = bytes.strip_prefix(b"\r\n") {
        (&b""[..], content)
    } else {
        let end = find(bytes, b"\r\n\r\n")?;
        (&bytes[..end], &bytes[end + 4..])
    };
    let head = std::str::from_utf8(head).ok()?;
    let header = |wanted: &str| {
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    };
    let disposition = header("content-disposition").unwrap_or_default();
    Some(Part {
        name: parameter(disposition, "name").unwrap_or_default(),
        file: parameter(disposition, "filename"),
        content_type: header("content-type"),
        content,
    })
}

/// The parameter `name` of a header value (`form-data; name="image"`).
fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let mut parameters = value.split(';').skip(1).filter_map(|parameter| parameter.trim().split_once('='));
    let (_, value) = parameters.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
    Some(value.trim_matches('"'))
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    // Looking for the first byte first keeps this near the speed of memory on megabytes of picture.
    let first = *wanted.first()?;
    let mut at = 0;
    while let Some(skip) = bytes.get(at..)?.iter().position(|b| *b == first) {
        if bytes[at + skip..].starts_with(wanted) {
            return Some(at + skip);
        }
        at += skip + 1;
    }
    None
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
        assert_eq!(parts[0], Part { name: "prompt", file: None, content_type: None, content: b"a\r\n--x" });
        let image = Part {
            name: "image[]",
            file: Some("cat.png"),
            content_type: Some("image/png"),
            content: b"bytes",
        };
        assert_eq!(parts[1..], [image]);
    }

    #[test]
    fn broken_ones_give_what_is_there() {
        let headers: Headers = [("content-type", "multipart/form-data; boundary=x")].into_iter().collect();
        for (body, count) in [
            ("", 0),
            ("--x", 0),
            ("--x\r\n", 0),
            ("--x\r\n\r\nopen end", 1),
            ("--x--", 0),
            ("--x\r\nno head", 0),
        ] {
            assert_eq!(parts(&headers, body.as_bytes()).len(), count, "{body}");
        }
        assert!(parts(&Headers::default(), b"--x\r\n\r\n").is_empty());
    }
}
