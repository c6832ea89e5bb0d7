//! Reads requests by their schemas, so that what does not fit is refused in words of our own: which parameter or field, what was
//! expected, what to send instead. Beginnings of ids become the ids that they are of on the way.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::schemas::COMPONENTS;
use crate::engine::VerbError;

/// Limit of a wrong value that is repeated, in characters.
const SHOWN: usize = 60;

/// The schemas of all requests, and what they refer to.
#[derive(Default)]
pub(super) struct RequestSchemas {
    pub(super) requests: HashMap<String, Value>,
    pub(super) components: Map<String, Value>,
}

/// Finds the id that a text is the only beginning of; `None` where it is of none.
pub(super) type Ids<'a> = &'a dyn Fn(&str) -> Result<Option<String>, VerbError>;

/// A request on its way through its schema.
pub(super) struct Reader<'a> {
    pub(super) schemas: &'a RequestSchemas,
    pub(super) ids: Ids<'a>,
    /// True for a request in a query, where fields are called parameters.
    pub(super) in_query: bool,
}

impl Reader<'_> {
    /// Parameters as their schemas have them: in a path and a query everything is text.
    pub(super) fn typed(&self, request: &Value, name: &str, text: String) -> Value {
        let Some(schema) = self.resolved(request)["properties"].get(name) else { return text.into() };
        let wants = |kind: &str| self.kinds(schema).contains(&kind);
        match text.parse::<u64>() {
            Ok(number) if wants("integer") => return number.into(),
            _ => {}
        }
        match text.as_str() {
            "true" | "false" if wants("boolean") => (text == "true").into(),
            _ => text.into(),
        }
    }

    /// Holds a value against a schema, and puts whole ids in place of their beginnings.
    pub(super) fn check(&self, value: &mut Value, schema: &Value, place: &str) -> Result<(), VerbError> {
        let schema = self.resolved(schema);
        // Ids say so themselves: names of types change.
        if let (true, Value::String(text)) = (schema["x-may-be-abbreviated"] == true, &mut *value) {
            // `rec_…@original` is one side of a diff.
            let (head, tail) = text.split_at(text.find('@').unwrap_or(text.len()));
            if let Some(id) = (self.ids)(head)? {
                *text = format!("{id}{tail}");
            }
        }
        for word in ["anyOf", "oneOf"] {
            if let Some(choices) = schema[word].as_array() {
                return self.check_choice(value, choices, place);
            }
        }
        let expected = self.kinds(schema);
        if !expected.is_empty() && !expected.iter().any(|kind| is(value, kind)) {
            return Err(wrong(place, &expected_words(&expected), value));
        }
        if let Some(words) = schema["enum"].as_array() {
            return one_of(value, words.iter().filter_map(Value::as_str), place);
        }
        if let Some(number) = value.as_f64() {
            let bound = |word: &str, breaks: fn(f64, f64) -> bool| {
                schema[word].as_f64().filter(|bound| breaks(number, *bound))
            };
            if let Some(least) = bound("minimum", |number, least| number < least) {
                return Err(wrong(place, &format!("at least {least}"), value));
            }
            if let Some(most) = bound("maximum", |number, most| number > most) {
                return Err(wrong(place, &format!("at most {most}"), value));
            }
        }
        match value {
            Value::Object(fields) => self.check_fields(fields, schema, place),
            Value::Array(items) => {
                let parts = schema["prefixItems"].as_array();
                if let Some(parts) = parts.filter(|parts| parts.len() != items.len()) {
                    return Err(wrong(place, &format!("a list of {}", parts.len()), &items.len().into()));
                }
                for (at, item) in items.iter_mut().enumerate() {
                    let schema = parts.map_or(&schema["items"], |parts| &parts[at]);
                    self.check(item, schema, &format!("{place}[{at}]"))?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn check_fields(
        &self,
        fields: &mut Map<String, Value>,
        schema: &Value,
        place: &str,
    ) -> Result<(), VerbError> {
        let within = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
        let word = if self.in_query { "parameter" } else { "field" };
        let known = schema["properties"].as_object();
        for (name, value) in fields.iter_mut() {
            match known.and_then(|known| known.get(name)) {
                Some(schema) => self.check(value, schema, &within(name))?,
                None if schema["additionalProperties"] == false && schema["patternProperties"].is_null() => {
                    let known: Vec<_> = known.into_iter().flat_map(Map::keys).map(String::as_str).collect();
                    let place = within(name);
                    return Err(VerbError::Invalid(format!(
                        "unknown {word} `{}`{}",
                        shown(&place),
                        instead(name, &known)
                    )));
                }
                None if schema["additionalProperties"].is_object() => {
                    self.check(value, &schema["additionalProperties"], &within(name))?;
                }
                None => {}
            }
        }
        let mut needed = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if let Some(name) = needed.find(|name| !fields.contains_key(*name)) {
            let said = known.and_then(|known| known[name]["description"].as_str()).unwrap_or_default();
            let said = said.trim_end_matches('.');
            let said = if said.is_empty() { String::new() } else { format!(" ({said})") };
            return Err(VerbError::Invalid(format!(
                "the {word} `{}` is missing{said}; send it as well",
                within(name)
            )));
        }
        Ok(())
    }

    /// One of several forms: which of them is meant shows in a word, or in the first field that it needs.
    fn check_choice(&self, value: &mut Value, choices: &[Value], place: &str) -> Result<(), VerbError> {
        let words = || choices.iter().flat_map(words);
        if value.is_null() && choices.iter().any(|choice| choice["type"] == "null") {
            return Ok(());
        }
        if let Some(word) = value.as_str().filter(|_| words().next().is_some()) {
            return if words().any(|known| known == word) { Ok(()) } else { one_of(value, words(), place) };
        }
        let marks = |choice: &Value| choice["required"][0].as_str().map(str::to_owned);
        if let Value::Object(fields) = &*value {
            let meant =
                choices.iter().find(|choice| marks(choice).is_some_and(|mark| fields.contains_key(&mark)));
            if let Some(meant) = meant {
                return self.check(value, meant, place);
            }
            let all: Vec<_> = choices.iter().filter_map(marks).collect();
            if !all.is_empty() {
                let all: Vec<_> = all.iter().map(String::as_str).collect();
                let found = fields.keys().next().map_or("", String::as_str);
                let near = instead(found, &all);
                return Err(VerbError::Invalid(format!(
                    "{}: unknown field `{}`{near}",
                    named(place),
                    shown(found)
                )));
            }
        }
        let Some(meant) = choices.iter().find(|choice| choice["type"] != "null" && self.fits(value, choice))
        else {
            let kinds: Vec<_> = choices.iter().flat_map(|choice| self.kinds(choice)).collect();
            return Err(wrong(place, &expected_words(&kinds), value));
        };
        self.check(value, meant, place)
    }

    fn fits(&self, value: &Value, schema: &Value) -> bool {
        let kinds = self.kinds(schema);
        kinds.is_empty() || kinds.iter().any(|kind| is(value, kind))
    }

    /// The kinds of values that a schema admits; none where it does not say.
    fn kinds<'s>(&'s self, schema: &'s Value) -> Vec<&'s str> {
        let schema = self.resolved(schema);
        match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => {
                let choices = ["anyOf", "oneOf"].iter().filter_map(|word| schema[*word].as_array()).flatten();
                choices.flat_map(|choice| self.kinds(choice)).collect()
            }
        }
    }

    fn resolved<'s>(&'s self, mut schema: &'s Value) -> &'s Value {
        while let Some(name) = definition(schema) {
            schema = self.schemas.components.get(name).unwrap_or(&Value::Null);
        }
        schema
    }
}

/// The name of the definition that a schema refers to.
fn definition(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix('#')?.strip_prefix(COMPONENTS)?.strip_prefix('/')
}

fn words(choice: &Value) -> impl Iterator<Item = &str> {
    choice["const"]
        .as_str()
        .into_iter()
        .chain(choice["enum"].as_array().into_iter().flatten().filter_map(Value::as_str))
}

fn one_of<'a>(value: &Value, known: impl Iterator<Item = &'a str>, place: &str) -> Result<(), VerbError> {
    let known: Vec<_> = known.collect();
    match value.as_str() {
        Some(word) if known.contains(&word) => Ok(()),
        Some(word) => Err(VerbError::Invalid(format!(
            "{}: unknown word `{}`{}",
            named(place),
            shown(word),
            instead(word, &known)
        ))),
        None => Err(wrong(place, &format!("one of {}", known.join(", ")), value)),
    }
}

/// Advice for a name that is not known: the nearest one, or all there are.
fn instead(name: &str, known: &[&str]) -> String {
    let far = known.iter().map(|other| (strsim::osa_distance(name, other), other));
    let near = far
        .filter(|(distance, _)| *distance <= (name.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance);
    match (near, known) {
        (Some((_, near)), _) => format!("; did you mean `{near}`?"),
        (None, []) => "; there are none here".to_owned(),
        (None, known) => format!("; known are {}", known.join(", ")),
    }
}

fn wrong(place: &str, expected: &str, value: &Value) -> VerbError {
    VerbError::Invalid(format!("{}: expected {expected}, not {}", named(place), shown(&value.to_string())))
}

fn named(place: &str) -> String {
    if place.is_empty() { "the body".to_owned() } else { format!("`{place}`") }
}

fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

/// Kinds of values in words.
fn expected_words(kinds: &[&str]) -> String {
    let word = |kind: &&str| match *kind {
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "text",
        "array" => "a list",
        _ => "an object",
    };
    // Several forms may be of one kind.
    let mut words: Vec<_> = kinds.iter().filter(|kind| **kind != "null").map(word).collect();
    words.dedup();
    words.join(" or ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(schema: &Value, mut value: Value) -> String {
        let schemas = RequestSchemas::default();
        let reader = Reader { schemas: &schemas, ids: &|_| Ok(None), in_query: false };
        reader.check(&mut value, schema, "").map_or_else(|error| error.to_string(), |()| "fine".to_owned())
    }

    #[test]
    fn what_does_not_fit_is_said_in_our_words() {
        let schema = json!({
            "type": "object",
            "required": ["ids"],
            "additionalProperties": false,
            "properties": {
                "ids": { "type": "array", "items": { "type": "string" }, "description": "The recordings." },
                "limit": { "type": ["integer", "null"], "minimum": 1 },
                "verdict": { "oneOf": [{ "type": "string", "const": "accept" }, { "type": "string", "const": "reject" }] },
                "pace": {
                    "oneOf": [
                        { "type": "string", "const": "none" },
                        { "type": "object", "required": ["fixed"], "properties": { "fixed": { "type": "number" } } },
                    ]
                },
            },
        });
        for (value, expected) in [
            (json!({ "ids": ["a"], "limit": null, "verdict": "accept", "pace": { "fixed": 1 } }), "fine"),
            (json!({}), "the field `ids` is missing (The recordings); send it as well"),
            (json!([1]), "the body: expected an object, not [1]"),
            (json!({ "ids": "a" }), "`ids`: expected a list, not \"a\""),
            (json!({ "ids": ["a", 2] }), "`ids[1]`: expected text, not 2"),
            (json!({ "ids": [], "limt": 1 }), "unknown field `limt`; did you mean `limit`?"),
            (
                json!({ "ids": [], "colour": 1 }),
                "unknown field `colour`; known are ids, limit, verdict, pace",
            ),
            (json!({ "ids": [], "limit": "few" }), "`limit`: expected a whole number, not \"few\""),
            (json!({ "ids": [], "limit": 0 }), "`limit`: expected at least 1, not 0"),
            (
                json!({ "ids": [], "verdict": "acept" }),
                "`verdict`: unknown word `acept`; did you mean `accept`?",
            ),
            (json!({ "ids": [], "verdict": 1 }), "`verdict`: expected text, not 1"),
            (
                json!({ "ids": [], "pace": { "fixd": 1 } }),
                "`pace`: unknown field `fixd`; did you mean `fixed`?",
            ),
            (json!({ "ids": [], "pace": { "fixed": "x" } }), "`pace.fixed`: expected a number, not \"x\""),
        ] {
            assert_eq!(told(&schema, value), expected);
        }
    }
}
