//! How long clients may take: `[limits]`.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;

use super::Problem;
use super::file::{File, Source};
use crate::proxy::Limits;

/// Times that somebody may want.
const POSSIBLE: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(3600);
/// Times with which nobody holds a proxy up, and no client is given up too early.
pub(super) const USUAL: RangeInclusive<Duration> = Duration::from_secs(5)..=Duration::from_secs(300);

/// A time such as `250ms`, `30s` or `5m`; none where it is no time.
pub(super) fn read(text: &str) -> Option<Duration> {
    let time: jiff::SignedDuration = text.trim().parse().ok()?;
    time.try_into().ok()
}

/// What the file grants clients; what is wrong with it goes to `problems`.
pub(super) fn limits(source: &Source, file: &File, problems: &mut Vec<Problem>) -> Limits {
    let mut time = |key: &str, given: &Option<Spanned<String>>, usual: Duration| {
        let Some(given) = given else { return usual };
        read(given.get_ref()).filter(|time| POSSIBLE.contains(time)).unwrap_or_else(|| {
            let text = format!("`{}` is no time from 100ms to 1h, such as 30s or 5m", given.get_ref());
            problems.push(source.problem(Some(given.span()), key, text));
            usual
        })
    };
    let usual = Limits::default();
    let head = time("limits.head", &file.limits.head, usual.head);
    let body = time("limits.body", &file.limits.body, usual.body);
    Limits { head, body, ..usual }
}
