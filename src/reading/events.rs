//! The events of a streamed answer: server-sent events as the WHATWG specification parses them, and rows of NDJSON.

use std::time::Duration;

use super::decoded::timed;
use crate::model::Response;
use crate::wire::event_stream::{StreamForm, StreamFrame, frames};

/// One event of a streamed answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEvent {
    /// Arrival of the piece that completed it, counted from the request.
    pub at: Duration,
    /// The `event` field.
    pub name: Option<String>,
    /// The `data` fields, joined by newlines; a row of NDJSON.
    pub data: String,
}

/// The events of an event stream or of NDJSON, in order; none for other answers. Comments and other fields are left
/// out. What stands after the last blank line is shown too: the specification drops it, a reader wants to see it.
#[must_use]
pub fn events(response: &Response) -> Vec<StreamEvent> {
    let Some(form) = StreamForm::of(&response.headers, &response.log.bytes) else { return Vec::new() };
    let (body, ends) = timed(response);
    events_in(form, &body, &ends)
}

/// The events of a decoded body, whose pieces end at the offsets `ends` and arrived at the times beside those.
pub(super) fn events_in(form: StreamForm, body: &[u8], ends: &[(usize, Duration)]) -> Vec<StreamEvent> {
    let arrived = |offset: usize| {
        let piece = ends.partition_point(|(end, _)| *end < offset);
        ends.get(piece).or(ends.last()).map_or(Duration::ZERO, |(_, at)| *at)
    };
    let event = |frame: StreamFrame| StreamEvent {
        at: arrived(frame.complete),
        data: String::from_utf8_lossy(&frame.data).into_owned(),
        name: Some(frame.name).filter(|name| !name.is_empty()),
    };
    frames(Some(form), body).into_iter().map(event).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::ByteLog;
    use crate::reading::decoded::tests::gzip;

    /// A streamed answer of which a piece arrives every 10 ms.
    pub(in crate::reading) fn stream<B: AsRef<[u8]>>(pieces: impl IntoIterator<Item = B>) -> Response {
        let timed = pieces.into_iter().zip(1..).map(|(piece, n)| (Duration::from_millis(10 * n), piece));
        Response {
            status: 200,
            headers: [("content-type", "text/event-stream; charset=utf-8")].into_iter().collect(),
            log: ByteLog::from_pieces(timed),
        }
    }

    fn shown(response: &Response) -> Vec<(u128, String, String)> {
        let event = |e: StreamEvent| (e.at.as_millis(), e.name.unwrap_or_default(), e.data);
        events(response).into_iter().map(event).collect()
    }

    fn want(expected: &[(u128, &str, &str)]) -> Vec<(u128, String, String)> {
        expected.iter().map(|(at, name, data)| (*at, (*name).into(), (*data).into())).collect()
    }

    #[test]
    fn the_specification_is_followed() {
        let all = stream([concat!(
            "\u{FEFF}: a comment\r\nevent: one\r\ndata: first\r\ndata:  second\r\n\r\n",
            "data\ndata\n\n",
            "event: nameless event has no data\n\n",
            "id: 7\rdata:x\r\r",
            "retry: 3\nunknown: y\ndata: tail"
        )]);
        let expected = [(10, "one", "first\n second"), (10, "", "\n"), (10, "", "x"), (10, "", "tail")];
        assert_eq!(shown(&all), want(&expected));
    }

    #[test]
    fn an_event_has_the_time_of_the_piece_that_completed_it() {
        let cat = "猫".as_bytes();
        let pieces: [&[u8]; 5] = [b"data: ", &cat[..1], &cat[1..], b"\n", b"\ndata: b\n\n"];
        assert_eq!(shown(&stream(pieces)), want(&[(50, "", "猫"), (50, "", "b")]));
        assert_eq!(shown(&stream(["data: a\r\n\r", "\ndata: b\n\n"])), want(&[(10, "", "a"), (20, "", "b")]));
    }

    #[test]
    fn compressed_streams_and_rows_are_read_too() {
        let mut response = stream([gzip(b"data: a\n\n")]);
        response.headers.push("content-encoding", "gzip");
        assert_eq!(shown(&response), want(&[(10, "", "a")]));
        let mut rows = stream(["{\"a\":1}\n", "\n{\"a\"", ":2}"]);
        rows.headers = [("content-type", "application/x-ndjson")].into_iter().collect();
        assert_eq!(shown(&rows), want(&[(10, "", "{\"a\":1}"), (30, "", "{\"a\":2}")]));
        let mut json = stream(["{}"]);
        json.headers = [("content-type", "application/json")].into_iter().collect();
        assert_eq!(shown(&json), []);
    }
}
