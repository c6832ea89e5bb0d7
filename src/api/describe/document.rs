//! The `OpenAPI` document.

use std::collections::HashMap;

use http::Method;
use schemars::SchemaGenerator;
use schemars::generate::Contract;
use serde_json::{Map, Value, json};

use super::merge;
use super::reader::RequestSchemas;
use super::schemas::{COMPONENTS, generator, tidy};
use crate::api::{Route, Verb, VerbAccess, Visitor, visit_all};
use crate::model::{Event, MediaId, Snapshot};

/// Head, errors, and the paths that are no verbs.
const BASE: &str = include_str!("../../../assets/openapi-base.json");

/// The document as it grows.
pub(super) struct Document {
    written: SchemaGenerator,
    read: SchemaGenerator,
    operations: Vec<Operation>,
    /// The schemas of whole requests, by the names of their types.
    requests: HashMap<String, Value>,
}

/// One verb as the document has it.
struct Operation {
    path: String,
    method: String,
    said: Value,
}

impl Document {
    /// The whole document, and what requests are read by.
    pub(super) fn of_all_verbs() -> (Value, RequestSchemas) {
        let mut document = Self {
            written: generator(COMPONENTS, Contract::Serialize),
            read: generator(COMPONENTS, Contract::Deserialize),
            operations: Vec::new(),
            requests: HashMap::new(),
        };
        visit_all(&mut document);
        document.written.subschema_for::<Event>();
        document.written.subschema_for::<Snapshot>();
        document.written.subschema_for::<MediaId>();
        document.finished()
    }

    fn finished(mut self) -> (Value, RequestSchemas) {
        let definitions = |generator: &mut SchemaGenerator| {
            let mut all = Value::Object(generator.take_definitions(false));
            all.as_object_mut().into_iter().flat_map(Map::values_mut).for_each(tidy);
            match all {
                Value::Object(all) => all,
                _ => Map::new(),
            }
        };
        let (written, read) = (definitions(&mut self.written), definitions(&mut self.read));
        // What is asked for stands in parameters and bodies, what is answered elsewhere.
        let mut requests = Vec::new();
        for operation in &mut self.operations {
            let Value::Object(said) = &mut operation.said else { continue };
            requests.extend(said.iter_mut().filter(|(word, _)| *word != "responses").map(|(_, part)| part));
        }
        requests.extend(self.requests.values_mut());
        let definitions = merge::merged(written, read, &mut requests);
        let schemas = RequestSchemas { requests: self.requests, components: definitions.clone() };
        let mut whole: Value = serde_json::from_str(BASE).unwrap_or_default();
        if let Some(Value::Object(schemas)) = whole.pointer_mut(COMPONENTS) {
            schemas.extend(definitions);
        }
        if let Some(Value::Object(paths)) = whole.get_mut("paths") {
            for Operation { path, method, said } in self.operations {
                let methods = paths.entry(path).or_insert_with(|| json!({}));
                methods[method] = said;
            }
        }
        (whole, schemas)
    }
}

impl Visitor for Document {
    fn visit<V: Verb>(&mut self) {
        let mut request = V::json_schema(&mut self.read).to_value();
        tidy(&mut request);
        self.requests.insert(V::schema_name().into_owned(), request.clone());
        let mut answer = self.written.subschema_for::<V::Answer>().to_value();
        tidy(&mut answer);
        let name = V::schema_name();
        let said = operation(name.strip_suffix("Request").unwrap_or(&name), &V::ROUTE, request, &answer);
        let path = format!("/__retake{}", V::ROUTE.path);
        self.operations.push(Operation { path, method: V::ROUTE.method.as_str().to_ascii_lowercase(), said });
    }
}

/// Description of one verb.
fn operation(name: &str, route: &Route, mut request: Value, answer: &Value) -> Value {
    let example = request.pointer_mut("/examples/0").map(Value::take).unwrap_or_default();
    let summary = request["description"].as_str().unwrap_or_default().trim_end_matches('.').to_owned();
    for word in ["examples", "description", "title"] {
        request.as_object_mut().and_then(|fields| fields.remove(word));
    }
    let mut said = json!({ "operationId": operation_id(name), "summary": summary });
    if route.access == VerbAccess::Open {
        said["security"] = json!([]);
    }
    let parameters = parameters(route, &mut request, &example);
    if !parameters.is_empty() {
        said["parameters"] = parameters.into();
    }
    let is_empty = request.get("$ref").is_none()
        && request["type"] == "object"
        && request["properties"].as_object().is_none_or(Map::is_empty);
    let has_body = route.method != Method::GET && !is_empty;
    if has_body {
        let mut body = json!({ "schema": request });
        if !example.is_null() {
            body["example"] = without(example, route);
        }
        said["requestBody"] =
            json!({ "x-largest-bytes": route.largest_body, "content": { "application/json": body } });
    }
    said["responses"] = responses(route, has_body, answer);
    said
}

/// The parameters of path and query, taken out of a request.
fn parameters(route: &Route, request: &mut Value, example: &Value) -> Vec<Value> {
    let required = request["required"].take();
    let is_required = |name: &str| required.as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let mut parameters = Vec::new();
    if let Some(Value::Object(fields)) = request.get_mut("properties") {
        let taken: Vec<_> =
            fields.keys().filter(|name| route.method == Method::GET || route.names(name)).cloned().collect();
        for name in taken {
            let mut schema = fields.shift_remove(&name).unwrap_or_default();
            let place = if route.names(&name) { "path" } else { "query" };
            let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
            if let Some(schema) = schema.as_object_mut() {
                optional(schema);
            }
            let mut said = json!({ "name": name, "in": place, "required": is_required(&name) });
            if let Some(description) = description {
                said["description"] = description;
            }
            said["schema"] = schema;
            if let Some(example) = example.get(&name) {
                said["example"] = example.clone();
            }
            parameters.push(said);
        }
    }
    let left: Vec<_> = required
        .as_array()
        .into_iter()
        .flatten()
        .filter(|name| !name.as_str().is_some_and(|name| route.names(name)))
        .cloned()
        .collect();
    if let Value::Object(fields) = request {
        fields.remove("required");
        if !left.is_empty() && route.method != Method::GET {
            fields.insert("required".into(), left.into());
        }
    }
    parameters
}

/// Leaves out of a schema what no path and no query can say: that there is nothing.
fn optional(schema: &mut Map<String, Value>) {
    schema.remove("default");
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = &mut kinds[..] {
            let kind = kind.take();
            schema.insert("type".into(), kind);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        if let [Value::Object(choice)] = &mut choices[..] {
            let choice = std::mem::take(choice);
            schema.remove("anyOf");
            schema.extend(choice);
        }
    }
}

/// The body of an example.
fn without(mut example: Value, route: &Route) -> Value {
    if let Value::Object(fields) = &mut example {
        fields.retain(|name, _| !route.names(name));
    }
    example
}

fn responses(route: &Route, has_body: bool, answer: &Value) -> Value {
    let content = json!({ "application/json": { "schema": answer } });
    let mut all = json!({ "200": { "description": "What came of it.", "content": content } });
    let refused = [
        ("400", "BadRequest", true),
        ("401", "Unauthorized", route.access == VerbAccess::Token),
        ("402", "Consent", route.slow),
        ("403", "Forbidden", true),
        ("404", "NotFound", route.access == VerbAccess::Token),
        ("409", "Conflict", route.access == VerbAccess::Token),
        ("413", "TooLarge", has_body),
        ("415", "Unsupported", has_body),
        ("500", "StoreFailed", route.access == VerbAccess::Token),
        ("502", "Upstream", route.slow),
    ];
    for (status, name, _) in refused.into_iter().filter(|(_, _, can_be)| *can_be) {
        all[status] = json!({ "$ref": format!("#/components/responses/{name}") });
    }
    all
}

/// The name of a verb as programs spell it: `explainCall`.
fn operation_id(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}
