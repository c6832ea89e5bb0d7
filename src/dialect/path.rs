//! Paths: the normal form, the API version at the front, and matching against templates.

use std::fmt::Write;

use super::endpoint::Endpoint;
use super::rules::{ReadFinality, Rules};
use crate::wire::percent::{decoded, escape};

/// The endpoint in a table of templates (paths behind the version; literal segments stand before variables) that
/// `path` means, or one with the rules `any`. `prefix` is put in front of its template.
pub(super) fn endpoint(
    table: &[(&'static str, &'static Rules)],
    any: &'static Rules,
    prefix: &str,
    method: &str,
    path: &str,
) -> Endpoint {
    let normal = normal(path);
    let (version, behind) = behind_version(&normal);
    let segments: Vec<&str> = behind.split('/').filter(|segment| !segment.is_empty()).collect();
    let found = table
        .iter()
        .find_map(|(template, rules)| fit(template, &segments).map(|vars| (*template, *rules, vars)));
    let version = if version == "/" { String::new() } else { format!("/{version}") };
    let whole = |name: &str| format!("{prefix}{version}/{name}");
    if let Some((name, rules, vars)) = found {
        // A GET on the same path lists what was stored: nothing of the POST's tables holds for it, nor the reverse.
        let read = rules.poll.is_some() || rules.reads != ReadFinality::ByAnswer;
        let meant = if read { "GET" } else { "POST" };
        let rules = if method == meant { rules } else { any };
        return Endpoint { name: name.to_owned(), template: whole(name), vars, rules };
    }
    let name = segments.join("/");
    Endpoint { template: whole(&name), name, vars: Vec::new(), rules: any }
}

/// Test for a verb behind a colon, as Gemini has them (`models/x:generateContent`).
pub(super) fn is_verb(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphabetic())
}

/// Splits the API version (`v1`, `v1beta`) from the front: (`/v1/`, `models`); the first part is `/` without one.
pub(crate) fn behind_version(path: &str) -> (&str, &str) {
    let rest = path.trim_start_matches('/');
    let lead = path.len() - rest.len();
    let version = rest.split('/').next().unwrap_or_default();
    let digits = version.strip_prefix('v').unwrap_or_default();
    let is_version = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.len() <= 12
        && digits.bytes().all(|b| b.is_ascii_alphanumeric());
    let behind = if is_version { &rest[version.len()..] } else { return ("/", rest) };
    (&path[lead..lead + version.len()], behind.trim_start_matches('/'))
}

/// The path with needless percent-encoding resolved (`%7E` is `~`) and hexadecimal digits in upper case. Slashes,
/// dots and everything reserved stay: an unknown upstream may tell them apart.
pub(super) fn normal(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut text = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = escape(&bytes[at..]);
        match code {
            Some(plain) if plain.is_ascii_alphanumeric() || b"-._~".contains(&plain) => text.push(plain),
            Some(code) => {
                let mut escape = String::new();
                let _ = write!(escape, "%{code:02X}");
                text.extend_from_slice(escape.as_bytes());
            }
            None => text.push(*byte),
        }
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8(text).unwrap_or_else(|_| path.to_owned())
}

/// The variables of `path` (segments) under `template` (`videos/{id}/content`), if it fits. A variable called
/// `model` at the end takes the rest, because model names hold slashes.
pub(super) fn fit(template: &str, path: &[&str]) -> Option<Vec<(String, String)>> {
    let mut vars = Vec::new();
    let mut rest = path;
    for wanted in template.split('/') {
        let (first, others) = rest.split_first()?;
        match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some("model") => {
                vars.push(("model".to_owned(), decoded(&rest.join("/")).into_owned()));
                return Some(vars);
            }
            Some(name) => vars.push((name.to_owned(), decoded(first).into_owned())),
            None if wanted == *first => {}
            None => return None,
        }
        rest = others;
    }
    rest.is_empty().then_some(vars)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_split_off() {
        assert_eq!(behind_version("/v1/images/generations"), ("v1", "images/generations"));
        assert_eq!(behind_version("/v1beta/models/x:y"), ("v1beta", "models/x:y"));
        assert_eq!(behind_version("/videos/1"), ("/", "videos/1"));
        assert_eq!(behind_version("/v1"), ("v1", ""));
        assert_eq!(behind_version(""), ("/", ""));
    }

    #[test]
    fn needless_escapes_are_resolved_and_others_kept() {
        assert_eq!(normal("/a%7eb/%2f//x;y/%zz%4"), "/a~b/%2F//x;y/%zz%4");
        assert_eq!(normal(&normal("/%25%37%45")), normal("/%25%37%45"), "idempotent");
    }

    #[test]
    fn templates_give_variables() {
        assert_eq!(
            fit("videos/{id}/content", &["videos", "v%31", "content"]),
            Some(vec![("id".into(), "v1".into())])
        );
        assert_eq!(fit("models/{model}", &["models", "a", "b"]), Some(vec![("model".into(), "a/b".into())]));
        assert_eq!(fit("videos/{id}", &["videos"]), None);
        assert_eq!(fit("videos", &["videos", "x"]), None);
    }
}
