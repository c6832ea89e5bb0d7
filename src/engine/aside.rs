//! Running work of milliseconds beside the calls. Work with an engine goes through `work`.

/// Bodies from this length on are read aside.
pub(super) const LARGE: usize = 64 << 10;

/// Runs work that takes milliseconds where it keeps no other call waiting.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            // Passed on: the server answers it.
            Ok(panic) => std::panic::resume_unwind(panic),
            // The program ends, and this call with it.
            Err(_) => std::future::pending().await,
        },
    }
}
