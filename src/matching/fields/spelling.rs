//! Keys that may be spelled in two ways: `snake_case` becomes `camelCase`, but people's own keys stay as they are.

use std::borrow::Cow;
use std::collections::HashMap;

use super::field::{Field, FieldPlace, FieldStep};
use crate::dialect::Spelling;
use crate::wire::json::Json;

/// Brings the keys of the object at `steps`, which are in one spelling themselves, into one spelling. A key that is
/// there in both stays as written: the order of members never decides which of the two counts.
pub(crate) fn fold(spelling: &Spelling, steps: &[FieldStep], members: &mut [(Cow<'_, str>, Json<'_>)]) {
    if !members.iter().any(|(key, _)| key.contains('_')) || is_own(spelling, steps) {
        return;
    }
    let folded: Vec<String> = members.iter().map(|(key, _)| camel(key)).collect();
    let mut written: HashMap<&str, Option<&str>> = HashMap::new();
    for (name, (key, _)) in folded.iter().zip(&*members) {
        let known = written.entry(name).or_insert(Some(key));
        *known = known.filter(|known| *known == &**key);
    }
    let single: Vec<bool> = folded.iter().map(|name| written.get(&**name) != Some(&None)).collect();
    for (((key, _), name), single) in members.iter_mut().zip(folded).zip(single) {
        if single {
            *key = Cow::Owned(name);
        }
    }
}

/// True if the keys of the object at `steps` are people's own.
fn is_own(spelling: &Spelling, steps: &[FieldStep]) -> bool {
    let field = Field { place: FieldPlace::Body, steps: steps.to_vec() };
    if spelling.verbatim.iter().any(|name| field.below(name)) {
        return true;
    }
    let Some(schema) = spelling.schemas.iter().find(|name| field.below(name)) else { return false };
    let mut inside =
        steps.iter().filter(|step| !matches!(step, FieldStep::Again(_))).skip(schema.split('/').count());
    while let Some(step) = inside.next() {
        match step {
            FieldStep::Key(key) if matches!(&**key, "default" | "example" | "enum") => return true,
            // The step behind it is a property's name, and what follows is a schema again.
            FieldStep::Key(key)
                if matches!(&**key, "properties" | "defs" | "$defs") && inside.next().is_none() =>
            {
                return true;
            }
            _ => {}
        }
    }
    false
}

/// A key in the JSON mapping of protocol buffers: an underscore goes, and the letter behind it is raised. One at the
/// front stays.
fn camel(key: &str) -> String {
    let mut name = String::with_capacity(key.len());
    let mut raise = false;
    for (at, c) in key.char_indices() {
        if c == '_' && at > 0 {
            raise = true;
        } else {
            name.push(if raise { c.to_ascii_uppercase() } else { c });
            raise = false;
        }
    }
    if raise {
        name.push('_');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn underscores_raise_letters() {
        for (snake, wanted) in [
            ("max_output_tokens", "maxOutputTokens"),
            ("topK", "topK"),
            ("_response_json_schema", "_responseJsonSchema"),
            ("a_1", "a1"),
            ("a_", "a_"),
        ] {
            assert_eq!(camel(snake), wanted);
            assert_eq!(camel(wanted), wanted, "idempotent");
        }
    }
}
