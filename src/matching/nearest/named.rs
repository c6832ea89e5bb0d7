//! The fields of a request as people choose among them.

use std::collections::{HashMap, HashSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fixes::short;
use crate::matching::fields::field::{Field, FieldPlace};
use crate::matching::fields::leaf::Leaf;
use crate::matching::fields::request_fields::Fields;
use crate::matching::strategy::significance::is_significant;
use crate::model::Strategy;

/// Count of fields below the same one that are named one by one; more are named by the field that holds them.
const ONE_BY_ONE: usize = 4;
/// Limit of names that are given.
const NAMED: usize = 500;
/// Limit of values of one field that are told apart.
const VALUES: usize = 100;
/// Limit of names of different requests that are kept, of which the first are given.
const UNION: usize = 20_000;

/// A field of a request, or what holds several, by the name that a strategy can have for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedField {
    /// The name: short where that is clear.
    pub name: String,
    /// Value in one line of at most 80 characters; of several fields their number.
    pub value: String,
    /// True if it decides under `standard`.
    pub significant: bool,
    /// True if no strategy can leave it out: it says which endpoint or model is meant.
    pub fixed: bool,
    /// Count of the recordings in question that have it.
    #[serde(default = "one")]
    pub recordings: u64,
}

/// The fields of many requests by their names: those that decide come first, and of these those that most requests have.
#[derive(Debug, Default)]
pub struct NamedUnion {
    fields: HashMap<String, (NamedField, HashSet<String>)>,
    /// Count of requests that have a field, or something below it.
    having: HashMap<String, u64>,
}

impl NamedUnion {
    /// Adds a request.
    pub fn add(&mut self, fields: &Fields) {
        let named = fields.named();
        let mut having: HashSet<&str> = HashSet::new();
        for field in &named {
            let ends = field.name.match_indices('/').map(|(at, _)| &field.name[..at]);
            having.extend(ends.chain([&*field.name]));
        }
        for name in having {
            *self.having.entry(name.to_owned()).or_default() += 1;
        }
        for field in named {
            if let Some((known, values)) = self.fields.get_mut(&field.name) {
                known.significant |= field.significant;
                known.fixed &= field.fixed;
                if values.len() < VALUES {
                    values.insert(field.value);
                }
            } else if self.fields.len() < UNION {
                let values = HashSet::from([field.value.clone()]);
                self.fields.insert(field.name.clone(), (field, values));
            }
        }
    }

    /// The fields, at most 500.
    #[must_use]
    pub fn named(self) -> Vec<NamedField> {
        let Self { fields, having } = self;
        let mut named: Vec<NamedField> = fields
            .into_values()
            .map(|(field, values)| {
                let recordings = having.get(&field.name).copied().unwrap_or(1);
                let value = match values.len() {
                    1 => field.value,
                    VALUES => format!("{VALUES} different values or more"),
                    many => format!("{many} different values"),
                };
                NamedField { value, recordings, ..field }
            })
            .collect();
        named.sort_by(|one, other| {
            let rank = |field: &NamedField| (!field.significant, std::cmp::Reverse(field.recordings));
            rank(one).cmp(&rank(other)).then_with(|| one.name.cmp(&other.name))
        });
        named.truncate(NAMED);
        named
    }
}

fn one() -> u64 {
    1
}

impl Fields {
    /// The fields that a strategy can name, in order; at most 500.
    #[must_use]
    pub fn named(&self) -> Vec<NamedField> {
        // Where the mount decides nothing can leave it out, and elsewhere nothing can take it in.
        let leaves: Vec<&Leaf> = self.present().filter(|leaf| !leaf.field.is_mount()).collect();
        let mut named = Vec::new();
        let groups = leaves.chunk_by(|one, next| one.field.cut(1) == next.field.cut(1));
        for group in groups {
            let top = group[0].field.cut(1);
            if group.len() > ONE_BY_ONE && matches!(top.place, FieldPlace::Body | FieldPlace::Part) {
                let value = format!("{} values", group.len());
                let significant = group.iter().any(|leaf| self.decides(&leaf.field));
                named.push(self.one(&top, value, significant));
            } else {
                named.extend(
                    group
                        .iter()
                        .map(|leaf| self.one(&leaf.field, leaf.value.shown(0), self.decides(&leaf.field))),
                );
            }
        }
        // A strategy's text has blanks and commas between names.
        named.retain(|field| !field.name.contains([' ', ',', '\t', '\n']));
        named.truncate(NAMED);
        named
    }

    fn one(&self, field: &Field, value: String, significant: bool) -> NamedField {
        let name = short(field, self, self);
        let without = Strategy::Standard { ignored: vec![name.clone()] };
        let pinned = is_significant(&Strategy::Pinned, self, field);
        NamedField {
            fixed: pinned || (significant && is_significant(&without, self, field)),
            name,
            value,
            significant,
            recordings: 1,
        }
    }

    fn decides(&self, field: &Field) -> bool {
        is_significant(&Strategy::STANDARD, self, field)
    }
}

#[cfg(test)]
mod tests {
    use crate::matching::{Fields, NamedUnion};
    use crate::model::{Headers, Request};

    #[test]
    fn fields_have_the_names_that_a_strategy_understands() {
        let body = r#"{"model":"gpt-image-1.5","prompt":"a cat","size":"1024x1024","seed":7,"a b":1,"tools":[1,2,3,4,5,6]}"#;
        let request = Request {
            method: "POST".into(),
            mount: "openai".into(),
            target: "/v1/images/generations".into(),
            headers: Headers::from_iter([("content-type", "application/json")]),
            body: body.into(),
        };
        let fields = Fields::of(&request);
        let named = fields.named();
        let of = |name: &str| named.iter().find(|field| field.name == name).unwrap();
        assert_eq!((of("seed").value.as_str(), of("seed").significant, of("seed").fixed), ("7", true, false));
        assert!(!of("prompt").significant, "the prompt of a picture is cosmetic");
        assert!(of("model").fixed && of("method").fixed);
        assert_eq!(of("tools").value, "6 values");
        assert!(named.iter().all(|field| !field.name.contains(' ')));
        assert!(named.iter().all(|field| field.fixed || fields.resolve(&field.name).is_ok()), "{named:?}");
    }

    #[test]
    fn the_fields_of_many_are_those_of_any_with_how_many_have_each() {
        let of = |body: &str| {
            Fields::of(&Request {
                method: "POST".into(),
                mount: "openai".into(),
                target: "/v1/chat/completions".into(),
                headers: Headers::from_iter([("content-type", "application/json")]),
                body: body.to_owned().into(),
            })
        };
        let mut union = NamedUnion::default();
        for body in [
            r#"{"model":"m","messages":[{"role":"user","content":"a"}],"user":"u"}"#,
            r#"{"model":"m","messages":[{"role":"user","content":"b"}],"seed":7}"#,
            r#"{"model":"n","messages":[{"role":"user","content":"b"}],"seed":7,"metadata":{"a":1,"b":2}}"#,
        ] {
            union.add(&of(body));
        }
        let named = union.named();
        let told: Vec<_> =
            named.iter().map(|field| (&*field.name, &*field.value, field.recordings)).collect();
        assert_eq!(
            told,
            [
                ("messages/0/content", "2 different values", 3),
                ("messages/0/role", "user", 3),
                ("method", "POST", 3),
                ("model", "2 different values", 3),
                ("path", "/v1/chat/completions", 3),
                ("seed", "7", 2),
                ("metadata/a", "1", 1),
                ("metadata/b", "2", 1),
                ("user", "u", 1),
            ]
        );
    }
}
