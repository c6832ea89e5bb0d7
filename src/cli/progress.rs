//! The progress of long work, on stderr: only before a terminal, and only when it takes a while.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use tokio::signal::unix::{SignalKind, signal};

/// Work that is done sooner than this shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);
/// Between two pictures of something that has no steps.
const TICK: Duration = Duration::from_millis(100);
/// The exit code of what Ctrl-C ended, as a shell says it.
const INTERRUPTED: i32 = 130;

/// Work under way. Dropped, it leaves no trace on the terminal.
///
/// Once it is seen, Ctrl-C takes it off the terminal and ends the program with 130: whatever was acknowledged by then is
/// safe in the store, and the rest was never done.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Work that is called so (`compacting`), in `total` steps if that is known. To be called inside the runtime.
    pub(super) fn start(what: &'static str, total: Option<u64>) -> Self {
        let template =
            if total.is_some() { "{spinner} {msg} {pos}/{len}" } else { "{spinner} {msg} {elapsed}" };
        let target = io::stderr().is_terminal().then(|| ProgressDrawTarget::term_like(Box::new(Terminal)));
        Self::with(target, PATIENCE, what, total, template)
    }

    fn with(
        target: Option<ProgressDrawTarget>,
        patience: Duration,
        what: &'static str,
        total: Option<u64>,
        template: &str,
    ) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden()).with_message(what);
        let style = ProgressStyle::with_template(template);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        if let Some(target) = target {
            tokio::spawn(show(bar.clone(), target, patience));
        }
        Self(bar)
    }

    /// Counts more steps as done.
    pub(super) fn advance(&self, steps: u64) {
        self.0.inc(steps);
    }

    /// All is done.
    pub(super) fn done(self) {
        drop(self);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Stderr, a little narrower than it is: a line that is full would leave no room for the `^C` that terminals echo, and
/// what wraps is not taken off again.
#[derive(Debug)]
struct Terminal;

/// The width of `^C`, and the cursor behind it.
const ECHO: u16 = 3;

impl Terminal {
    fn write(text: &str) -> io::Result<()> {
        io::stderr().write_all(text.as_bytes())
    }

    fn moved(by: usize, way: char) -> io::Result<()> {
        if by == 0 { Ok(()) } else { Self::write(&format!("\x1b[{by}{way}")) }
    }
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        // A terminal that does not know its width says 0.
        let columns = crossterm::terminal::size().map_or(0, |(columns, _)| columns);
        let columns = if columns == 0 { 80 } else { columns };
        columns.saturating_sub(ECHO).max(1)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        Self::moved(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        Self::moved(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        Self::moved(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        Self::moved(n, 'D')
    }

    fn write_line(&self, s: &str) -> io::Result<()> {
        Self::write(&format!("{s}\r\n"))
    }

    fn write_str(&self, s: &str) -> io::Result<()> {
        Self::write(s)
    }

    fn clear_line(&self) -> io::Result<()> {
        Self::write("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Shows the work when it has taken a while. From then on this program answers Ctrl-C itself, until its end: a signal
/// that was once listened to does not kill any more.
async fn show(bar: ProgressBar, target: ProgressDrawTarget, patience: Duration) {
    tokio::time::sleep(patience).await;
    if bar.is_finished() {
        return;
    }
    // Before it is seen: a signal that comes at once must not leave it on the terminal.
    let Ok(mut interrupt) = signal(SignalKind::interrupt()) else { return };
    bar.set_draw_target(target);
    bar.tick();
    bar.enable_steady_tick(TICK);
    interrupt.recv().await;
    bar.finish_and_clear();
    std::process::exit(INTERRUPTED);
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use indicatif::InMemoryTerm;

    use super::*;

    fn seen(terminal: &InMemoryTerm, wanted: impl Fn(&str) -> bool) {
        let started = Instant::now();
        while !wanted(&terminal.contents()) {
            assert!(started.elapsed() < Duration::from_secs(20), "saw `{}`", terminal.contents());
            std::thread::yield_now();
        }
    }

    fn start(terminal: &InMemoryTerm, patience: Duration, total: Option<u64>) -> Progress {
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        Progress::with(Some(target), patience, "compacting", total, "{spinner} {msg} {pos}/{len}")
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn long_work_is_seen_until_it_is_done() {
        let terminal = InMemoryTerm::new(3, 40);
        let work = start(&terminal, Duration::ZERO, Some(7));
        seen(&terminal, |shown| shown.contains("compacting 0/7"));
        work.advance(3);
        seen(&terminal, |shown| shown.contains("compacting 3/7"));
        work.done();
        assert_eq!(terminal.contents(), "");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn short_work_is_never_seen() {
        let terminal = InMemoryTerm::new(3, 40);
        let patience = Duration::from_secs(3600);
        let work = start(&terminal, patience, None);
        work.advance(1);
        work.done();
        assert_eq!(terminal.contents(), "");
        let finished = ProgressBar::hidden();
        finished.finish_and_clear();
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        show(finished, target, Duration::ZERO).await;
        assert_eq!(terminal.contents(), "");
    }
}
