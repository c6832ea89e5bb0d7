//! The origins and names under which the proxy may be asked.

use crate::config::file::ConfigFile;
use crate::config::file::source::{ConfigProblem, ConfigSource};
use crate::engine::Settings;

/// The callers that may ask besides programs on this machine that use its names.
pub(crate) fn origins(
    source: &ConfigSource,
    file: &ConfigFile,
    settings: &mut Settings,
    problems: &mut Vec<ConfigProblem>,
) {
    for origin in &file.origins {
        let text = origin.get_ref();
        if is_origin(text) {
            settings.origins.push(text.clone());
        } else {
            let wrong = format!("`{text}` is not an origin; write it like http://localhost:3000");
            problems.push(source.problem(Some(origin.span()), "origins", wrong));
        }
    }
    for host in &file.hosts {
        let text = host.get_ref();
        if is_host(text) {
            settings.hosts.push(text.clone());
        } else {
            let wrong =
                format!("`{text}` is not a host's name; write it without scheme and port, like retake.test");
            problems.push(source.problem(Some(host.span()), "hosts", wrong));
        }
    }
}

/// True if a browser could say it of a page; applications in a web view have schemes of their own.
fn is_origin(text: &str) -> bool {
    let (scheme, host) = text.split_once("://").unwrap_or_default();
    let plain =
        |byte: u8| byte.is_ascii_graphic() && !b"/?#*@,".contains(&byte) && !byte.is_ascii_uppercase();
    !scheme.is_empty() && !host.is_empty() && scheme.bytes().chain(host.bytes()).all(plain)
}

fn is_host(text: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !text.is_empty() && text.bytes().all(part)
}
