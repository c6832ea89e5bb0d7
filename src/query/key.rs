//! The keys: one table for the parser, its errors, completion and the help.

use super::subject::QueryKind;
use crate::model::Outcome;

/// The key of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "`KEYS` says what each one means")]
pub enum Key {
    Model,
    Endpoint,
    Prompt,
    Name,
    Tag,
    Scope,
    Mount,
    Method,
    Profile,
    Id,
    Hash,
    Source,
    Result,
    Mode,
    Strategy,
    Status,
    Latency,
    Size,
    Age,
    Recorded,
    Hits,
    Unused,
    Cost,
    Image,
    Sse,
    Protected,
    Dup,
    Superseded,
    Expired,
    Partial,
    Fault,
    Edited,
    Review,
}

/// The entry of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// The key itself.
    pub key: Key,
    /// The spelling of the key.
    pub name: &'static str,
    /// The values that may stand behind it.
    pub values: Values,
    /// The kinds of subjects that have it.
    pub kinds: &'static [QueryKind],
    /// The meaning, in one line.
    pub help: &'static str,
    /// A value or two, to show.
    pub examples: &'static [&'static str],
}

/// The values that may stand behind a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// A text that stands anywhere in it; with `*` or `?`, or behind `=`, the whole text.
    Text,
    /// The whole text, with or without `*` and `?`.
    Name,
    /// The beginning of an id, with or without `rec_`.
    Id,
    /// The beginning of a hash, in hexadecimal digits.
    Hash,
    /// One of these words; the second of each pair says the same, where it says anything.
    Words(&'static [(&'static str, &'static str)]),
    /// `yes` or `no`.
    YesNo,
    /// A whole number.
    Count,
    /// Bytes, or `K`, `M`, `G`, `T` of 1024 each.
    Size,
    /// A number and `ms`, `s`, `m`, `h`, `d` or `w`.
    Time,
    /// US dollars.
    Dollars,
    /// A day, `2026-11-01`, in UTC.
    Date,
}

const BOTH: &[QueryKind] = &[QueryKind::Recordings, QueryKind::Calls];
const RECORDINGS: &[QueryKind] = &[QueryKind::Recordings];
const CALLS: &[QueryKind] = &[QueryKind::Calls];

const RESULTS: &[(&str, &str)] = &[
    ("hit", "replay"),
    ("hit~", ""),
    ("miss", ""),
    ("rec", "record"),
    ("mock", ""),
    ("live", ""),
    ("err", "error"),
];
const STRATEGIES: &[(&str, &str)] =
    &[("standard", ""), ("strict", ""), ("specific", ""), ("pinned", ""), ("rule", "")];
const MODES: &[(&str, &str)] = &[
    ("replay-or-mock", ""),
    ("replay-or-record", ""),
    ("replay-or-error", ""),
    ("replay-or-live", ""),
    ("record", ""),
    ("mock", ""),
    ("off", ""),
];

const fn entry(
    key: Key,
    name: &'static str,
    kinds: &'static [QueryKind],
    values: Values,
    words: (&'static str, &'static [&'static str]),
) -> KeyEntry {
    KeyEntry { key, name, values, kinds, help: words.0, examples: words.1 }
}

/// All keys, in the order in which help and completion show them.
pub const KEYS: &[KeyEntry] = &[
    entry(
        Key::Result,
        "result",
        CALLS,
        Values::Words(RESULTS),
        ("what became of the call", &["hit", "miss,err"]),
    ),
    entry(Key::Model, "model", BOTH, Values::Text, ("the model", &["gpt-image*", "=gpt-5"])),
    entry(
        Key::Endpoint,
        "endpoint",
        BOTH,
        Values::Text,
        ("the endpoint; a leading version does not count", &["/v1/images", "chat/completions"]),
    ),
    entry(Key::Prompt, "prompt", BOTH, Values::Text, ("the beginning of the prompt", &["\"tiny hat\""])),
    entry(Key::Status, "status", BOTH, Values::Count, ("the answer's status", &[">=400", "404"])),
    entry(
        Key::Latency,
        "latency",
        BOTH,
        Values::Time,
        ("how long the answer took, to its end", &[">2s", "100ms..1s"]),
    ),
    entry(
        Key::Size,
        "size",
        BOTH,
        Values::Size,
        ("bytes of a recording with its media, or of a call's answer", &[">1M", "<16K"]),
    ),
    entry(Key::Age, "age", BOTH, Values::Time, ("how long ago it was recorded, or called", &["<7d", ">1h"])),
    entry(
        Key::Recorded,
        "recorded",
        RECORDINGS,
        Values::Date,
        ("the day it was recorded, in UTC", &["<2026-11-01"]),
    ),
    entry(
        Key::Unused,
        "unused",
        RECORDINGS,
        Values::Time,
        ("how long ago it last answered anywhere, or came here", &["30d"]),
    ),
    entry(
        Key::Hits,
        "hits",
        RECORDINGS,
        Values::Count,
        ("how often it answered, here and elsewhere", &["0", ">10"]),
    ),
    entry(
        Key::Cost,
        "cost",
        RECORDINGS,
        Values::Dollars,
        ("what recording it again would cost, in US dollars", &[">0.5"]),
    ),
    entry(
        Key::Strategy,
        "strategy",
        RECORDINGS,
        Values::Words(STRATEGIES),
        ("its match strategy", &["strict"]),
    ),
    entry(Key::Mode, "mode", CALLS, Values::Words(MODES), ("the mode that decided", &["replay-or-mock"])),
    entry(Key::Tag, "tag", RECORDINGS, Values::Name, ("one of its tags; `-tag:*` has none", &["ci"])),
    entry(
        Key::Name,
        "name",
        RECORDINGS,
        Values::Text,
        ("the name given to it; `-name:*` has none", &["checkout*"]),
    ),
    entry(Key::Scope, "scope", BOTH, Values::Name, ("its scope; `-scope:*` has none", &["test-1"])),
    entry(Key::Profile, "profile", CALLS, Values::Name, ("the profile of the call's key", &["ci"])),
    entry(Key::Mount, "mount", BOTH, Values::Name, ("the mount", &["openai"])),
    entry(Key::Method, "method", BOTH, Values::Name, ("the method", &["post"])),
    entry(Key::Hash, "hash", RECORDINGS, Values::Hash, ("the beginning of its hash", &["9f31"])),
    entry(
        Key::Id,
        "id",
        BOTH,
        Values::Id,
        ("the beginning of the recording's id; of a call also `call_7`", &["rec_2j"]),
    ),
    entry(
        Key::Source,
        "source",
        RECORDINGS,
        Values::Id,
        ("the beginning of the id it was made from; `rec_` is any", &["rec_2j"]),
    ),
    entry(Key::Image, "image", RECORDINGS, Values::YesNo, ("whether the answer holds pictures", &["yes"])),
    entry(Key::Sse, "sse", BOTH, Values::YesNo, ("whether the answer is an event stream", &["yes"])),
    entry(Key::Protected, "protected", RECORDINGS, Values::YesNo, ("whether it is protected", &["no"])),
    entry(
        Key::Dup,
        "dup",
        RECORDINGS,
        Values::YesNo,
        ("whether another one gives the same answer to the same request", &["yes"]),
    ),
    entry(
        Key::Superseded,
        "superseded",
        RECORDINGS,
        Values::YesNo,
        ("whether a newer take answers in its place, always", &["yes"]),
    ),
    entry(
        Key::Expired,
        "expired",
        RECORDINGS,
        Values::YesNo,
        ("whether it is older than its rule allows", &["yes"]),
    ),
    entry(Key::Partial, "partial", RECORDINGS, Values::YesNo, ("whether it did not arrive whole", &["yes"])),
    entry(
        Key::Fault,
        "fault",
        RECORDINGS,
        Values::YesNo,
        ("whether it was made to fail, or ends without its end", &["yes"]),
    ),
    entry(Key::Edited, "edited", RECORDINGS, Values::YesNo, ("whether its answer was edited", &["yes"])),
    entry(
        Key::Review,
        "review",
        RECORDINGS,
        Values::YesNo,
        ("whether it waits to be compared with what it was recorded anew for", &["yes"]),
    ),
];

impl KeyEntry {
    /// The key with this name, in any case of letters.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    /// The keys for subjects of this kind.
    pub fn of(kind: QueryKind) -> impl Iterator<Item = &'static Self> {
        KEYS.iter().filter(move |entry| entry.kinds.contains(&kind))
    }
}

impl Values {
    /// The expected values, in words.
    #[must_use]
    pub fn expected(self) -> String {
        match self {
            Self::Text => "a text such as `gpt-image*` or `\"tiny hat\"`".into(),
            Self::Name => "a name such as `ci` or `ci-*`".into(),
            Self::Id => "the beginning of an id such as `rec_2j`".into(),
            Self::Hash => "hexadecimal digits such as `9f31`".into(),
            Self::Words(words) => words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", "),
            Self::YesNo => "yes or no".into(),
            Self::Count => "a whole number such as `404`, `>=400` or `400..499`".into(),
            Self::Size => "a size such as `>1M` or `100K..2M`".into(),
            Self::Time => {
                "a time with its unit (ms, s, m, h, d, w) such as `30d` (at least that), `<1h` or `1s..5s`"
                    .into()
            }
            Self::Dollars => "US dollars such as `>0.5`".into(),
            Self::Date => "a day such as `2026-11-01` or `<2026-11-01`".into(),
        }
    }

    /// The words that are allowed, where only some are.
    pub(super) fn words(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Words(words) => words,
            Self::YesNo => &[("yes", ""), ("no", "")],
            _ => &[],
        }
    }
}

/// The word that `result:` has for an outcome.
pub(super) fn result_word(outcome: Outcome) -> &'static str {
    let name = outcome.as_str();
    RESULTS.iter().find(|(word, also)| *word == name || *also == name).map_or(name, |(word, _)| word)
}
