//! One list of definitions out of two: what is read may leave out what is always written, so that a type that is both can
//! have two.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::schemas::COMPONENTS;

type Definitions = Map<String, Value>;

/// The definitions of requests and of answers as one list; `requests`, which refers to them, follows their names.
pub(super) fn merged(
    mut answers: Definitions,
    read: Definitions,
    requests: &mut [&mut Value],
) -> Definitions {
    let differing = differing(&answers, &read);
    for (name, mut definition) in read {
        rename(&mut definition, &differing);
        let name = if differing.contains(&name) { input(&name) } else { name };
        answers.entry(name).or_insert(definition);
    }
    for request in requests.iter_mut() {
        rename(request, &differing);
    }
    answers.sort_keys();
    answers
}

/// The names that mean something else in requests, by themselves or by what they hold.
fn differing(answers: &Definitions, read: &Definitions) -> BTreeSet<String> {
    let both = |name: &String| answers.contains_key(name);
    let mut names: BTreeSet<String> = read
        .iter()
        .filter(|(name, definition)| answers.get(*name).is_some_and(|other| other != *definition))
        .map(|(name, _)| name.clone())
        .collect();
    loop {
        let holds = |definition: &Value| {
            let text = definition.to_string();
            names.iter().any(|name| text.contains(&format!("\"#{COMPONENTS}/{name}\"")))
        };
        let more: Vec<_> = read
            .iter()
            .filter(|(name, definition)| both(name) && !names.contains(*name) && holds(definition))
            .map(|(name, _)| name.clone())
            .collect();
        if more.is_empty() {
            return names;
        }
        names.extend(more);
    }
}

fn input(name: &str) -> String {
    format!("{name}Input")
}

fn rename(schema: &mut Value, names: &BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(place)) = fields.get_mut("$ref") {
                let name = place.rsplit('/').next().unwrap_or_default();
                if names.contains(name) {
                    *place = format!("#{COMPONENTS}/{}", input(name));
                }
            }
            fields.values_mut().for_each(|inside| rename(inside, names));
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(|inside| rename(inside, names)),
        _ => {}
    }
}
