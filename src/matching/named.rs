//! The fields of a request as people choose among them.

use serde::{Deserialize, Serialize};

use super::canonical::{Fields, Leaf};
use super::field::{Field, Place};
use super::fixes::short;
use super::significance::is_significant;
use crate::model::Strategy;

/// So many fields below the same one are named one by one; more by what holds them.
const ONE_BY_ONE: usize = 4;
/// So many names are given at most.
const NAMED: usize = 500;

/// A field of a request, or what holds several, by the name that a strategy can have for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedField {
    /// The name: short where that is clear.
    pub name: String,
    /// Its value in one line of at most 80 characters; of several fields their number.
    pub value: String,
    /// Whether it decides under `standard`.
    pub significant: bool,
    /// Whether no strategy can leave it out: it says which endpoint or model is meant.
    pub fixed: bool,
}

impl Fields {
    /// The fields that a strategy can name, in order; at most 500.
    #[must_use]
    pub fn named(&self) -> Vec<NamedField> {
        let leaves: Vec<&Leaf> = self.present().collect();
        let mut named = Vec::new();
        let groups = leaves.chunk_by(|one, next| one.field.cut(1) == next.field.cut(1));
        for group in groups {
            let top = group[0].field.cut(1);
            if group.len() > ONE_BY_ONE && matches!(top.place, Place::Body | Place::Part) {
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
        }
    }

    fn decides(&self, field: &Field) -> bool {
        is_significant(&Strategy::STANDARD, self, field)
    }
}

#[cfg(test)]
mod tests {
    use crate::matching::Fields;
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
}
