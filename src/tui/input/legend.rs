//! The letters in rows of recordings.

/// The meaning of the letters in a row: first those at its end, in their order.
pub const LEGEND: [(&str, &str); 11] = [
    ("!", "partial, or failed verification: not replayed"),
    ("U", "the upstream failed: 4xx, 5xx, or an error in the body"),
    ("R", "waits for review: not replayed until then"),
    ("X", "expired: older than its rule allows"),
    ("P", "protected from delete and prune"),
    ("F", "derived to fail, or ends early"),
    ("E", "its answer was edited"),
    ("▣", "holds pictures (i in ASCII)"),
    ("●", "marked (* in ASCII)"),
    ("2/3", "the second of three takes of one request"),
    ("j2/5", "the second of the five recordings of one job"),
];
