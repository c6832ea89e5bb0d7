//! Running work of an engine beside the calls.

use super::aside::{LARGE, aside};
use super::call::answer::tee::Before;
use super::state::Engine;

impl Engine {
    /// Runs work that takes milliseconds beside the calls, with this engine.
    pub(super) async fn aside<T: Send + 'static>(&self, work: impl FnOnce(&Self) -> T + Send + 'static) -> T {
        let engine = self.clone();
        aside(move || work(&engine)).await
    }

    /// Runs work that takes as long as a body is long, `len` bytes: at once for a short one, else where it keeps nobody
    /// else waiting. Gives what is to be waited for until it is done; `then` begins what nobody waits for, but the end of
    /// the program.
    pub(super) fn aside_if_large<T: Send + 'static>(
        &self,
        len: usize,
        work: impl FnOnce() -> T + Send + 'static,
        then: impl FnOnce(T) + Send + 'static,
    ) -> Option<Before> {
        // Without a runtime the program is about to end.
        let runtime = tokio::runtime::Handle::try_current().ok()?;
        if len <= LARGE {
            then(work());
            return None;
        }
        // A task of its own: a client that leaves meanwhile does not stop it.
        let working = self.clone();
        let task = async move { then(working.shared.budget.aside(len, work).await) };
        let task = self.shared.lifetime.tasks.spawn_on(task, &runtime);
        Some(Box::pin(async move { _ = task.await }))
    }
}
