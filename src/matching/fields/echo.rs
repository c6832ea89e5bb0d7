//! Ids that only say what belongs together within one request: which ones are equal counts, what they are does not.

use std::collections::HashMap;

use super::field::{Field, FieldPlace, FieldStep};
use super::leaf::Leaf;
use super::request_fields::Fields;
use super::value::FieldValue;
use crate::dialect::{Echo, EchoPart};

impl Fields {
    /// Replaces such ids by their order. One that refers to what no other names in this request stays as it is: what it
    /// means stands somewhere else.
    pub(crate) fn number_echoes(&mut self) {
        let echoed = self.endpoint.rules.echoed;
        if echoed.is_empty() {
            return;
        }
        let mut numbers: HashMap<(u8, Vec<u8>), u32> = HashMap::new();
        let (mut names, mut refers) = (Vec::new(), Vec::new());
        for (at, leaf) in self.leaves.iter().enumerate() {
            let is_text = matches!(
                leaf.value,
                FieldValue::Text(_) | FieldValue::Long { .. } | FieldValue::Media { .. }
            );
            if leaf.field.place != FieldPlace::Body || !is_text {
                continue;
            }
            let echo =
                echoed.iter().find(|echo| leaf.field.is(echo.field) && self.is_beside(echo, &leaf.field));
            match echo.map(|echo| echo.part) {
                Some(EchoPart::Names) => {
                    let next = u32::try_from(numbers.len() + 1).unwrap_or(u32::MAX);
                    names.push((at, *numbers.entry(leaf.value.bytes()).or_insert(next)));
                }
                Some(EchoPart::Refers) => refers.push(at),
                None => {}
            }
        }
        for at in refers {
            if let Some(number) = numbers.get(&self.leaves[at].value.bytes()) {
                names.push((at, *number));
            }
        }
        for (at, number) in names {
            self.leaves[at].value = FieldValue::Echo(number);
        }
    }

    /// True if what must stand beside an id does.
    fn is_beside(&self, echo: &Echo, id: &Field) -> bool {
        let kind = || match self.beside(id, "type") {
            Some(FieldValue::Text(kind)) => Some(kind.to_string()),
            Some(_) => None,
            None => Some(String::new()),
        };
        (echo.types.is_empty() || kind().is_some_and(|kind| echo.types.contains(&&*kind)))
            && (echo.beside.is_empty() || echo.beside.iter().any(|key| self.is_filled(id, key)))
    }

    /// True if a member beside a field is there and holds something: a text that is not empty, or anything below it.
    fn is_filled(&self, field: &Field, key: &str) -> bool {
        let place = sibling(field, key);
        let from = self.leaves.partition_point(|leaf| leaf.field < place);
        self.leaves.get(from).is_some_and(|leaf| {
            leaf.field.steps.starts_with(&place.steps)
                && match &leaf.value {
                    FieldValue::Text(text) => !text.is_empty(),
                    FieldValue::Null => false,
                    _ => true,
                }
        })
    }

    /// The value of a member beside a field. Of a key that occurs twice nobody knows which one counts: that is `null`.
    fn beside(&self, field: &Field, key: &str) -> Option<&FieldValue> {
        let place = sibling(field, key);
        let at = self.leaves.binary_search_by(|leaf| leaf.field.cmp(&place)).ok()?;
        let twice = |next: &Leaf| next.field.steps.starts_with(&place.steps);
        if self.leaves.get(at + 1).is_some_and(twice) {
            Some(&FieldValue::Null)
        } else {
            Some(&self.leaves[at].value)
        }
    }
}

/// The field of another member of the object in which a field stands.
fn sibling(field: &Field, key: &str) -> Field {
    let mut place = field.clone();
    while let Some(FieldStep::Again(_)) = place.steps.last() {
        place.steps.pop();
    }
    place.steps.pop();
    place.steps.push(FieldStep::Key(key.into()));
    place
}
