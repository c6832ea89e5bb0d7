//! `retake serve`: the proxy headless.

use std::process::ExitCode;
use std::sync::Arc;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::cli::common::Common;
use crate::cli::serve::running::{RunningProxy, log_to_stderr};
use crate::cli::{exit, print};
use crate::config::Config;
use crate::model::{Call, Event};
use crate::terminal::Signals;

/// The form in which calls are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallLines {
    /// One line a call.
    Text,
    /// One JSON object a call.
    Json,
    /// No lines.
    None,
}

impl CallLines {
    pub(crate) fn of(quiet: bool, json: bool) -> Self {
        match (quiet, json) {
            (true, _) => Self::None,
            (_, true) => Self::Json,
            _ => Self::Text,
        }
    }
}

pub(crate) async fn run(common: &Common, lines: CallLines) -> anyhow::Result<ExitCode> {
    log_to_stderr(lines == CallLines::None);
    let config = Config::read(&common.config)?;
    config.refuse_withheld()?;
    // The first line: who starts a proxy sees what a file does beside what they asked for.
    config.granted().iter().for_each(|line| print::note(line));
    // Before the address is said: who reads it may send a signal at once.
    let mut signals = Signals::listen()?;
    let running = RunningProxy::start(&common.store, &config).await?;
    running.notices.iter().for_each(|notice| print::note(&notice.text));
    config.notices().iter().for_each(|notice| print::note(&notice.text));
    if !config.listen.ip().is_loopback() {
        print::note(&format!(
            "listening beyond this machine: everyone who reaches {}:{} can use recordings and upstreams",
            config.listen.ip(),
            running.address.port()
        ));
    }
    let printing =
        (lines != CallLines::None).then(|| tokio::spawn(print_calls(running.engine.subscribe(), lines)));
    // Without a reader the proxy goes on: the calls matter, the lines about them do not.
    print::line_if_read(&format!("listening on http://{}", running.address));
    signals.next().await;
    if let Some(signal) = running.stop_or(&mut signals).await? {
        return Ok(exit::of_signal(signal));
    }
    if let Some(printing) = printing {
        // The engine is gone, so its announcements end and so does the printing.
        tokio::time::timeout(std::time::Duration::from_secs(1), printing).await.ok();
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints every call that is done, as it is done, for as long as somebody reads.
pub(crate) async fn print_calls(mut events: Receiver<Arc<Event>>, lines: CallLines) {
    loop {
        let read = match events.recv().await {
            Ok(event) => match &*event {
                Event::Call { call, .. } if call.done => print_call(call, lines),
                Event::Notice(notice) => {
                    print::note(&notice.text);
                    true
                }
                _ => true,
            },
            Err(RecvError::Lagged(lost)) => {
                print::note(&format!("{lost} announcements were too fast to print"));
                true
            }
            Err(RecvError::Closed) => false,
        };
        if !read {
            return;
        }
    }
}

/// False when nobody reads any more.
fn print_call(call: &Call, lines: CallLines) -> bool {
    match lines {
        CallLines::Text => print::line_if_read(&print::call(call)),
        CallLines::Json => print::line_if_read(&print::json_text(call).unwrap_or_default()),
        CallLines::None => true,
    }
}
