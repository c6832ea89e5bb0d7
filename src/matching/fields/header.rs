//! Headers as fields: those that can change an answer, and those that a configuration names.

use super::field::{Field, FieldPlace};
use super::leaf::Leaf;
use super::value::FieldValue;
use crate::dialect::Rules;
use crate::matching::scrub::secret;
use crate::model::{Request, is_header_name, is_hop_by_hop, is_own};

/// Headers that can change an answer. Without a configuration no other header is ever a field.
const FIELDS: &[&str] = &[
    "accept",
    "anthropic-beta",
    "anthropic-version",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
    "openai-beta",
    "prefer",
    "range",
    "x-amzn-bedrock-guardrailidentifier",
    "x-amzn-bedrock-guardrailversion",
    "x-amzn-bedrock-trace",
];

/// Headers whose value is a list without an order (RFC 9110, section 5.6.1; RFC 7240 for `prefer`).
const SETS: &[&str] = &["accept", "anthropic-beta", "openai-beta", "prefer"];

/// Headers among them in which small and capital letters are the same.
const CASELESS: &[&str] = &["accept", "prefer"];

/// Headers by which a request chooses the form of its answer: cosmetic but where the dialect or the configuration says
/// otherwise.
pub(crate) const NEGOTIATED: &[&str] = &["accept", "prefer"];

/// Headers that make a request conditional (RFC 9110, section 13.1). They are cosmetic, because a whole answer is one
/// to who asks under a condition, too.
pub(crate) const CONDITIONS: &[&str] =
    &["if-match", "if-modified-since", "if-none-match", "if-unmodified-since"];

/// The headers that are fields, in canonical form. `own` are those that the configuration names.
pub(crate) fn leaves<'a>(
    request: &'a Request,
    rules: &'static Rules,
    own: &'a [String],
) -> impl Iterator<Item = Leaf> + 'a {
    let own = own.iter().map(String::as_str).filter(|name| !FIELDS.contains(name));
    FIELDS.iter().copied().chain(own).filter_map(move |name| {
        let lines = request.headers.iter().filter(|(header, _)| *header == name);
        let lines: Vec<&[u8]> = lines.map(|(_, value)| &value[..]).collect();
        if lines.is_empty() {
            return None;
        }
        let whole = lines.join(&b", "[..]);
        let value = match std::str::from_utf8(&whole) {
            Err(_) => FieldValue::of_bytes(&whole),
            Ok(text) if SETS.contains(&name) => FieldValue::plain(&set(name, text, rules)?),
            Ok(text) => FieldValue::plain(text.trim()),
        };
        Some(Leaf::new(Field::named(FieldPlace::Header, name), value))
    })
}

/// The names of all headers that can be fields; `own` are those that the configuration adds.
pub(crate) fn names(own: &[String]) -> impl Iterator<Item = &str> {
    FIELDS.iter().copied().chain(own.iter().map(String::as_str))
}

/// The members of a list, sorted and each once; none where the header says no more than its absence.
fn set(name: &str, text: &str, rules: &Rules) -> Option<String> {
    let caseless = CASELESS.contains(&name);
    let mut members: Vec<String> = text
        .split(',')
        .map(|member| {
            let parts = member.split(';').map(str::trim).filter(|part| !part.is_empty());
            let member = parts.collect::<Vec<_>>().join(";");
            if caseless { member.to_ascii_lowercase() } else { member }
        })
        .filter(|member| !member.is_empty())
        .collect();
    members.sort_unstable();
    members.dedup();
    // Whoever accepts everything asks for nothing (RFC 9110, section 12.5.1).
    let any = name == "accept" && members == ["*/*"];
    let plain = rules.negotiated.iter().find(|(negotiated, _)| *negotiated == name).map(|(_, plain)| plain);
    let is_plain = |member: &String| {
        let kind = member.split(';').next().unwrap_or_default();
        kind == "*/*" || plain.is_some_and(|plain| plain.contains(&kind))
    };
    let nothing = any || (plain.is_some_and(|plain| !plain.is_empty()) && members.iter().all(is_plain));
    (!members.is_empty() && !nothing).then(|| members.join(", "))
}

/// The reason, in half a sentence, why a configuration may not compare a header; `None` where it may.
pub(crate) fn refused(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    if !is_header_name(name) {
        Some("is no name of a header")
    } else if secret::is_secret_header(&lower) {
        Some("carries credentials, which are never stored nor compared")
    } else if is_own(&lower) {
        Some("is read by retake itself and never part of a request")
    } else if is_hop_by_hop(&lower) || matches!(&*lower, "host" | "content-length" | "expect") {
        Some("belongs to the connection, not to what is asked")
    } else if matches!(&*lower, "content-type" | "content-encoding") {
        Some("says how to read the body, which is compared by what it means")
    } else {
        None
    }
}
