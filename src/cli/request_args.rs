//! A request as people hand one in: a curl command, a JSON request, or a body and where it goes.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::exit::UsageError;
use super::{curl, input};
use crate::api::Question;
use crate::model::{CallId, Headers};

/// The source of a request, and its target.
#[derive(clap::Args)]
pub(crate) struct RequestArgs {
    /// A file with a curl command, a JSON request ({"method","url","headers","body"}) or a JSON body; - reads stdin
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Where a body alone would be sent, such as /openai/v1/chat/completions
    #[arg(long, value_name = "URL")]
    pub(crate) to: Option<String>,
}

/// A request as JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRequest {
    method: Option<String>,
    url: String,
    #[serde(default)]
    headers: serde_json::Map<String, Value>,
    body: Option<Value>,
}

impl RequestArgs {
    /// True if the request comes from stdin.
    pub(crate) fn reads_stdin(&self) -> bool {
        input::is_stdin(&self.file)
    }

    /// The call of the history that stands in the place of a file.
    pub(crate) fn call(&self) -> Option<CallId> {
        let number = self.file.to_str()?.strip_prefix("call_")?;
        number.parse().ok().filter(|_| !self.file.exists()).map(CallId)
    }

    /// The request; none where stdin is a terminal or empty.
    pub(crate) fn given(&self) -> Result<Option<Question>, UsageError> {
        if self.reads_stdin() && input::is_typed() {
            return Ok(None);
        }
        let (text, name) = input::text(&self.file)?;
        if self.reads_stdin() && text.trim().is_empty() {
            return Ok(None);
        }
        self.understood(&text, &name).map(Some)
    }

    /// The request.
    pub(crate) fn question(&self) -> Result<Question, UsageError> {
        let (text, name) = input::text(&self.file)?;
        self.understood(&text, &name)
    }

    fn understood(&self, text: &str, name: &str) -> Result<Question, UsageError> {
        let dir = self.file.parent().filter(|_| !self.reads_stdin()).unwrap_or(Path::new("."));
        let question = if text.trim_start().starts_with('{') {
            json(text, self.to.as_deref())
        } else {
            curl::parse(text, dir)
        };
        question.map_err(|problem| UsageError(format!("{name}: {problem}")))
    }
}

/// A request written as JSON, or a body alone that goes `to` somewhere. The body's text stays as it is written: its
/// numbers and doubled keys count.
fn json(text: &str, to: Option<&str>) -> Result<Question, String> {
    if let Some(url) = to {
        return body_to(url, text);
    }
    let value: Value = parsed(text)?;
    if value.get("url").is_none() {
        return Err("a body alone does not say where it goes; add --to /openai/v1/chat/completions, \
                    or write {\"url\": …, \"body\": …}"
            .into());
    }
    let written: WrittenRequest = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let raw: RawBody = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut headers = Headers::default();
    for (name, value) in &written.headers {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        headers.push(&name.to_ascii_lowercase(), value);
    }
    let body = match (&written.body, raw.body) {
        (Some(Value::String(text)), _) => text.clone().into_bytes(),
        (Some(_), Some(raw)) => {
            if headers.get("content-type").is_none() {
                headers.push("content-type", "application/json");
            }
            raw.get().as_bytes().to_vec()
        }
        _ => Vec::new(),
    };
    let method = written.method.unwrap_or_else(|| if body.is_empty() { "GET" } else { "POST" }.into());
    Ok(Question { method: method.to_ascii_uppercase(), url: written.url, headers, body: body.into() })
}

/// A JSON body alone that goes `to` somewhere.
pub(crate) fn body_to(to: &str, text: &str) -> Result<Question, String> {
    parsed(text)?;
    let headers = Headers::from_iter([("content-type", "application/json")]);
    let body = Bytes::from(text.trim().to_owned());
    Ok(Question { method: "POST".into(), url: to.into(), headers, body })
}

fn parsed(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("this is not JSON: {error}"))
}

/// The body as it is written, with the same text.
#[derive(Deserialize)]
struct RawBody<'a> {
    #[serde(borrow)]
    body: Option<&'a serde_json::value::RawValue>,
}
