//! The terminal UI: one loop, one state, one way round.
//!
//! ```text
//!  keys, events, ticks, results ──▶ Message ──▶ App::update ──▶ Effect ──▶ client or worker ──▶ Event or Message
//!                                                   │
//!                                                   └──▶ view::draw, when something changed, 30 times a second at most
//! ```
//!
//! Tabs, overlays and the detail pane do not know the app. Each reads a [`contract::context::Context`], changes itself
//! alone, and gives back a [`contract::outcome::ActionOutcome`] with what goes beyond it:
//!
//! ```text
//!  app ──▶ recordings live diff prune log ──▶ verbs ──▶ overlay ──▶ detail ──▶ contract ──▶ protocol ──▶ content
//!                                                                                            │
//!                                                    listing ◀── input ◀── widgets ◀─────────┘
//! ```
//!
//! To follow the key `t`, which changes what a recording answers, from press to changed row:
//!
//! 1. `input/table.rs`: `t` means `Action::Retag` on Recordings.
//! 2. `app/dispatch.rs`: it belongs to no tab and to the verbs; with the selection as it is.
//! 3. `app/perform.rs`: the verb asks for the retag dialog, which is put on top.
//! 4. `overlay/retag/keys.rs`: letters choose, Enter agrees; the dialog asks for a `Mutation::Retag`.
//! 5. `protocol/mutation.rs`: the change is made by the client, and put into words.
//! 6. `app/apply_event.rs`: the engine's event changes the world, then what tabs derive from it.
//! 7. `recordings/state.rs`: the row has its new strategy, and its place in the list.

pub mod app;
pub mod content;
pub mod contract;
pub mod detail;
pub mod diff;
pub mod input;
pub mod listing;
pub mod live;
pub mod log;
pub mod overlay;
pub mod protocol;
pub mod prune;
pub mod recordings;
pub mod runtime;
pub mod verbs;
pub mod widgets;

mod entry;
mod trust;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

pub use contract::options::WorkbenchOptions;
pub use entry::{ask_consent, key_page, look_problems, show};
pub use input::action::Action;
pub use input::keymap::{KeyConflict, Keymap};
pub use widgets::theme::{Depth, Theme, ThemeChoice, ThemeError};

use app::state::App;
use protocol::message::Message;
use runtime::external::ExternalPrograms;
use runtime::shell::{Shell, Sources};
use runtime::workers::Workers;

use crate::api::SnapshotRequest;
use crate::client::Client;
use crate::model::{Event, Timestamp};
use crate::reading::sanitize;
use crate::terminal::{self, Continued, Keys, Output, Protocol, Screen, Signals, Surroundings};

/// Keys and answers that wait for their turn.
const BATCH: usize = 256;

/// Shows the screen until somebody leaves it.
///
/// To be awaited on the thread that started the runtime (`block_on`): a panic there gives the terminal back, a panic
/// of any other thread is shown as a message. `clock` says how late it is; the screen also leaves when `over` ends.
///
/// # Errors
/// When standard output is no terminal, or the terminal or the client fails. A terminal that is gone is an end like any
/// other.
pub async fn run(
    client: Client,
    mut options: WorkbenchOptions,
    clock: fn() -> Timestamp,
    over: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    // Listen first, look second: nothing between the two is lost, and an event taken in twice does no harm.
    let events = client.subscribe();
    let snapshot = client.run(SnapshotRequest {}).await?;
    let (say, messages) = mpsc::channel(BATCH);
    let panicked = say.clone();
    terminal::watch_panics(move |text| {
        // Where the queue is full it still stands in the log.
        panicked.try_send(Message::Failed { what: "internal error", text }).ok();
    });
    let suffix = options.start.suffix.as_deref().map(|suffix| format!(" {suffix}")).unwrap_or_default();
    // Before the terminal is taken, so that there is no moment in which a signal would leave it taken.
    let (signals, continued) = (Signals::listen()?, Continued::listen()?);
    let title = sanitize(&format!("retake{suffix} {}", options.start.address)).into_owned();
    let screen = Screen::take(&title)?;
    let ended = async {
        terminal::take_mouse(options.start.look.mouse)?;
        let notices = std::mem::take(&mut options.start.notices);
        let protocol = match options.protocol {
            Some(protocol) => protocol,
            None => probed().await,
        };
        options.protocol = Some(protocol);
        let outside = ExternalPrograms {
            base: options.url(),
            copy: options.start.look.copy.clone(),
            open: options.start.look.open.clone(),
            files: tokio::sync::Mutex::default(),
        };
        let (typed, keys) = mpsc::channel(BATCH);
        let mut shell = Shell {
            app: App::new(options),
            screen: Some(screen),
            terminal: Terminal::new(CrosstermBackend::new(Output))?,
            keys: Keys::read(typed),
            protocol,
            workers: Workers::start(&client, outside, say),
            client,
            title,
            signals,
            continued,
            stale: false,
        };
        let (columns, rows) = terminal::size()?;
        shell.app.recordings.prices = shell.client.prices();
        shell.take(Message::Resize(columns, rows)).await?;
        shell.take(Message::Tick(clock())).await?;
        shell.take(Message::Snapshot(Box::new(snapshot))).await?;
        for notice in notices {
            shell.take(Message::Event(Arc::new(Event::Notice(notice)))).await?;
        }
        tokio::select! {
            ended = shell.turn(Sources { keys, messages, events, clock }) => ended,
            () = over => Ok(()),
        }
    };
    let ended = ended.await;
    // A terminal that is gone fails at everything, and leaves nobody to be told.
    if terminal::is_there() { ended } else { Ok(()) }
}

/// The terminal's protocol for pictures. Asked on a thread of its own: a terminal that goes away meanwhile never
/// answers.
async fn probed() -> Protocol {
    tokio::select! {
        probed = spawn_blocking(|| terminal::probe(&Surroundings::here())) => probed.unwrap_or_default(),
        () = terminal::gone() => Protocol::default(),
    }
}
