//! The canonical fields of a request: what all comparison works on.

use std::collections::HashMap;
use std::sync::Arc;

use super::body_kind::BodyKind;
use super::canon::{Canon, Ignored};
use super::earlier::Earlier;
use super::field::{Field, Place, Step};
use super::json::{self, Flaw, Json};
use super::rule::Facts;
use super::value::Value;
use super::{multipart, query, secret, spelling, summary};
use crate::dialect::{Dialect, Endpoint, Spelling, decoded, model_name};
use crate::model::{KEPT_HEADERS, Request};

/// Headers that change the answer. No other header is ever a field.
const HEADERS: &[&str] = &[
    "anthropic-version",
    "anthropic-beta",
    "openai-beta",
    "range",
    "x-amzn-bedrock-guardrailidentifier",
    "x-amzn-bedrock-guardrailversion",
    "x-amzn-bedrock-trace",
];

/// How many values a body may have. One with more is compared as opaque bytes: its fields would fill the memory.
const LEAVES: usize = 100_000;

/// The fields of one request in canonical form, extracted once and then compared often. `of` expects a scrubbed
/// request: credentials in it would become fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    /// The dialect of the request's mount.
    pub dialect: Dialect,
    /// The endpoint that the path means.
    pub endpoint: Endpoint,
    /// Why the body is compared as opaque bytes, where it is.
    pub opaque: Option<&'static str>,
    /// Fields that the configuration ignores on this endpoint.
    pub(super) ignored: Arc<[String]>,
    /// Sorted by field; no field occurs twice.
    pub(super) leaves: Vec<Leaf>,
    /// What only `strict` looks at: target, content type, exact body.
    pub(super) exact: Vec<Leaf>,
    /// What rules ask for.
    pub facts: Facts,
    /// The ids of earlier answers that were replaced.
    pub(super) earlier: Vec<Earlier>,
}

/// One field and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) field: Field,
    pub(super) value: Value,
    /// The value as written, where the canonical one tells less (a dated model name).
    pub(super) written: Option<Box<str>>,
    /// It is `null` or the default, and counts as absent.
    pub(super) absent: bool,
}

/// A name that means no field of a request, or more than one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveFieldError {
    /// No field of the request has this name.
    #[error("the request has no field `{0}`")]
    Unknown(String),
    /// More than one has.
    #[error("`{name}` may mean {}", candidates.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "))]
    Ambiguous {
        /// The name.
        name: String,
        /// The fields it may mean.
        candidates: Vec<Field>,
    },
}

impl Fields {
    /// Extracts the fields of a scrubbed request.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        Canon::default().fields(request)
    }

    /// The fields as a dialect and a configuration see them.
    pub(super) fn under(dialect: Dialect, request: &Request, canon: &Canon) -> Self {
        let endpoint = dialect.endpoint(&request.method, request.path());
        let ignored = canon.ignored(&endpoint.name);
        let whole = ignored.whole();
        let patterns = ignored.has_patterns().then_some(&ignored);
        let mut walk = Walk { spelling: endpoint.rules.spelling, patterns, ..Walk::default() };
        walk.head(request, &endpoint);
        let opaque = walk.body(request);
        let (leaves, facts) = (walk.leaves, walk.facts);
        let exact = exact(request);
        let mut fields =
            Self { dialect, endpoint, opaque, ignored: whole, leaves, exact, facts, earlier: Vec::new() };
        fields.leaves.sort_by(|a, b| a.field.cmp(&b.field));
        fields.name_models(canon);
        fields.mark_absent();
        fields.number_echoes();
        fields.note(request);
        fields
    }

    /// All canonical fields with their values in one line, sorted; what counts as absent is left out.
    pub fn iter(&self) -> impl Iterator<Item = (&Field, String)> {
        self.present().map(|leaf| (&leaf.field, leaf.value.shown(0)))
    }

    /// The field that a person's `name` means in this request.
    ///
    /// # Errors
    ///
    /// When no field or more than one has that name.
    pub fn resolve(&self, name: &str) -> Result<Field, ResolveFieldError> {
        let names = name.trim_start_matches('/').split('/');
        let steps = names.clone().count()
            - usize::from(names.clone().next().is_some_and(|n| super::field::place(n).is_some()));
        let mut candidates: Vec<Field> = self
            .leaves
            .iter()
            .filter(|leaf| leaf.field.covered_by(name))
            .map(|leaf| leaf.field.cut(steps))
            .collect();
        candidates.dedup();
        match candidates.pop() {
            None => Err(ResolveFieldError::Unknown(name.to_owned())),
            Some(field) if candidates.is_empty() => Ok(field),
            Some(_) if name.contains('*') => {
                name.parse().map_err(|_| ResolveFieldError::Unknown(name.to_owned()))
            }
            Some(last) => {
                candidates.push(last);
                Err(ResolveFieldError::Ambiguous { name: name.to_owned(), candidates })
            }
        }
    }

    /// The model in canonical form.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.present().filter(|leaf| self.is_model(&leaf.field)).find_map(|leaf| match &leaf.value {
            Value::Text(name) => Some(&**name),
            _ => None,
        })
    }

    /// Whether the endpoint's path names the model.
    pub(super) fn model_in_path(&self) -> bool {
        self.endpoint.vars.iter().any(|(name, _)| name == "model")
    }

    /// Whether this field decides which model is meant: the one in the path where there is one.
    pub(super) fn is_model(&self, field: &Field) -> bool {
        names_model(field) && (field.place == Place::Path || !self.model_in_path())
    }

    pub(super) fn present(&self) -> impl Iterator<Item = &Leaf> {
        self.leaves.iter().filter(|leaf| !leaf.absent)
    }

    /// What rules ask of the head, and of the model that was named meanwhile.
    fn note(&mut self, request: &Request) {
        let model = self.present().find(|leaf| self.is_model(&leaf.field));
        let names = model.map(|leaf| match &leaf.value {
            Value::Text(name) => [Some(&**name), leaf.written.as_deref()],
            _ => [None, None],
        });
        self.facts.models = names.into_iter().flatten().flatten().map(str::to_owned).collect();
        let kept = request.headers.iter().filter(|(name, _)| KEPT_HEADERS.contains(name));
        self.facts.headers = kept
            .map(|(name, value)| (name.to_owned(), String::from_utf8_lossy(value).into_owned()))
            .collect();
    }

    fn name_models(&mut self, canon: &Canon) {
        let plain = self.endpoint.rules.plain_models;
        for leaf in self.leaves.iter_mut().filter(|leaf| names_model(&leaf.field)) {
            if let Value::Text(written) = &leaf.value {
                let name = if plain { model_name::canonical(written) } else { written };
                let name = canon.alias(name);
                if *name != **written {
                    let written = written.clone();
                    leaf.value = Value::Text(name.into());
                    leaf.written = Some(written);
                }
            }
        }
    }

    /// Marks `null`s and defaults where the dialect says that they mean the same as nothing.
    fn mark_absent(&mut self) {
        let rules = self.endpoint.rules;
        let model = self.model().unwrap_or_default().to_owned();
        for leaf in &mut self.leaves {
            let input = matches!(leaf.field.place, Place::Body | Place::Part);
            let null =
                || leaf.value == Value::Null && rules.null_is_absent.iter().any(|name| leaf.field.is(name));
            let preset = || {
                rules.presets.iter().any(|preset| {
                    leaf.value.is(preset.value)
                        && leaf.field.is(preset.field)
                        && model.starts_with(preset.model)
                })
            };
            leaf.absent = input && (null() || preset());
        }
    }

    /// Replaces ids echoed from earlier answers by their order: which ones are equal is kept, what they are is not.
    fn number_echoes(&mut self) {
        let echoed = self.endpoint.rules.echoed;
        if echoed.is_empty() {
            return;
        }
        let mut seen: HashMap<(u8, Vec<u8>), u32> = HashMap::new();
        for leaf in self.leaves.iter_mut().filter(|leaf| leaf.field.place == Place::Body) {
            let is_text = matches!(leaf.value, Value::Text(_) | Value::Long { .. } | Value::Media { .. });
            if is_text && echoed.iter().any(|name| leaf.field.is(name)) {
                let next = u32::try_from(seen.len() + 1).unwrap_or(u32::MAX);
                leaf.value = Value::Echo(*seen.entry(leaf.value.bytes()).or_insert(next));
            }
        }
    }
}

/// Whether this field names a model.
pub(super) fn names_model(field: &Field) -> bool {
    matches!(field.place, Place::Path | Place::Body | Place::Part)
        && matches!(field.steps.first(), Some(Step::Key(key)) if **key == *"model")
}

fn exact(request: &Request) -> Vec<Leaf> {
    let content_type =
        String::from_utf8_lossy(request.headers.get("content-type").unwrap_or_default()).into_owned();
    vec![
        Leaf::new(Field::named(Place::Header, "content-type"), Value::plain(&content_type)),
        Leaf::new(Field::whole(Place::Target), Value::plain(&request.target)),
        Leaf::new(Field::whole(Place::Bytes), Value::of_bytes(&request.body)),
    ]
}

impl Leaf {
    fn new(field: Field, value: Value) -> Self {
        Self { field, value, written: None, absent: false }
    }
}

/// Collects leaves on the way down into a request.
#[derive(Default)]
struct Walk<'a> {
    steps: Vec<Step>,
    leaves: Vec<Leaf>,
    spelling: Option<&'static Spelling>,
    /// What is ignored in texts, where something is.
    patterns: Option<&'a Ignored<'a>>,
    facts: Facts,
}

impl Walk<'_> {
    fn add(&mut self, field: Field, value: Value) {
        self.leaves.push(Leaf::new(field, value));
    }

    /// Everything before the body.
    fn head(&mut self, request: &Request, endpoint: &Endpoint) {
        self.add(Field::whole(Place::Method), Value::plain(&request.method));
        self.add(Field::whole(Place::Mount), Value::plain(&request.mount));
        self.add(Field::whole(Place::Path), Value::plain(&endpoint.template));
        for (name, value) in &endpoint.vars {
            self.add(Field::named(Place::Path, name), Value::plain(value));
        }
        let mut times = HashMap::new();
        for (name, value) in query::parameters(&request.mount, request.query()) {
            let mut field = Field::named(Place::Query, &name);
            let nth: &mut u32 = times.entry(name).or_default();
            *nth += 1;
            if *nth > 1 {
                field.steps.push(Step::Again(*nth));
            }
            self.add(field, Value::plain(&value));
        }
        for name in HEADERS {
            let values: Vec<&[u8]> =
                request.headers.iter().filter(|(n, _)| n == name).map(|(_, v)| &v[..]).collect();
            if !values.is_empty() {
                let all = values.join(&b", "[..]);
                let value = std::str::from_utf8(&all)
                    .map_or_else(|_| Value::of_bytes(&all), |text| Value::plain(text.trim()));
                self.add(Field::named(Place::Header, name), value);
            }
        }
    }

    /// The body, by what it is; why it is opaque, if it is.
    fn body(&mut self, request: &Request) -> Option<&'static str> {
        if request.body.is_empty() {
            return None;
        }
        let Some(body) = decoded(&request.headers, &request.body) else {
            self.add(Field::whole(Place::Body), Value::of_bytes(&request.body));
            return Some("its content encoding cannot be decoded");
        };
        let content_type = request.headers.text("content-type").unwrap_or_default();
        let problem = match BodyKind::of(&request.headers, &body) {
            BodyKind::Multipart => match multipart::parse(content_type, &body) {
                Ok(parts) => {
                    self.facts = summary::facts_of_parts(&body, &parts);
                    self.parts(&body, &parts);
                    return None;
                }
                Err(problem) => problem,
            },
            BodyKind::Json => match json::parse(&body) {
                Ok(json) => {
                    self.facts = summary::facts(&json);
                    let start = self.leaves.len();
                    self.json(json);
                    if self.leaves.len() <= LEAVES {
                        return None;
                    }
                    self.leaves.truncate(start);
                    "its JSON has too many values"
                }
                Err(Flaw::Deep) => "its JSON is nested too deeply",
                Err(Flaw::Invalid) => "it is not valid JSON",
            },
            BodyKind::Empty | BodyKind::Form | BodyKind::Other => "it is neither JSON nor multipart",
        };
        let text = std::str::from_utf8(&body).ok();
        self.add(Field::whole(Place::Body), text.map_or_else(|| Value::of_bytes(&body), Value::plain));
        Some(problem)
    }

    fn parts(&mut self, body: &[u8], parts: &[multipart::Part]) {
        let mut times: HashMap<&str, (u32, u32)> = HashMap::new();
        for part in parts {
            times.entry(&part.name).or_default().0 += 1;
        }
        let given = |part: &&multipart::Part| !secret::was_given(&part.name, &body[part.data.clone()]);
        for part in parts.iter().filter(given) {
            let mut field = Field::named(Place::Part, &part.name);
            if let Some((count, next)) = times.get_mut(part.name.as_str())
                && (*count > 1 || part.name.ends_with("[]"))
            {
                field.steps.push(Step::Index(*next));
                *next += 1;
            }
            self.add(field, Value::of_part(&body[part.data.clone()], part.file));
        }
        if parts.is_empty() {
            self.add(Field::whole(Place::Part), Value::EmptyObject);
        }
    }

    fn json(&mut self, json: Json<'_>) {
        if self.leaves.len() > LEAVES {
            return;
        }
        let value = match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(value),
            Json::Number(number) => Value::number(number),
            Json::Text(text) => return self.text(&text),
            Json::Array(items) if items.is_empty() => Value::EmptyArray,
            Json::Object(members) if members.is_empty() => Value::EmptyObject,
            Json::Array(items) => {
                if let Some(numbers) = Value::of_numbers(&items) {
                    return self.add(Field { place: Place::Body, steps: self.steps.clone() }, numbers);
                }
                for (item, index) in items.into_iter().zip(0..) {
                    self.steps.push(Step::Index(index));
                    self.json(item);
                    self.steps.pop();
                }
                return;
            }
            Json::Object(members) => return self.object(members),
        };
        self.add(Field { place: Place::Body, steps: self.steps.clone() }, value);
    }

    /// A text, without what is ignored in it.
    fn text(&mut self, text: &str) {
        let field = Field { place: Place::Body, steps: self.steps.clone() };
        // The date of a model's name has rules of its own.
        let patterns = self.patterns.filter(|_| !names_model(&field));
        let without = patterns.and_then(|patterns| patterns.without(&field, text));
        match without {
            None => self.add(field, Value::of_text(text)),
            Some(clean) => {
                let leaf = Leaf::new(field, Value::of_text(&clean));
                self.leaves.push(Leaf { written: Some(text.into()), ..leaf });
            }
        }
    }

    fn object(&mut self, mut members: Vec<(std::borrow::Cow<'_, str>, Json<'_>)>) {
        // Keys differ between people, and some send theirs in a header instead.
        members.retain(|(key, value)| {
            !value.as_text().is_some_and(|text| secret::was_given(key, text.as_bytes()))
        });
        if let Some(spelling) = self.spelling {
            spelling::fold(spelling, &self.steps, &mut members);
        }
        members.sort_by(|a, b| a.0.cmp(&b.0));
        let mut last: Option<(Arc<str>, u32)> = None;
        for (key, value) in members {
            let (key, times) = match last.take() {
                Some((before, times)) if *before == *key => (before, times + 1),
                _ => (Arc::from(&*key), 1),
            };
            self.steps.push(Step::Key(Arc::clone(&key)));
            if times > 1 {
                self.steps.push(Step::Again(times));
            }
            self.json(value);
            self.steps.truncate(self.steps.len() - if times > 1 { 2 } else { 1 });
            last = Some((key, times));
        }
    }
}
