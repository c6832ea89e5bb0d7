//! Announcements of an owner in another process, as if it were in this one.
//!
//! A task reads them as they come and passes them on. When they stop coming it says so and tries again, more and more
//! rarely; when they are back it hands on everything anew, because what was missed is not known.

use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::sync::broadcast;

use super::control_client::{ControlClient, piece};
use super::error::ClientError;
use crate::model::{Event, Level, Notice, Snapshot};
use crate::wire::event_stream::events;

/// Limit of announcements that a slow listener may lag behind, as in the engine.
const BACKLOG: usize = 4096;
/// The owner says something every 15 seconds, be it nothing.
const SILENCE: Duration = Duration::from_secs(45);
/// The first and the longest pause before another try.
const SHORTEST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(5);
/// The longest announcement: a snapshot of a large store has tens of megabytes.
const LARGEST: usize = 1 << 30;

/// Listens to an owner until all receivers are gone.
pub(super) fn listen(owner: ControlClient) -> broadcast::Receiver<Arc<Event>> {
    let (tell, told) = broadcast::channel(BACKLOG);
    tokio::spawn(async move {
        let mut relay = Relay { owner, tell, lost: false, pause: SHORTEST };
        let tell = relay.tell.clone();
        tokio::select! {
            () = tell.closed() => {}
            () = relay.run() => {}
        }
    });
    told
}

/// The task that passes announcements on.
struct Relay {
    owner: ControlClient,
    tell: broadcast::Sender<Arc<Event>>,
    /// True if the owner was said not to answer.
    lost: bool,
    pause: Duration,
}

impl Relay {
    async fn run(&mut self) {
        loop {
            let text = match self.pass_on().await {
                Ok(()) => format!("the retake at {} has stopped", self.owner.base()),
                Err(error) => error.to_string(),
            };
            self.lost = true;
            // Said at each try, so that it stays on a screen for as long as it is so.
            self.notify(Level::Warning, format!("{text}; trying again"));
            tokio::time::sleep(self.pause).await;
            self.pause = (self.pause * 2).min(LONGEST);
            self.owner.look_again();
        }
    }

    /// Passes on what is announced until the owner stops.
    async fn pass_on(&mut self) -> Result<(), ClientError> {
        let base = self.owner.base();
        let mut body = self.owner.open("/events").await?;
        let mut blocks = Blocks::default();
        while let Some(piece) = piece(&base, &mut body, SILENCE).await? {
            blocks.take(&piece);
            if blocks.bytes.len() > LARGEST {
                return Err(ClientError::Refused {
                    status: 200,
                    message: "an announcement without end".into(),
                });
            }
            while let Some(block) = blocks.next() {
                for event in events(&block) {
                    self.tell(&event.name, &event.data)?;
                }
            }
        }
        Ok(())
    }

    fn tell(&mut self, name: &str, data: &[u8]) -> Result<(), ClientError> {
        let event = match name {
            "snapshot" => Event::Snapshot(Arc::new(read::<Snapshot>(data)?)),
            "event" => read(data)?,
            // What a newer one says besides.
            _ => return Ok(()),
        };
        let anew = matches!(event, Event::Snapshot(_));
        // Nobody listening is fine: this ends soon.
        self.tell.send(Arc::new(event)).ok();
        if anew {
            self.pause = SHORTEST;
            if std::mem::take(&mut self.lost) {
                // As loud as what it takes back, which it outlasts.
                self.notify(Level::Warning, format!("Connected again to {}", self.owner.base()));
            }
        }
        Ok(())
    }

    fn notify(&self, level: Level, text: String) {
        // Nobody listening is fine: this ends soon.
        self.tell.send(Arc::new(Event::Notice(Notice { level, text }))).ok();
    }
}

fn read<T: DeserializeOwned>(data: &[u8]) -> Result<T, ClientError> {
    serde_json::from_slice(data).map_err(|error| ClientError::Refused {
        status: 200,
        message: format!("an announcement that cannot be read ({error}); use the same version on both sides"),
    })
}

/// Cuts a stream of events at its blank lines. The owner ends lines with a line feed alone.
#[derive(Default)]
struct Blocks {
    bytes: Vec<u8>,
    /// Offset up to which no block ends.
    searched: usize,
}

impl Blocks {
    fn take(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    fn next(&mut self) -> Option<Vec<u8>> {
        let from = self.searched.saturating_sub(1);
        let found = self.bytes[from..].windows(2).position(|two| two == b"\n\n");
        let Some(end) = found.map(|at| from + at + 2) else {
            self.searched = self.bytes.len();
            return None;
        };
        let rest = self.bytes.split_off(end);
        self.searched = 0;
        Some(std::mem::replace(&mut self.bytes, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_end_at_blank_lines_however_they_arrive() {
        let stream = b"event: a\ndata: 1\n\n:\n\nevent: b\ndata: 2\n\nevent: c";
        for step in 1..stream.len() {
            let (mut blocks, mut found) = (Blocks::default(), Vec::new());
            for piece in stream.chunks(step) {
                blocks.take(piece);
                found.extend(std::iter::from_fn(|| blocks.next()));
            }
            assert_eq!(found, [&b"event: a\ndata: 1\n\n"[..], b":\n\n", b"event: b\ndata: 2\n\n"], "{step}");
        }
    }
}
