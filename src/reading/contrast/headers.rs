//! Headers that differ.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Headers;

/// Headers that are another one in every answer, or tell of the server and the hour.
const VOLATILE: [&str; 18] = [
    "age",
    "anthropic-organization-id",
    "apim-request-id",
    "cf-cache-status",
    "cf-ray",
    "date",
    "etag",
    "expires",
    "last-modified",
    "openai-processing-ms",
    "report-to",
    "request-id",
    "server-timing",
    "traceparent",
    "tracestate",
    "via",
    "x-envoy-upstream-service-time",
    "x-request-id",
];
/// Beginnings and ends of the names of others.
const VOLATILE_PARTS: [&str; 5] = ["ratelimit", "requestid", "request-id", "trace-id", "trace-context"];

/// A header that differs. Values of the same name stand in one text, separated by commas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeaderChange {
    /// The name in lower case.
    pub name: String,
    /// The value before; `None` where it was added.
    pub before: Option<String>,
    /// The value now; `None` where it was removed.
    pub after: Option<String>,
    /// True if it differs from answer to answer, and means nothing here.
    pub volatile: bool,
}

/// The headers that differ, by name.
#[must_use]
pub fn header_changes(before: &Headers, after: &Headers) -> Vec<HeaderChange> {
    let names: BTreeSet<&str> = before.iter().chain(after.iter()).map(|(name, _)| name).collect();
    let said = |headers: &Headers, wanted: &str| {
        let values: Vec<_> = headers.iter().filter(|(name, _)| *name == wanted).collect();
        let texts = values.iter().map(|(_, value)| String::from_utf8_lossy(value));
        (!values.is_empty()).then(|| texts.collect::<Vec<_>>().join(", "))
    };
    let changes = names.into_iter().map(|name| HeaderChange {
        name: name.to_owned(),
        before: said(before, name),
        after: said(after, name),
        volatile: VOLATILE.contains(&name) || VOLATILE_PARTS.iter().any(|part| name.contains(part)),
    });
    changes.filter(|change| change.before != change.after).collect()
}
