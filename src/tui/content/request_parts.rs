//! The parts of a request that a command or a script needs to send it again: URL, key and headers.

use crate::dialect::Dialect;
use crate::model::{KEPT_HEADERS, Request};
use crate::reading::multipart;

pub(crate) fn url(request: &Request, base: &str) -> String {
    format!("{base}/{}{}", request.mount, request.target)
}

/// The header that carries a key, and the variable that people keep it in.
pub(crate) fn key(mount: &str) -> Option<(&'static str, &'static str)> {
    match Dialect::of_mount(mount) {
        Dialect::OpenAi => Some(("authorization: Bearer", "OPENAI_API_KEY")),
        Dialect::Azure => Some(("api-key:", "AZURE_OPENAI_API_KEY")),
        Dialect::Anthropic => Some(("x-api-key:", "ANTHROPIC_API_KEY")),
        Dialect::Gemini => Some(("x-goog-api-key:", "GEMINI_API_KEY")),
        Dialect::Generic => None,
    }
}

/// Headers that change the answer; a form's own come with its boundary.
pub(crate) fn answering_headers(request: &Request) -> impl Iterator<Item = (&str, String)> {
    let form = !multipart::form(&request.headers, &request.body).is_empty();
    let headers = request.headers.iter().filter(move |(name, _)| {
        KEPT_HEADERS.contains(name) && !(form && *name == "content-type") && *name != "content-encoding"
    });
    headers.map(|(name, value)| (name, String::from_utf8_lossy(value).into_owned()))
}
