//! Bodies that are not stored, because nobody can say for certain that they hold no secret. A placeholder made of their
//! hash stands for such a body: it tells one from another, and nothing of what they hold.

use std::fmt::Write as _;

use super::scrubber::Scrubber;
use crate::model::Request;

/// The reason why a body is withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WithheldReason {
    /// Content encoding is damaged or unknown, or it would become too large.
    Undecoded,
    /// More values, or more secrets, than a search goes through.
    Unsearched,
}

const ALL: [WithheldReason; 2] = [WithheldReason::Undecoded, WithheldReason::Unsearched];

impl WithheldReason {
    /// The beginning of the placeholder.
    fn begin(self) -> &'static str {
        match self {
            Self::Undecoded => "<withheld-undecoded-",
            Self::Unsearched => "<withheld-unsearched-",
        }
    }

    /// The text in place of `body`: placeholders end in `-` and eight hexadecimal digits.
    pub(crate) fn placeholder(self, scrubber: &Scrubber, body: &[u8]) -> String {
        let mut text = self.begin().to_owned();
        for (at, byte) in scrubber.digest(body).into_iter().enumerate() {
            let _ = write!(text, "{}{byte:02x}", if at == 28 { "-" } else { "" });
        }
        text.push('>');
        text
    }
}

/// True if a placeholder stands for the body of a scrubbed request.
#[must_use]
pub fn is_withheld(request: &Request) -> bool {
    reason(&request.body).is_some()
}

/// The reason why the body of a scrubbed request was withheld; `None` where it was not.
pub(crate) fn reason(body: &[u8]) -> Option<&'static str> {
    let kind = ALL.into_iter().find(|kind| {
        let hash = body.strip_prefix(kind.begin().as_bytes()).and_then(|rest| rest.strip_suffix(b">"));
        hash.is_some_and(|hash| hash.len() == 65 && hash.iter().all(|b| *b == b'-' || b.is_ascii_hexdigit()))
    });
    kind.map(|kind| match kind {
        WithheldReason::Undecoded => "its content encoding cannot be decoded",
        WithheldReason::Unsearched => "it is too much to be searched for secrets; only its hash is kept",
    })
}
