//! The configured part of the canonical form: other names of models, and values that are ignored.

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;
use serde::{Deserialize, Serialize};
use wildmatch::WildMatch;

use super::field::{Field, names_model};
use super::header;
use super::lone_text::covers;
use crate::dialect::{Rules, model_name};
use crate::model::{CANONICAL_VERSION, text_pattern};

/// Values that are not to be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ignore {
    /// The endpoints, `chat/completions` or `images/*`; all without it.
    pub endpoint: Option<String>,
    /// The field, `messages/*/content`; every text of the body without it.
    pub field: Option<String>,
    /// The part of its text that is ignored: `date`, `time`, `uuid`, `hex`, or a regular expression; `None` for the
    /// whole field.
    pub pattern: Option<String>,
}

/// The canonical form of requests.
#[derive(Clone, Debug, Default)]
pub struct Canon {
    /// The ignored fields as the configuration writes them.
    written: BTreeMap<String, String>,
    /// Followed to their end.
    aliases: BTreeMap<String, String>,
    ignores: Vec<Compiled>,
    headers: Arc<[String]>,
    dated_models: DatedModels,
    version: Option<u32>,
}

/// The reading of a model's name with a date at its end (`gpt-4o-2024-08-06`) beside the one without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DatedModels {
    /// One model: a recording of one name answers a call for the other, and the date is shown as a difference.
    #[default]
    Same,
    /// Two models: the provider moves the name without a date from one model to the next.
    Exact,
}

#[derive(Clone, Debug)]
struct Compiled {
    endpoint: WildMatch,
    field: Option<String>,
    pattern: Option<IgnorePattern>,
}

/// A pattern and what stands in place of what it finds.
#[derive(Clone, Debug)]
struct IgnorePattern {
    regex: Regex,
    name: String,
}

/// The ignores that hold for one endpoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ignored<'a>(Vec<&'a Compiled>);

const NAMED: [(&str, &str); 4] = [
    ("date", r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"),
    ("time", r"\b\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\b"),
    ("uuid", r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"),
    ("hex", r"\b[0-9a-fA-F]{16,}\b"),
];

impl Canon {
    /// The canonical form with these aliases (from, to) and ignored values.
    ///
    /// # Errors
    /// The place of an ignore that cannot be, and a sentence about it.
    pub fn new(aliases: &BTreeMap<String, String>, ignores: &[Ignore]) -> Result<Self, (usize, String)> {
        let compiled =
            ignores.iter().enumerate().map(|(at, ignore)| ignore.compiled().map_err(|why| (at, why)));
        let compiled = compiled.collect::<Result<Vec<_>, _>>()?;
        let canon = Self { ignores: compiled, written: aliases.clone(), ..Self::default() }.aliased();
        Ok(if aliases.is_empty() && ignores.is_empty() { canon } else { canon.changed(&(aliases, ignores)) })
    }

    /// This form, in which these headers decide, too.
    ///
    /// # Errors
    /// The place of a header that cannot be compared, and a sentence about it.
    pub fn with_headers(self, headers: &[String]) -> Result<Self, (usize, String)> {
        let wrong = headers.iter().enumerate().find_map(|(at, name)| {
            header::refused(name).map(|why| (at, format!("the header `{name}` {why}")))
        });
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        let mut names: Vec<String> = headers.iter().map(|name| name.to_ascii_lowercase()).collect();
        names.sort();
        names.dedup();
        Ok(if names.is_empty() {
            self
        } else {
            let canon = self.changed(&("headers", &names));
            Self { headers: names.into(), ..canon }
        })
    }

    /// This form with another reading of dated models.
    #[must_use]
    pub fn with_dated_models(self, dated_models: DatedModels) -> Self {
        if dated_models == self.dated_models {
            return self;
        }
        let canon = self.changed(&("dated_models", dated_models));
        Self { dated_models, ..canon }.aliased()
    }

    fn aliased(self) -> Self {
        Self { aliases: resolved(&self.written, |name| self.model(name)), ..self }
    }

    /// This form under another version, which is made of the one before and of the change.
    fn changed(self, said: &impl Serialize) -> Self {
        let text = serde_json::to_vec(&(self.version(), said)).unwrap_or_default();
        // The high bit tells it from the versions of the plain form.
        Self { version: Some(crc32fast::hash(&text) | 1 << 31), ..self }
    }

    /// Changes with everything that changes fingerprints: keys of another version are made anew.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version.unwrap_or(CANONICAL_VERSION)
    }

    /// The headers that decide because the configuration says so, in lower case.
    #[must_use]
    pub fn headers(&self) -> &Arc<[String]> {
        &self.headers
    }

    /// The name of a model without its provider, and without its date where that does not count.
    pub(crate) fn model<'a>(&self, name: &'a str) -> &'a str {
        match self.dated_models {
            DatedModels::Same => model_name::canonical(name),
            DatedModels::Exact => model_name::without_provider(name),
        }
    }

    /// The name by which a model is known.
    pub(crate) fn alias<'a>(&'a self, name: &'a str) -> &'a str {
        self.aliases.get(name).map_or(name, String::as_str)
    }

    pub(crate) fn ignored(&self, endpoint: &str) -> Ignored<'_> {
        Ignored(self.ignores.iter().filter(|ignore| ignore.endpoint.matches(endpoint)).collect())
    }
}

impl Ignore {
    fn compiled(&self) -> Result<Compiled, String> {
        if self.field.is_none() && self.pattern.is_none() {
            return Err("it names neither a field nor a pattern; name one or both".into());
        }
        let pattern = self.pattern.as_deref().map(|text| {
            let named = NAMED.iter().find(|(name, _)| *name == text);
            let (name, found) = named.map_or(("pattern", text), |(name, pattern)| (*name, *pattern));
            let found = text_pattern(found).map_err(|problem| {
                let known = NAMED.map(|(name, _)| name).join(", ");
                format!("`{text}` is none of {known}, and {problem}")
            })?;
            if found.is_match("") {
                return Err(format!("the pattern `{text}` finds the empty text; let it find something"));
            }
            Ok(IgnorePattern { regex: found, name: format!("<{name}>") })
        });
        Ok(Compiled {
            endpoint: WildMatch::new(self.endpoint.as_deref().unwrap_or("*")),
            field: self.field.clone(),
            pattern: pattern.transpose()?,
        })
    }
}

impl Ignored<'_> {
    /// The names of fields that are ignored as a whole.
    pub(crate) fn whole(&self) -> Arc<[String]> {
        let whole = self.0.iter().filter(|ignore| ignore.pattern.is_none());
        whole.filter_map(|ignore| ignore.field.clone()).collect()
    }

    /// A text of a field without what is ignored in it; none where nothing is.
    pub(crate) fn without(&self, rules: &Rules, field: &Field, text: &str) -> Option<String> {
        let mut clean: Option<String> = None;
        for ignore in &self.0 {
            let Some(pattern) = &ignore.pattern else { continue };
            // What dates mean in names of models is known already.
            if !ignore.field.as_deref().map_or(!names_model(field), |name| covers(rules, field, name)) {
                continue;
            }
            let current = clean.as_deref().unwrap_or(text);
            if let std::borrow::Cow::Owned(next) =
                pattern.regex.replace_all(current, regex::NoExpand(&pattern.name))
            {
                clean = Some(next);
            }
        }
        clean
    }

    pub(crate) fn has_patterns(&self) -> bool {
        self.0.iter().any(|ignore| ignore.pattern.is_some())
    }
}

/// Aliases of aliases followed to their end, by names as `plain` makes them and by names as written.
fn resolved(aliases: &BTreeMap<String, String>, plain: impl Fn(&str) -> &str) -> BTreeMap<String, String> {
    let known: BTreeMap<&str, &str> = aliases.iter().map(|(from, to)| (plain(from), plain(to))).collect();
    let end = |from: &str| {
        let (first, mut name) = (plain(from), plain(from));
        // A loop is left where it would begin anew.
        for _ in 0..known.len() {
            match known.get(name) {
                Some(next) if *next != first => name = next,
                _ => break,
            }
        }
        name.to_owned()
    };
    let names = aliases.keys().flat_map(|name| [&**name, plain(name)]);
    names.map(|name| (name.to_owned(), end(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::compare;
    use crate::model::{Headers, Request, Strategy};

    fn chat(body: &str) -> Request {
        Request {
            method: "POST".into(),
            mount: "openai".into(),
            target: "/v1/chat/completions".into(),
            headers: Headers::from_iter([("content-type", "application/json")]),
            body: body.to_owned().into(),
        }
    }

    fn ignore(endpoint: Option<&str>, field: Option<&str>, pattern: Option<&str>) -> Ignore {
        let own = |text: Option<&str>| text.map(str::to_owned);
        Ignore { endpoint: own(endpoint), field: own(field), pattern: own(pattern) }
    }

    #[test]
    fn what_is_ignored_is_shown_and_does_not_count() {
        let one = chat(
            r#"{"model":"fast","seed":1,"messages":[{"content":"Today is 2026-01-02, 7f000001-0000-4000-8000-00000000000a"}]}"#,
        );
        let other = chat(
            r#"{"model":"gpt-5-mini","seed":2,"messages":[{"content":"Today is 2027-03-04T05:06Z, 7f000001-0000-4000-8000-00000000000b"}]}"#,
        );
        let aliases = BTreeMap::from([("fast".to_owned(), "gpt-5-mini".to_owned())]);
        let ignores = [
            ignore(Some("chat/*"), Some("seed"), None),
            ignore(None, Some("messages/*/content"), Some("date")),
            ignore(None, None, Some("uuid")),
        ];
        let canon = Canon::new(&aliases, &ignores).unwrap();
        let (a, b) = (canon.fields(&one), canon.fields(&other));
        let comparison = compare(&Strategy::STANDARD, &a, &b);
        assert!(comparison.is_match(), "{comparison:#?}");
        assert_eq!(comparison.cosmetic().count(), 3, "{comparison:#?}");
        assert_eq!(a.fingerprint(&Strategy::STANDARD), b.fingerprint(&Strategy::STANDARD));
        assert_eq!(a.outline().key(&Strategy::STANDARD), b.outline().key(&Strategy::STANDARD));
        assert_ne!(a.all(), b.all());
        for without in [&ignores[1..], &ignores[..2], &ignores[..1]] {
            let canon = Canon::new(&aliases, without).unwrap();
            assert!(!compare(&Strategy::STANDARD, &canon.fields(&one), &canon.fields(&other)).is_match());
        }
        assert_ne!(canon.version(), CANONICAL_VERSION);
        assert_eq!(Canon::new(&BTreeMap::new(), &[]).unwrap().version(), Canon::default().version());
    }

    #[test]
    fn aliases_are_followed_and_written_with_or_without_provider_and_date() {
        let pairs =
            [("openai/quick-2025-01-01", "fast"), ("fast", "openai/gpt-5-mini"), ("x", "y"), ("y", "x")];
        let aliases = pairs.map(|(from, to)| (from.to_owned(), to.to_owned())).into();
        let canon = Canon::new(&aliases, &[ignore(None, None, Some("date"))]).unwrap();
        let model = |name: &str| {
            let fields = canon.fields(&chat(&format!(r#"{{"model":"{name}"}}"#)));
            fields.model().map(str::to_owned)
        };
        for name in ["quick", "openai/quick", "fast-2024-12-31", "gpt-5-mini-2024-12-31"] {
            assert_eq!(model(name).as_deref(), Some("gpt-5-mini"), "{name}");
        }
        assert_eq!((model("x").as_deref(), model("z").as_deref()), (Some("y"), Some("z")), "a loop ends");
    }

    #[test]
    fn a_wrong_one_is_named() {
        let (at, why) =
            Canon::new(&BTreeMap::new(), &[ignore(None, Some("seed"), None), ignore(None, None, Some("("))])
                .unwrap_err();
        assert!(at == 1 && why.contains("uuid"), "{why}");
        assert!(Canon::new(&BTreeMap::new(), &[Ignore::default()]).is_err());
        assert!(Canon::new(&BTreeMap::new(), &[ignore(None, None, Some("a*"))]).is_err());
    }
}
