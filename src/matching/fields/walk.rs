//! The walk from a request to its leaves: the head, and a body by its kind.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::canon_config::Ignored;
use super::facts::Facts;
use super::field::{Field, FieldPlace, FieldStep, names_model};
use super::leaf::Leaf;
use super::value::FieldValue;
use super::{header, spelling, summary};
use crate::dialect::{Endpoint, Rules};
use crate::matching::scrub::{parameters, secret, withheld};
use crate::model::{Request, media_type};
use crate::wire::body_kind::BodyKind;
use crate::wire::content_coding::decoded;
use crate::wire::json;
use crate::wire::json::{Json, JsonFlaw};
use crate::wire::{multipart, percent};

/// Limit of values in a body. A body with more is compared as opaque bytes: its fields would fill the memory.
const LEAVES: usize = 100_000;
/// Limit of steps that the paths to them have together.
const STEPS: usize = 2_000_000;

/// Collects leaves on the way down into a request.
pub(crate) struct FieldWalk<'a> {
    pub(crate) rules: &'static Rules,
    pub(crate) steps: Vec<FieldStep>,
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) facts: Facts,
    /// The place of the JSON that is walked: the body, or a part of it.
    place: FieldPlace,
    /// Patterns that are ignored in texts; `None` without any.
    patterns: Option<&'a Ignored<'a>>,
    /// Count of steps that the paths to the leaves have together.
    long: usize,
}

impl<'a> FieldWalk<'a> {
    pub(crate) fn new(rules: &'static Rules, patterns: Option<&'a Ignored<'a>>) -> Self {
        let (steps, leaves, facts) = (Vec::new(), Vec::new(), Facts::default());
        Self { rules, steps, leaves, facts, place: FieldPlace::Body, patterns, long: 0 }
    }

    fn add(&mut self, field: Field, value: FieldValue) {
        self.push(Leaf::new(field, value));
    }

    fn push(&mut self, leaf: Leaf) {
        self.long += leaf.field.steps.len();
        self.leaves.push(leaf);
    }

    /// True if there are more leaves than memory is meant for.
    fn is_full(&self) -> bool {
        self.leaves.len() > LEAVES || self.long > STEPS
    }

    /// A value at the place that was reached.
    pub(crate) fn here(&mut self, value: FieldValue) {
        let field = self.field();
        self.add(field, value);
    }

    fn field(&self) -> Field {
        Field { place: self.place, steps: self.steps.clone() }
    }

    pub(crate) fn is_body(&self) -> bool {
        self.place == FieldPlace::Body
    }

    /// Adds everything before the body; `headers` are those that the configuration lets decide.
    pub(crate) fn head(&mut self, request: &Request, endpoint: &Endpoint, headers: &[String]) {
        self.add(Field::whole(FieldPlace::Method), FieldValue::plain(&request.method));
        self.add(Field::whole(FieldPlace::Mount), FieldValue::plain(&request.mount));
        self.add(Field::whole(FieldPlace::Path), FieldValue::plain(&endpoint.template));
        for (name, value) in &endpoint.vars {
            self.add(Field::named(FieldPlace::Path, name), FieldValue::plain(value));
        }
        let mut times = HashMap::new();
        for (name, value) in parameters::parameters(&request.mount, request.query()) {
            let field = again(Field::named(FieldPlace::Query, &name), times.entry(name).or_default());
            self.add(field, FieldValue::plain(&value));
        }
        self.leaves.extend(header::leaves(request, endpoint.rules, headers));
    }

    /// The body, by what it is; why it is opaque, if it is.
    pub(crate) fn body(&mut self, request: &Request) -> Option<&'static str> {
        if request.body.is_empty() {
            return None;
        }
        if let Some(why) = withheld::reason(&request.body) {
            self.add(
                Field::whole(FieldPlace::Body),
                FieldValue::plain(&String::from_utf8_lossy(&request.body)),
            );
            return Some(why);
        }
        let Some(body) = decoded(&request.headers, &request.body) else {
            self.add(Field::whole(FieldPlace::Body), FieldValue::of_bytes(&request.body));
            return Some("its content encoding cannot be decoded");
        };
        let start = self.leaves.len();
        let read = match BodyKind::of(&request.headers, &body) {
            BodyKind::Multipart => {
                let content_type = request.headers.text("content-type").unwrap_or_default();
                let parts = self.parts(content_type, &body);
                // Its type may be wrong about JSON, too.
                parts.or_else(|problem| self.text_of_json(&body).map_err(|_| problem))
            }
            BodyKind::Json => self.text_of_json(&body),
            BodyKind::Form => self.form(&request.mount, &body),
            BodyKind::Empty | BodyKind::Other => Err("it is neither JSON nor a form nor multipart"),
        };
        let problem = read.err()?;
        self.leaves.truncate(start);
        let text = std::str::from_utf8(&body).ok();
        self.add(
            Field::whole(FieldPlace::Body),
            text.map_or_else(|| FieldValue::of_bytes(&body), FieldValue::plain),
        );
        Some(problem)
    }

    fn text_of_json(&mut self, body: &[u8]) -> Result<(), &'static str> {
        let json = json::parse(body).map_err(|flaw| match flaw {
            JsonFlaw::Deep => "its JSON is nested too deeply",
            JsonFlaw::Many => "its JSON has too many values",
            JsonFlaw::Invalid => json::problem(body),
        })?;
        self.facts = summary::facts(&json);
        self.json(json);
        if self.is_full() { Err("its JSON has too many values") } else { Ok(()) }
    }

    /// Names and values as in a query: the order of those with one name counts, that of different names does not.
    fn form(&mut self, mount: &str, body: &[u8]) -> Result<(), &'static str> {
        let text = std::str::from_utf8(body).map_err(|_| "its form is not valid UTF-8")?;
        if percent::pairs(text).nth(LEAVES).is_some() {
            return Err("its form has too many values");
        }
        self.facts = summary::facts_of_form(text);
        let (start, mut times) = (self.leaves.len(), HashMap::new());
        for (name, value) in parameters::parameters(mount, text) {
            self.steps = again(Field::named(FieldPlace::Body, &name), times.entry(name).or_default()).steps;
            self.text(&value);
        }
        self.steps.clear();
        if self.leaves.len() == start {
            self.add(Field::whole(FieldPlace::Body), FieldValue::EmptyObject);
        }
        Ok(())
    }

    fn parts(&mut self, content_type: &str, body: &[u8]) -> Result<(), &'static str> {
        let parts = multipart::parse(content_type, body)?;
        self.facts = summary::facts_of_parts(body, &parts);
        let is_form = multipart::is_form(content_type);
        let mut times: HashMap<&str, (u32, u32)> = HashMap::new();
        for part in &parts {
            times.entry(&part.name).or_default().0 += 1;
        }
        for (part, position) in parts.iter().zip(0..) {
            let mut field = Field::named(FieldPlace::Part, &part.name);
            if part.name.is_empty() && !is_form {
                field.steps = vec![FieldStep::Index(position)];
            } else if let Some((count, next)) = times.get_mut(part.name.as_str())
                && (*count > 1 || part.name.ends_with("[]"))
            {
                field.steps.push(FieldStep::Index(*next));
                *next += 1;
            }
            let data = &body[part.data.clone()];
            // Keys differ between people, and some send theirs in a header instead.
            if secret::was_given(&part.name, data) {
                continue;
            }
            if is_form {
                self.add(field, FieldValue::of_part(data, part.file));
            } else {
                self.related(field, part, data);
            }
        }
        if parts.is_empty() {
            self.add(Field::whole(FieldPlace::Part), FieldValue::EmptyObject);
        }
        Ok(())
    }

    /// A part of a multipart body that is no form. What kind of content it is counts, and so does the id by which other
    /// parts refer to it; JSON has a field for each value.
    fn related(&mut self, field: Field, part: &multipart::MultipartPart, data: &[u8]) {
        let kind = part.content_type.to_ascii_lowercase();
        let is_json = kind.contains("json") && part.content_id.is_empty();
        if is_json && let Ok(json @ (Json::Object(_) | Json::Array(_))) = json::parse(data) {
            let (start, long) = (self.leaves.len(), self.long);
            (self.place, self.steps) = (FieldPlace::Part, field.steps.clone());
            self.json(json);
            self.place = FieldPlace::Body;
            self.steps.clear();
            if !self.is_full() {
                return;
            }
            self.leaves.truncate(start);
            self.long = long;
        }
        let is_text = matches!(&*media_type(&kind), "" | "text/plain");
        let value = match std::str::from_utf8(data) {
            Ok(text) if is_text && part.content_id.is_empty() => FieldValue::plain(text),
            _ => FieldValue::of_content(&format!("{kind} {}", part.content_id), data),
        };
        self.add(field, value);
    }

    pub(crate) fn json(&mut self, json: Json<'_>) {
        if self.is_full() {
            return;
        }
        let Some(json) = self.spelled(json) else { return };
        let value = match json {
            Json::Null => FieldValue::Null,
            Json::Bool(value) => FieldValue::Bool(value),
            Json::Number(number) => FieldValue::number(number),
            Json::Text(text) => return self.text(&text),
            Json::Array(items) if items.is_empty() => FieldValue::EmptyArray,
            Json::Object(members) if members.is_empty() => FieldValue::EmptyObject,
            Json::Array(items) => {
                if let Some(numbers) = FieldValue::of_numbers(&items) {
                    return self.here(numbers);
                }
                for (item, index) in items.into_iter().zip(0..) {
                    self.steps.push(FieldStep::Index(index));
                    self.json(item);
                    self.steps.pop();
                }
                return;
            }
            Json::Object(members) => return self.object(members),
        };
        self.here(value);
    }

    /// A text, without what is ignored in it.
    pub(crate) fn text(&mut self, text: &str) {
        let field = self.field();
        // The date of a model's name has rules of its own.
        let patterns = self.patterns.filter(|_| !names_model(&field));
        let without = patterns.and_then(|patterns| patterns.without(self.rules, &field, text));
        match without {
            None => self.add(field, FieldValue::of_text(text)),
            Some(clean) => {
                let leaf = Leaf::new(field, FieldValue::of_text(&clean));
                self.push(Leaf { written: Some(text.into()), ..leaf });
            }
        }
    }

    fn object(&mut self, mut members: Vec<(Cow<'_, str>, Json<'_>)>) {
        members.retain(|(key, value)| {
            !value.as_text().is_some_and(|text| secret::was_given(key, text.as_bytes()))
        });
        if let Some(spelling) = self.rules.spelling.filter(|_| self.is_body()) {
            spelling::fold(spelling, &self.steps, &mut members);
        }
        members.sort_by(|a, b| a.0.cmp(&b.0));
        let mut last: Option<(Arc<str>, u32)> = None;
        for (key, value) in members {
            let (key, times) = match last.take() {
                Some((before, times)) if *before == *key => (before, times + 1),
                _ => (Arc::from(&*key), 1),
            };
            self.steps.push(FieldStep::Key(Arc::clone(&key)));
            if times > 1 {
                self.steps.push(FieldStep::Again(times));
            }
            self.json(value);
            self.steps.truncate(self.steps.len() - if times > 1 { 2 } else { 1 });
            last = Some((key, times));
        }
    }
}

/// The field, or where its name was counted before the second, third, … of that name.
fn again(mut field: Field, times: &mut u32) -> Field {
    *times += 1;
    if *times > 1 {
        field.steps.push(FieldStep::Again(*times));
    }
    field
}
