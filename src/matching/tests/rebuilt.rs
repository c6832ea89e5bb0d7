//! Canonical form: what it must not notice, and that it is its own canonical form.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use super::laws::{KEYS, TARGETS, object};
use super::{fields, json};
use crate::matching::Fields;
use crate::matching::fields::field::{FieldPlace, FieldStep};
use crate::matching::fields::leaf::Leaf;
use crate::matching::fields::value::FieldValue as Canonical;

/// Arbitrary JSON.
fn any_json() -> impl proptest::strategy::Strategy<Value = Value> {
    let leaf = prop_oneof![
        proptest::strategy::Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(KEYS).prop_map(Value::from),
    ];
    let key = prop_oneof!["\\PC{0,6}", prop::sample::select(KEYS).prop_map(str::to_owned)];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A value with all keys the other way round.
fn turned(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(turned).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().rev().map(|(key, value)| (key.clone(), turned(value))).collect())
        }
        other => other.clone(),
    }
}

/// A JSON text made anew from canonical fields.
#[derive(Default)]
struct Tree {
    value: Option<String>,
    /// Items in the order of positions, or of keys and their occurrences.
    items: BTreeMap<u32, Tree>,
    members: BTreeMap<(String, u32), Tree>,
}

impl Tree {
    fn of<'a>(leaves: impl Iterator<Item = &'a Leaf>) -> Option<Self> {
        let mut tree = Self::default();
        for leaf in leaves.filter(|leaf| leaf.field.place == FieldPlace::Body) {
            let (mut at, mut steps) = (&mut tree, leaf.field.steps.iter().peekable());
            while let Some(step) = steps.next() {
                at = match step {
                    FieldStep::Index(index) => at.items.entry(*index).or_default(),
                    FieldStep::Key(key) => {
                        let times = steps.next_if(|next| matches!(next, FieldStep::Again(_)));
                        let times = times
                            .map_or(1, |times| if let FieldStep::Again(times) = times { *times } else { 1 });
                        at.members.entry((key.to_string(), times)).or_default()
                    }
                    FieldStep::Again(_) => unreachable!("it stands behind a key"),
                };
            }
            at.value = Some(match &leaf.value {
                Canonical::Null => "null".into(),
                Canonical::Bool(value) => value.to_string(),
                Canonical::Number(number) => number.to_string(),
                Canonical::Text(text) => Value::from(&**text).to_string(),
                Canonical::EmptyObject => "{}".into(),
                Canonical::EmptyArray => "[]".into(),
                Canonical::Echo(nth) => format!("\"id-{nth}\""),
                // Only hashes are left of these.
                Canonical::Long { .. }
                | Canonical::Media { .. }
                | Canonical::Numbers { .. }
                | Canonical::Earlier(_)
                | Canonical::Bytes { .. } => return None,
            });
        }
        Some(tree)
    }

    fn text(&self) -> String {
        let joined = |texts: Vec<String>| texts.join(",");
        match &self.value {
            // A lone block of text: its hints stand below the text.
            Some(text) if !self.items.is_empty() => {
                let hints = self.items.values().flat_map(|block| &block.members);
                let hints = hints.map(|((key, _), hint)| format!(",{}:{}", Value::from(&**key), hint.text()));
                format!("[{{\"type\":\"text\",\"text\":{text}{}}}]", hints.collect::<String>())
            }
            Some(value) => value.clone(),
            None if self.members.is_empty() => {
                format!("[{}]", joined(self.items.values().map(Self::text).collect()))
            }
            None => {
                let member = |((key, _), value): (&(String, u32), &Self)| {
                    format!("{}:{}", Value::from(&**key), value.text())
                };
                format!("{{{}}}", joined(self.members.iter().map(member).collect()))
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn key_order_and_whitespace_never_matter_in_any_json(value in any_json(), target in prop::sample::select(TARGETS)) {
        let one = fields(&json(target, &value.to_string()));
        let other = fields(&json(target, &serde_json::to_string_pretty(&turned(&value)).unwrap()));
        prop_assert_eq!(&one.leaves, &other.leaves);
        prop_assert_eq!(one.facts, other.facts);
    }

    #[test]
    fn fields_of_what_canonical_fields_say_are_the_same(body in object(3), target in prop::sample::select(TARGETS)) {
        let one = fields(&json(target, &body));
        let Some(tree) = Tree::of(one.leaves.iter()) else { return Ok(()) };
        let again = fields(&json(target, &tree.text()));
        let plain = |fields: &Fields| -> Vec<_> {
            fields.leaves.iter().map(|leaf| (leaf.field.clone(), leaf.value.clone(), leaf.absent)).collect()
        };
        prop_assert!(one.opaque.is_some() || plain(&again) == plain(&one), "{} {:#?} {:#?}", tree.text(), one.leaves, again.leaves);
    }
}
