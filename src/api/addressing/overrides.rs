//! What a request's own headers ask of retake, and which of the others are the provider's business.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, header};

use crate::engine::{HOPS, Overrides};
use crate::model::{self, Headers, is_hop_by_hop, is_own};

/// The end-to-end headers that are the client's and the upstream's business.
#[must_use]
pub fn end_to_end(map: &HeaderMap) -> Headers {
    let nominated: Vec<_> = map
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(|name| name.trim().to_ascii_lowercase()))
        .collect();
    map.iter()
        .filter(|(name, _)| {
            let name = name.as_str();
            let dropped =
                is_hop_by_hop(name) || is_own(name) || matches!(name, "host" | "content-length" | "expect");
            !dropped && !nominated.iter().any(|n| n == name)
        })
        .map(|(name, value)| (name.as_str(), Bytes::copy_from_slice(value.as_bytes())))
        .collect()
}

/// What a call's own headers ask for, but for the scope, which the path may name too.
///
/// # Errors
/// A sentence that names the allowed values.
pub fn overrides(map: &HeaderMap) -> Result<Overrides, String> {
    if !map.keys().any(|name| is_own(name.as_str())) {
        return Ok(Overrides::default());
    }
    let mode = header_text(map, "x-retake-mode", "x-lumenfall-replay")?;
    let strategy = header_text(map, "x-retake-match", "x-lumenfall-replay-match")?;
    let fields = header_text(map, "x-retake-fields", "x-lumenfall-replay-fields")?;
    let recording = header_text(map, "x-retake-recording", "x-lumenfall-replay-recording")?;
    let strategy = match (strategy, fields) {
        (Some(strategy), Some(fields)) if strategy.trim() == "specific" => Some(format!("specific {fields}")),
        (None, Some(fields)) => Some(format!("specific {fields}")),
        (Some(_), Some(_)) => return Err("X-Retake-Fields goes with X-Retake-Match: specific".into()),
        (strategy, None) => strategy.map(str::to_owned),
    };
    let media = header_text(map, "x-retake-media", "x-retake-media")?;
    let latency = header_text(map, "x-retake-latency", "x-retake-latency")?;
    Ok(Overrides {
        mode: parsed("X-Retake-Mode", mode)?,
        strategy: one_call(parsed("X-Retake-Match", strategy.as_deref())?)?,
        recording: parsed("X-Retake-Recording", recording)?,
        latency: parsed("X-Retake-Latency", latency)?,
        original_media: match media {
            None => false,
            Some("original") => true,
            Some(other) => {
                return Err(format!(
                    "X-Retake-Media: `{other}` is unknown; the one allowed value is original"
                ));
            }
        },
        scope: None,
        scope_path: None,
        passed: header_text(map, HOPS, HOPS)?.map(marks).transpose()?,
    })
}

/// The marks of the retakes that a call has passed, as they were written.
fn marks(text: &str) -> Result<Arc<str>, String> {
    let is_mark = |mark: &str| mark.len() == 32 && mark.bytes().all(|b| b.is_ascii_hexdigit());
    if text.split(',').map(str::trim).all(is_mark) {
        Ok(text.into())
    } else {
        Err("X-Retake-Hop is for retakes among themselves: leave it out".into())
    }
}

/// A rule says which calls a recording answers: for a single call that has no meaning.
fn one_call(strategy: Option<model::Strategy>) -> Result<Option<model::Strategy>, String> {
    match strategy {
        Some(model::Strategy::Rule(_)) => {
            Err("X-Retake-Match: a rule belongs to a recording and not to a call; use \
            standard, standard -FIELD…, strict, specific FIELD,FIELD or pinned"
                .into())
        }
        other => Ok(other),
    }
}

/// The value of a header of ours, under either of its names.
///
/// # Errors
/// When it is no text.
pub(super) fn header_text<'a>(
    map: &'a HeaderMap,
    name: &str,
    alias: &str,
) -> Result<Option<&'a str>, String> {
    let Some(value) = map.get(name).or_else(|| map.get(alias)) else { return Ok(None) };
    value.to_str().map(Some).map_err(|_| format!("{name} holds bytes that are no text"))
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    name: &str,
    value: Option<&str>,
) -> Result<Option<T>, String> {
    value.map(|value| value.trim().parse().map_err(|error| format!("{name}: {error}"))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Mode, Strategy};

    fn map(fields: &[(&'static str, &str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn both_names_of_each_header_are_read() {
        for (mode, strategy, fields) in [
            ("x-retake-mode", "x-retake-match", "x-retake-fields"),
            ("x-lumenfall-replay", "x-lumenfall-replay-match", "x-lumenfall-replay-fields"),
        ] {
            let read =
                overrides(&map(&[(mode, "replay-or-error"), (strategy, "specific"), (fields, "size, seed")]))
                    .unwrap();
            assert_eq!(read.mode, Some(Mode::ReplayOrError));
            let fields = vec!["seed".to_owned(), "size".to_owned()];
            assert_eq!(read.strategy, Some(Strategy::Specific { fields }));
            let refused = overrides(&map(&[(strategy, "rule turn=1")])).unwrap_err();
            assert!(refused.contains("use standard, standard -FIELD…, strict, specific"), "{refused}");
        }
    }

    #[test]
    fn an_unknown_value_is_answered_with_the_allowed_ones() {
        for (name, value, hint) in [
            ("x-retake-mode", "rewind", "replay-or-mock"),
            ("x-retake-match", "loose", "standard"),
            ("x-retake-recording", "9f31", "rec_"),
            ("x-retake-media", "none", "original"),
            ("x-retake-hop", "somewhere", "leave it out"),
            ("x-retake-latency", "fast", "recorded"),
        ] {
            let text = overrides(&map(&[(name, value)])).unwrap_err();
            assert!(text.contains(hint), "{text}");
        }
    }

    #[test]
    fn nominated_and_own_headers_stay_here() {
        let kept = end_to_end(&map(&[
            ("connection", "keep-alive, X-Secret-Hop"),
            ("x-secret-hop", "1"),
            ("x-retake-mode", "off"),
            ("x-lumenfall-replay", "off"),
            ("x-test-id", "t"),
            ("te", "trailers"),
            ("authorization", "Bearer x"),
        ]));
        assert_eq!(kept.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["authorization"]);
    }
}
