//! Scopes of calls: by a header, or by the first segment of the path for clients that cannot set headers.

use std::sync::Arc;

use http::HeaderMap;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::overrides::header_text;
use crate::model::{LONGEST_SCOPE, check_scope};
use crate::wire::percent::decoded as unescaped;

/// The scope that a path names, as it was sent, and what follows it.
#[must_use]
pub fn split(target: &str) -> Option<(&str, &str)> {
    let behind = target.strip_prefix("/@")?;
    let at = behind.find(['/', '?']).filter(|at| behind.as_bytes()[*at] == b'/')?;
    Some(behind.split_at(at))
}

/// The scope of a request to this path with these headers, and the path without it.
pub(super) fn of_path<'a>(headers: &HeaderMap, path: &'a str) -> Result<(Option<Arc<str>>, &'a str), String> {
    let (name, rest) = split(path).map_or((None, path), |(name, rest)| (Some(name), rest));
    Ok((named(headers, name)?, rest))
}

/// The path prefix under which calls are made in the scope `name`.
///
/// # Errors
/// A sentence about what a name may be.
pub fn scope_prefix(name: &str) -> Result<String, String> {
    let name = checked(name, "flag")?;
    Ok(format!("/@{}", utf8_percent_encode(&name, NON_ALPHANUMERIC)))
}

/// The scope that headers and path name.
///
/// # Errors
/// A sentence about what a name may be, or that the two differ.
pub fn named(headers: &HeaderMap, path: Option<&str>) -> Result<Option<Arc<str>>, String> {
    let header = header_text(headers, "x-retake-scope", "x-test-id")?.map(|name| checked(name, "header"));
    let path = path.map(|name| checked(&unescaped(name), "path"));
    match (header.transpose()?, path.transpose()?) {
        (Some(header), Some(path)) if header != path => {
            Err(format!("the header names the scope `{header}` and the path `{path}`; name one of them"))
        }
        (header, path) => Ok(header.or(path)),
    }
}

fn checked(name: &str, place: &str) -> Result<Arc<str>, String> {
    let name = name.trim();
    check_scope(name).map(|()| name.into()).map_err(|_| {
        format!(
            "the {place}'s scope is not one: a name has 1 to {LONGEST_SCOPE} of the letters A to Z and a to z, digits, spaces and . _ - / : @ + [ ] ( ) # = ,"
        )
    })
}
