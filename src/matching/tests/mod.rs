//! The laws of matching, and a corpus of pairs that must or must not match.

mod bodies;
mod bounds;
mod corpus;
mod explained;
mod laws;
mod nearness;
mod places;
mod rebuilt;
mod remedies;
mod rules;
mod scrubbing;
mod strategies;

use std::fmt::Write;

use crate::matching::Fields;
use crate::model::{Headers, Request};

/// A request under the mount `openai`, or under the one in front of a `!`.
fn request(target: &str, content_type: &str, body: impl Into<bytes::Bytes>) -> Request {
    let (mount, target) = target.split_once('!').unwrap_or(("openai", target));
    let (method, target) = target.split_once(' ').unwrap_or(("POST", target));
    let headers = if content_type.is_empty() {
        Headers::default()
    } else {
        Headers::from_iter([("content-type", content_type.to_owned())])
    };
    Request { method: method.into(), mount: mount.into(), target: target.into(), headers, body: body.into() }
}

fn json(target: &str, body: &str) -> Request {
    request(target, "application/json", body.to_owned())
}

fn fields(request: &Request) -> Fields {
    Fields::of(request)
}

/// A form: parts as name, file name (or empty), content.
fn form(target: &str, boundary: &str, parts: &[(&str, &str, &str)]) -> Request {
    let mut body = String::new();
    for (name, file, content) in parts {
        let file = if file.is_empty() { String::new() } else { format!("; filename=\"{file}\"") };
        let _ = write!(
            body,
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n"
        );
    }
    let _ = write!(body, "--{boundary}--\r\n");
    request(target, &format!("multipart/form-data; boundary={boundary}"), body)
}
