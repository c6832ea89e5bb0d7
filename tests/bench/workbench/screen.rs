//! The screen without a terminal: keys and events go in, frames come out as the bytes that a terminal would get.

use std::collections::HashMap;
use std::io::{Sink, sink};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use image::{DynamicImage, Rgb, RgbImage};
use jiff::tz::TimeZone;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use retake::config::{ScreenLook, WorkbenchStart};
use retake::engine::Diff;
use retake::matching::{Fields, Salt, Scrubber, compare};
use retake::model::{ByteLog, RecordingId, Row};
use retake::model::{Event, Provenance, Recording, Request, Response, Snapshot, Strategy};
use retake::query::vocabulary;
use retake::query::{Query, QueryKind, RowFacts};
use retake::reading::contrast::{CONTEXT, PerceptualHash, Side, contrast};
use retake::retention::{PlanItem, PruneOptions, PrunePlan, plan};
use retake::tui::app::state::App;
use retake::tui::app::view;
use retake::tui::content::page::ExchangePages;
use retake::tui::content::text::BodyForm;
use retake::tui::listing::fuzzy_find::{FuzzyIndex, fuzzy_find};
use retake::tui::protocol::effect::Effect;
use retake::tui::protocol::message::Message;
use retake::tui::protocol::query::{RemoteAnswer, RemoteQuery};
use retake::tui::widgets::picture;
use retake::tui::{Keymap, Theme, ThemeChoice, WorkbenchOptions};

use rustix::time::{ClockId, clock_gettime};

use super::world::NOW;
use crate::shared::Failure;

/// The size of the budgets.
const SIZE: (u16, u16) = (200, 50);

/// A screen whose wishes are carried out at once.
pub(crate) struct Screen {
    pub(crate) app: App,
    terminal: Terminal<CrosstermBackend<Sink>>,
    recording: Recording,
    pages: Arc<ExchangePages>,
    /// What is searched by letters, as the worker keeps it.
    pub(crate) lines: FuzzyIndex,
    /// What workers did, and how long it took.
    pub(crate) work: Vec<(&'static str, Duration)>,
    /// How long each message took on the thread that draws.
    pub(crate) updates: Vec<Duration>,
}

impl Screen {
    pub(crate) fn new(world: Snapshot) -> Result<Self, Failure> {
        let start = WorkbenchStart {
            address: "127.0.0.1:4010".into(),
            upstream: "api.openai.com and 8 more".into(),
            suffix: None,
            attached: false,
            banner: Vec::new(),
            look: ScreenLook { mouse: false, ..ScreenLook::default() },
            notices: Vec::new(),
            length: None,
        };
        let options = WorkbenchOptions {
            start,
            theme: Theme::choose(ThemeChoice::Dark, false, None),
            zone: TimeZone::UTC,
            keymap: Keymap::default(),
            protocol: None,
        };
        let viewport = Viewport::Fixed(Rect::new(0, 0, SIZE.0, SIZE.1));
        let terminal = Terminal::with_options(CrosstermBackend::new(sink()), TerminalOptions { viewport })?;
        let recording = recording(7);
        let pages = Arc::new(ExchangePages::of_recording(&recording, BodyForm::default()));
        let app = App::new(options);
        let (lines, work, updates) = (FuzzyIndex::default(), Vec::new(), Vec::new());
        let mut screen = Self { app, terminal, recording, pages, lines, work, updates };
        screen.say(Message::Resize(SIZE.0, SIZE.1));
        screen.say(Message::Tick(NOW));
        screen.say(Message::Snapshot(Box::new(world)));
        Ok(screen)
    }

    /// Presses keys, separated by blanks: `j`, `Enter`, `Space`, `C-d`.
    pub(crate) fn keys(&mut self, keys: &str) {
        keys.split_whitespace().for_each(|name| self.say(Message::Key(key(name))));
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.say(Message::Event(Arc::new(event)));
    }

    /// Takes a message in and carries out what the screen wants then.
    pub(crate) fn say(&mut self, message: Message) {
        let start = worked();
        let effects = self.app.update(message);
        self.updates.push(worked().saturating_sub(start));
        for effect in effects {
            for answer in self.carried_out(effect) {
                self.say(answer);
            }
        }
    }

    /// Draws a frame: how long it took.
    pub(crate) fn frame(&mut self) -> Result<Duration, Failure> {
        let start = worked();
        self.terminal.draw(|frame| view::draw(&self.app, frame))?;
        Ok(worked().saturating_sub(start))
    }

    /// All that is to be seen.
    pub(crate) fn text(&mut self) -> Result<String, Failure> {
        let frame = self.terminal.draw(|frame| view::draw(&self.app, frame))?;
        Ok(frame.buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect())
    }

    fn carried_out(&mut self, effect: Effect) -> Vec<Message> {
        let start = Instant::now();
        let (what, messages) = match effect {
            Effect::Load { generation, .. } => {
                ("load", vec![Message::Loaded { generation, pages: Some(Arc::clone(&self.pages)) }])
            }
            Effect::Values(key, rows) => {
                ("values", vec![Message::Values(key, vocabulary::of_rows(&rows, key))])
            }
            Effect::List(sift) => {
                let request_id = sift.request_id;
                ("sift", vec![Message::Listed { request_id, keys: sift.keys() }])
            }
            Effect::FuzzyFind(wanted) => {
                let lines = FuzzyIndex::of(&wanted.rows, &self.lines);
                self.work.push(("lines", start.elapsed()));
                let start = Instant::now();
                let sought = fuzzy_find(&wanted.text, &lines, &|| false).unwrap_or_default();
                self.lines = lines;
                self.work.push(("seek", start.elapsed()));
                return vec![Message::FuzzyMatched { request_id: wanted.request_id, matches: sought }];
            }
            Effect::Thumbnails(shrink) => {
                let small = |id: RecordingId| {
                    let picture = pixels(&id);
                    let made =
                        (Arc::new(picture::thumbnail(&picture, shrink.cells)), PerceptualHash::of(&picture));
                    Message::ThumbnailReady(id, shrink.cells, Ok(made))
                };
                ("shrink", shrink.ids.into_iter().map(small).collect())
            }
            Effect::Query(generation, ask) => {
                let answer = self.answered(&ask);
                let answered = answer.map(|answer| Message::QueryAnswered {
                    request_id: generation,
                    result: Ok(answer),
                    query: ask,
                });
                ("ask", answered.into_iter().collect())
            }
            _ => return Vec::new(),
        };
        self.work.push((what, start.elapsed()));
        messages
    }

    fn answered(&self, ask: &RemoteQuery) -> Option<RemoteAnswer> {
        match ask {
            RemoteQuery::Prune(query, keep) => {
                let options = PruneOptions { keep: keep.clone(), ..PruneOptions::default() };
                Some(RemoteAnswer::Prune(Box::new(planned(&self.app.context.world, query, &options)?)))
            }
            RemoteQuery::Diff(one, other, _) => {
                let (before, after) = (&self.recording, &recording(8));
                let strategy = Strategy::STANDARD;
                let fields = [before, after].map(|recording| Fields::of(&recording.request));
                let comparison = compare(&strategy, &fields[0], &fields[1]);
                Some(RemoteAnswer::Diff(Box::new(Diff {
                    one: one.clone(),
                    other: other.clone(),
                    matches: comparison.is_match(),
                    changes: comparison.changes,
                    fixes: Vec::new(),
                    contrast: contrast(&Side::from(before), &Side::from(after), CONTEXT),
                    strategy,
                })))
            }
            RemoteQuery::Explain(_) => Some(RemoteAnswer::Explain(None)),
            RemoteQuery::Expired => Some(RemoteAnswer::Expired([].into())),
            RemoteQuery::Steps => Some(RemoteAnswer::Steps(Vec::new())),
            _ => None,
        }
    }
}

fn planned(world: &Snapshot, query: &str, options: &PruneOptions) -> Option<PrunePlan> {
    let query = Query::parse(query, QueryKind::Recordings).ok()?;
    let item = |row: &Arc<Row>| PlanItem { row: Arc::clone(row), facts: RowFacts::default(), job: None };
    let items: Vec<PlanItem> = world.rows.values().map(item).collect();
    Some(plan(&items, &query, NOW, options))
}

/// The processor's time of this thread so far: what others do on the machine at the same time does not count.
fn worked() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

/// An exchange that fills the detail pane.
fn recording(seed: u8) -> Recording {
    let turn = |at: usize| {
        format!(
            r#"{{"role":"user","content":"Turn {at}: what does the letter from Zürich say about the invoice?"}}"#
        )
    };
    let turns = (0..60).map(turn).collect::<Vec<_>>().join(",");
    let body = format!(r#"{{"model":"gpt-5-mini","seed":{seed},"messages":[{turns}]}}"#);
    let answer = format!(r#"{{"id":"chatcmpl-{seed}","model":"gpt-5-mini","choices":[{turns}]}}"#);
    let request = Request {
        method: "POST".into(),
        mount: "openai".into(),
        target: "/v1/chat/completions".into(),
        headers: [("content-type", "application/json")].into_iter().collect(),
        body: body.into(),
    };
    let log = ByteLog::whole(answer, Duration::from_millis(900));
    let headers = [("content-type", "application/json")].into_iter().collect();
    let response = Response { status: 200, headers, log };
    let request = Scrubber::new(Salt([7; 32]), false).scrub(&request);
    let provenance = Provenance { recorded_at: NOW, stored_at: NOW, ..Provenance::default() };
    Recording::new(RecordingId::from_random([seed; 16]), request, response, provenance)
}

/// A picture that looks like no other.
fn pixels(id: &RecordingId) -> DynamicImage {
    let mut sums: HashMap<usize, u8> = HashMap::new();
    for (at, byte) in id.as_str().bytes().enumerate() {
        let sum = sums.entry(at % 16).or_default();
        *sum = sum.wrapping_mul(31).wrapping_add(byte.wrapping_mul(57));
    }
    DynamicImage::ImageRgb8(RgbImage::from_fn(64, 64, |x, y| {
        let shade = sums.get(&((x / 16 + y / 16 * 4) as usize)).copied().unwrap_or_default();
        Rgb([shade, shade.wrapping_add(40), u8::try_from(x * 4).unwrap_or(255)])
    }))
}

fn key(name: &str) -> KeyEvent {
    let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
    match name {
        "Enter" => plain(KeyCode::Enter),
        "Esc" => plain(KeyCode::Esc),
        "Tab" => plain(KeyCode::Tab),
        "Space" => plain(KeyCode::Char(' ')),
        "Up" => plain(KeyCode::Up),
        "Down" => plain(KeyCode::Down),
        "BS" => plain(KeyCode::Backspace),
        _ => {
            let held = name.strip_prefix("C-");
            let letter = KeyCode::Char(held.unwrap_or(name).chars().next().unwrap_or(' '));
            KeyEvent::new(letter, if held.is_some() { KeyModifiers::CONTROL } else { KeyModifiers::NONE })
        }
    }
}
