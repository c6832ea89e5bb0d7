//! Schemas out of types: they admit nothing but what they name, in words without marks of rustdoc.

use schemars::SchemaGenerator;
use schemars::generate::{Contract, SchemaSettings};
use serde_json::{Map, Value};

/// Place of the schemas in the document that others refer to.
pub(super) const COMPONENTS: &str = "/components/schemas";

/// Generator of schemas that keep those they refer to at `definitions`.
pub(super) fn generator(definitions: &'static str, contract: Contract) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = definitions.into();
        settings.contract = contract;
    });
    settings.into_generator()
}

/// Makes a schema and all inside it so.
pub(super) fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            // A name of a field may be a word of schemas, too.
            for (word, inside) in fields.iter_mut() {
                match inside {
                    Value::Object(named) if matches!(word.as_str(), "properties" | "$defs") => {
                        named.values_mut().for_each(tidy);
                    }
                    _ if matches!(word.as_str(), "examples" | "example" | "enum" | "const") => {}
                    _ => tidy(inside),
                }
            }
            if let Some(Value::String(text)) = fields.get_mut("description") {
                *text = plain(text);
            }
            if is_loose(fields) {
                fields.insert("additionalProperties".into(), false.into());
            }
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn is_loose(schema: &Map<String, Value>) -> bool {
    schema.get("type").is_some_and(|kind| kind == "object")
        && !["additionalProperties", "unevaluatedProperties", "$ref", "allOf"]
            .iter()
            .any(|word| schema.contains_key(*word))
}

/// A doc comment as one paragraph, its links as what they are called.
fn plain(comment: &str) -> String {
    comment.split("\n\n").next().unwrap_or_default().replace('\n', " ").replace("[`", "`").replace("`]", "`")
}
