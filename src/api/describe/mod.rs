//! Description of the control API, made from the types of the verbs: an `OpenAPI` document, and the schemas that requests
//! are read by.
//!
//! By hand is only what is no verb: `assets/openapi-base.json` has the head of the document, its errors, and the paths whose
//! answers are no JSON. Everything here is made once, when somebody first needs it.

mod document;
mod merge;
mod reader;
mod schemas;

use std::sync::LazyLock;

use schemars::JsonSchema;
use schemars::generate::Contract;
use serde_json::{Map, Value};

use document::Document;
use reader::{Reader, RequestSchemas};

use super::{Verb, ids};
use crate::engine::{Engine, VerbError};

static DESCRIPTION: LazyLock<(String, RequestSchemas)> = LazyLock::new(|| {
    let (document, schemas) = Document::of_all_verbs();
    (format!("{document:#}\n"), schemas)
});

/// The description of the control API as JSON text.
#[must_use]
pub fn openapi() -> &'static str {
    &DESCRIPTION.0
}

/// The JSON schema of what is written for programs.
#[must_use]
pub fn output_schema<T: JsonSchema>(title: &str) -> Value {
    let mut generator = schemas::generator("/$defs", Contract::Serialize);
    let mut schema = generator.root_schema_for::<T>().to_value();
    schemas::tidy(&mut schema);
    if let Value::Object(fields) = &mut schema {
        fields.insert("title".into(), title.into());
    }
    schema
}

/// The request of a verb out of the parameters of a path and a query, and a body. Beginnings of ids become the ids of what
/// `engine` holds.
///
/// # Errors
/// When it does not fit; the error says where and what would.
pub fn read_request<V: Verb>(
    engine: &Engine,
    parameters: Vec<(String, String)>,
    body: Option<Value>,
) -> Result<V, VerbError> {
    let schemas = &DESCRIPTION.1;
    let schema = schemas.requests.get(&*V::schema_name()).unwrap_or(&Value::Null);
    let ids = |text: &str| ids::whole(engine, text, V::OF_TRASH);
    let reader = Reader { schemas, ids: &ids, in_query: body.is_none() };
    let mut typed = Map::new();
    for (name, text) in parameters {
        let value = reader.typed(schema, &name, text);
        if typed.insert(name.clone(), value).is_some() {
            return Err(VerbError::Invalid(format!("the parameter `{name}` is given twice; send it once")));
        }
    }
    let mut whole = match body {
        Some(Value::Object(fields)) => {
            // What the path says holds.
            let fields =
                fields.into_iter().filter(|(name, _)| !typed.contains_key(name)).collect::<Map<_, _>>();
            Value::Object(fields.into_iter().chain(typed).collect())
        }
        Some(other) if typed.is_empty() => other,
        Some(_) => return Err(VerbError::Invalid("the body: expected an object with fields".into())),
        None => Value::Object(typed),
    };
    reader.check(&mut whole, schema, "")?;
    serde_path_to_error::deserialize(whole).map_err(|error| {
        let place = error.path().to_string();
        let place = if place == "." { String::new() } else { format!("`{place}`: ") };
        VerbError::Invalid(format!("{place}{}", error.inner()))
    })
}
