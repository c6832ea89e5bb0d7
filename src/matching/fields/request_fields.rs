//! The canonical fields of a request: what all comparison works on.

use std::sync::Arc;

use super::canon_config::Canon;
use super::facts::Facts;
use super::field::{Field, FieldPlace, FieldStep, names_model};
use super::leaf::Leaf;
use super::lone_text::covers;
use super::value::FieldValue;
use super::walk::FieldWalk;
use crate::dialect::{DefaultValue, Dialect, Endpoint, GivenWhen};
use crate::model::{Fingerprint, KEPT_HEADERS, Request};

/// An id of an earlier answer in a request, and the fingerprint of all fields of the request that it answered.
pub type Earlier = (String, Fingerprint);

/// The fields of one request in canonical form, extracted once and then compared often. `of` expects a scrubbed
/// request: credentials in it would become fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    /// The dialect of the request's mount.
    pub dialect: Dialect,
    /// The endpoint that the path means.
    pub endpoint: Endpoint,
    /// The reason why the body is compared as opaque bytes; `None` where it is not.
    pub opaque: Option<&'static str>,
    /// Fields that the configuration ignores on this endpoint.
    pub(crate) ignored: Arc<[String]>,
    /// Headers that the configuration lets decide.
    pub(crate) headers: Arc<[String]>,
    /// Sorted by field; no field occurs twice.
    pub(crate) leaves: Vec<Leaf>,
    /// Fields that only `strict` looks at: target, content type, exact body.
    pub(crate) exact: Vec<Leaf>,
    /// The facts that rules ask for.
    pub facts: Facts,
    /// The ids of earlier answers that were replaced.
    pub(crate) earlier: Vec<Earlier>,
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

impl Canon {
    /// The fields of a scrubbed request.
    #[must_use]
    pub fn fields(&self, request: &Request) -> Fields {
        Fields::under(Dialect::of_mount(&request.mount), request, self)
    }
}

impl Fields {
    /// Extracts the fields of a scrubbed request.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        Canon::default().fields(request)
    }

    /// The fields as a dialect and a configuration see them.
    pub(crate) fn under(dialect: Dialect, request: &Request, canon: &Canon) -> Self {
        let endpoint = dialect.endpoint(&request.method, request.path());
        let ignored = canon.ignored(&endpoint.name);
        let whole = ignored.whole();
        let patterns = ignored.has_patterns().then_some(&ignored);
        let mut walk = FieldWalk::new(endpoint.rules, patterns);
        walk.head(request, &endpoint, canon.headers());
        let opaque = walk.body(request);
        let (leaves, facts) = (walk.leaves, walk.facts);
        let exact = exact(request);
        let headers = Arc::clone(canon.headers());
        let mut fields = Self {
            dialect,
            endpoint,
            opaque,
            ignored: whole,
            headers,
            leaves,
            exact,
            facts,
            earlier: Vec::new(),
        };
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
            - usize::from(
                names.clone().next().is_some_and(|n| crate::matching::fields::field::place(n).is_some()),
            );
        let mut candidates: Vec<Field> = self
            .leaves
            .iter()
            .filter(|leaf| covers(self.endpoint.rules, &leaf.field, name))
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
            FieldValue::Text(name) => Some(&**name),
            _ => None,
        })
    }

    /// The memory that the fields take, in bytes, nearly.
    #[must_use]
    pub fn size(&self) -> usize {
        let of_leaf = |leaf: &Leaf| {
            let written = leaf.written.as_ref().map_or(0, |text| text.len());
            size_of::<Leaf>() + leaf.field.steps.len() * size_of::<FieldStep>() + leaf.value.size() + written
        };
        self.facts.prompt.len() + self.leaves.iter().map(of_leaf).sum::<usize>()
    }

    /// True if the endpoint's path names the model.
    pub(crate) fn model_in_path(&self) -> bool {
        self.endpoint.vars.iter().any(|(name, _)| name == "model")
    }

    /// True if this field decides which model is meant: the one in the path where there is one.
    pub(crate) fn is_model(&self, field: &Field) -> bool {
        names_model(field) && (field.place == FieldPlace::Path || !self.model_in_path())
    }

    pub(crate) fn present(&self) -> impl Iterator<Item = &Leaf> {
        self.leaves.iter().filter(|leaf| !leaf.absent)
    }

    /// Takes note of the facts in the head, and of the model, whose name is known by now.
    fn note(&mut self, request: &Request) {
        let model = self.present().find(|leaf| self.is_model(&leaf.field));
        let names = model.map(|leaf| match &leaf.value {
            FieldValue::Text(name) => [Some(&**name), leaf.written.as_deref()],
            _ => [None, None],
        });
        self.facts.models = names.into_iter().flatten().flatten().map(str::to_owned).collect();
        let stored = |name: &&str| KEPT_HEADERS.contains(name) || self.headers.iter().any(|own| own == name);
        let kept = request.headers.iter().filter(|(name, _)| stored(name));
        self.facts.headers = kept
            .map(|(name, value)| (name.to_owned(), String::from_utf8_lossy(value).into_owned()))
            .collect();
    }

    fn name_models(&mut self, canon: &Canon) {
        let plain = self.endpoint.rules.plain_models;
        for leaf in self.leaves.iter_mut().filter(|leaf| names_model(&leaf.field)) {
            if let FieldValue::Text(written) = &leaf.value {
                let name = if plain { canon.model(written) } else { written };
                let name = canon.alias(name);
                if *name != **written {
                    let written = written.clone();
                    leaf.value = FieldValue::Text(name.into());
                    leaf.written = Some(written);
                }
            }
        }
    }

    /// Marks `null`s and defaults where the dialect says that they mean the same as nothing.
    fn mark_absent(&mut self) {
        let rules = self.endpoint.rules;
        let model = self.model().unwrap_or_default();
        let absent: Vec<usize> = self
            .leaves
            .iter()
            .enumerate()
            .filter(|(_, leaf)| {
                let is_null = || {
                    leaf.value == FieldValue::Null
                        && rules.null_is_absent.iter().any(|name| leaf.field.is(name))
                };
                let is_default = || rules.presets.iter().any(|preset| self.is_default(leaf, preset, model));
                matches!(leaf.field.place, FieldPlace::Body | FieldPlace::Part) && (is_null() || is_default())
            })
            .map(|(at, _)| at)
            .collect();
        for at in absent {
            self.leaves[at].absent = true;
        }
    }

    fn is_default(&self, leaf: &Leaf, preset: &DefaultValue, model: &str) -> bool {
        leaf.value.is(preset.value)
            && leaf.field.is(preset.field)
            && model.starts_with(preset.model)
            && match preset.given {
                GivenWhen::Always => true,
                GivenWhen::With(name) => self.holds(name),
                GivenWhen::Without(name) => !self.holds(name),
            }
    }

    /// True if a field of the input, or anything below it, holds something.
    fn holds(&self, name: &str) -> bool {
        let input = |leaf: &&Leaf| matches!(leaf.field.place, FieldPlace::Body | FieldPlace::Part);
        let nothing = |value: &FieldValue| {
            matches!(value, FieldValue::Null | FieldValue::EmptyArray | FieldValue::EmptyObject)
        };
        self.leaves.iter().filter(input).any(|leaf| leaf.field.below(name) && !nothing(&leaf.value))
    }
}

fn exact(request: &Request) -> Vec<Leaf> {
    let content_type =
        String::from_utf8_lossy(request.headers.get("content-type").unwrap_or_default()).into_owned();
    vec![
        Leaf::new(Field::named(FieldPlace::Header, "content-type"), FieldValue::plain(&content_type)),
        Leaf::new(Field::whole(FieldPlace::Target), FieldValue::plain(&request.target)),
        Leaf::new(Field::whole(FieldPlace::Bytes), FieldValue::of_bytes(&request.body)),
    ]
}
