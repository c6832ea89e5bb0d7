//! Budget 12: filtering and finding among very many rows, in the worker, and what that costs the thread that draws.

use retake::tui::listing::fuzzy_find::FuzzyIndex;
use retake::tui::protocol::message::Message;

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

/// How often a worker's work is done in a round; the quickest counts, as others may be busy on the machine, too.
const TRIES: usize = 3;

pub(super) fn measure(sizes: &Sizes, table: &mut Table) -> Result<(), Failure> {
    println!("filtering and finding among {} rows", sizes.many);
    let mut screen = Screen::new(world::world(sizes.many, CALLS))?;
    for text in QUERIES {
        let names = [format!("12: filter `{text}`, ms"), "    its longest update, ms".into()];
        let [mut worker, mut update] = budgets(names, [40.0, 2.0]);
        for _ in 0..sizes.rounds {
            let done = tried(&mut screen, "2 /", Some(text), "Enter Esc", &["sift"]);
            worker.round(done.work[0], 1.0);
            update.round(done.update, 1.0);
        }
        table.extend([worker, update]);
    }
    let [mut sort] = budgets(["12: sort by model, ms".into()], [40.0]);
    for _ in 0..sizes.rounds {
        sort.round(tried(&mut screen, "2 s m", None, "s r", &["sift"]).work[0], 1.0);
    }
    table.extend([sort]);
    for text in LETTERS {
        let names = ["find", "all its lines, once"].map(|what| format!("12: {what} `{text}`, ms"));
        let [mut worker, mut lines] = budgets(names, [60.0, 60.0]);
        let [mut update] = budgets(["    its longest update, ms".into()], [2.0]);
        for _ in 0..sizes.rounds {
            let done = tried(&mut screen, "2 f", Some(text), "Esc", &["seek", "lines"]);
            worker.round(done.work[0], 1.0);
            lines.round(done.work[1], 1.0);
            update.round(done.update, 1.0);
        }
        table.extend([worker, lines, update]);
    }
    Ok(())
}

fn budgets<const N: usize>(names: [String; N], most: [f64; N]) -> [Budget; N] {
    let mut most = most.into_iter();
    names.map(|name| Budget::new(name, Must::Stay(most.next().unwrap_or_default())))
}

/// The longest of each kind in the quickest try, in milliseconds.
struct Done {
    work: Vec<f64>,
    update: f64,
}

/// Presses keys, pastes a text, and presses keys that lead back.
fn tried(screen: &mut Screen, keys: &str, text: Option<&str>, back: &str, kinds: &[&str]) -> Done {
    let mut best = Done { work: vec![f64::MAX; kinds.len()], update: f64::MAX };
    for _ in 0..TRIES {
        screen.lines = FuzzyIndex::default();
        screen.work.clear();
        screen.updates.clear();
        screen.keys(keys);
        if let Some(text) = text {
            screen.say(Message::Paste(text.into()));
        }
        for (kind, best) in kinds.iter().zip(&mut best.work) {
            let of_kind = screen.work.iter().filter(|(known, _)| known == kind);
            *best = best.min(milliseconds(of_kind.map(|(_, time)| *time).max().unwrap_or_default()));
        }
        best.update = best.update.min(milliseconds(screen.updates.iter().max().copied().unwrap_or_default()));
        screen.keys(back);
    }
    best
}
