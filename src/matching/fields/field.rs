//! Fields: the names of a request's parts, and what a name written by a person covers.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::wire::pointer::{escaped, unescaped};

/// One named value of a request: `method`, `mount`, `path`, `path/NAME`, `query/NAME`, `header/NAME`,
/// `body/JSON/POINTER`, `body/NAME` of a form in one text (`a=1&b=2`), `part/NAME`, `part/NAME/0`, `part/0` of a multipart
/// body whose parts have no names, `part/0/JSON/POINTER` of JSON in such a one; for `strict` also `target` and `bytes`
/// (the exact body).
/// `path` alone is the path template, `body` alone a body that is compared as it is, `part` alone a multipart body
/// without parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub struct Field {
    pub(crate) place: FieldPlace,
    pub(crate) steps: Vec<FieldStep>,
}

/// The place of a field in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum FieldPlace {
    Method,
    Mount,
    Path,
    Query,
    Header,
    Body,
    Part,
    Target,
    Bytes,
}

/// One step down into a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum FieldStep {
    /// A position in an array or among parts of the same name.
    Index(u32),
    /// A key, a parameter, a part.
    Key(Arc<str>),
    /// The second, third, … occurrence of the key before it.
    Again(u32),
}

/// A text that is no field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a field; use method, mount, path/NAME, query/NAME, header/NAME, body/POINTER or part/NAME"
)]
pub struct ParseFieldError(pub String);

const PLACES: [(&str, FieldPlace); 9] = [
    ("method", FieldPlace::Method),
    ("mount", FieldPlace::Mount),
    ("path", FieldPlace::Path),
    ("query", FieldPlace::Query),
    ("header", FieldPlace::Header),
    ("body", FieldPlace::Body),
    ("part", FieldPlace::Part),
    ("target", FieldPlace::Target),
    ("bytes", FieldPlace::Bytes),
];

impl Field {
    pub(crate) fn whole(place: FieldPlace) -> Self {
        Self { place, steps: Vec::new() }
    }

    pub(crate) fn is_mount(&self) -> bool {
        self.place == FieldPlace::Mount
    }

    /// True if it is a body as a whole, which has no fields of its own.
    #[must_use]
    pub fn is_whole_body(&self) -> bool {
        self.place == FieldPlace::Body && self.steps.is_empty()
    }

    pub(crate) fn named(place: FieldPlace, name: &str) -> Self {
        Self { place, steps: vec![FieldStep::Key(name.into())] }
    }

    /// True if `name`, as a person writes it, means this field or something that holds it: `metadata` covers
    /// `body/metadata/team`, `messages/*/content` covers `body/messages/0/content`. A short name means the place where
    /// such a field stands; which one that is does not change within an endpoint.
    #[must_use]
    pub fn covered_by(&self, name: &str) -> bool {
        let name = name.strip_prefix('/').unwrap_or(name);
        let (first, rest) = name.split_once('/').map_or((name, None), |(first, rest)| (first, Some(rest)));
        if let Some(place) = place(first) {
            return place == self.place && rest.is_none_or(|rest| self.below(rest));
        }
        let short = matches!(
            self.place,
            FieldPlace::Path | FieldPlace::Query | FieldPlace::Header | FieldPlace::Body | FieldPlace::Part
        );
        short && self.below(name)
    }

    /// True if the steps begin as `names` says.
    pub(crate) fn below(&self, names: &str) -> bool {
        if !self.may_fit(names) {
            return false;
        }
        let mut steps = self.steps.iter().filter(|step| !matches!(step, FieldStep::Again(_)));
        names
            .split('/')
            .filter(|name| !name.is_empty())
            .all(|name| steps.next().is_some_and(|step| self.fits(step, name)))
    }

    /// Compares first letters: nearly all questions end here, and they are asked often.
    fn may_fit(&self, names: &str) -> bool {
        let (Some(FieldStep::Key(key)), Some(first)) = (self.steps.first(), names.bytes().next()) else {
            return true;
        };
        matches!(first, b'*' | b'~' | b'/')
            || key.bytes().next().is_some_and(|b| b.eq_ignore_ascii_case(&first))
    }

    /// True if `names` says exactly this field, not something that holds it.
    pub(crate) fn is(&self, names: &str) -> bool {
        self.may_fit(names)
            && self.steps.len() == names.bytes().filter(|b| *b == b'/').count() + 1
            && self.below(names)
    }

    fn fits(&self, step: &FieldStep, name: &str) -> bool {
        match step {
            _ if name == "*" => true,
            FieldStep::Index(index) => name.parse() == Ok(*index),
            FieldStep::Key(key) if self.place == FieldPlace::Header => key.eq_ignore_ascii_case(name),
            FieldStep::Key(key) => {
                let name = unescaped(name);
                let below_part = |key: &str| {
                    self.place == FieldPlace::Part
                        && key.strip_prefix(&*name).is_some_and(|k| k.starts_with('['))
                };
                **key == *name || below_part(key)
            }
            FieldStep::Again(_) => false,
        }
    }

    /// The name of this field and of those at other positions of the same lists.
    pub(crate) fn starred(&self) -> String {
        let steps = self.steps.iter().filter(|step| !matches!(step, FieldStep::Again(_)));
        let place = Self::whole(self.place).to_string();
        steps.fold(place, |name, step| match step {
            FieldStep::Index(_) => name + "/*",
            step => {
                name + "/"
                    + Field { place: self.place, steps: vec![step.clone()] }
                        .to_string()
                        .split_once('/')
                        .map_or("", |(_, key)| key)
            }
        })
    }

    /// This field, or what holds it, with at most `steps` steps.
    /// Its first steps: what holds it.
    #[must_use]
    pub fn cut(&self, steps: usize) -> Self {
        Self { place: self.place, steps: self.steps.iter().take(steps).cloned().collect() }
    }
}

/// True if `steps` lead to exactly what `names` says, `*` for any one step. It allocates nothing: it is asked at every
/// text, list and object of a body.
pub(crate) fn stands_at(steps: &[FieldStep], names: &str) -> bool {
    let mut names = names.split('/');
    let mut steps = steps.iter().filter(|step| !matches!(step, FieldStep::Again(_)));
    loop {
        let fits = match (steps.next(), names.next()) {
            (None, None) => return true,
            (Some(_), Some("*")) => true,
            (Some(FieldStep::Key(key)), Some(name)) => **key == *name,
            (Some(FieldStep::Index(index)), Some(name)) => name.parse() == Ok(*index),
            _ => false,
        };
        if !fits {
            return false;
        }
    }
}

pub(crate) fn place(word: &str) -> Option<FieldPlace> {
    PLACES.iter().find(|(name, _)| *name == word).map(|(_, place)| *place)
}

/// The words that fields begin with.
pub(crate) fn places() -> impl Iterator<Item = &'static str> {
    PLACES.iter().map(|(word, _)| *word)
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = PLACES.iter().find(|(_, place)| *place == self.place).map_or("", |(word, _)| word);
        f.write_str(word)?;
        self.steps.iter().try_for_each(|step| match step {
            FieldStep::Index(index) => write!(f, "/{index}"),
            FieldStep::Key(key) => write!(f, "/{}", escaped(key)),
            FieldStep::Again(times) => write!(f, "/~{times}"),
        })
    }
}

/// Digits are read as a position; [`Field::covered_by`] does not tell a position from a key of digits.
impl FromStr for Field {
    type Err = ParseFieldError;
    fn from_str(text: &str) -> Result<Self, ParseFieldError> {
        let wrong = || ParseFieldError(text.to_owned());
        let mut names = text.split('/');
        let place = names.next().and_then(place).ok_or_else(wrong)?;
        let steps: Vec<FieldStep> = names.map(step).collect();
        let single =
            matches!(place, FieldPlace::Method | FieldPlace::Mount | FieldPlace::Target | FieldPlace::Bytes);
        let needs_name = matches!(place, FieldPlace::Query | FieldPlace::Header);
        if (single && !steps.is_empty()) || (needs_name && steps.is_empty()) {
            Err(wrong())
        } else {
            Ok(Self { place, steps })
        }
    }
}

fn step(name: &str) -> FieldStep {
    let digits =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit()) && !(text.len() > 1 && text.starts_with('0'));
    match name.strip_prefix('~').filter(|times| digits(times)).and_then(|times| times.parse().ok()) {
        Some(times) if times > 1 => return FieldStep::Again(times),
        _ => {}
    }
    match name.parse() {
        Ok(index) if digits(name) => FieldStep::Index(index),
        _ => FieldStep::Key(unescaped(name).into()),
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// True if this field names a model.
pub(crate) fn names_model(field: &Field) -> bool {
    matches!(field.place, FieldPlace::Path | FieldPlace::Body | FieldPlace::Part)
        && matches!(field.steps.first(), Some(FieldStep::Key(key)) if **key == *"model")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_round_trips() {
        for text in [
            "method",
            "mount",
            "path",
            "path/id",
            "query/dryRun",
            "header/anthropic-beta",
            "body",
            "body/messages/10/content",
            "body/a~1b/~2/c~0d",
            "part/image[]/0",
            "part/svg[model]",
            "target",
            "bytes",
            "body/",
        ] {
            assert_eq!(text.parse::<Field>().map(|f| f.to_string()).as_deref(), Ok(text));
        }
        for wrong in ["", "size", "method/x", "query", "body2/x"] {
            assert!(wrong.parse::<Field>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_covers_what_is_below_it() {
        let covered = |field: &str, name: &str| field.parse::<Field>().unwrap().covered_by(name);
        assert!(covered("body/metadata/team", "metadata"));
        assert!(covered("body/metadata/team", "body/metadata"));
        assert!(covered("part/size", "size"));
        assert!(covered("part/image[]/1", "image"));
        assert!(covered("part/image[]/1", "part/image[]/1"));
        assert!(covered("body/messages/3/content", "messages/*/content"));
        assert!(covered("body/a/~2/b", "a/b"));
        assert!(covered("header/openai-beta", "OpenAI-Beta"));
        assert!(!covered("body/tools/0/metadata", "metadata"));
        assert!(!covered("body/sizes", "size"));
        assert!(!covered("body/size", "part/size"));
        assert!(!covered("method", "size"));
        assert!(!covered("body", "size"));
        assert!(!covered("body/metadata", "metadata/team"));
    }
}
