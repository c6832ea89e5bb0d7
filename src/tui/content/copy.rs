//! Parts of an exchange for the clipboard, as text that does no harm where it is pasted.

use super::request_parts::{answering_headers, key, url};
use crate::matching::{Fields, credentials, mask};
use crate::model::{MediaRef, Request, Response};
use crate::reading::{self, multipart};

/// A part of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyPart {
    /// The hash of the request.
    Hash,
    /// The id of the recording or call.
    Id,
    /// The URL at the proxy.
    Url,
    /// A curl command that asks the proxy the same.
    Curl,
    /// The body of the request.
    Asked,
    /// The body of the response.
    Answered,
    /// The prompt.
    Prompt,
    /// Python that asks the proxy the same.
    Snippet,
    /// The text of the answer.
    Text,
}

/// An exchange that was read.
#[derive(Clone, Debug)]
pub struct LoadedExchange {
    /// The request.
    pub request: Request,
    /// The answer, where there is one.
    pub response: Option<Response>,
    /// The files behind its links.
    pub media: Vec<MediaRef>,
    /// The id of the recording or call.
    pub id: String,
}

impl CopyPart {
    /// All of them with their keys, in the order of the menu.
    pub(crate) const MENU: [(char, Self, &'static str); 9] = [
        ('h', Self::Hash, "hash of the request"),
        ('i', Self::Id, "of the recording or call"),
        ('u', Self::Url, "at this proxy"),
        ('c', Self::Curl, "curl command for this proxy; keys are left out"),
        ('b', Self::Answered, "of the response"),
        ('r', Self::Asked, "of the request"),
        ('p', Self::Prompt, "what was asked"),
        ('s', Self::Snippet, "Python snippet for this proxy"),
        ('t', Self::Text, "what the answer says"),
    ];

    /// The name on the screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hash => "hash",
            Self::Id => "id",
            Self::Url => "URL",
            Self::Curl => "curl command",
            Self::Asked => "request body",
            Self::Answered => "body",
            Self::Prompt => "prompt",
            Self::Snippet => "Python",
            Self::Text => "text",
        }
    }

    /// The part, with the proxy at `base`. Credentials are masked, and what a terminal might take for more than text is
    /// made visible.
    ///
    /// # Errors
    /// The reason why there is no such part.
    pub fn of(self, read: &LoadedExchange, base: &str) -> Result<String, &'static str> {
        let request = &read.request;
        let response = || read.response.as_ref().ok_or("there is no answer yet");
        let body = |headers, bytes| {
            let decoded = reading::decoded(headers, bytes).unwrap_or_else(|_| bytes.clone());
            String::from_utf8(decoded.to_vec()).map_err(|_| "the body is no text; o opens it in a program")
        };
        let text = match self {
            Self::Hash => request.hash().to_string(),
            Self::Id => read.id.clone(),
            Self::Url => url(request, base),
            Self::Curl => curl(request, base),
            Self::Asked => body(&request.headers, &request.body)?,
            Self::Answered => {
                let response = response()?;
                body(&response.headers, &response.log.bytes)?
            }
            Self::Prompt => {
                let prompt = Fields::of(request).facts.prompt;
                Some(prompt)
                    .filter(|prompt| !prompt.is_empty())
                    .ok_or("there is no prompt in this request")?
            }
            Self::Snippet => super::python::snippet(request, base),
            Self::Text => reading::text_of(response()?).ok_or("there is no text in this answer")?,
        };
        let masked = mask(text.as_bytes(), &credentials(request));
        let text = masked.map_or(text, |masked| String::from_utf8_lossy(&masked).into_owned());
        Ok(harmless(&text))
    }
}

/// The text with what is no text made visible. Tabs and line breaks stay.
fn harmless(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let line = line.strip_suffix('\r').unwrap_or(line);
        line.split('\t').map(reading::sanitize).collect::<Vec<_>>().join("\t")
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn curl(request: &Request, base: &str) -> String {
    let mut words = vec![format!("curl {}", quoted(&url(request, base)))];
    if request.method != "POST" || request.body.is_empty() {
        words.push(format!("-X {}", quoted(&request.method)));
    }
    words.extend(key(&request.mount).map(|(header, variable)| format!("-H \"{header} ${variable}\"")));
    words.extend(
        answering_headers(request).map(|(name, value)| format!("-H {}", quoted(&format!("{name}: {value}")))),
    );
    let parts = multipart::form(&request.headers, &request.body);
    for part in &parts {
        let value = match (part.file.as_deref(), std::str::from_utf8(part.content)) {
            (None, Ok(text)) => format!("--form-string {}", quoted(&format!("{}={text}", part.name))),
            (file, _) => {
                let name = file.unwrap_or("file").replace(['/', '\\', ';', ',', '"'], "_");
                format!("-F {}", quoted(&format!("{}=@{name}", part.name)))
            }
        };
        words.push(value);
    }
    let body = reading::decoded(&request.headers, &request.body).unwrap_or_else(|_| request.body.clone());
    if parts.is_empty() && !body.is_empty() {
        words.push(match std::str::from_utf8(&body) {
            Ok(text) => format!("--data-raw {}", quoted(text)),
            Err(_) => "--data-binary @request.bin".into(),
        });
    }
    words.join(" \\\n  ")
}

/// A word of a shell that means nothing but itself.
fn quoted(text: &str) -> String {
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        let escaped: String = text
            .chars()
            .map(|c| match c {
                '\'' | '\\' => format!("\\{c}"),
                '\n' => "\\n".into(),
                '\t' => "\\t".into(),
                c if c.is_control() => {
                    c.to_string().bytes().fold(String::new(), |text, byte| format!("{text}\\x{byte:02x}"))
                }
                c => c.into(),
            })
            .collect();
        return format!("$'{escaped}'");
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.into();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
#[path = "copy_tests.rs"]
mod tests;
