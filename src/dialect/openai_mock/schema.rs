//! Values that fit a JSON schema, for structured answers and tool calls.
//!
//! It knows what the structured outputs of the APIs allow: objects, arrays, texts with their usual formats, numbers with
//! limits, constants, choices, references. `pattern`, `not` and conditions are not looked at.

use serde_json::{Map, Value, json};

use crate::dialect::seeded_rng::SeededRng;

/// Depth from which optional things are left out, so that a schema that refers to itself comes to an end.
const DEEP: u8 = 5;
/// A schema that demands itself has no finite value; here it is given up.
const DEEPEST: u8 = 40;
/// Counts of values that are made with all their optional parts, and at all: a schema that refers to itself in several
/// places would double them at each level.
const PLENTY: u32 = 500;
const MOST: u32 = 20_000;

/// A value that fits `schema`. An absent schema allows an object without fields.
pub(super) fn fitting(schema: &Value, dice: &mut SeededRng) -> Value {
    match schema {
        Value::Null => json!({}),
        root => Fitting { root, dice, made: 0 }.value(root, "value", 0),
    }
}

struct Fitting<'a> {
    root: &'a Value,
    dice: &'a mut SeededRng,
    /// Count of values made so far.
    made: u32,
}

impl Fitting<'_> {
    /// `name` is what the value is called, for texts that tell something.
    fn value(&mut self, schema: &Value, name: &str, depth: u8) -> Value {
        self.made += 1;
        if depth > DEEPEST || self.made > MOST {
            return Value::Null;
        }
        let depth = if self.made > PLENTY { depth.max(DEEP) } else { depth };
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        if let Some(allowed) = list(schema, "enum") {
            return self.dice.pick(allowed).clone();
        }
        if let Some(target) = schema["$ref"].as_str() {
            let target = target.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer)).cloned();
            return self.value(&target.unwrap_or_default(), name, depth + 1);
        }
        if let Some(all) = list(schema, "allOf") {
            return self.value(&merged(self.root, schema, all), name, depth + 1);
        }
        if let Some(any) = list(schema, "anyOf").or(list(schema, "oneOf")) {
            let chosen = self.choose(any, depth);
            let all = [chosen.clone()];
            return self.value(&merged(self.root, schema, &all), name, depth + 1);
        }
        match kind(schema, depth) {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, name, depth),
            "integer" => self.number(schema, true),
            "number" => self.number(schema, false),
            "boolean" => self.dice.chance(0.5).into(),
            "null" => Value::Null,
            _ => self.text(schema, name).into(),
        }
    }

    /// Null ends a recursion; before that a value says more.
    fn choose<'s>(&mut self, any: &'s [Value], depth: u8) -> &'s Value {
        let null = |schema: &&Value| schema["type"] == "null";
        let values: Vec<&'s Value> = any.iter().filter(|schema| !null(schema)).collect();
        match any.iter().find(null) {
            Some(null) if depth >= DEEP || values.is_empty() => null,
            // A choice with references is the one that may lead back to itself.
            _ if depth >= DEEP => {
                values.iter().find(|s| !s.to_string().contains("$ref")).unwrap_or(&values[0])
            }
            _ => self.dice.pick::<&Value>(&values),
        }
    }

    fn object(&mut self, schema: &Value, depth: u8) -> Value {
        let mut object = Map::new();
        let required: Vec<&str> =
            list(schema, "required").into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if required.contains(&name.as_str()) || depth < DEEP {
                object.insert(name.clone(), self.value(property, name, depth + 1));
            }
        }
        let other = &schema["additionalProperties"];
        let least = usize::try_from(schema["minProperties"].as_u64().unwrap_or(0)).unwrap_or(0).min(100);
        let more = (1..=least).map(|number| format!("key_{number}"));
        for name in required.into_iter().map(String::from).chain(more) {
            if !object.contains_key(&name) && (object.len() < least || !name.starts_with("key_")) {
                object.insert(name.clone(), self.value(other, &name, depth + 1));
            }
        }
        object.into()
    }

    fn array(&mut self, schema: &Value, name: &str, depth: u8) -> Value {
        let limit = |key: &str| schema[key].as_u64().and_then(|count| usize::try_from(count).ok());
        let first = list(schema, "prefixItems").unwrap_or_default();
        let least = limit("minItems").unwrap_or(0).min(1000);
        let usual = if depth < DEEP { 1 + usize::from(self.dice.chance(0.5)) } else { 0 };
        let most = if schema["items"] == false { first.len() } else { usize::MAX };
        let count = usual.max(first.len()).max(least).min(limit("maxItems").unwrap_or(usize::MAX)).min(most);
        let mut items: Vec<Value> = Vec::new();
        for at in 0..count {
            let schema_of_item = first.get(at).unwrap_or(&schema["items"]);
            let name = format!("{name} {}", at + 1);
            // Equal ones are rare but for choices among few.
            let mut item = self.value(schema_of_item, &name, depth + 1);
            for _ in 0..50 {
                if schema["uniqueItems"] != true || !items.contains(&item) {
                    break;
                }
                item = self.value(schema_of_item, &name, depth + 1);
            }
            items.push(item);
        }
        items.into()
    }

    fn number(&mut self, schema: &Value, whole: bool) -> Value {
        let limit = |key: &str| schema[key].as_f64();
        let step = limit("multipleOf").filter(|step| *step > 0.0).unwrap_or(if whole { 1.0 } else { 0.1 });
        let above = limit("exclusiveMinimum").map(|low| (low / step).floor() + 1.0);
        let below = limit("exclusiveMaximum").map(|high| (high / step).ceil() - 1.0);
        let low = above.or(limit("minimum").map(|low| (low / step).ceil()));
        let high = below.or(limit("maximum").map(|high| (high / step).floor()));
        // Counted in steps, so that a multiple stays one.
        let (low, high) = match (low, high) {
            (Some(low), Some(high)) => (low, high),
            (Some(low), None) => (low, low + 9.0),
            (None, Some(high)) => (high - 9.0, high),
            (None, None) => (1.0, 42.0),
        };
        if low > high {
            // Limits closer than a step: only the lower limit itself can be right.
            return limit("minimum").map_or(Value::Null, Value::from);
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "limits beyond i64 saturate and stay within the limits"
        )]
        let steps = self.dice.whole(low as i64, high as i64);
        #[expect(clippy::cast_precision_loss, reason = "a made-up number")]
        let value = steps as f64 * step;
        if step.fract() == 0.0 {
            #[expect(clippy::cast_possible_truncation, reason = "whole by construction; saturates")]
            return (value as i64).into();
        }
        // Without the digits that adding up tenths leaves behind.
        let rounded = (value * 1e6).round() / 1e6;
        rounded.into()
    }

    fn text(&mut self, schema: &Value, name: &str) -> String {
        let day = self.dice.whole(1, 28);
        let text = match schema["format"].as_str() {
            Some("date-time") => format!("2026-03-{day:02}T09:30:00Z"),
            Some("date") => format!("2026-03-{day:02}"),
            Some("time") => format!("09:{:02}:00Z", day + 10),
            Some("duration") => format!("P{day}D"),
            Some("email") => format!("mock{day}@example.com"),
            Some("hostname") => format!("mock{day}.example.com"),
            Some("ipv4") => format!("192.0.2.{day}"),
            Some("ipv6") => format!("2001:db8::{day}"),
            Some("uri" | "url") => format!("https://example.com/mock/{day}"),
            Some("uuid") => {
                let (a, b) = (self.dice.next(), self.dice.next());
                format!(
                    "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
                    a >> 32,
                    a & 0xFFFF,
                    a >> 16 & 0xFFF,
                    b & 0xFFF,
                    b >> 16
                )
            }
            _ => format!("mock {}", name.replace(['_', '-'], " ")),
        };
        let limit = |key: &str| schema[key].as_u64().and_then(|length| usize::try_from(length).ok());
        let least = limit("minLength").unwrap_or(0).min(100_000);
        let mut text: String = text.chars().take(limit("maxLength").unwrap_or(usize::MAX)).collect();
        let length = text.chars().count();
        text.extend(" mock".chars().cycle().take(least.saturating_sub(length)));
        text
    }
}

/// The type of value to make.
fn kind(schema: &Value, depth: u8) -> &str {
    let guess = [
        ("properties", "object"),
        ("required", "object"),
        ("items", "array"),
        ("prefixItems", "array"),
        ("minimum", "number"),
        ("maximum", "number"),
    ];
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) if depth >= DEEP && kinds.iter().any(|kind| kind == "null") => "null",
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).find(|k| *k != "null").unwrap_or("null")
        }
        _ => guess.iter().find(|(key, _)| schema.get(key).is_some()).map_or("string", |(_, kind)| kind),
    }
}

/// A schema's list that has something in it.
fn list<'a>(schema: &'a Value, key: &str) -> Option<&'a [Value]> {
    schema[key].as_array().map(Vec::as_slice).filter(|list| !list.is_empty())
}

/// `schema` with what `all` demand besides, without its own choices.
fn merged(root: &Value, schema: &Value, all: &[Value]) -> Value {
    let mut whole = schema.as_object().cloned().unwrap_or_default();
    for key in ["allOf", "anyOf", "oneOf"] {
        whole.remove(key);
    }
    for part in all {
        let target = part["$ref"].as_str().and_then(|target| root.pointer(target.strip_prefix('#')?));
        for (key, value) in target.unwrap_or(part).as_object().into_iter().flatten() {
            match (whole.get_mut(key), value) {
                (Some(Value::Object(known)), Value::Object(more)) => known.extend(more.clone()),
                (Some(Value::Array(known)), Value::Array(more)) if key == "required" => {
                    known.extend(more.clone());
                }
                _ => _ = whole.insert(key.clone(), value.clone()),
            }
        }
    }
    whole.into()
}
