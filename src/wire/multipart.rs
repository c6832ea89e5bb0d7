//! Multipart bodies by parts. Tolerant of quoted boundaries, preambles, epilogues and bare line feeds; what cannot be
//! read for certain is refused with the reason, and compared as opaque bytes.

use std::ops::Range;

use crate::model::media_type;

/// Limit of parts in a body.
const PARTS: usize = 10_000;

/// One part, as positions in the body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MultipartPart {
    /// The name that its `content-disposition` gives it; empty where it has none, which is fine outside of forms
    /// (RFC 2387, RFC 2046 section 5.1.3).
    pub(crate) name: String,
    /// True where the part carries a file name, in either of its spellings.
    pub(crate) file: bool,
    /// The file name, if it has one.
    pub(crate) file_name: Option<String>,
    /// The content type as written; empty where the part has none.
    pub(crate) content_type: String,
    /// The `content-id` by which another part refers to it; empty where it has none.
    pub(crate) content_id: String,
    /// Header lines of the part.
    pub(crate) head: Range<usize>,
    pub(crate) data: Range<usize>,
}

/// Test for a form, in which all parts must have names (RFC 7578). In other kinds of multipart their order says which
/// is which.
pub(crate) fn is_form(content_type: &str) -> bool {
    media_type(content_type) == "multipart/form-data"
}

/// The parts of a body, in order. `content_type` is the whole header value.
pub(crate) fn parse(content_type: &str, body: &[u8]) -> Result<Vec<MultipartPart>, &'static str> {
    let boundary = boundary(content_type).ok_or("the content type has no boundary")?;
    let named = is_form(content_type);
    let delimiter = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut start = None;
    let mut crlf = true;
    let mut at = 0;
    while at < body.len() {
        let end = body[at..].iter().position(|b| *b == b'\n').map_or(body.len(), |n| at + n + 1);
        if let Some(closing) = is_delimiter(&body[at..end], delimiter.as_bytes()) {
            match start {
                Some(_) if parts.len() == PARTS => return Err("it has too many parts"),
                Some(from) => parts.push(part(body, from..content_end(body, from, at, crlf), named)?),
                None => crlf = closing || body[..end].ends_with(b"\r\n"),
            }
            if closing {
                return Ok(parts);
            }
            start = Some(end);
        }
        at = end;
    }
    Err(if start.is_some() {
        "the multipart body has no closing boundary"
    } else {
        "the boundary does not occur"
    })
}

/// The boundary parameter, quoted or not.
fn boundary(content_type: &str) -> Option<String> {
    parameters(content_type)
        .find(|(name, _)| name == "boundary")
        .map(|(_, value)| value)
        .filter(|b| !b.is_empty())
}

/// The kind of a delimiter line: `true` for the closing one; `None` for any other line.
fn is_delimiter(line: &[u8], delimiter: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(delimiter)?;
    let (closing, rest) = rest.strip_prefix(b"--").map_or((false, rest), |rest| (true, rest));
    rest.trim_ascii().is_empty().then_some(closing)
}

/// The end of a part that starts at `from`: before the line break that belongs to the delimiter at `at`.
fn content_end(body: &[u8], from: usize, at: usize, crlf: bool) -> usize {
    let content = &body[from..at];
    let end = match content.strip_suffix(b"\r\n").filter(|_| crlf).or_else(|| content.strip_suffix(b"\n")) {
        Some(content) => content.len(),
        None => content.len(),
    };
    from + end
}

fn part(body: &[u8], all: Range<usize>, named: bool) -> Result<MultipartPart, &'static str> {
    let mut at = all.start;
    let mut part = MultipartPart::default();
    let mut has_name = false;
    loop {
        let rest = &body[at..all.end];
        let end = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |n| n + 1);
        let line = rest[..end].trim_ascii();
        let head = all.start..at;
        at += end;
        if line.is_empty() {
            if named && !has_name {
                return Err("a part has no name");
            }
            return Ok(MultipartPart { head, data: at..all.end, ..part });
        }
        let line = String::from_utf8_lossy(line);
        let (field, value) = line.split_once(':').ok_or("a part has a broken header")?;
        match field.trim().to_ascii_lowercase().as_str() {
            "content-disposition" => {
                for (parameter, value) in parameters(value) {
                    match parameter.as_str() {
                        "name" => (part.name, has_name) = (value, true),
                        "filename" => (part.file, part.file_name) = (true, Some(value)),
                        "filename*" => part.file = true,
                        _ => {}
                    }
                }
            }
            "content-type" => value.trim().clone_into(&mut part.content_type),
            "content-id" => value.trim().clone_into(&mut part.content_id),
            _ => {}
        }
        if at >= all.end {
            return Err("a part has no end of headers");
        }
    }
}

/// The parameters behind the first semicolon: names in lower case, values without quotes.
fn parameters(value: &str) -> impl Iterator<Item = (String, String)> + '_ {
    let mut rest = value.split_once(';').map_or("", |(_, rest)| rest);
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start_matches([';', ' ', '\t']);
            if rest.is_empty() {
                return None;
            }
            let Some((name, behind)) = rest.split_once('=') else {
                rest = "";
                return None;
            };
            if let Some((_, other)) = name.split_once(';') {
                rest = &rest[rest.len() - behind.len() - 1 - other.len()..];
                continue;
            }
            let (value, behind) = parameter_value(behind.trim_start());
            rest = behind;
            return Some((name.trim().to_ascii_lowercase(), value));
        }
    })
}

fn parameter_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return (text[..end].trim().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            // Browsers send backslashes of Windows paths unescaped: only quotes and backslashes are escaped.
            '\\' if quoted[at + 1..].starts_with(['"', '\\']) => value.extend(chars.next().map(|(_, c)| c)),
            _ => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content_type: &str, body: &str) -> Result<Vec<(String, bool, String)>, &'static str> {
        let parts = parse(content_type, body.as_bytes())?;
        Ok(parts.into_iter().map(|part| (part.name, part.file, body[part.data].to_owned())).collect())
    }

    fn one(name: &str, file: bool, data: &str) -> (String, bool, String) {
        (name.to_owned(), file, data.to_owned())
    }

    #[test]
    fn edge_2_parts_are_found_in_all_common_shapes() {
        let body = "pre\r\n--b b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\ny\r\n--b b  \r\n\
            content-disposition: form-data; filename=\"q\\\";.png\"; name=f\r\nContent-Type: image/png\r\n\r\n\r\n--b b--\r\nepi";
        let parts = read("multipart/form-data; charset=x; Boundary=\"b b\"", body).unwrap();
        assert_eq!(parts, [one("a", false, "x\r\ny"), one("f", true, "")]);
        let bare = "--z\nContent-Disposition: form-data; name=a\n\n1\r\n--z--";
        assert_eq!(read("multipart/form-data;boundary=z", bare).unwrap(), [one("a", false, "1\r")]);
        assert_eq!(read("multipart/form-data;boundary=z", "--z--").unwrap(), []);
        let inner = "--z\r\nContent-Disposition: form-data; name=a\r\n\r\nx --z y\r\n--zz\r\n--z--";
        assert_eq!(
            read("multipart/form-data;boundary=z", inner).unwrap(),
            [one("a", false, "x --z y\r\n--zz")]
        );
    }

    #[test]
    fn the_number_of_parts_is_bounded() {
        let body = |parts: usize| format!("{}--z--", "--z\n\n\n".repeat(parts));
        let parts = |count| parse("multipart/mixed; boundary=z", body(count).as_bytes());
        assert_eq!(parts(PARTS).unwrap().len(), PARTS);
        assert_eq!(parts(PARTS + 1), Err("it has too many parts"));
    }

    #[test]
    fn edge_2_what_cannot_be_read_says_why() {
        for (content_type, body) in [
            ("multipart/form-data", "--z--"),
            ("multipart/form-data; boundary=", "--z--"),
            ("multipart/form-data; boundary=z", ""),
            ("multipart/form-data; boundary=z", "no parts"),
            ("multipart/form-data; boundary=z", "--z\r\nContent-Disposition: form-data; name=a\r\n\r\nx"),
            ("multipart/form-data; boundary=z", "--z\r\n\r\nx\r\n--z--"),
            ("multipart/form-data; boundary=z", "--z\r\nContent-Disposition: form-data; name=a\r\n--z--"),
            ("multipart/form-data; boundary=z", "--z\r\nbroken\r\n\r\nx\r\n--z--"),
            ("multipart/form-data; \"", "--z--"),
        ] {
            assert!(read(content_type, body).is_err(), "{content_type} {body:?}");
        }
    }
}
