//! Budget 12: filtering and finding among very many rows, in the worker, and what that costs the thread that draws.

use retake::tui::message::Message;
use retake::tui::seek::Lines;

use super::screen::Screen;
use super::shared::Failure;
use super::shared::table::{Budget, Must, Table};
use super::{CALLS, Sizes, milliseconds, world};

const QUERIES: [&str; 6] = [
    "hat",
    "Zürich",
    "\"tiny hat\" OR model:flux*",
    "model:gpt-5* -tag:ci size:>1M",
    "status:>=400 hits:0 unused:>30d",
    "-model:gpt*",
];
const LETTERS: [&str; 4] = ["c", "hat", "capy hat", "gptimage neon city"];

pub(super) fn measure(sizes: &Sizes, table: &mut Table) -> Result<(), Failure> {
    let many = world::world(sizes.many, CALLS);
    println!("filtering and finding among {} rows", sizes.many);
    let mut screen = Screen::new(many)?;
    for text in QUERIES {
        filter(&mut screen, sizes, text, table);
    }
    let mut sort = Budget::new("12: sort by prompt and model, ms", Must::Stay(40.0));
    for _ in 0..sizes.rounds {
        let start = screen.work.len();
        screen.keys("2 s m s r");
        sort.round(slowest(&screen, start, "sift"), 1.0);
    }
    table.extend([sort]);
    for text in LETTERS {
        find(&mut screen, sizes, text, table);
    }
    Ok(())
}

fn filter(screen: &mut Screen, sizes: &Sizes, text: &str, table: &mut Table) {
    let mut worker = Budget::new(format!("12: filter `{text}`, ms"), Must::Stay(40.0));
    let mut drawing = Budget::new("    its longest update, ms", Must::Stay(2.0));
    for _ in 0..sizes.rounds {
        screen.keys("2 /");
        let start = screen.work.len();
        screen.updates.clear();
        screen.say(Message::Paste(text.into()));
        drawing.round(milliseconds(screen.updates.iter().max().copied().unwrap_or_default()), 1.0);
        worker.round(slowest(screen, start, "sift"), 1.0);
        screen.keys("Enter Esc");
    }
    table.extend([worker, drawing]);
}

fn find(screen: &mut Screen, sizes: &Sizes, text: &str, table: &mut Table) {
    let mut worker = Budget::new(format!("12: find `{text}`, ms"), Must::Stay(60.0));
    let mut first = Budget::new("    its lines, once, ms", Must::Stay(60.0));
    let mut drawing = Budget::new("    its longest update, ms", Must::Stay(2.0));
    for _ in 0..sizes.rounds {
        screen.updates.clear();
        screen.lines = Lines::default();
        screen.keys("2 f");
        let start = screen.work.len();
        screen.say(Message::Paste(text.into()));
        drawing.round(milliseconds(screen.updates.iter().max().copied().unwrap_or_default()), 1.0);
        let lines = slowest(screen, start, "lines");
        worker.round(slowest(screen, start, "seek") - lines, 1.0);
        first.round(lines, 1.0);
        screen.keys("Esc");
    }
    table.extend([worker, first, drawing]);
}

/// The longest work of a kind since then, in milliseconds.
fn slowest(screen: &Screen, since: usize, what: &str) -> f64 {
    let of_kind = screen.work[since..].iter().filter(|(kind, _)| *kind == what);
    milliseconds(of_kind.map(|(_, time)| *time).max().unwrap_or_default())
}
