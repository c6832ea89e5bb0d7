//! What a configuration adds to the canonical form: other names of models, and values that are to be ignored.

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;
use serde::{Deserialize, Serialize};
use wildmatch::WildMatch;

use super::canonical::{Fields, names_model};
use super::field::Field;
use super::fingerprint::CANONICAL_VERSION;
use crate::dialect::model_name;
use crate::model::Request;

/// Values that are not to be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ignore {
    /// The endpoints, `chat/completions` or `images/*`; all without it.
    pub endpoint: Option<String>,
    /// The field, `messages/*/content`; every text of the body without it.
    pub field: Option<String>,
    /// What in its text is ignored: `date`, `time`, `uuid`, `hex`, or a regular expression; the whole field without it.
    pub pattern: Option<String>,
}

/// How requests are brought into canonical form.
#[derive(Clone, Debug, Default)]
pub struct Canon {
    aliases: BTreeMap<String, String>,
    ignores: Vec<Compiled>,
    version: Option<u32>,
}

#[derive(Clone, Debug)]
struct Compiled {
    endpoint: WildMatch,
    field: Option<String>,
    pattern: Option<Pattern>,
}

/// A pattern and what stands in place of what it finds.
#[derive(Clone, Debug)]
struct Pattern {
    found: Regex,
    name: String,
}

/// The ignores that hold for one endpoint.
#[derive(Clone, Debug, Default)]
pub(super) struct Ignored<'a>(Vec<&'a Compiled>);

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
        let text = serde_json::to_vec(&(CANONICAL_VERSION, aliases, ignores)).unwrap_or_default();
        let changed = !(aliases.is_empty() && ignores.is_empty());
        // The high bit tells it from the versions of the plain form.
        let version = changed.then(|| crc32fast::hash(&text) | 1 << 31);
        Ok(Self { aliases: resolved(aliases), ignores: compiled, version })
    }

    /// Changes with everything that changes fingerprints: keys of another version are made anew.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version.unwrap_or(CANONICAL_VERSION)
    }

    /// The fields of a scrubbed request.
    #[must_use]
    pub fn fields(&self, request: &Request) -> Fields {
        Fields::under(crate::dialect::Dialect::of_mount(&request.mount), request, self)
    }

    /// The name by which a model is known.
    pub(super) fn alias<'a>(&'a self, name: &'a str) -> &'a str {
        self.aliases.get(name).map_or(name, String::as_str)
    }

    pub(super) fn ignored(&self, endpoint: &str) -> Ignored<'_> {
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
            let found = Regex::new(found).map_err(|error| {
                let known = NAMED.map(|(name, _)| name).join(", ");
                format!("`{text}` is neither {known} nor a regular expression: {error}")
            })?;
            if found.is_match("") {
                return Err(format!("the pattern `{text}` finds the empty text; let it find something"));
            }
            Ok(Pattern { found, name: format!("<{name}>") })
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
    pub(super) fn whole(&self) -> Arc<[String]> {
        let whole = self.0.iter().filter(|ignore| ignore.pattern.is_none());
        whole.filter_map(|ignore| ignore.field.clone()).collect()
    }

    /// A text of a field without what is ignored in it; none where nothing is.
    pub(super) fn without(&self, field: &Field, text: &str) -> Option<String> {
        let mut clean: Option<String> = None;
        for ignore in &self.0 {
            let Some(pattern) = &ignore.pattern else { continue };
            // What dates mean in names of models is known already.
            if !ignore.field.as_deref().map_or(!names_model(field), |name| field.covered_by(name)) {
                continue;
            }
            let current = clean.as_deref().unwrap_or(text);
            if let std::borrow::Cow::Owned(next) =
                pattern.found.replace_all(current, regex::NoExpand(&pattern.name))
            {
                clean = Some(next);
            }
        }
        clean
    }

    pub(super) fn has_patterns(&self) -> bool {
        self.0.iter().any(|ignore| ignore.pattern.is_some())
    }
}

/// Aliases of aliases followed to their end, by names without provider and date and by names as written.
fn resolved(aliases: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let plain: BTreeMap<&str, &str> =
        aliases.iter().map(|(from, to)| (model_name::canonical(from), model_name::canonical(to))).collect();
    let end = |from: &str| {
        let (first, mut name) = (model_name::canonical(from), model_name::canonical(from));
        // A loop is left where it would begin anew.
        for _ in 0..plain.len() {
            match plain.get(name) {
                Some(next) if *next != first => name = next,
                _ => break,
            }
        }
        name.to_owned()
    };
    let names = aliases.keys().flat_map(|name| [&**name, model_name::canonical(name)]);
    names.map(|name| (name.to_owned(), end(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::compare;
    use crate::model::{Headers, Strategy};

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
