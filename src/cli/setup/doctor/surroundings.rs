//! The terminal.

use serde_json::json;

use super::check::Check;
use crate::cli::print;
use crate::terminal::{self, Depth, Protocol};

const AREA: &str = "terminal";

pub(crate) fn checks() -> Vec<Check> {
    vec![kind(), colours(), pictures()]
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn kind() -> Check {
    let (term, colorterm) = (variable("TERM"), variable("COLORTERM"));
    let between = terminal::multiplexer();
    let size = if print::to_terminal() { terminal::size().ok() } else { None };
    let facts = json!({
        "term": term, "colorterm": colorterm, "multiplexer": between,
        "columns": size.map(|size| size.0), "rows": size.map(|size| size.1),
    });
    let said = |name: &str, value: &Option<String>| {
        value.as_deref().map_or_else(|| format!("{name} is not set"), |value| format!("{name}={value}"))
    };
    let names = format!("{}, {}", said("TERM", &term), said("COLORTERM", &colorterm));
    let inside = between.map(|name| format!(", inside {name}")).unwrap_or_default();
    let check = match size {
        None => Check::note(AREA, format!("stdout is no terminal; {names}{inside}")),
        Some(_) if term.as_deref() == Some("dumb") => {
            Check::note(AREA, format!("{names}: no workbench there, `retake serve` and all other verbs work"))
        }
        Some((columns, rows)) => Check::ok(AREA, format!("{columns}x{rows}, {names}{inside}")),
    };
    check.with(facts)
}

/// The colours that the workbench and pictures would use.
fn colours() -> Check {
    let none = variable("NO_COLOR").is_some();
    let depth = if none { Depth::Mono } else { Depth::of(variable("TERM_PROGRAM").as_deref()) };
    let (text, colours) = match depth {
        Depth::Full => ("24-bit colours", 1 << 24),
        Depth::Indexed => ("256 colours", 256),
        Depth::Mono => ("no colours, because NO_COLOR is set", 0),
    };
    Check::ok(AREA, text).with(json!({ "colours": colours, "no_color": none }))
}

fn pictures() -> Check {
    let (check, name) = match terminal::protocol() {
        Err(error) => {
            let advice = "pictures are drawn with half-blocks where a terminal cannot be asked";
            (Check::problem(AREA, format!("the terminal cannot be asked: {error}"), advice), None)
        }
        Ok(None) => (Check::note(AREA, "no terminal to ask how pictures can be shown"), None),
        Ok(Some(Protocol::Blocks)) => {
            let why =
                terminal::multiplexer().map(|name| format!(", as {name} swallows more")).unwrap_or_default();
            (Check::note(AREA, format!("pictures are drawn with half-blocks{why}")), Some("blocks"))
        }
        Ok(Some(Protocol::Kitty)) => {
            (Check::ok(AREA, "pictures by the kitty graphics protocol"), Some("kitty"))
        }
        Ok(Some(Protocol::Iterm)) => (Check::ok(AREA, "pictures as iTerm2 shows them"), Some("iterm")),
        Ok(Some(Protocol::Sixel)) => (Check::ok(AREA, "pictures as sixels"), Some("sixel")),
    };
    check.with(json!({ "pictures": name }))
}
