//! The judgement of a query on a subject, term by term.

use super::key::{Key, result_word};
use super::parse::{Expr, Term};
use super::subject::{Subject, arrived, last_use};
use super::value::{QueryValue, Test};
use super::verdict::{Judged, QueryVerdict};
use crate::model::{Call, Completeness, Derivation, Ending, Hash, Outcome, Row, Timestamp};

/// A subject and how it is looked at.
pub(super) struct SubjectView<'a> {
    subject: Subject<'a>,
    now: Timestamp,
    /// True where use that is known counts as all there is.
    guess: bool,
}

/// The value of one subject that a term asks about.
enum SeenRow<'a> {
    /// All texts in which bare words are looked for.
    Bare(Subject<'a>),
    /// Texts, of which one has to fit.
    Texts([Option<&'a str>; 4], &'a [String]),
    /// A call, by its own id or its recording's.
    Call(&'a Call),
    Hash(&'a Hash),
    /// Words, of which one has to be it.
    Words([&'static str; 2]),
    Flag(bool),
    /// An amount, or the least and the most that it can be.
    Amount(i128, i128),
    /// No such value.
    Nothing,
    Unknown,
}

impl Expr {
    pub(super) fn judge(&self, view: &SubjectView<'_>) -> QueryVerdict {
        match self {
            Self::All(parts) => {
                fold(parts.iter().map(|part| part.judge(view)), QueryVerdict::No, QueryVerdict::and)
            }
            Self::Any(parts) => {
                fold(parts.iter().map(|part| part.judge(view)), QueryVerdict::Yes, QueryVerdict::or)
            }
            Self::Not(part) => !part.judge(view),
            Self::Term(term) => term.judge(view),
        }
    }

    /// The verdict of each term. A `-` before a group stands before each of its terms.
    pub(super) fn each(&self, view: &SubjectView<'_>, not: bool, into: &mut Vec<Judged>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each(view, not, into)),
            Self::Not(part) => part.each(view, !not, into),
            Self::Term(term) => {
                let verdict = term.judge(view);
                into.push(Judged {
                    term: format!("{}{term}", if not { "-" } else { "" }),
                    key: term.key.map(|entry| entry.key),
                    verdict: if not { !verdict } else { verdict },
                });
            }
        }
    }
}

/// All verdicts as one; no further is asked once it is `settled`.
fn fold(
    mut all: impl Iterator<Item = QueryVerdict>,
    settled: QueryVerdict,
    join: fn(QueryVerdict, QueryVerdict) -> QueryVerdict,
) -> QueryVerdict {
    let joined = all.try_fold(!settled, |sum, next| {
        let sum = join(sum, next);
        if sum == settled { Err(sum) } else { Ok(sum) }
    });
    joined.unwrap_or_else(|settled| settled)
}

impl Term {
    fn judge(&self, view: &SubjectView<'_>) -> QueryVerdict {
        let seen = match (self.key, view.subject) {
            (None, _) => SeenRow::Bare(view.subject),
            (Some(entry), Subject::Row(row, _)) => view.of_row(entry.key, row),
            (Some(entry), Subject::Call(call)) => of_call(entry.key, call, view.now),
        };
        fold(self.values.iter().map(|value| value.judge(&seen)), QueryVerdict::Yes, QueryVerdict::or)
    }
}

impl QueryValue {
    fn judge(&self, seen: &SeenRow<'_>) -> QueryVerdict {
        let any = |fits: &dyn Fn(&str) -> bool, texts: &[Option<&str>], more: &[String]| {
            texts.iter().flatten().any(|text| fits(text)) || more.iter().any(|text| fits(text))
        };
        match (&self.test, seen) {
            (_, SeenRow::Unknown) => QueryVerdict::Unknown,
            (Test::Text(pattern), SeenRow::Bare(subject)) => {
                let (texts, more) = bare(*subject);
                any(&|text| pattern.fits(text), &texts, more).into()
            }
            (Test::Text(pattern), SeenRow::Texts(texts, more)) => {
                any(&|text| pattern.fits(text), texts, more).into()
            }
            (Test::Id(start), SeenRow::Texts(texts, more)) => {
                any(&|id| begins(id, start), texts, more).into()
            }
            (Test::Id(start), SeenRow::Call(call)) => {
                let own = start.strip_prefix("call_").is_some_and(|number| number == call.id.0.to_string());
                (own || call.recording.as_ref().is_some_and(|id| begins(id.as_str(), start))).into()
            }
            (Test::Hash(start), SeenRow::Hash(hash)) => {
                let digits = hash.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
                digits.zip(start).all(|(digit, wanted)| digit == *wanted).into()
            }
            (Test::Word(wanted), SeenRow::Words(words)) => words.contains(wanted).into(),
            (Test::Flag(wanted), SeenRow::Flag(is)) => (wanted == is).into(),
            (range, SeenRow::Amount(least, most)) => {
                range.holds(*least, *most).map_or(QueryVerdict::Unknown, QueryVerdict::from)
            }
            _ => QueryVerdict::No,
        }
    }
}

fn begins(id: &str, start: &str) -> bool {
    id.starts_with(start) || id.strip_prefix("rec_").is_some_and(|rest| rest.starts_with(start))
}

fn text(text: Option<&str>) -> SeenRow<'_> {
    SeenRow::Texts([text, None, None, None], &[])
}

fn exactly<'a>(amount: impl Into<i128>) -> SeenRow<'a> {
    let amount = amount.into();
    SeenRow::Amount(amount, amount)
}

/// Microseconds since a time, none for one in the future.
fn micros(now: Timestamp, since: Timestamp) -> i128 {
    i128::from(now.since(since)) * 1000
}

/// The texts in which a bare word is looked for.
fn bare(subject: Subject<'_>) -> ([Option<&str>; 4], &[String]) {
    match subject {
        Subject::Row(row, _) => {
            let texts = [
                row.prompt.as_deref(),
                row.model.as_deref(),
                Some(row.endpoint.as_str()),
                row.name.as_deref(),
            ];
            (texts, &row.tags)
        }
        Subject::Call(call) => {
            ([call.prompt.as_deref(), call.model.as_deref(), Some(&*call.endpoint), None], &[])
        }
    }
}

impl<'a> SubjectView<'a> {
    pub(super) fn new(subject: Subject<'a>, now: Timestamp, guess: bool) -> Self {
        Self { subject, now, guess }
    }
}

impl SubjectView<'_> {
    fn of_row<'a>(&self, key: Key, row: &'a Row) -> SeenRow<'a> {
        match key {
            Key::Model => text(row.model.as_deref()),
            Key::Endpoint => text(Some(&row.endpoint)),
            Key::Prompt => text(row.prompt.as_deref()),
            Key::Name => text(row.name.as_deref()),
            Key::Tag => SeenRow::Texts([None; 4], &row.tags),
            Key::Scope => text(row.scope.as_deref()),
            Key::Mount => text(Some(&row.mount)),
            Key::Method => text(Some(&row.method)),
            Key::Id => text(Some(row.id.as_str())),
            Key::Hash => SeenRow::Hash(&row.hash),
            Key::Source => text(row.source.as_ref().map(|source| source.recording.as_str())),
            Key::Strategy => SeenRow::Words([row.strategy.word(), ""]),
            Key::Status => exactly(row.status),
            Key::Latency => exactly(row.total),
            Key::Size => exactly(row.size),
            Key::Age => exactly(micros(self.now, row.recorded_at)),
            Key::Recorded => exactly(row.recorded_at.0),
            Key::Hits | Key::Unused => self.used(key, row),
            Key::Image => SeenRow::Flag(row.images > 0),
            Key::Sse => SeenRow::Flag(row.streamed),
            Key::Protected => SeenRow::Flag(row.protected),
            Key::Partial => SeenRow::Flag(row.completeness != Completeness::Whole),
            Key::Fault => {
                let made = row.source.as_ref().is_some_and(|source| source.how == Derivation::Fault);
                SeenRow::Flag(made || row.ending != Ending::Clean)
            }
            Key::Edited => SeenRow::Flag(row.edited),
            Key::Review => SeenRow::Flag(row.review.is_some()),
            Key::Dup | Key::Superseded | Key::Expired | Key::Cost => self.by_facts(key),
            Key::Result | Key::Mode | Key::Profile => SeenRow::Nothing,
        }
    }

    /// The value of a key that the row alone does not tell.
    fn by_facts<'a>(&self, key: Key) -> SeenRow<'a> {
        let Subject::Row(_, facts) = self.subject else { return SeenRow::Nothing };
        match (key, facts.cost) {
            (Key::Dup, _) => SeenRow::Flag(facts.duplicate_of.is_some()),
            (Key::Superseded, _) => SeenRow::Flag(facts.superseded_by.is_some()),
            (Key::Expired, _) => SeenRow::Flag(facts.expired),
            (Key::Cost, Some(cost)) => exactly(cost.0),
            (Key::Cost, None) if !self.guess => SeenRow::Unknown,
            _ => SeenRow::Nothing,
        }
    }

    /// Hits, and how long ago the last one was: what may be missing from the ledger makes the first one more, and the
    /// second one less.
    fn used<'a>(&self, key: Key, row: &Row) -> SeenRow<'a> {
        let unknown_before = match self.subject {
            Subject::Row(_, facts) if !self.guess && facts.use_unknown_before > arrived(row) => {
                Some(facts.use_unknown_before)
            }
            _ => None,
        };
        if key == Key::Hits {
            let known = i128::from(row.usage.everywhere().count);
            return SeenRow::Amount(known, if unknown_before.is_some() { i128::MAX } else { known });
        }
        let last = last_use(row);
        let newest = unknown_before.map_or(last, |unknown| unknown.max(last));
        SeenRow::Amount(micros(self.now, newest), micros(self.now, last))
    }
}

fn of_call(key: Key, call: &Call, now: Timestamp) -> SeenRow<'_> {
    match key {
        Key::Result => match (call.outcome, call.cosmetic) {
            (Some(outcome), cosmetic) => SeenRow::Words([
                result_word(outcome),
                if cosmetic && outcome == Outcome::Replay { "hit~" } else { "" },
            ]),
            (None, _) => SeenRow::Nothing,
        },
        Key::Model => text(call.model.as_deref()),
        Key::Endpoint => text(Some(&call.endpoint)),
        Key::Prompt => text(call.prompt.as_deref()),
        Key::Scope => text(call.scope.as_deref()),
        Key::Profile => text(call.profile.as_deref()),
        Key::Mount => text(Some(&call.mount)),
        Key::Method => text(Some(&call.method)),
        Key::Id => SeenRow::Call(call),
        Key::Mode => SeenRow::Words([call.mode.as_str(), ""]),
        Key::Status => call.status.map_or(SeenRow::Nothing, exactly),
        Key::Latency => call.total.map_or(SeenRow::Nothing, exactly),
        Key::Size => exactly(call.response_len),
        Key::Age => exactly(micros(now, call.at)),
        Key::Sse => SeenRow::Flag(call.streamed),
        _ => SeenRow::Nothing,
    }
}
