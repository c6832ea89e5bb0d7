//! Headers on the way to an upstream and back. Those that lead somewhere are `lead_back`'s.

use crate::model::{Headers, Response, Timestamp, is_hop_by_hop, is_own};

/// Asks for a body that can be read later: what is stored must not depend on what one client could decode.
pub(crate) fn plain_encoding(headers: &mut Headers) {
    headers.retain(|name| name != "accept-encoding");
    headers.push("accept-encoding", "identity");
}

/// A response's headers without those of the connection and those that only retake itself may send.
pub(crate) fn end_to_end(mut headers: Headers) -> Headers {
    let nominated = headers.text("connection").unwrap_or_default().to_ascii_lowercase();
    let nominated: Vec<_> = nominated.split(',').map(|name| name.trim().to_owned()).collect();
    headers.retain(|name| !is_hop_by_hop(name) && !is_own(name) && !nominated.iter().any(|n| n == name));
    headers
}

/// Seconds that a refusal asks to wait: `retry-after-ms`, else `retry-after`, which is a number or a date. `None` where
/// it asks for none.
pub(crate) fn retry_after(response: &Response, now: Timestamp) -> Option<u64> {
    if response.status < 400 {
        return None;
    }
    let number = |name: &str| response.headers.text(name)?.trim().parse::<u64>().ok();
    let date = || {
        let date = jiff::fmt::rfc2822::parse(response.headers.text("retry-after")?.trim()).ok()?;
        Some(Timestamp(date.timestamp().as_millisecond()).since(now).div_ceil(1000))
    };
    let precise = number("retry-after-ms").map(|millis| millis.div_ceil(1000));
    precise.or_else(|| number("retry-after")).or_else(date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ByteLog;

    #[test]
    fn a_refusal_asks_to_wait_in_one_of_three_ways() {
        let asks = |status: u16, headers: &[(&'static str, &'static str)]| {
            let headers = headers.iter().copied().collect();
            // 2026-11-02 09:00:00 GMT
            retry_after(&Response { status, headers, log: ByteLog::default() }, Timestamp(1_793_610_000_000))
        };
        for (headers, seconds) in [
            (&[("retry-after", "20")][..], Some(20)),
            (&[("retry-after-ms", "1200"), ("retry-after", "20")], Some(2)),
            (&[("retry-after", "Mon, 02 Nov 2026 09:00:30 GMT")], Some(30)),
            (&[("retry-after", "Mon, 02 Nov 2026 08:00:00 GMT")], Some(0)),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "-3")], None),
            (&[], None),
        ] {
            assert_eq!(asks(429, headers), seconds, "{headers:?}");
        }
        assert_eq!(asks(200, &[("retry-after", "20")]), None, "nothing was refused");
    }
}
