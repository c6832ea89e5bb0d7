//! A request as Python.

use std::fmt::Write as _;

use serde_json::Value;

use super::request_parts::{answering_headers, key, url};
use crate::dialect::Dialect;
use crate::model::Request;
use crate::reading::{self, multipart};

/// Python that sends the request to the proxy: with the provider's SDK where it has a method for that.
pub(crate) fn snippet(request: &Request, base: &str) -> String {
    let dialect = Dialect::of_mount(&request.mount);
    let name = dialect.endpoint(&request.method, request.path()).name;
    let decoded = reading::decoded(&request.headers, &request.body).unwrap_or_else(|_| request.body.clone());
    let json = serde_json::from_slice::<Value>(&decoded).ok();
    let prefix = request.path().strip_suffix(name.as_str()).unwrap_or_default().trim_end_matches('/');
    let mounted = format!("{base}/{}", request.mount);
    let Some(Value::Object(body)) = &json else { return with_requests(request, base, json.as_ref()) };
    let (import, client, call) = match (dialect, name.as_str()) {
        (Dialect::OpenAi, "chat/completions") => {
            ("openai import OpenAI", "OpenAI", "chat.completions.create")
        }
        (Dialect::OpenAi, "responses") => ("openai import OpenAI", "OpenAI", "responses.create"),
        (Dialect::OpenAi, "embeddings") => ("openai import OpenAI", "OpenAI", "embeddings.create"),
        (Dialect::OpenAi, "images/generations") => ("openai import OpenAI", "OpenAI", "images.generate"),
        (Dialect::Anthropic, "messages") => ("anthropic import Anthropic", "Anthropic", "messages.create"),
        _ => return with_requests(request, base, json.as_ref()),
    };
    // Anthropic's SDK adds the version itself.
    let at = if dialect == Dialect::Anthropic { mounted } else { format!("{mounted}{prefix}") };
    let variable = key(&request.mount).map_or("", |(_, variable)| variable);
    let mut text =
        format!("from {import}\n\n# The key comes from {variable}; a replay needs none, so any will do.\n");
    _ = writeln!(text, "client = {client}(base_url={})\n", python(&Value::from(at), 0));
    _ = writeln!(text, "answer = client.{call}(");
    let fits = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let (named, others): (Vec<_>, Vec<_>) = body.iter().partition(|(name, _)| fits(name));
    for (name, value) in named {
        _ = writeln!(text, "    {name}={},", python(value, 1));
    }
    if !others.is_empty() {
        let others: serde_json::Map<_, _> = others.into_iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        _ = writeln!(text, "    extra_body={},", python(&Value::Object(others), 1));
    }
    text.push_str(")\n");
    text.push_str(if body.get("stream") == Some(&Value::Bool(true)) {
        "for event in answer:\n    print(event)\n"
    } else {
        "print(answer)\n"
    });
    text
}

fn with_requests(request: &Request, base: &str, json: Option<&Value>) -> String {
    let text = |text: &str| python(&Value::from(text), 0);
    let mut out = "import os\n\nimport requests\n\n".to_owned();
    _ = writeln!(
        out,
        "answer = requests.request(\n    {},\n    {},",
        text(&request.method),
        text(&url(request, base))
    );
    out.push_str("    headers={\n");
    if let Some((header, variable)) = key(&request.mount) {
        let (name, scheme) = header.split_once(':').unwrap_or((header, ""));
        let scheme = if scheme.is_empty() { String::new() } else { format!("{} ", scheme.trim()) };
        let value = format!("os.environ.get({}, \"any\")", text(variable));
        let value = if scheme.is_empty() { value } else { format!("{} + {value}", text(&scheme)) };
        _ = writeln!(out, "        {}: {value},", text(name));
    }
    for (name, value) in
        answering_headers(request).filter(|(name, _)| json.is_none() || *name != "content-type")
    {
        _ = writeln!(out, "        {}: {},", text(name), text(&value));
    }
    out.push_str("    },\n");
    let parts = multipart::form(&request.headers, &request.body);
    if let Some(json) = json {
        _ = writeln!(out, "    json={},", python(json, 1));
    } else if !parts.is_empty() {
        out.push_str("    files=[\n");
        for part in &parts {
            let value = match (part.file.as_deref(), std::str::from_utf8(part.content)) {
                (None, Ok(value)) => format!("(None, {})", text(value)),
                (file, _) => format!("open({}, \"rb\")", text(file.unwrap_or("file"))),
            };
            _ = writeln!(out, "        ({}, {value}),", text(&part.name));
        }
        out.push_str("    ],\n");
    } else if !request.body.is_empty() {
        let body = std::str::from_utf8(&request.body);
        let body = body.map_or_else(
            |_| "open(\"request.bin\", \"rb\")".into(),
            |body| format!("{}.encode()", text(body)),
        );
        _ = writeln!(out, "    data={body},");
    }
    out.push_str(")\nprint(answer.status_code, answer.text)\n");
    out
}

/// A value as Python writes it, `depth` levels in.
fn python(value: &Value, depth: usize) -> String {
    let inner = "    ".repeat(depth + 1);
    let outer = "    ".repeat(depth);
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        // JSON's strings and numbers are Python's, too; control characters are escaped in both.
        Value::String(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) if items.is_empty() => "[]".into(),
        Value::Object(members) if members.is_empty() => "{}".into(),
        Value::Array(items) => {
            let items: Vec<_> =
                items.iter().map(|item| format!("{inner}{},\n", python(item, depth + 1))).collect();
            format!("[\n{}{outer}]", items.concat())
        }
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                format!("{inner}{}: {},\n", Value::from(name.as_str()), python(value, depth + 1))
            };
            format!("{{\n{}{outer}}}", members.iter().map(member).collect::<Vec<_>>().concat())
        }
    }
}
