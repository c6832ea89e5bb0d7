//! The workbench in a real terminal: what people see, what their keys do, and what is left when they leave.

mod attach;
mod curate;
mod edit;
mod endings;
mod fix;
mod inside;
mod leave;
mod panic;
mod pictures;
mod resize;
mod start;
mod suspend;
mod trust;
mod verbs;

use axum::response::Response;

use crate::home::Home;
use crate::terminal::Terminal;
use crate::world::{Seen, Upstream, json};

const LARGE: (u16, u16) = (120, 36);
const SMALL: (u16, u16) = (80, 24);

fn answer(_: Seen) -> Response {
    json(crate::cli::ANSWER)
}

/// A workbench that records what `upstream` answers, on its first screen.
fn workbench(home: &Home, size: (u16, u16), upstream: &Upstream) -> Terminal {
    let to = format!("openai=http://{}", upstream.address);
    let args = ["--listen", "127.0.0.1:0", "--mode", "replay-or-record", "--upstream", &to];
    let terminal = Terminal::start(home, size, &args);
    terminal.shows("q quit");
    terminal
}
