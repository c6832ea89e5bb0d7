//! How far long work is, on stderr: only before a terminal, and only when it takes a while.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

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
        let target = std::io::stderr().is_terminal().then(ProgressDrawTarget::stderr);
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

    /// So many steps more are done.
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

/// Shows the work when it has taken a while. From then on this program answers Ctrl-C itself, until its end: a signal
/// that was once listened to does not kill any more.
async fn show(bar: ProgressBar, target: ProgressDrawTarget, patience: Duration) {
    tokio::time::sleep(patience).await;
    if bar.is_finished() {
        return;
    }
    bar.set_draw_target(target);
    bar.tick();
    bar.enable_steady_tick(TICK);
    if tokio::signal::ctrl_c().await.is_ok() {
        bar.finish_and_clear();
        std::process::exit(INTERRUPTED);
    }
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
