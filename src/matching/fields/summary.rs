//! The summary of a request for lists: endpoint, model, the beginning of the prompt. It decides nothing.

use super::facts::Facts;
use super::field::{Field, FieldPlace};
use crate::dialect::Dialect;
use crate::matching::scrub::parameters;
use crate::model::Request;
use crate::wire::body_kind::BodyKind;
use crate::wire::content_coding::decoded;
use crate::wire::json;
use crate::wire::json::Json;
use crate::wire::multipart;

/// A request in a few words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The endpoint as people say it, `images/generations`.
    pub endpoint: String,
    /// The model as the request writes it.
    pub model: Option<String>,
    /// The beginning of the prompt, of the last thing the user said, or of the input: one line of at most 160
    /// characters.
    pub prompt: Option<String>,
    /// True if the request asks for a stream.
    pub streamed: bool,
}

const PROMPT: usize = 160;

/// Sums a scrubbed request up. What it does not understand it leaves out.
#[must_use]
pub fn summary(request: &Request) -> Summary {
    let endpoint = Dialect::of_mount(&request.mount).endpoint(&request.method, request.path());
    let streamed = matches!(endpoint.name.as_str(), "streamGenerateContent" | "streamRawPredict");
    let from_path = endpoint.vars.into_iter().find(|(name, _)| name == "model").map(|(_, model)| model);
    let mut summary = Summary { endpoint: endpoint.name, model: from_path, ..Summary::default() };
    let Some(body) = decoded(&request.headers, &request.body) else { return summary };
    match BodyKind::of(&request.headers, &body) {
        BodyKind::Multipart => {
            let content_type = request.headers.text("content-type").unwrap_or_default();
            match (multipart::parse(content_type, &body), json::parse(&body)) {
                (Ok(parts), _) => of_parts(&mut summary, &parts, &body),
                (Err(_), Ok(json)) => of_json(&mut summary, &json),
                (Err(_), Err(_)) => {}
            }
        }
        BodyKind::Form => of_form(&mut summary, std::str::from_utf8(&body).unwrap_or_default()),
        BodyKind::Empty | BodyKind::Json | BodyKind::Other => {
            if let Ok(json) = json::parse(&body) {
                of_json(&mut summary, &json);
            }
        }
    }
    summary.streamed |= streamed;
    summary
}

fn of_parts(summary: &mut Summary, parts: &[multipart::MultipartPart], body: &[u8]) {
    let text = |name: &str| part(body, parts, name);
    summary.model = summary.model.take().or_else(|| text("model").map(str::to_owned));
    summary.prompt = text("prompt").or_else(|| text("input")).and_then(one_line);
    summary.streamed = text("stream") == Some("true");
}

fn of_form(summary: &mut Summary, form: &str) {
    let text = |wanted: &str| {
        parameters::parameters("", form).find(|(name, _)| name == wanted).map(|(_, value)| value)
    };
    summary.model = summary.model.take().or_else(|| text("model"));
    summary.prompt = text("prompt").or_else(|| text("input")).and_then(|text| one_line(&text));
    summary.streamed = text("stream").as_deref() == Some("true");
}

fn part<'a>(body: &'a [u8], parts: &[multipart::MultipartPart], name: &str) -> Option<&'a str> {
    let part = parts.iter().find(|part| part.name == name && !part.file)?;
    std::str::from_utf8(&body[part.data.clone()]).ok()
}

fn of_json(summary: &mut Summary, json: &Json<'_>) {
    let model = || json.get("model").and_then(Json::as_text).map(str::to_owned);
    summary.model = summary.model.take().or_else(model);
    summary.streamed = json.get("stream") == Some(&Json::Bool(true));
    summary.prompt = prompt(json, 4 * PROMPT).and_then(|(_, text)| one_line(&text));
}

/// The facts of a JSON body.
pub(crate) fn facts(json: &Json<'_>) -> Facts {
    let (name, said) = prompt(json, usize::MAX).unzip();
    let place = name.map(|name| Field::named(FieldPlace::Body, name));
    let said = said.unwrap_or_default().trim_end().to_owned();
    Facts { prompt: said, place, turns: turns(json), tools: tools(json), ..Facts::default() }
}

/// The facts of a multipart form.
pub(crate) fn facts_of_parts(body: &[u8], parts: &[multipart::MultipartPart]) -> Facts {
    let said = ["prompt", "input"].iter().find_map(|name| Some((*name, part(body, parts, name)?)));
    let (place, said) =
        said.map(|(name, text)| (Field::named(FieldPlace::Part, name), text.to_owned())).unzip();
    Facts { prompt: said.unwrap_or_default(), place, ..Facts::default() }
}

/// The facts of a form in one text.
pub(crate) fn facts_of_form(form: &str) -> Facts {
    let text = |wanted: &str| {
        parameters::parameters("", form).find(|(name, _)| name == wanted).map(|(_, value)| value)
    };
    let said = ["prompt", "input"].iter().find_map(|name| Some((*name, text(name)?)));
    let (place, said) = said.map(|(name, text)| (Field::named(FieldPlace::Body, name), text)).unzip();
    Facts { prompt: said.unwrap_or_default(), place, ..Facts::default() }
}

/// The prompt, and where it stands.
fn prompt(json: &Json<'_>, limit: usize) -> Option<(&'static str, String)> {
    ["prompt", "messages", "input", "contents", "text", "query", "content", "instances", "requests"]
        .into_iter()
        .find_map(|name| Some((name, spoken(json.get(name)?, limit)?)))
}

/// Count of the assistant's messages. Calls of tools are part of one, or stand for one where they stand alone.
fn turns(json: &Json<'_>) -> u32 {
    let items = ["messages", "input", "contents"].iter().find_map(|name| json.get(name)).map(Json::listed);
    let (mut turns, mut inside) = (0, false);
    for item in items.unwrap_or_default() {
        let text = |name| item.get(name).and_then(Json::as_text).unwrap_or_default();
        let (role, kind) = (text("role"), text("type"));
        let speaks = matches!(role, "assistant" | "model");
        let calls = role.is_empty() && (kind.ends_with("_call") || kind == "reasoning");
        turns += u32::from((speaks && !(inside && kind == "message")) || (calls && !inside));
        inside = calls || (speaks && kind == "message");
    }
    turns
}

/// The names of the tools that are offered; those of the provider's own go by their kind.
fn tools(json: &Json<'_>) -> Vec<String> {
    let list = |name| json.get(name).map(Json::listed).unwrap_or_default();
    let mut names = Vec::new();
    for tool in list("tools").iter().chain(list("functions")) {
        let declared =
            ["functionDeclarations", "function_declarations"].iter().find_map(|name| tool.get(name));
        let own = tool.get("function").unwrap_or(tool);
        let name = |tool: &Json<'_>| {
            let name = ["name", "type"].iter().find_map(|name| tool.get(name)?.as_text());
            name.map(str::to_owned)
        };
        match (declared, name(own)) {
            (Some(declared), _) => names.extend(declared.listed().iter().filter_map(name)),
            (None, Some(name)) => names.push(name),
            (None, None) => {
                let mut keys: Vec<_> = own.keys().map(str::to_owned).collect();
                // The order of keys means nothing.
                keys.sort();
                names.extend(keys);
            }
        }
    }
    names
}

/// The text of a prompt, of the last message of the user (else of anyone), or of a list of texts.
fn spoken(value: &Json<'_>, limit: usize) -> Option<String> {
    let text_of = |value: &Json<'_>| text_of(value, limit);
    let items = value.items();
    let of_user = |item: &&Json<'_>| item.get("role").and_then(Json::as_text) == Some("user");
    if let Some(text) = items.iter().rev().filter(of_user).find_map(text_of) {
        return Some(text);
    }
    if items.iter().any(|item| item.get("role").is_some()) {
        return items.iter().rev().find_map(text_of);
    }
    text_of(value)
}

/// All text in a message, a part or a list of them.
fn text_of(value: &Json<'_>, limit: usize) -> Option<String> {
    let mut text = String::new();
    collect(value, limit, &mut text);
    (!text.trim().is_empty()).then_some(text)
}

fn collect(value: &Json<'_>, limit: usize, text: &mut String) {
    if text.len() > limit {
        return;
    }
    match value {
        Json::Text(piece) => {
            text.extend(piece.chars().take(limit));
            text.push(' ');
        }
        Json::Array(items) => items.iter().for_each(|item| collect(item, limit, text)),
        // What a tool answered is not what the user said.
        Json::Object(_) if value.get("type").and_then(Json::as_text) == Some("tool_result") => {}
        Json::Object(_) => {
            ["content", "parts", "text", "prompt", "params", "messages"]
                .iter()
                .filter_map(|name| value.get(name))
                .for_each(|inner| collect(inner, limit, text));
        }
        _ => {}
    }
}

fn one_line(text: &str) -> Option<String> {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > 4 * PROMPT {
            break;
        }
    }
    if line.chars().count() > PROMPT {
        line = line.chars().take(PROMPT - 1).chain(['…']).collect();
    }
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Headers;

    fn of(target: &str, content_type: &str, body: &str) -> Summary {
        let (mount, target) = target.split_once('!').unwrap_or(("openai", target));
        let headers = Headers::from_iter([("content-type", content_type.to_owned())]);
        summary(&Request {
            method: "POST".into(),
            mount: mount.into(),
            target: target.into(),
            headers,
            body: body.to_owned().into(),
        })
    }

    #[test]
    fn a_request_is_summed_up() {
        let json = |body: &str| of("/v1/chat/completions?x=1", "application/json", body);
        let chat = json(
            r#"{"model":"gpt-4o","stream":true,"messages":[{"role":"system","content":"be kind"},
            {"role":"user","content":[{"type":"text","text":"two\n words"},{"type":"image_url","image_url":{"url":"x"}}]},
            {"role":"assistant","content":"done"}]}"#,
        );
        assert_eq!(
            (chat.endpoint.as_str(), chat.model.as_deref(), chat.streamed),
            ("chat/completions", Some("gpt-4o"), true)
        );
        assert_eq!(chat.prompt.as_deref(), Some("two words"));
        assert_eq!(json(r#"{"prompt":"a cat"}"#).prompt.as_deref(), Some("a cat"));
        assert_eq!(json(r#"{"input":["one","two"]}"#).prompt.as_deref(), Some("one two"));
        assert_eq!(
            json(&format!("{{\"input\":\"{}\"}}", "é".repeat(500))).prompt.map(|p| p.chars().count()),
            Some(160)
        );
        assert_eq!(json("[1").prompt, None);
        assert_eq!(json(r#"{"messages":7,"model":7}"#).model, None);
        let parts = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\ngpt-image-1\r\n--b\r\n\
            Content-Disposition: form-data; name=\"prompt\"\r\n\r\na hat\r\n--b--";
        let edit = of("/v1/images/edits", "multipart/form-data; boundary=b", parts);
        assert_eq!((edit.model.as_deref(), edit.prompt.as_deref()), (Some("gpt-image-1"), Some("a hat")));
    }

    #[test]
    fn other_dialects_are_summed_up() {
        for (target, body, endpoint, model, prompt, streamed) in [
            (
                "anthropic!/v1/messages",
                r#"{"model":"claude","stream":true,"system":"be kind","messages":[{"role":"user","content":"go"},
                {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{"text":"no"}}]},
                {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"42"}]}]}"#,
                "messages",
                "claude",
                "go",
                true,
            ),
            (
                "gemini!/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
                r#"{"contents":[{"parts":[{"text":"a"}],"role":"user"},{"parts":[{"text":"b"}],"role":"model"}]}"#,
                "streamGenerateContent",
                "gemini-2.5-pro",
                "a",
                true,
            ),
            (
                "vertex!/v1/projects/p/locations/l/publishers/google/models/imagen-4:predict",
                r#"{"instances":[{"prompt":"a cat"}]}"#,
                "predict",
                "imagen-4",
                "a cat",
                false,
            ),
            (
                "gemini!/v1/models/e:batchEmbedContents",
                r#"{"requests":[{"model":"models/e","content":{"parts":[{"text":"x"}]}}]}"#,
                "batchEmbedContents",
                "e",
                "x",
                false,
            ),
            (
                "azure!/openai/deployments/mine/chat/completions?api-version=1",
                r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}"#,
                "chat/completions",
                "mine",
                "hi",
                false,
            ),
        ] {
            let summary = of(target, "application/json", body);
            assert_eq!((summary.endpoint.as_str(), summary.streamed), (endpoint, streamed), "{target}");
            assert_eq!((summary.model.as_deref(), summary.prompt.as_deref()), (Some(model), Some(prompt)));
        }
    }
}
