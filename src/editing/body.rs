//! Replacing a whole body. Parts of one are replaced by `text` and `image`.

use bytes::Bytes;
use serde::de::IgnoredAny;

use super::EditError;
use super::splice::with_log;
use crate::model::{ByteLog, Response};
use crate::wire::media_type::is_json;

/// The response with another body, in one piece at the time of the first recorded byte. It is not encoded: the header
/// that says so goes, and so do digests of the old bytes; a `content-length` that is there is restated.
///
/// # Errors
/// When the content type asks for JSON and the body is none: with line, column and what was expected there.
pub fn set_body(response: &Response, body: Bytes) -> Result<Response, EditError> {
    let content_type = response.headers.media_type();
    if is_json(&content_type)
        && let Err(problem) = serde_json::from_slice::<IgnoredAny>(&body)
    {
        let said = problem.to_string();
        let end = said.rfind(" at line ").unwrap_or(said.len());
        let (line, column) = (problem.line(), problem.column());
        return Err(EditError::Json { line, column, problem: said[..end].to_owned(), content_type });
    }
    Ok(with_log(response, ByteLog::whole(body, response.log.begins())))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_body_of_json_stays_json_and_loses_what_spoke_of_the_old_one() {
        let fields = [
            ("content-type", "application/problem+json; charset=utf-8"),
            ("content-encoding", "gzip"),
            ("content-length", "999"),
            ("etag", "\"1\""),
            ("repr-digest", "sha-256=:AA==:"),
            ("x-request-id", "req_1"),
        ];
        let pieces = [(Duration::from_millis(3), "ab"), (Duration::from_millis(9), "c")];
        let old = Response {
            status: 500,
            headers: fields.into_iter().collect(),
            log: ByteLog::from_pieces(pieces),
        };
        let new = set_body(&old, "{\"a\":1}".into()).unwrap();
        let left: Vec<_> = new.headers.iter().map(|(name, value)| (name, &value[..])).collect();
        assert_eq!(left[1..], [("content-length", &b"7"[..]), ("x-request-id", b"req_1")]);
        assert_eq!(new.log, ByteLog::whole("{\"a\":1}", Duration::from_millis(3)));
        let wrong = set_body(&old, "{\n \"a\": }".into()).unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "line 2, column 7: expected value; the content type `application/problem+json` asks for JSON"
        );
        assert!(matches!(set_body(&old, "".into()), Err(EditError::Json { line: 1, .. })));
        let text = Response { headers: [("content-type", "text/plain")].into_iter().collect(), ..old };
        assert_eq!(set_body(&text, "free".into()).unwrap().log.bytes, "free");
    }
}
