//! Changing the status and the headers.

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

use super::EditError;
use crate::model::{Response, is_hop_by_hop, is_own};

/// The response with another status.
///
/// # Errors
/// When it is no final HTTP status (200 to 599), or one whose answers have no body, and there is one.
pub fn set_status(response: &Response, status: u16) -> Result<Response, EditError> {
    let reason = match status {
        204 | 205 | 304 if !response.log.bytes.is_empty() => "such an answer has no body, and this one has",
        200..=599 => return Ok(Response { status, ..response.clone() }),
        _ => "it is to be a number from 200 to 599",
    };
    Err(EditError::Status(status, reason))
}

/// The response with a header: in place of those of the same name, or at the end.
///
/// # Errors
/// When HTTP does not allow the name or the value, and for headers that a replay says itself or never says.
pub fn set_header(response: &Response, name: &str, value: &str) -> Result<Response, EditError> {
    let refused = |reason| EditError::Header { name: name.to_owned(), reason };
    let lower = checked(name).map_err(refused)?;
    let value = HeaderValue::from_bytes(value.as_bytes())
        .map_err(|_| refused("HTTP allows no control characters in a value, line ends among them"))?;
    let value = Bytes::copy_from_slice(value.as_bytes());
    let mut response = response.clone();
    let mut given = Some(value.clone());
    response.headers.0.retain_mut(|header| {
        if header.0 != lower {
            return true;
        }
        let first = given.take();
        let keep = first.is_some();
        header.1 = first.unwrap_or_default();
        keep
    });
    if let Some(value) = given {
        response.headers.push(&lower, value);
    }
    Ok(response)
}

/// The response without the headers of a name.
///
/// # Errors
/// When there is none, or it is one that belongs to the body.
pub fn remove_header(response: &Response, name: &str) -> Result<Response, EditError> {
    let refused = |reason| EditError::Header { name: name.to_owned(), reason };
    let lower = checked(name).map_err(refused)?;
    if response.headers.get(&lower).is_none() {
        return Err(EditError::NoHeader(lower));
    }
    let mut response = response.clone();
    response.headers.retain(|name| name != lower);
    Ok(response)
}

/// The name in lower case, if a person may change that header.
fn checked(name: &str) -> Result<String, &'static str> {
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| "HTTP allows letters, digits and !#$%&'*+-.^_`|~ in a name")?;
    match name.as_str() {
        name if is_hop_by_hop(name) => Err("it belongs to one connection and is never stored"),
        name if is_own(name) => Err("only retake itself says it"),
        "set-cookie" => Err("cookies are credentials and never stored"),
        "date" => Err("every replay has its own"),
        "content-length" => Err("it follows from the body"),
        "content-encoding" => Err("the body would no longer be what it says; edit the body instead"),
        name => Ok(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::ByteLog;

    fn response() -> Response {
        let headers = [("a", "1"), ("retry-after", "20"), ("a", "2")].into_iter().collect();
        Response { status: 200, headers, log: ByteLog::whole("x", std::time::Duration::ZERO) }
    }

    fn fields(response: &Response) -> Vec<(&str, &[u8])> {
        response.headers.iter().map(|(name, value)| (name, &value[..])).collect()
    }

    #[test]
    fn headers_are_set_in_place_or_added_and_removed() {
        let set = set_header(&response(), "A", "3").unwrap();
        assert_eq!(fields(&set), [("a", &b"3"[..]), ("retry-after", b"20")]);
        let added = set_header(&set, "X-New", "").unwrap();
        assert_eq!(fields(&added)[2], ("x-new", &b""[..]));
        assert_eq!(fields(&remove_header(&response(), "a").unwrap()), [("retry-after", &b"20"[..])]);
        assert_eq!(remove_header(&set, "x-new"), Err(EditError::NoHeader("x-new".into())));
    }

    #[test]
    fn what_may_not_be_set_says_why() {
        for (name, value, reason) in [
            ("Set-Cookie", "a=b", "never stored"),
            ("transfer-encoding", "chunked", "one connection"),
            ("X-Retake-Result", "replay", "only retake"),
            ("content-length", "3", "follows from the body"),
            ("content-encoding", "gzip", "no longer be what it says"),
            ("date", "now", "its own"),
            ("a b", "1", "allows letters"),
            ("", "1", "allows letters"),
            ("a", "1\r\nset-cookie: x", "no control characters"),
        ] {
            let said = set_header(&response(), name, value).unwrap_err().to_string();
            assert!(said.contains(reason) && said.contains(name), "{said}");
        }
        for (status, fine) in
            [(199, false), (200, true), (204, false), (304, false), (599, true), (600, false)]
        {
            assert_eq!(set_status(&response(), status).is_ok(), fine, "{status}");
        }
        assert_eq!(set_status(&Response::default(), 204).unwrap().status, 204);
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_http(name in "\\PC{0,8}", value in any::<String>()) {
            if let Ok(set) = set_header(&response(), &name, &value) {
                prop_assert!(HeaderName::from_bytes(name.as_bytes()).is_ok());
                prop_assert!(!value.contains(['\r', '\n', '\0']));
                prop_assert_eq!(set.headers.text(&name.to_lowercase()), Some(value.as_str()));
            }
        }
    }
}
