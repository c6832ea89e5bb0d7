//! Values that may be spelled in several ways: a text or a list of one text block, one object or a list of it.
//!
//! Where a short form and a long one have the same fields, names of either mean both. Where they cannot, as with a text
//! block, which loses its position, the name of its text means the text.

use super::field::{Field, FieldPlace, FieldStep, stands_at};
use super::value::FieldValue;
use super::walk::FieldWalk;
use crate::dialect::PlainValue;
use crate::wire::json;
use crate::wire::json::Json;

impl FieldWalk<'_> {
    /// A value in the spelling that all have in common; none where it was taken in already.
    pub(crate) fn spelled<'a>(&mut self, json: Json<'a>) -> Option<Json<'a>> {
        if !self.is_body() {
            return Some(json);
        }
        let forms = self.rules.forms;
        let steps = &self.steps;
        let at = |names: &[&str]| names.iter().any(|name| stands_at(steps, name));
        match json {
            Json::Text(text) if at(forms.lone_message) => {
                let role = Json::Text("user".into());
                let message = vec![("role".into(), role), ("content".into(), Json::Text(text))];
                Some(Json::Array(vec![Json::Object(message)]))
            }
            Json::Text(text) if at(forms.lone_item) => Some(Json::Array(vec![Json::Text(text)])),
            Json::Text(text) if json::is_number(&text) && at(forms.numbers) => {
                self.here(FieldValue::number(&text));
                None
            }
            Json::Text(text) if at(forms.bytes) => match FieldValue::of_base64(&text) {
                Some(bytes) => {
                    self.here(bytes);
                    None
                }
                None => Some(Json::Text(text)),
            },
            Json::Object(members) if at(forms.lone_object) => Some(Json::Array(vec![Json::Object(members)])),
            Json::Array(mut items)
                if items.len() == 1 && at(forms.lone_text) && self.is_lone_text(&items[0]) =>
            {
                self.lone_text(items.remove(0));
                None
            }
            other => Some(other),
        }
    }

    /// True if the only item of a list is a block with a text, beside which nothing counts.
    fn is_lone_text(&self, block: &Json<'_>) -> bool {
        let Json::Object(members) = block else { return false };
        let (mut texts, mut types) = (0, 0);
        for (key, value) in members {
            match (&**key, value) {
                ("text", Json::Text(_)) => texts += 1,
                ("type", Json::Text(kind)) if self.rules.forms.text_block.contains(&&**kind) => types += 1,
                _ if self.is_hint(key, value) => {}
                _ => return false,
            }
        }
        (texts, types) == (1, 1)
    }

    /// True if a member of a lone block changes nothing about the answer.
    fn is_hint(&self, key: &str, value: &Json<'_>) -> bool {
        let mut field = Field { place: FieldPlace::Body, steps: self.steps.clone() };
        field.steps.extend([FieldStep::Index(0), FieldStep::Key(key.into())]);
        let rules = self.rules;
        let empty = match value {
            Json::Array(items) => items.is_empty(),
            Json::Object(members) => members.is_empty(),
            _ => false,
        };
        rules.cosmetic.iter().copied().flatten().any(|name| field.below(name))
            || (*value == Json::Null && rules.null_is_absent.iter().any(|name| field.is(name)))
            || (empty && rules.presets.iter().any(|p| p.value == PlainValue::Empty && field.is(p.field)))
    }

    /// The text of a lone block as if it stood there alone, and its hints where they are.
    fn lone_text(&mut self, block: Json<'_>) {
        let Json::Object(members) = block else { return };
        for (key, value) in members {
            match (&*key, value) {
                ("text", Json::Text(text)) => self.text(&text),
                ("type", _) => {}
                (_, value) => {
                    self.steps.extend([FieldStep::Index(0), FieldStep::Key((&*key).into())]);
                    self.json(value);
                    self.steps.truncate(self.steps.len() - 2);
                }
            }
        }
    }
}
