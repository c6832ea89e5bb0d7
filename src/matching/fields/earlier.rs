//! Ids of earlier answers (`previous_response_id`): what counts is what was asked then, not the id it was given.

use super::request_fields::{Earlier, Fields};
use super::value::FieldValue;
use crate::model::Fingerprint;

impl Fields {
    /// The fields with the ids of earlier answers replaced by what `asked` knows of them. Unknown ones stay as they are.
    #[must_use]
    pub fn resolved(mut self, asked: impl Fn(&str) -> Option<Fingerprint>) -> Self {
        let names = self.endpoint.rules.earlier;
        if names.is_empty() {
            return self;
        }
        for leaf in self.leaves.iter_mut().filter(|leaf| names.iter().any(|name| leaf.field.is(name))) {
            if let FieldValue::Text(id) = &leaf.value
                && let Some(fingerprint) = asked(id)
            {
                self.earlier.push((id.to_string(), fingerprint));
                leaf.value = FieldValue::Earlier(fingerprint);
            }
        }
        self
    }

    /// The fields with the ids as they were sent; none where none was replaced.
    #[must_use]
    pub fn literal(&self) -> Option<Self> {
        let mut literal = (!self.earlier.is_empty()).then(|| self.clone())?;
        for (id, fingerprint) in std::mem::take(&mut literal.earlier) {
            let resolved = FieldValue::Earlier(fingerprint);
            for leaf in literal.leaves.iter_mut().filter(|leaf| leaf.value == resolved) {
                leaf.value = FieldValue::Text(id.as_str().into());
            }
        }
        Some(literal)
    }

    /// True if the request has a place that names an earlier answer, known or not.
    #[must_use]
    pub fn names_earlier(&self) -> bool {
        let names = self.endpoint.rules.earlier;
        !names.is_empty() && self.leaves.iter().any(|leaf| names.iter().any(|name| leaf.field.is(name)))
    }

    /// The ids that were replaced.
    #[must_use]
    pub fn earlier(&self) -> &[Earlier] {
        &self.earlier
    }
}
