//! What takes time, done away from the UI thread; the newest request wins.

use std::collections::HashMap;
use std::io;
use std::mem::Discriminant;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use image::DynamicImage;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, spawn_blocking};
use tokio::time::{sleep, timeout};

use super::held::ExternalPrograms;
use super::{held, rows};
use crate::desk::{Desk, DeskError};
use crate::dialect::Dialect;
use crate::model::{RecordingId, Request};
use crate::reading::decode_picture;
use crate::terminal::{self, Protocol};
use crate::tui::content::page::ExchangePages;
use crate::tui::content::subject::DetailSubject;
use crate::tui::content::text::{self, AnswerPicture, BodyForm};
use crate::tui::listing::fuzzy_find::FuzzyJob;
use crate::tui::listing::vocabulary;
use crate::tui::protocol::effect::{Effect, PairJob, ScaleJob};
use crate::tui::protocol::message::Message;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::protocol::query::RemoteQuery;
use crate::tui::recordings::contact_sheet::ThumbnailJob;
use crate::tui::recordings::list_query::ListJob;
use crate::tui::widgets::picture;

/// Longer films are not read for what their header says.
const FILM: u64 = 64 << 20;

/// The workers behind the screen: one loads, one scales pictures, and verbs go to the desk as they come.
pub(crate) struct Workers {
    desk: Desk,
    say: mpsc::Sender<Message>,
    loads: watch::Sender<Option<(u64, DetailSubject, BodyForm)>>,
    scales: watch::Sender<Option<ScaleJob>>,
    sifts: watch::Sender<Option<ListJob>>,
    seeks: watch::Sender<Option<FuzzyJob>>,
    shrinks: watch::Sender<Option<ThumbnailJob>>,
    pairs: watch::Sender<Option<PairJob>>,
    outside: Arc<ExternalPrograms>,
    deeds: mpsc::UnboundedSender<Mutation>,
    asks: HashMap<Discriminant<RemoteQuery>, AbortHandle>,
    cancelled: Arc<AtomicBool>,
}

impl Workers {
    /// Starts them; they end when this is dropped.
    pub(crate) fn start(desk: &Desk, outside: ExternalPrograms, say: mpsc::Sender<Message>) -> Self {
        // A watch holds the newest value only: whoever scrolls through a list loads what he stops at.
        let (loads, to_load) = watch::channel(None);
        let (scales, to_scale) = watch::channel(None);
        tokio::spawn(load_all(desk.clone(), to_load, say.clone()));
        tokio::spawn(scale_all(desk.clone(), to_scale, say.clone()));
        let (sifts, to_sift) = watch::channel(None);
        tokio::spawn(rows::sift_all(to_sift, say.clone()));
        let (seeks, to_seek) = watch::channel(None);
        tokio::spawn(rows::seek_all(to_seek, say.clone()));
        let (shrinks, to_shrink) = watch::channel(None);
        tokio::spawn(rows::shrink_all(desk.clone(), to_shrink, say.clone()));
        let (pairs, to_pair) = watch::channel(None);
        tokio::spawn(pair_all(desk.clone(), to_pair, say.clone()));
        let outside = Arc::new(outside);
        let (deeds, to_do) = mpsc::unbounded_channel();
        let cancelled = Arc::new(AtomicBool::new(false));
        tokio::spawn(carry_out_all(desk.clone(), to_do, say.clone(), Arc::clone(&cancelled)));
        let (desk, asks) = (desk.clone(), HashMap::new());
        Self { desk, say, loads, scales, sifts, seeks, shrinks, pairs, outside, deeds, asks, cancelled }
    }

    /// Hands an effect to whom it concerns.
    pub(crate) fn take(&mut self, effect: Effect) {
        match effect {
            Effect::Load { generation, subject, form } => {
                drop(self.loads.send_replace(Some((generation, subject, form))));
            }
            Effect::Pair(pair) => drop(self.pairs.send_replace(Some(pair))),
            Effect::Copy(held, part) => self.tell("copy", move |desk, outside| async move {
                held::copied(&desk, &outside, &held, part).await
            }),
            Effect::Outside(held, shown) => self.tell("open", move |desk, outside| async move {
                held::opened(&desk, &outside, &held, &shown).await
            }),
            Effect::Fire(thing) => self.tell("fire", move |desk, _| async move {
                desk.fire(&thing).await.map(Message::Fired).map_err(|error| error.to_string())
            }),
            Effect::Scale(scale) => drop(self.scales.send_replace(Some(scale))),
            Effect::Sift(sift) => drop(self.sifts.send_replace(Some(sift))),
            Effect::Values(key, rows) => self.tell("complete", move |_, _| async move {
                let values = spawn_blocking(move || vocabulary::of_rows(&rows, key)).await;
                values.map(|values| Message::Values(key, values)).map_err(|error| error.to_string())
            }),
            Effect::Seek(seek) => drop(self.seeks.send_replace(Some(seek))),
            Effect::Shrink(shrink) => drop(self.shrinks.send_replace(Some(shrink))),
            Effect::Ask(generation, ask) => self.ask(generation, ask),
            Effect::Do(deed) => self.carry_out(deed),
            Effect::Cancel => self.cancelled.store(true, Ordering::SeqCst),
            Effect::FullScreen(_)
            | Effect::Clip { .. }
            | Effect::Editor(_)
            | Effect::Mouse(_)
            | Effect::Suspend
            | Effect::Redraw
            | Effect::Quit => {}
        }
    }

    /// Asks the desk something; an older question of the same kind is given up.
    fn ask(&mut self, generation: u64, ask: RemoteQuery) {
        let (desk, say, kind) = (self.desk.clone(), self.say.clone(), ask.kind());
        let pause = ask.pause();
        let task = tokio::spawn(async move {
            sleep(pause).await;
            let answer = ask.clone().answered(&desk).await;
            let _ = say.send(Message::Answered { generation, answer, ask }).await;
        });
        if let Some(before) = self.asks.insert(kind, task.abort_handle()) {
            before.abort();
        }
    }

    /// Does something aside and says what became of it.
    fn tell<F: Future<Output = Result<Message, String>> + Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(Desk, Arc<ExternalPrograms>) -> F,
    ) {
        let (work, say) = (work(self.desk.clone(), Arc::clone(&self.outside)), self.say.clone());
        tokio::spawn(async move {
            let message = work.await.unwrap_or_else(|text| Message::Failed { what, text });
            let _ = say.send(message).await;
        });
    }

    /// Asks the desk for a change. One is made after the other, in the order of the keys.
    fn carry_out(&self, deed: Mutation) {
        let _ = self.deeds.send(deed);
    }
}

async fn carry_out_all(
    desk: Desk,
    mut deeds: mpsc::UnboundedReceiver<Mutation>,
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
        let agreed = deed.agreed();
        let (message, next) = match (deed.done(&desk, step).await, agreed) {
            (Ok(told), _) => (Message::Done(told), next),
            (Err(error), Some(deed)) if error.wants_consent() => {
                (Message::Consent { deed, text: error.to_string() }, None)
            }
            (Err(error), _) => (Message::Failed { what, text: error.to_string() }, None),
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
    mut wanted: watch::Receiver<Option<(u64, DetailSubject, BodyForm)>>,
    say: mpsc::Sender<Message>,
) {
    while wanted.changed().await.is_ok() {
        let Some((generation, subject, form)) = wanted.borrow_and_update().clone() else { continue };
        let pages = match load(&desk, &subject, form).await {
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

async fn load(
    desk: &Desk,
    subject: &DetailSubject,
    form: BodyForm,
) -> anyhow::Result<Option<Arc<ExchangePages>>> {
    let recording = match subject {
        DetailSubject::Recording(id) => Some(id),
        // What the call itself held, if that is remembered; else what answered it.
        DetailSubject::Call(call, recording) => {
            if let Some(exchange) = desk.exchange(*call).await? {
                let pages = spawn_blocking(move || ExchangePages::of_exchange(&exchange, form)).await?;
                return Ok(Some(Arc::new(known_of(desk, recording.as_ref(), pages).await)));
            }
            recording.as_ref()
        }
    };
    let Some(id) = recording else { return Ok(None) };
    let Some(recording) = desk.recording(id).await? else { return Ok(None) };
    let asked = Request { body: Bytes::new(), ..recording.request.get().clone() };
    let mut pages = spawn_blocking(move || ExchangePages::of_recording(&recording, form)).await?;
    if pages.pictures.is_empty() && pages.media.iter().any(|medium| medium.content_type.starts_with("video/"))
    {
        // Without it the film is still worth showing.
        pages.pictures = thumbnails(desk, &asked).await.unwrap_or_default();
    }
    Ok(Some(Arc::new(known_of(desk, Some(id), pages).await)))
}

/// The pictures of a film that were asked for by themselves: other variants of the same place (`?variant=thumbnail`).
async fn thumbnails(desk: &Desk, film: &Request) -> Result<Vec<AnswerPicture>, DeskError> {
    /// So many of those that it may be are looked at: the newest.
    const MOST: usize = 32;
    let endpoint = Dialect::of_mount(&film.mount).endpoint(&film.method, film.path()).name;
    let mut rows = desk.list("image:yes").await?;
    rows.retain(|row| row.mount == film.mount && row.endpoint == endpoint);
    rows.sort_by_key(|row| std::cmp::Reverse(row.recorded_at));
    for row in rows.iter().take(MOST) {
        let Some(other) = desk.recording(&row.id).await? else { continue };
        if other.request.path() == film.path() {
            let mut pictures = text::pictures(&other.response, &other.media);
            for picture in &mut pictures {
                picture.field = format!("of {}", row.id);
            }
            return Ok(pictures);
        }
    }
    Ok(Vec::new())
}

/// Adds what only the desk knows: which fields decide, what it cost, what stands in films behind links. Without any of
/// that the rest is still worth showing.
async fn known_of(desk: &Desk, id: Option<&RecordingId>, mut pages: ExchangePages) -> ExchangePages {
    let Some(id) = id else { return pages };
    let facts = pages.facts.get_or_insert_default();
    facts.deciding = desk.deciding(id).await.ok().flatten();
    let plan = desk.rerecord_plan(std::slice::from_ref(id)).await.unwrap_or_default();
    facts.price = plan.first().and_then(|one| one.price);
    for medium in pages.media.iter_mut().filter(|medium| medium.len <= FILM) {
        if let Some(file) = medium.file.as_ref().filter(|_| medium.content_type.starts_with("video/"))
            && let Ok(Some(media)) = desk.media(file).await
        {
            medium.film = crate::reading::film(&media.body);
        }
    }
    pages
}

async fn pair_all(desk: Desk, mut wanted: watch::Receiver<Option<PairJob>>, say: mpsc::Sender<Message>) {
    while wanted.changed().await.is_ok() {
        let Some(pair) = wanted.borrow_and_update().clone() else { continue };
        let generation = pair.generation;
        let sides = held::paired(&desk, pair).await;
        if say.send(Message::Paired { generation, sides }).await.is_err() {
            return;
        }
    }
}

async fn scale_all(desk: Desk, mut wanted: watch::Receiver<Option<ScaleJob>>, say: mpsc::Sender<Message>) {
    // The last picture stays decoded: another size or a redraw is then cheap.
    let mut last: Option<(AnswerPicture, Arc<DynamicImage>)> = None;
    while wanted.changed().await.is_ok() {
        let Some(ScaleJob { generation, picture, cells }) = wanted.borrow_and_update().clone() else {
            continue;
        };
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
pub(crate) async fn decoded(desk: &Desk, picture: &AnswerPicture) -> Result<DynamicImage, String> {
    let bytes = held::bytes(desk, picture).await?;
    // A picture can be made to crash a decoder; that must stay a message.
    spawn_blocking(move || decode_picture(&bytes)).await.unwrap_or_else(|error| Err(error.to_string()))
}

/// Shows a picture and waits for a key, or for the end of `until`.
pub(crate) async fn until_key(
    picture: DynamicImage,
    protocol: Protocol,
    until: impl Future<Output = ()>,
) -> io::Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stop);
    let mut shown = spawn_blocking(move || {
        terminal::show(&picture, protocol)?;
        terminal::wait_for_key(&seen)
    });
    tokio::select! {
        shown = &mut shown => return shown.unwrap_or_else(|error| Err(io::Error::other(error))),
        () = until => {}
    }
    stop.store(true, Ordering::SeqCst);
    // A terminal that stopped answering must not keep the process from ending.
    let _ = timeout(Duration::from_secs(1), shown).await;
    Ok(())
}
