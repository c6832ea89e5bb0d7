//! A screen that is driven by keys and events and read as text.

use std::ops::Index;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use crate::config::{ScreenLook, WorkbenchStart};
use crate::engine::Explanation;
use crate::model::{Event, Recording, RecordingId, Row, Rows, Snapshot, Timestamp};
use crate::query::vocabulary;
use crate::reading::contrast;
use crate::tui::app::state::App;
use crate::tui::app::view;
use crate::tui::content::page::ExchangePages;
use crate::tui::content::text::PictureSource;
use crate::tui::contract::options::WorkbenchOptions;
use crate::tui::input::action::Action;
use crate::tui::listing::fuzzy_find::{FuzzyIndex, FuzzyJob, fuzzy_find};
use crate::tui::listing::ranked_set::RankedSet;
use crate::tui::live::state::ExplanationCursor;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::message::Message;
use crate::tui::protocol::query::{RemoteAnswer, RemoteQuery};
use crate::tui::tests::told::{Told, Words};
use crate::tui::tests::world;
use crate::tui::widgets::picture;
use crate::tui::widgets::theme::{Theme, ThemeChoice};

/// A running screen; what it wants loaded is answered at once.
pub(super) struct Script {
    pub(super) app: App,
    pub(super) pages: ExchangePages,
    /// Recordings that have expired, for the client.
    pub(super) expired: Vec<Arc<Row>>,
    /// The explanation of every call.
    pub(super) why: Option<Explanation>,
    recording: Option<Recording>,
    effects: Vec<Effect>,
    size: (u16, u16),
    told: Option<Told>,
}

impl Script {
    pub(super) fn new(snapshot: Snapshot) -> Self {
        Self::with(snapshot, Theme::choose(ThemeChoice::Dark, false, None))
    }

    pub(super) fn with(snapshot: Snapshot, theme: Theme) -> Self {
        let start = WorkbenchStart {
            address: "127.0.0.1:4010".into(),
            upstream: "api.openai.com and 8 more".into(),
            suffix: None,
            attached: false,
            banner: Vec::new(),
            look: ScreenLook::default(),
            notices: Vec::new(),
            length: None,
        };
        let keymap = crate::tui::Keymap::default();
        let options = WorkbenchOptions { start, theme, zone: TimeZone::UTC, keymap, protocol: None };
        let mut script = Self {
            app: App::new(options),
            pages: ExchangePages::default(),
            expired: Vec::new(),
            why: None,
            recording: None,
            effects: Vec::new(),
            size: (120, 36),
            told: None,
        };
        script.say(Message::Resize(120, 36));
        script.say(Message::Tick(Timestamp(world::START.0 + 40_000)));
        script.say(Message::Snapshot(Box::new(snapshot)));
        script
    }

    /// A screen on which everything is said in these words, and everything that is asked for is answered at once.
    pub(super) fn telling(words: Words, failing: bool, snapshot: Snapshot, theme: Theme) -> Self {
        let mut script = Self::with(Snapshot::default(), theme);
        script.told = Some(Told { words, failing });
        script.app.context.options.start.address = words.say("127.0.0.1:4010");
        script.app.context.options.start.upstream = words.say("api.openai.com and 8 more");
        script.app.context.options.start.suffix = Some(words.say("demo"));
        script.app.context.options.start.banner =
            vec![words.say("curl http://127.0.0.1:4010/openai/v1/models")];
        if !snapshot.calls.is_empty() {
            words.notices().into_iter().for_each(|notice| script.event(Event::Notice(notice)));
        }
        script.say(Message::Tick(Timestamp(world::START.0 + 50_000)));
        script.say(Message::Snapshot(Box::new(snapshot)));
        script
    }

    /// This script, with the pages of every selected thing.
    pub(super) fn holding(mut self, pages: ExchangePages) -> Self {
        self.pages = pages;
        let world = self.app.context.world.clone();
        self.say(Message::Snapshot(Box::new(world)));
        self
    }

    /// This script, with the explanation of every selected call.
    pub(super) fn because(mut self, why: Explanation) -> Self {
        self.why = Some(why);
        self.app.live.explanation = ExplanationCursor::default();
        let world = self.app.context.world.clone();
        self.say(Message::Snapshot(Box::new(world)));
        self
    }

    /// This script, with the recording of every selected thing, in whatever form the screen asks for.
    pub(super) fn keeping(mut self, recording: Recording) -> Self {
        self.recording = Some(recording);
        self.holding(ExchangePages::default())
    }

    pub(super) fn size(mut self, columns: u16, rows: u16) -> Self {
        self.resize(columns, rows);
        self
    }

    pub(super) fn resize(&mut self, columns: u16, rows: u16) {
        self.size = (columns, rows);
        self.say(Message::Resize(columns, rows));
    }

    /// Presses keys: characters as they stand, `<Enter>`, `<C-c>`; `<:trash>` asks for what has no key of its own; blanks
    /// are skipped.
    pub(super) fn keys(mut self, keys: &str) -> Self {
        self.press(keys);
        self
    }

    pub(super) fn press(&mut self, keys: &str) {
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let (name, len) = match (first, rest.find('>')) {
                ('<', Some(end)) => (&rest[1..end], end + 1),
                _ => (&rest[..first.len_utf8()], first.len_utf8()),
            };
            rest = &rest[len..];
            if let Some(action) = name.strip_prefix(':').and_then(Action::named) {
                self.act(action);
            } else if name != " " {
                self.say(Message::Key(key(name)));
            }
        }
    }

    /// Asks for something as its key would, or the palette.
    pub(super) fn act(&mut self, action: Action) {
        self.say(Message::Offer(action));
    }

    pub(super) fn event(&mut self, event: Event) {
        self.say(Message::Event(Arc::new(event)));
    }

    /// Takes a message in; after an event a frame follows.
    pub(super) fn say(&mut self, message: Message) {
        let event = matches!(message, Message::Event(_));
        let mut effects = self.app.update(message);
        if event {
            effects.extend(self.app.update(Message::Frame));
        }
        for effect in effects {
            let told = self.told.and_then(|told| told.reply(&self.app, &effect));
            let replies = told.map_or_else(|| self.replies(effect), |reply| vec![reply]);
            for reply in replies {
                self.say(reply);
            }
        }
    }

    /// The replies that the workers and the client give at once; effects without one are kept for the test.
    fn replies(&mut self, effect: Effect) -> Vec<Message> {
        match effect {
            Effect::Load { generation, form, .. } => {
                let pages = match &self.recording {
                    Some(recording) => world::pages(recording, form),
                    None => self.pages.clone(),
                };
                vec![Message::Loaded { generation, pages: Some(Arc::new(pages)) }]
            }
            Effect::Scale(scale) => {
                let PictureSource::Inline(bytes) = &scale.picture.source else { return Vec::new() };
                let picture = crate::reading::decode_picture(bytes).map(|decoded| {
                    ((decoded.width(), decoded.height()), Arc::new(picture::thumbnail(&decoded, scale.cells)))
                });
                vec![Message::Scaled { generation: scale.generation, picture }]
            }
            Effect::Thumbnails(shrink) => {
                let small = |id: RecordingId| {
                    let decoded = crate::reading::decode_picture(&world::png_of(&id)).unwrap();
                    let scaled = Arc::new(picture::thumbnail(&decoded, shrink.cells));
                    Message::ThumbnailReady(
                        id,
                        shrink.cells,
                        Ok((scaled, contrast::PerceptualHash::of(&decoded))),
                    )
                };
                shrink.ids.into_iter().map(small).collect()
            }
            Effect::Values(key, rows) => vec![Message::Values(key, vocabulary::of_rows(&rows, key))],
            Effect::FuzzyFind(FuzzyJob { request_id, text, rows }) => {
                let sought =
                    fuzzy_find(&text, &FuzzyIndex::of(&rows, &FuzzyIndex::default()), &|| false).unwrap();
                vec![Message::FuzzyMatched { request_id, matches: sought }]
            }
            Effect::List(sift) => vec![Message::Listed { request_id: sift.request_id, keys: sift.keys() }],
            Effect::Query(_, RemoteQuery::Stats) => Vec::new(),
            Effect::Query(generation, ask) => {
                let answer = match &ask {
                    RemoteQuery::Expired => {
                        RemoteAnswer::Expired(self.expired.iter().map(|row| row.id.clone()).collect())
                    }
                    RemoteQuery::Explain(_) => RemoteAnswer::Explain(self.why.clone().map(Box::new)),
                    RemoteQuery::Diff(one, other, _) => {
                        RemoteAnswer::Diff(Box::new(world::diff(one.clone(), other.clone())))
                    }
                    _ => {
                        self.effects.push(Effect::Query(generation, ask));
                        return Vec::new();
                    }
                };
                vec![Message::QueryAnswered { request_id: generation, result: Ok(answer), query: ask }]
            }
            Effect::Pair(pair) => {
                let sides = world::pictures(&pair);
                vec![Message::Paired { generation: pair.generation, sides }]
            }
            other => {
                self.effects.push(other);
                Vec::new()
            }
        }
    }

    /// The effects since this was last asked, without those that only fetch.
    pub(super) fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    pub(super) fn buffer(&self) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        terminal.draw(|frame| view::draw(&self.app, frame)).unwrap().buffer.clone()
    }

    /// Holds the screen at the two common sizes against what was agreed on.
    pub(super) fn shows(&mut self, name: &str) {
        let own = self.size;
        let told = [(120, 36), (80, 24)].map(|(columns, rows)| {
            self.resize(columns, rows);
            format!("== {columns}x{rows}\n{}", self.screen())
        });
        self.resize(own.0, own.1);
        agreed(name, &told.join("\n"));
    }

    /// The screen as text, without blanks at the ends of lines.
    pub(super) fn screen(&self) -> String {
        text(&self.buffer())
    }
}

impl<K: Ord + Clone> PartialEq<Vec<K>> for &RankedSet<K> {
    fn eq(&self, other: &Vec<K>) -> bool {
        self.iter().eq(other)
    }
}

impl<K: Ord + Clone, const N: usize> PartialEq<[K; N]> for &RankedSet<K> {
    fn eq(&self, other: &[K; N]) -> bool {
        self.iter().eq(other)
    }
}

impl Index<&RecordingId> for Rows {
    type Output = Arc<Row>;
    fn index(&self, id: &RecordingId) -> &Arc<Row> {
        self.get(id).unwrap()
    }
}

/// Holds a text against the one that was agreed on.
pub(super) fn agreed(name: &str, told: &str) {
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, told);
    });
}

/// Cells as text, without blanks at the ends of lines.
pub(super) fn text(buffer: &Buffer) -> String {
    let row = |y: u16| {
        let cells =
            (0..buffer.area.width).filter_map(|x| buffer.cell((x, y))).map(ratatui::buffer::Cell::symbol);
        cells.collect::<String>().trim_end().to_owned()
    };
    (0..buffer.area.height).map(row).collect::<Vec<_>>().join("\n")
}

pub(super) fn key(name: &str) -> KeyEvent {
    let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
    match name {
        "Enter" => plain(KeyCode::Enter),
        "Esc" => plain(KeyCode::Esc),
        "Tab" => plain(KeyCode::Tab),
        "Up" => plain(KeyCode::Up),
        "Down" => plain(KeyCode::Down),
        "Space" => plain(KeyCode::Char(' ')),
        "BS" => plain(KeyCode::Backspace),
        "lt" => plain(KeyCode::Char('<')),
        _ => match name.strip_prefix("C-") {
            Some(rest) => {
                KeyEvent::new(KeyCode::Char(rest.chars().next().unwrap_or('c')), KeyModifiers::CONTROL)
            }
            None => plain(KeyCode::Char(name.chars().next().unwrap_or('<'))),
        },
    }
}
