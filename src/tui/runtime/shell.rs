//! The loop and the terminal.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::Event as TerminalEvent;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, mpsc};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::pictures;
use super::workers::Workers;
use crate::api::SnapshotRequest;
use crate::client::Client;
use crate::model::{Event, Timestamp};
use crate::reading::human::size;
use crate::terminal::{self, Continued, EditorError, EditorOutcome, Keys, Output, Protocol, Screen, Signals};
use crate::tui::app::state::App;
use crate::tui::app::view;
use crate::tui::content::draft::EditDraft;
use crate::tui::content::text::AnswerPicture;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::message::Message;

/// The shortest time between two frames.
const FRAME: Duration = Duration::from_millis(33);
/// Announcements taken in with a frame: 15,000 a second. Nobody reads more, and taking them in would slow the proxy down.
const EVENTS: usize = 512;

/// The loop, the terminal and the workers.
pub(crate) struct Shell {
    pub(crate) app: App,
    pub(crate) client: Client,
    /// The screen; `None` while somebody's editor or the shell has the terminal. Before `terminal`, so that it is
    /// dropped first.
    pub(crate) screen: Option<Screen>,
    pub(crate) terminal: Terminal<CrosstermBackend<Output>>,
    pub(crate) keys: Keys,
    pub(crate) protocol: Protocol,
    pub(crate) workers: Workers,
    pub(crate) title: String,
    pub(crate) signals: Signals,
    pub(crate) continued: Continued,
    /// True if announcements were lost.
    pub(crate) stale: bool,
}

/// The reason why a picture no longer fills the screen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PictureEnd {
    Key,
    /// The process is asked to end.
    End,
    /// The process was stopped and goes on: whoever had the terminal meanwhile left it as they like it.
    Continued,
}

/// The sources of messages.
pub(crate) struct Sources {
    pub(crate) keys: mpsc::Receiver<TerminalEvent>,
    pub(crate) messages: mpsc::Receiver<Message>,
    pub(crate) events: broadcast::Receiver<Arc<Event>>,
    pub(crate) clock: fn() -> Timestamp,
}

impl Shell {
    /// The loop: messages in, frames out.
    pub(crate) async fn turn(&mut self, mut sources: Sources) -> anyhow::Result<()> {
        let mut tick = interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut next_frame = Instant::now();
        let mut dirty = true;
        loop {
            let message = tokio::select! {
                event = sources.keys.recv() => {
                    event.map_or(Some(Message::Terminate), |event| of_terminal(event, (sources.clock)()))
                }
                Some(message) = sources.messages.recv() => Some(message),
                // The first one is waited for; those after it are taken in with the next frame.
                event = sources.events.recv(), if !dirty => Some(self.of_client(event)),
                _ = tick.tick() => {
                    if std::mem::take(&mut self.stale) {
                        let snapshot = self.snapshot().await;
                        self.take(snapshot).await?;
                    }
                    let there = terminal::is_there();
                    Some(if there { Message::Tick((sources.clock)()) } else { Message::Terminate })
                }
                _ = self.signals.next() => Some(Message::Terminate),
                () = self.continued.wait() => Some(self.renew()?),
                () = sleep_until(next_frame), if dirty => {
                    next_frame = Instant::now() + FRAME;
                    Some(Message::Frame)
                }
            };
            let Some(message) = message else { continue };
            let frame = matches!(message, Message::Frame);
            if frame && self.catch_up(&mut sources.events).await? || self.take(message).await? {
                return Ok(());
            }
            dirty |= self.app.take_dirty();
            if frame {
                self.draw()?;
                dirty = false;
            }
        }
    }

    /// Takes in what the client said since the last frame, up to a limit: nobody is woken for each of a burst, and one that
    /// is longer than the limit falls behind and is lost.
    async fn catch_up(&mut self, events: &mut broadcast::Receiver<Arc<Event>>) -> anyhow::Result<bool> {
        for _ in 0..EVENTS {
            let event = match events.try_recv() {
                Ok(event) => Ok(event),
                Err(TryRecvError::Lagged(lost)) => Err(RecvError::Lagged(lost)),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return Ok(false),
            };
            let message = self.of_client(event);
            if self.take(message).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The message for an announcement; after lost ones, the world is asked for anew with the next tick.
    fn of_client(&mut self, event: Result<Arc<Event>, RecvError>) -> Message {
        match event {
            Ok(event) => Message::Event(event),
            Err(RecvError::Closed) => Message::Terminate,
            Err(RecvError::Lagged(lost)) => {
                self.stale = true;
                Message::Lagged(lost)
            }
        }
    }

    async fn snapshot(&self) -> Message {
        match self.client.run(SnapshotRequest {}).await {
            Ok(snapshot) => Message::Snapshot(Box::new(snapshot)),
            Err(error) => Message::Failed { what: "reading the state", text: format!("{error:#}") },
        }
    }

    /// Updates the state and carries out what it asks for; true when it is time to go.
    pub(crate) async fn take(&mut self, message: Message) -> anyhow::Result<bool> {
        for effect in self.app.update(message) {
            match effect {
                Effect::Quit => return Ok(true),
                Effect::Redraw => self.clear()?,
                Effect::Mouse(on) => terminal::take_mouse(on)?,
                Effect::Suspend => self.suspend()?,
                Effect::Clip { text, what } => self.clip(&text, what)?,
                Effect::FullScreen(picture) => {
                    if self.full_screen(&picture).await? {
                        return Ok(true);
                    }
                }
                Effect::Editor(draft) => {
                    if self.editor(*draft).await? {
                        return Ok(true);
                    }
                }
                other => self.workers.take(other),
            }
        }
        Ok(false)
    }

    /// Lets the terminal put text on the clipboard. Whether it did, it does not say.
    fn clip(&mut self, text: &str, what: &str) -> io::Result<()> {
        terminal::copy(text)?;
        let size = size(text.len() as u64);
        let text = format!("Copied by the terminal (OSC 52): {what}, {size}");
        self.app.update(Message::Done(text));
        Ok(())
    }

    /// Makes the next frame draw every cell. Unlike ratatui's `clear`, this does not ask where the cursor stands: a
    /// terminal that answers nothing would end the screen, and one that does would race with [`Keys`].
    fn clear(&mut self) -> io::Result<()> {
        let size = self.terminal.size()?;
        self.terminal.resize(ratatui::layout::Rect::new(0, 0, size.width, size.height))
    }

    fn draw(&mut self) -> io::Result<()> {
        terminal::begin_frame()?;
        self.terminal.draw(|frame| view::draw(&self.app, frame))?;
        terminal::end_frame()
    }

    /// Back to the shell until that says to go on.
    fn suspend(&mut self) -> anyhow::Result<()> {
        self.keys.park();
        self.screen = None;
        let stopped = terminal::stop();
        self.take_back()?;
        if let Err(error) = stopped {
            self.app.update(Message::Failed { what: "suspend", text: error.to_string() });
        }
        Ok(())
    }

    /// Shows a picture in pixels until a key is pressed; true when the process is asked to end meanwhile.
    async fn full_screen(&mut self, picture: &AnswerPicture) -> anyhow::Result<bool> {
        let decoded = match pictures::decoded(&self.client, picture).await {
            Ok(decoded) => decoded,
            Err(text) => {
                self.app.update(Message::Failed { what: "showing the picture", text });
                return Ok(false);
            }
        };
        self.keys.park();
        let mut came = PictureEnd::Key;
        let until = async {
            came = tokio::select! {
                _ = self.signals.next() => PictureEnd::End,
                () = terminal::gone() => PictureEnd::End,
                () = self.continued.wait() => PictureEnd::Continued,
            };
        };
        let shown = pictures::until_key(decoded, self.protocol, until).await;
        terminal::forget_pictures();
        self.keys.resume();
        self.clear()?;
        if let Err(error) = shown {
            self.app.update(Message::Failed { what: "showing the picture", text: error.to_string() });
        }
        if came == PictureEnd::Continued {
            let message = self.renew()?;
            self.app.update(message);
        }
        Ok(came == PictureEnd::End)
    }
}

impl Shell {
    /// Takes the terminal over again.
    fn take_back(&mut self) -> io::Result<()> {
        self.screen = Some(Screen::take(&self.title)?);
        terminal::take_mouse(self.app.context.options.start.look.mouse)?;
        self.keys.resume();
        self.clear()
    }

    /// Sets the terminal up again after this process was stopped, whoever stopped it.
    fn renew(&mut self) -> io::Result<Message> {
        if let Some(screen) = &self.screen {
            screen.renew()?;
            terminal::take_mouse(self.app.context.options.start.look.mouse)?;
            self.clear()?;
        }
        let proxy =
            if self.app.context.options.start.attached { "" } else { ". The proxy was stopped meanwhile." };
        Ok(Message::Done(format!("Resumed{proxy}")))
    }

    /// Gives the terminal to somebody's editor until they leave it, or a signal asks this process to end: true then.
    async fn editor(&mut self, draft: EditDraft) -> anyhow::Result<bool> {
        let opened = match draft.open(&self.client).await {
            Ok(opened) => opened,
            Err(text) => {
                self.app.update(Message::Failed { what: "edit", text });
                return Ok(false);
            }
        };
        self.keys.park();
        self.screen = None;
        let (text, ending) = opened.text(&draft);
        let left = match terminal::edited(text, ending, &mut self.signals).await {
            Ok(EditorOutcome::Unchanged) => Ok(None),
            Ok(EditorOutcome::Changed(text)) => Ok(Some(text)),
            // Nobody needs the screen once more to see it go.
            Ok(EditorOutcome::Asked(_)) => return Ok(true),
            Err(error) => Err(error),
        };
        let judged = spawn_blocking(move || Ok::<_, EditorError>(draft.judged(&opened, left?)));
        let judged = judged.await;
        self.take_back()?;
        let effects = self.app.update(match judged {
            Ok(Ok(draft)) => Message::Drafted(Box::new(draft)),
            Ok(Err(error)) => Message::Failed { what: "edit", text: error.to_string() },
            Err(error) => Message::Failed { what: "edit", text: error.to_string() },
        });
        for effect in effects {
            self.workers.take(effect);
        }
        Ok(false)
    }
}

fn of_terminal(event: TerminalEvent, now: Timestamp) -> Option<Message> {
    match event {
        TerminalEvent::Key(key) => Some(Message::Key(key)),
        TerminalEvent::Paste(text) => Some(Message::Paste(text)),
        TerminalEvent::Mouse(mouse) => Some(Message::Mouse(mouse, now)),
        TerminalEvent::Resize(columns, rows) => Some(Message::Resize(columns, rows)),
        _ => None,
    }
}
