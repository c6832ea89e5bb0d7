//! The terminal UI: one loop, one state, one way round.
//!
//! ```text
//!  keys, events, ticks, results ──▶ Message ──▶ App::update ──▶ Effect ──▶ desk or worker ──▶ Event or Message
//!                                                   │
//!                                                   └──▶ view::draw, when something changed, 30 times a second at most
//! ```
//!
//! ```text
//!  retake  ● replay-or-mock   127.0.0.1:4010 → openai     view::header
//! [1 Live] 2 Recordings                    req/s ▁▂  hit  view::tabs
//! ┏ Live 12 ━━━━━━━━━━━━━━━━━━━┓┌ Request [Response] ───┐
//! ┃ pane/live, pane/recordings ┃│ pane/detail           │  layout says where
//! ┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛└───────────────────────┘
//!  / filter  Enter detail  m mode  ? help  q quit         view::hints, from keymap
//! ```

pub mod action;
pub mod app;
pub mod ask;
pub mod causes;
pub mod compare;
pub mod copy;
pub mod deed;
pub mod detail;
pub mod difference;
pub mod draft;
pub mod effect;
pub mod filter;
pub mod keymap;
pub mod kin;
pub mod layout;
pub mod line;
pub mod list;
pub mod marks;
pub mod message;
pub mod order;
mod outbox;
pub mod overlay;
pub mod page;
pub mod pane;
pub mod past;
pub mod picture;
pub mod prune;
pub mod search;
pub mod seek;
pub mod sheet;
pub mod sieve;
pub mod sorted;
pub mod stats;
pub mod tab;
pub mod text;
pub mod theme;
pub mod toast;
pub mod view;
pub mod vocabulary;
pub mod why;

mod act;
mod curate;
mod edit;
mod elsewhere;
mod find;
mod flows;
mod fold;
mod live;
mod motion;
mod mouse;
mod narrow;
mod pulse;
mod reconcile;
mod shell;
mod trust;
mod typing;
mod work;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

pub use action::Action;
pub use app::Options;
pub use keymap::{Conflict, Keymap, Remap, is_spelled};
pub use theme::{Depth, Look, Theme, ThemeError};
pub use trust::{TrustAnswer, TrustQuestion, ask_trust};

use crate::desk::Desk;
use crate::model::{Event, Timestamp};
use crate::terminal::{self, Continued, Keys, Output, Protocol, Screen, Signals, Surroundings};
use app::App;
use message::Message;
use shell::{Shell, Sources};
use work::{Outside, Workers};

/// Keys and answers that wait for their turn.
const BATCH: usize = 256;

/// Shows the screen until somebody leaves it.
///
/// To be awaited on the thread that started the runtime (`block_on`): a panic there gives the terminal back, a panic
/// of any other thread is shown as a message. `clock` says how late it is; the screen also leaves when `over` ends.
///
/// # Errors
/// When standard output is no terminal, or the terminal or the desk fails. A terminal that is gone is an end like any
/// other.
pub async fn run(
    desk: Desk,
    mut options: Options,
    clock: fn() -> Timestamp,
    over: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    // Listen first, look second: nothing between the two is lost, and an event taken in twice does no harm.
    let events = desk.subscribe();
    let snapshot = desk.snapshot().await?;
    let (say, said) = mpsc::channel(BATCH);
    let panicked = say.clone();
    terminal::watch_panics(move |text| {
        let _ = panicked.try_send(Message::Failed { what: "internal error", text });
    });
    let suffix = options.suffix.as_deref().map(|suffix| format!(" {suffix}")).unwrap_or_default();
    // Before the terminal is taken, so that there is no moment in which a signal would leave it taken.
    let (signals, continued) = (Signals::listen()?, Continued::listen()?);
    let title = text::sanitize(&format!("retake{suffix} {}", options.address)).into_owned();
    let screen = Screen::take(&title)?;
    let ended = async {
        terminal::take_mouse(options.mouse)?;
        let notices = std::mem::take(&mut options.notices);
        let protocol = match options.protocol {
            Some(protocol) => protocol,
            None => probed().await,
        };
        options.protocol = Some(protocol);
        let outside = Outside {
            base: options.url(),
            copy: options.copy.clone(),
            open: options.open.clone(),
            outbox: tokio::sync::Mutex::default(),
        };
        let (typed, keys) = mpsc::channel(BATCH);
        let mut shell = Shell {
            app: App::new(options),
            screen: Some(screen),
            terminal: Terminal::new(CrosstermBackend::new(Output))?,
            keys: Keys::read(typed),
            protocol,
            workers: Workers::start(&desk, outside, say),
            desk,
            title,
            signals,
            continued,
            stale: false,
        };
        let (columns, rows) = terminal::size()?;
        shell.app.prices = shell.desk.prices();
        shell.take(Message::Resize(columns, rows)).await?;
        shell.take(Message::Tick(clock())).await?;
        shell.take(Message::Snapshot(Box::new(snapshot))).await?;
        for notice in notices {
            shell.take(Message::Event(Arc::new(Event::Notice(notice)))).await?;
        }
        tokio::select! {
            ended = shell.turn(Sources { keys, said, events, clock }) => ended,
            () = over => Ok(()),
        }
    };
    let ended = ended.await;
    // A terminal that is gone fails at everything, and leaves nobody to be told.
    if terminal::is_there() { ended } else { Ok(()) }
}

/// How the terminal shows pictures. Asked on a thread of its own: a terminal that goes away meanwhile never answers.
async fn probed() -> Protocol {
    tokio::select! {
        probed = spawn_blocking(|| terminal::probe(&Surroundings::here())) => probed.unwrap_or_default(),
        () = terminal::gone() => Protocol::default(),
    }
}
