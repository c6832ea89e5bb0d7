//! The terminal itself: taking it over and giving it back, reading keys, asking what it can do, pictures in pixels.
//!
//! The only place that asks the terminal questions or prints past ratatui.

mod clipboard;
mod command;
mod editor;
mod pictures;
mod protocol;
mod signals;

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

use crossterm::event::{self, DisableBracketedPaste, EnableBracketedPaste, Event};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, SetTitle};
use crossterm::{cursor, execute, terminal};
use image::DynamicImage;
use parking_lot::{Condvar, Mutex};
use tokio::sync::mpsc;

pub use clipboard::copy;
pub use command::{OpenQuote, words};
pub use editor::{EditorError, EditorOutcome, edited};
use pictures::{Room, pixels};
pub use protocol::{Depth, Protocol};
pub use signals::{Continued, Signals};

/// The terminal as the environment describes it.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// True if it runs inside a multiplexer, which swallows or mangles pictures.
    pub multiplexer: bool,
}

/// True while the screen is ours, so that giving it back twice does nothing.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// True once pictures were sent that the terminal keeps until told otherwise.
static PICTURES: AtomicBool = AtomicBool::new(false);

/// The writer of frames: standard output while the terminal is ours, and nowhere afterwards. ratatui shows the cursor
/// when it is dropped and complains on stderr where it cannot, which panics where the terminal is gone and stderr with
/// it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Output;

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if TAKEN.load(Ordering::SeqCst) { io::stdout().write(bytes) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if TAKEN.load(Ordering::SeqCst) { io::stdout().flush() } else { Ok(()) }
    }
}

/// The terminal while it is ours: raw mode, alternate screen, bracketed paste, hidden cursor, our title. It is given
/// back when this is dropped.
#[derive(Debug)]
pub struct Screen {
    title: String,
}

impl Screen {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When standard output is no terminal, or it cannot be set up.
    pub fn take(title: &str) -> io::Result<Self> {
        if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "standard input and output must be a terminal",
            ));
        }
        TAKEN.store(true, Ordering::SeqCst);
        let screen = Self { title: title.chars().filter(|c| !c.is_control()).take(100).collect() };
        // The old title is put on the terminal's stack; terminals without one ignore it.
        io::stdout().write_all(b"\x1b[22;0t")?;
        screen.set_up()?;
        Ok(screen)
    }

    /// Sets everything up again. For a process that was stopped from outside: it had no time to give the terminal
    /// back, and whoever had it meanwhile left it as they like it.
    ///
    /// # Errors
    /// When it cannot be set up.
    pub fn renew(&self) -> io::Result<()> {
        // What crossterm believes to be raw already it would leave as it is.
        terminal::disable_raw_mode()?;
        self.set_up()
    }

    fn set_up(&self) -> io::Result<()> {
        terminal::enable_raw_mode()?;
        execute!(
            io::stdout(),
            EnterAlternateScreen,
            EnableBracketedPaste,
            cursor::Hide,
            SetTitle(self.title.as_str())
        )
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back as it was. Safe to call at any time, from any thread, more than once.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // Each step is tried whatever became of the one before: a terminal left half raw is of no use to anybody.
    forget_pictures();
    let mut out = io::stdout();
    // A panic while drawing leaves a frame open, and the terminal would show nothing more.
    execute!(out, terminal::EndSynchronizedUpdate).ok();
    // Each of these is tried, whatever became of the one before.
    execute!(out, event::DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show).ok();
    out.write_all(b"\x1b[23;0t").and_then(|()| out.flush()).ok();
    terminal::disable_raw_mode().ok();
}

/// Stops this process, as a shell's Ctrl-Z does; returns when it is told to go on.
///
/// # Errors
/// When the signal cannot be sent.
pub fn stop() -> io::Result<()> {
    // The whole group, as the terminal itself does it: a program that started this one stops with it.
    rustix::process::kill_current_process_group(rustix::process::Signal::TSTP).map_err(Into::into)
}

/// Takes the mouse, so that clicks and the wheel are events, or leaves it to the terminal.
///
/// # Errors
/// When the terminal cannot be written to.
pub fn take_mouse(on: bool) -> io::Result<()> {
    if on {
        execute!(io::stdout(), event::EnableMouseCapture)
    } else {
        execute!(io::stdout(), event::DisableMouseCapture)
    }
}

/// True if the terminal is still there: its window may be closed and its connection broken.
#[must_use]
pub fn is_there() -> bool {
    io::stdin().is_terminal()
}

/// Waits until the terminal is gone. Looks once a second: crossterm never returns from reading one that is, and where
/// SIGHUP is ignored no signal tells.
pub async fn gone() {
    while is_there() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Columns and rows of the terminal.
///
/// # Errors
/// When there is no terminal to ask.
pub fn size() -> io::Result<(u16, u16)> {
    terminal::size()
}

/// Begins output that is shown at once at [`end_frame`], by terminals that can do that.
///
/// # Errors
/// When the terminal cannot be written to.
pub fn begin_frame() -> io::Result<()> {
    crossterm::queue!(io::stdout(), terminal::BeginSynchronizedUpdate)
}

/// Shows what was written since [`begin_frame`].
///
/// # Errors
/// When the terminal cannot be written to.
pub fn end_frame() -> io::Result<()> {
    execute!(io::stdout(), terminal::EndSynchronizedUpdate)
}

/// Makes a panic of this thread give the terminal back before it is reported, and a panic of any other thread a line
/// in the log and a word to `report`; the screen stays up. (ratatui's own hook would tear the screen down whichever
/// thread panics.)
pub fn watch_panics(report: impl Fn(String) + Send + Sync + 'static) {
    let ui: ThreadId = thread::current().id();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if crate::store::catches_panics() {
            return;
        }
        if thread::current().id() == ui || !TAKEN.load(Ordering::SeqCst) {
            give_back();
            before(info);
            return;
        }
        let payload = info.payload();
        let words = payload.downcast_ref::<&str>().copied();
        let words = words.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("panic");
        let place = info.location().map(|place| format!(" ({place})")).unwrap_or_default();
        let text = format!("{words}{place}");
        tracing::error!("{text}");
        report(text);
    }));
}

// === keys ===

/// The thread that reads keys, and the gate that stops it while somebody else reads from the terminal.
#[derive(Debug)]
pub struct Keys {
    gate: Arc<Gate>,
}

#[derive(Debug, Default)]
struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum GateState {
    #[default]
    Reading,
    Asked,
    Parked,
    Ended,
}

impl Keys {
    /// Delay after which a read looks at the gate again.
    const WAIT: Duration = Duration::from_millis(50);

    /// Starts to read; events go to `events`, and the thread ends when nobody takes them any more.
    #[must_use]
    pub fn read(events: mpsc::Sender<Event>) -> Self {
        let gate = Arc::new(Gate::default());
        let inside = Arc::clone(&gate);
        thread::Builder::new()
            .name("keys".into())
            .spawn(move || inside.read(&events))
            .map_or_else(|error| tracing::error!("no thread for keys: {error}"), |_detached| ());
        Self { gate }
    }

    /// Stops reading; returns once the thread stands still. Waits for as long as a read takes.
    pub fn park(&self) {
        self.gate.set(GateState::Asked);
        let mut state = self.gate.state.lock();
        let still = |state: &mut GateState| *state == GateState::Asked;
        // Bounded, in case the thread is gone.
        self.gate.changed.wait_while_for(&mut state, still, Duration::from_secs(1));
    }

    /// Reads on.
    pub fn resume(&self) {
        self.gate.set(GateState::Reading);
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.gate.set(GateState::Ended);
    }
}

impl Gate {
    fn set(&self, state: GateState) {
        *self.state.lock() = state;
        self.changed.notify_all();
    }

    fn read(&self, events: &mpsc::Sender<Event>) {
        while self.pass() {
            let next = event::poll(Keys::WAIT).and_then(|ready| ready.then(event::read).transpose());
            let open = match next {
                Ok(Some(event)) => events.blocking_send(event).is_ok(),
                Ok(None) => !events.is_closed(),
                Err(error) => {
                    tracing::error!("cannot read keys: {error}");
                    false
                }
            };
            if !open {
                break;
            }
        }
    }

    /// Waits while the gate is closed; false when reading is over.
    fn pass(&self) -> bool {
        let mut state = self.state.lock();
        if *state == GateState::Asked {
            *state = GateState::Parked;
            self.changed.notify_all();
        }
        let parked = |state: &mut GateState| *state == GateState::Parked;
        self.changed.wait_while(&mut state, parked);
        *state != GateState::Ended
    }
}

/// Waits for any key or until `stop` is set, and then takes all that was typed or answered meanwhile. Only while
/// [`Keys`] is parked.
///
/// # Errors
/// When the terminal cannot be read.
pub fn wait_for_key(stop: &AtomicBool) -> io::Result<()> {
    while !stop.load(Ordering::SeqCst) {
        if event::poll(Keys::WAIT)? && matches!(event::read()?, Event::Key(_) | Event::Resize(..)) {
            break;
        }
    }
    drain()
}

/// Takes all input that is waiting.
///
/// # Errors
/// When the terminal cannot be read.
pub fn drain() -> io::Result<()> {
    while event::poll(Duration::from_millis(20))? {
        event::read()?;
    }
    Ok(())
}

// === pictures ===

impl Surroundings {
    /// The terminal of this process.
    #[must_use]
    pub fn here() -> Self {
        Self { multiplexer: multiplexer().is_some() }
    }
}

/// The program between this one and the terminal, where there is one.
#[must_use]
pub fn multiplexer() -> Option<&'static str> {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let known = [("TMUX", "tmux"), ("ZELLIJ", "zellij"), ("STY", "screen")];
    known.into_iter().find(|(variable, _)| set(variable)).map(|(_, name)| name)
}

/// Asks the terminal how it can show pictures, for commands that have no screen; none where there is no terminal.
///
/// # Errors
/// When the terminal cannot be set up for an answer.
pub fn protocol() -> io::Result<Option<Protocol>> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Ok(None);
    }
    // The questions are answered on standard input, where lines would wait for Enter and be echoed.
    terminal::enable_raw_mode()?;
    let protocol = probe(&Surroundings::here());
    terminal::disable_raw_mode()?;
    Ok(Some(protocol))
}

/// Asks the terminal how it can show pictures. To be called once, while the terminal is ours and before [`Keys`] reads.
///
/// A terminal that answers nothing would make the later questions wait for ever, so the first one is a question that
/// every terminal answers, with a limit.
#[must_use]
pub fn probe(surroundings: &Surroundings) -> Protocol {
    if surroundings.multiplexer || !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Protocol::Blocks;
    }
    if terminal::supports_keyboard_enhancement().is_err() {
        return Protocol::Blocks;
    }
    pixels::probe()
}

/// Shows a picture on the whole screen, as large as it fits with its proportions kept, leaving the last line free.
///
/// # Errors
/// When the terminal cannot be written to.
pub fn show(picture: &DynamicImage, protocol: Protocol) -> io::Result<()> {
    execute!(io::stdout(), terminal::Clear(terminal::ClearType::All), cursor::MoveTo(0, 0))?;
    PICTURES.store(true, Ordering::SeqCst);
    let room = Room::here()?;
    let (columns, rows) = room.fit(picture.width(), picture.height());
    let (width, height) = room.pixels(columns, rows);
    // The protocols send raw pixels, so none that cannot be seen are sent.
    let small = if picture.width() > width {
        picture.resize(width, height, image::imageops::FilterType::Triangle)
    } else {
        picture.clone()
    };
    pixels::print(&small, protocol, Some((room.columns - columns) / 2), (columns, rows))?;
    execute!(io::stdout(), cursor::MoveTo(0, room.rows), crossterm::style::Print("any key returns"))
}

/// Prints a picture where the cursor is, as large as the screen allows, for commands that end afterwards.
///
/// # Errors
/// When standard output is no terminal.
pub fn print_picture(picture: &DynamicImage) -> io::Result<()> {
    if !io::stdout().is_terminal() {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "standard output is no terminal"));
    }
    let protocol = protocol()?.unwrap_or_default();
    let room = Room::here()?;
    let cells = room.fit(picture.width(), picture.height());
    pixels::print(picture, protocol, None, cells)
}

/// Makes the terminal forget pictures that it keeps.
pub fn forget_pictures() {
    if PICTURES.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        // A terminal that is gone shows none.
        out.write_all(b"\x1b_Ga=d,d=A\x1b\\").and_then(|()| out.flush()).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_stops_the_thread_and_says_so() {
        let gate = Arc::new(Gate::default());
        let (passed, seen) = std::sync::mpsc::channel();
        let inside = Arc::clone(&gate);
        let thread = thread::spawn(move || {
            while inside.pass() {
                let _ = passed.send(());
                thread::yield_now();
            }
        });
        seen.recv().unwrap();
        Keys { gate: Arc::clone(&gate) }.park();
        // Dropping the keys above has ended the reading.
        thread.join().unwrap();
        gate.set(GateState::Reading);
        assert!(gate.pass());
    }
}
