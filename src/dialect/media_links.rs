//! Links to media inside JSON answers: found, and replaced in place, token by token. Nothing is re-serialized, so
//! every other byte stays what the provider sent.

use std::fmt::Write as _;

use bytes::Bytes;

use crate::model::MediaRef;
use crate::wire::json_text::{pointer, strings, unquoted};
use crate::wire::pointer::is_meant_by;

/// The path under which the proxy serves media.
pub(crate) const MEDIA_PATH: &str = "/__retake/media/";

/// The links of `body` that stand where one of `patterns` says (JSON pointers, `*` for any index or key).
pub(crate) fn find(body: &[u8], patterns: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let Ok(text) = std::str::from_utf8(body) else { return found };
    strings(text, |path, token| {
        let at = pointer(path);
        if patterns.iter().any(|pattern| is_meant_by(&at, pattern)) {
            let url = unquoted(token).into_owned();
            if url.starts_with("http://") || url.starts_with("https://") {
                found.push((at, url));
            }
        }
    });
    found
}

/// `body` with each link that was kept replaced by one to the proxy at `base`. Links whose download failed stay.
pub(crate) fn rewritten(body: &Bytes, media: &[MediaRef], base: &str) -> Bytes {
    let kept: Vec<_> = media.iter().filter(|medium| medium.problem.is_none()).collect();
    let (false, Ok(text)) = (kept.is_empty(), std::str::from_utf8(body)) else { return body.clone() };
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    strings(text, |path, token| {
        let at = pointer(path);
        let Some(medium) =
            kept.iter().find(|medium| medium.field == at && unquoted(token) == medium.url.as_str())
        else {
            return;
        };
        let start = token.as_ptr() as usize - text.as_ptr() as usize;
        out.push_str(&text[copied..start]);
        let _ = write!(out, "\"{base}{MEDIA_PATH}{}\"", medium.id);
        copied = start + token.len();
    });
    out.push_str(&text[copied..]);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MediaId, RecordingId};

    #[test]
    fn only_the_links_change() {
        let body = br#"{ "data":[{"url": "https:\/\/cdn.example\/a.png?s=1","n":1.0},{"b64_json":"https://no"}],"url":"https://no"}"#;
        let found = find(body, &["/data/*/url"]);
        assert_eq!(found, [("/data/0/url".to_owned(), "https://cdn.example/a.png?s=1".to_owned())]);
        let id = MediaId::of(&RecordingId::from_random([1; 16]), &found[0].0);
        let medium = MediaRef {
            id: id.clone(),
            field: found[0].0.clone(),
            url: found[0].1.clone(),
            content_type: "image/png".into(),
            body: None,
            len: 0,
            problem: None,
        };
        let out = rewritten(&Bytes::copy_from_slice(body), &[medium], "http://127.0.0.1:4010");
        let expected = String::from_utf8_lossy(body).replace(
            r#""https:\/\/cdn.example\/a.png?s=1""#,
            &format!("\"http://127.0.0.1:4010/__retake/media/{id}\""),
        );
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }
}
