//! A bounded excerpt of a JSON text, to ask for members by name: lists and objects lose what is beyond the bounds, so
//! that a text of any length takes bounded memory.

use std::cell::Cell;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::without_mark;

/// Limit of values that are kept. Each takes some 72 bytes besides its text.
const VALUES: usize = 1 << 16;
/// Share of [`VALUES`] for the root's own members, which may stand behind the longest list.
const MEMBERS: usize = 1 << 12;

/// A JSON value without what is beyond the bounds: later items of its lists, later members of its objects.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct JsonExcerpt(pub(crate) Value);

/// The excerpt of a body without content encoding; a byte order mark at its front is skipped.
///
/// # Errors
/// When it is no JSON.
pub(crate) fn json_excerpt(plain: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(without_mark(plain)).map(|JsonExcerpt(value)| value)
}

impl<'de> Deserialize<'de> for JsonExcerpt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (deep, members) = (Cell::new(VALUES - MEMBERS), Cell::new(MEMBERS));
        ExcerptReader { deep: &deep, members: &members, depth: 0 }.deserialize(deserializer).map(Self)
    }
}

/// Reads one value.
#[derive(Clone, Copy)]
struct ExcerptReader<'a> {
    /// Count of values below the root's members that may still be kept.
    deep: &'a Cell<usize>,
    /// Count of the root's members that may still be kept.
    members: &'a Cell<usize>,
    depth: usize,
}

impl ExcerptReader<'_> {
    /// The reader of what stands in this value; `None` where no more is kept.
    fn inside(self) -> Option<Self> {
        let left = if self.depth == 0 { self.members } else { self.deep };
        left.set(left.get().checked_sub(1)?);
        Some(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for ExcerptReader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ExcerptReader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut kept = Vec::new();
        while let Some(inside) = self.inside() {
            let Some(item) = items.next_element_seed(inside)? else { return Ok(Value::Array(kept)) };
            kept.push(item);
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Array(kept))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            match self.inside() {
                Some(inside) => {
                    kept.insert(key, members.next_value_seed(inside)?);
                }
                None => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Value::Object(kept))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The values in a value, itself included.
    fn count(value: &Value) -> usize {
        1 + match value {
            Value::Array(items) => items.iter().map(count).sum::<usize>(),
            Value::Object(members) => members.values().map(count).sum::<usize>(),
            _ => 0,
        }
    }

    #[test]
    fn a_member_behind_the_longest_list_is_found() {
        let text = format!(
            r#"{{"data":[{}],"deep":{{"a":1}},"usage":{{"total":7}},"status":"failed"}}"#,
            vec![r#"["a",{"b":0.5}]"#; VALUES].join(",")
        );
        let value = json_excerpt(text.as_bytes()).unwrap();
        assert_eq!(value["status"], "failed");
        assert_eq!(value["data"][9], serde_json::json!(["a", { "b": 0.5 }]));
        assert!(count(&value) <= VALUES + 1, "{}", count(&value));
        let flat = json_excerpt(format!("[1{}]", ",1".repeat(3 * VALUES)).as_bytes()).unwrap();
        assert_eq!(count(&flat), MEMBERS + 1);
    }

    #[test]
    fn what_is_no_json_is_refused_behind_the_bounds_as_well() {
        let long = format!("[[1{}]", ",1".repeat(2 * VALUES));
        for end in ["", "]]", ",}"] {
            assert!(json_excerpt(format!("{long}{end}").as_bytes()).is_err(), "{end}");
        }
        assert!(json_excerpt(format!("\u{feff}{long}]").as_bytes()).is_ok());
    }

    proptest! {
        #[test]
        fn what_is_short_is_kept_whole(text in r#"[\[\]{}:,"\\a1.e -]{0,24}"#, number in any::<f64>()) {
            for text in [text, format!(r#"{{"a":[{number:?},-7,true,null,"x\n"]}}"#)] {
                let whole = serde_json::from_str::<Value>(&text).ok();
                prop_assert_eq!(json_excerpt(text.as_bytes()).ok(), whole);
            }
        }
    }
}
