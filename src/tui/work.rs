//! What takes time, done away from the UI thread; the newest request wins.

use std::collections::HashMap;
use std::io;
use std::mem::Discriminant;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use image::DynamicImage;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, spawn_blocking};
use tokio::time::timeout;

use super::Signals;
use super::ask::Ask;
use super::deed::Deed;
use super::effect::{Effect, Scale, Subject};
use super::message::Message;
use super::page::Pages;
use super::picture;
use super::text::{Picture, Source};
use crate::desk::Desk;
use crate::reading::decode_picture;
use crate::terminal::{self, Protocol};

/// The workers behind the screen: one loads, one scales pictures, and verbs go to the desk as they come.
pub(super) struct Workers {
    desk: Desk,
    say: mpsc::Sender<Message>,
    loads: watch::Sender<Option<(u64, Subject)>>,
    scales: watch::Sender<Option<Scale>>,
    deeds: mpsc::UnboundedSender<Deed>,
    asks: HashMap<Discriminant<Ask>, AbortHandle>,
    cancelled: Arc<AtomicBool>,
}

impl Workers {
    /// Starts them; they end when this is dropped.
    pub(super) fn start(desk: &Desk, say: mpsc::Sender<Message>) -> Self {
        // A watch holds the newest value only: whoever scrolls through a list loads what he stops at.
        let (loads, to_load) = watch::channel(None);
        let (scales, to_scale) = watch::channel(None);
        tokio::spawn(load_all(desk.clone(), to_load, say.clone()));
        tokio::spawn(scale_all(desk.clone(), to_scale, say.clone()));
        let (deeds, to_do) = mpsc::unbounded_channel();
        let cancelled = Arc::new(AtomicBool::new(false));
        tokio::spawn(carry_out_all(desk.clone(), to_do, say.clone(), Arc::clone(&cancelled)));
        Self { desk: desk.clone(), say, loads, scales, deeds, asks: HashMap::new(), cancelled }
    }

    /// Hands an effect to whom it concerns.
    pub(super) fn take(&mut self, effect: Effect) {
        match effect {
            Effect::Load { generation, subject } => {
                drop(self.loads.send_replace(Some((generation, subject))));
            }
            Effect::Scale(scale) => drop(self.scales.send_replace(Some(scale))),
            Effect::Ask(generation, ask) => self.ask(generation, ask),
            Effect::Do(deed) => self.carry_out(deed),
            Effect::Cancel => self.cancelled.store(true, Ordering::SeqCst),
            Effect::FullScreen(_)
            | Effect::Editor(_)
            | Effect::Mouse(_)
            | Effect::Suspend
            | Effect::Redraw
            | Effect::Quit => {}
        }
    }

    /// Asks the desk something; an older question of the same kind is given up.
    fn ask(&mut self, generation: u64, ask: Ask) {
        let (desk, say, kind) = (self.desk.clone(), self.say.clone(), ask.kind());
        let task = tokio::spawn(async move {
            let answer = ask.clone().answered(&desk).await;
            let _ = say.send(Message::Answered { generation, answer, ask }).await;
        });
        if let Some(before) = self.asks.insert(kind, task.abort_handle()) {
            before.abort();
        }
    }

    /// Asks the desk for a change. One is made after the other, in the order of the keys.
    fn carry_out(&self, deed: Deed) {
        let _ = self.deeds.send(deed);
    }
}

async fn carry_out_all(
    desk: Desk,
    mut deeds: mpsc::UnboundedReceiver<Deed>,
    say: mpsc::Sender<Message>,
    cancelled: Arc<AtomicBool>,
) {
    while let Some(deed) = deeds.recv().await {
        let (what, next) = (deed.what(), deed.next());
        cancelled.store(false, Ordering::SeqCst);
        let step = |done, of| {
            let _ = say.try_send(Message::Under(done, of));
            !cancelled.load(Ordering::SeqCst)
        };
        let (message, next) = match deed.done(&desk, step).await {
            Ok(told) => (Message::Done(told), next),
            Err(error) => (Message::Failed { what, text: error.to_string() }, None),
        };
        for message in std::iter::once(message).chain(next.map(Message::Offer)) {
            if say.send(message).await.is_err() {
                return;
            }
        }
    }
}

async fn load_all(
    desk: Desk,
    mut wanted: watch::Receiver<Option<(u64, Subject)>>,
    say: mpsc::Sender<Message>,
) {
    while wanted.changed().await.is_ok() {
        let Some((generation, subject)) = wanted.borrow_and_update().clone() else { continue };
        let pages = match load(&desk, &subject).await {
            Ok(pages) => pages,
            Err(error) => {
                let _ = say.send(Message::Failed { what: "loading", text: format!("{error:#}") }).await;
                None
            }
        };
        if say.send(Message::Loaded { generation, pages }).await.is_err() {
            return;
        }
    }
}

async fn load(desk: &Desk, subject: &Subject) -> anyhow::Result<Option<Arc<Pages>>> {
    let recording = match subject {
        Subject::Recording(id) => Some(id),
        // What the call itself held, if that is remembered; else what answered it.
        Subject::Call(call, recording) => {
            if let Some(exchange) = desk.exchange(*call).await? {
                return Ok(Some(Arc::new(spawn_blocking(move || Pages::of_exchange(&exchange)).await?)));
            }
            recording.as_ref()
        }
    };
    let Some(id) = recording else { return Ok(None) };
    let Some(recording) = desk.recording(id).await? else { return Ok(None) };
    Ok(Some(Arc::new(spawn_blocking(move || Pages::of_recording(&recording)).await?)))
}

async fn scale_all(desk: Desk, mut wanted: watch::Receiver<Option<Scale>>, say: mpsc::Sender<Message>) {
    // The last picture stays decoded: another size or a redraw is then cheap.
    let mut last: Option<(Picture, Arc<DynamicImage>)> = None;
    while wanted.changed().await.is_ok() {
        let Some(Scale { generation, picture, cells }) = wanted.borrow_and_update().clone() else { continue };
        let known = last.take().filter(|(known, _)| *known == picture).map(|(_, decoded)| decoded);
        let decoded = match known {
            Some(decoded) => Ok(decoded),
            None => decoded(&desk, &picture).await.map(Arc::new),
        };
        let scaled = match decoded {
            Ok(decoded) => {
                last = Some((picture, Arc::clone(&decoded)));
                let own = (decoded.width(), decoded.height());
                let scaled = spawn_blocking(move || Arc::new(picture::thumbnail(&decoded, cells))).await;
                scaled.map(|pixels| (own, pixels)).map_err(|error| error.to_string())
            }
            Err(problem) => Err(problem),
        };
        if say.send(Message::Scaled { generation, picture: scaled }).await.is_err() {
            return;
        }
    }
}

/// A picture's pixels, wherever its bytes are.
pub(super) async fn decoded(desk: &Desk, picture: &Picture) -> Result<DynamicImage, String> {
    let bytes = match &picture.source {
        Source::Inline(bytes) => bytes.clone(),
        Source::Media(id) => match desk.media(id).await {
            Ok(Some(media)) => media.body,
            Ok(None) => return Err("its file is gone".into()),
            Err(error) => return Err(format!("{error:#}")),
        },
    };
    // A picture can be made to crash a decoder; that must stay a message.
    spawn_blocking(move || decode_picture(&bytes)).await.unwrap_or_else(|error| Err(error.to_string()))
}

/// Shows a picture and waits for a key, or for a signal that asks the process to end: then the first is true.
pub(super) async fn until_key(
    picture: DynamicImage,
    protocol: Protocol,
    signals: &mut Signals,
) -> (bool, io::Result<()>) {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stop);
    let mut shown = spawn_blocking(move || {
        terminal::show(&picture, protocol)?;
        terminal::wait_for_key(&seen)
    });
    let ended = tokio::select! {
        shown = &mut shown => return (false, shown.unwrap_or_else(|error| Err(io::Error::other(error)))),
        () = signals.any() => true,
    };
    stop.store(true, Ordering::SeqCst);
    // A terminal that stopped answering must not keep the process from ending.
    let _ = timeout(Duration::from_secs(1), shown).await;
    (ended, Ok(()))
}
