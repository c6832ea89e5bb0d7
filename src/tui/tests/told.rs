//! A client, an editor and upstreams that answer at once, in words that a test chooses.

use std::sync::Arc;

use crate::engine::{Diff, ExchangeRef, Explanation, Fired, Rerecord, Retagged, Trashed};
use crate::matching::{BlastRadius, NamedField};
use crate::model::{
    ByteLog, Call, Event, Exchange, Hash, Headers, Level, MediaRef, Notice, Outcome, Playback, Recording,
    Row, Scrubbed, Snapshot, StepId, StepRow, Strategy, Timestamp, Usd,
};
use crate::reading::contrast::{CONTEXT, Side, contrast};
use crate::tui::app::state::App;
use crate::tui::content::draft::{EditDraft, OpenedDraft};
use crate::tui::content::page::ExchangePages;
use crate::tui::content::subject::DetailSubject;
use crate::tui::content::text::BodyForm;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::message::Message;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::protocol::query::{RemoteAnswer, RemoteQuery};
use crate::tui::tests::{pruning, world};

/// Escape sequences, OSC 52, C1, directions, nothing wide, wide, joined, combining, blanks that break lines.
pub(super) const HOSTILE: &str = "\u{1b}]52;c;aGk=\u{7}\u{9b}31m\u{202e}\u{2066}\u{200b}\0猫猫👩‍👩‍👧\u{301}\u{301}\t\r\n\u{ad}\u{feff}\u{2028}";

/// The texts that everything is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    Plain,
    Hostile,
    /// Texts in lines of more than a megabyte, at a place of each kind.
    Endless,
}

/// The answering side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) words: Words,
    /// True if the client has nothing but errors.
    pub(super) failing: bool,
}

impl Words {
    pub(super) fn say(self, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Hostile => format!("{text}{}", HOSTILE.repeat(2)),
            Self::Endless => format!("{text}{}", "猫\u{202e} a\u{1b}[31m word ".repeat(53_000)),
        }
    }

    /// Many copies of a text, of which a row of a list holds only the beginning.
    fn often(self, text: &str) -> String {
        if self == Self::Endless { Self::Hostile.say(text) } else { self.say(text) }
    }

    fn row(self, number: u8) -> Row {
        let say = |text: &str| self.often(text);
        let row = world::row(number);
        Row {
            model: row.model.map(|text| say(&text)),
            prompt: row.prompt.map(|text| say(&text)),
            endpoint: say(&row.endpoint),
            mount: self.often(&row.mount),
            method: self.often(&row.method),
            name: number.is_multiple_of(4).then(|| say("checkout/hat")),
            tags: if number.is_multiple_of(3) { vec![say("ci"), self.often("hats")] } else { Vec::new() },
            scope: (number == 4).then(|| self.often("test-1")),
            hash: if number == 1 || number == 4 { Hash::of(b"take") } else { row.hash },
            edited: number == 6,
            ..row
        }
    }

    fn call(self, number: u64) -> Call {
        let say = |text: &str| self.often(text);
        let call = world::call(number);
        let fields = [say("body/quality"), say("body/seed")];
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        Call {
            model: call.model.map(|text| say(&text).into()),
            prompt: call.prompt.map(|text| say(&text).into()),
            endpoint: say(&call.endpoint).into(),
            mount: self.often(&call.mount).into(),
            method: self.often(&call.method).into(),
            reason: call.reason.map(|text| if number == CALLS { self.say(&text) } else { say(&text) }),
            scope: number.is_multiple_of(5).then(|| self.often("test-1").into()),
            cause: call.cause.map(|_| Arc::new(world::cause(7, &fields))),
            ..call
        }
    }

    /// Recordings, one that waits for review, calls of which the newest missed, and messages.
    pub(super) fn world(self) -> Snapshot {
        let mut world = world::world(0, 0);
        let rows = (0..12).map(|number| Arc::new(self.row(number))).chain([Arc::new(self.review())]);
        world.apply(&Event::Stored { rows: rows.collect() });
        for number in 1..=CALLS {
            world.apply(&world::announced(self.call(number), 1));
        }
        world
    }

    pub(super) fn notices(self) -> [Notice; 2] {
        let notice = |level, text: &str| Notice { level, text: self.say(text) };
        [
            notice(Level::Info, "The index was rebuilt from the journal"),
            notice(Level::Warning, "bodies/ab/abcdef.png is damaged; rec_2jKx8mNp is not replayed"),
        ]
    }

    fn review(self) -> Row {
        let at = Timestamp(world::START.0 + 9_000);
        Row { id: world::id(40), review: Some(world::id(1)), recorded_at: at, ..self.row(1) }
    }

    fn explanation(self, call: Option<&Call>) -> Explanation {
        match self {
            Self::Plain if call.is_some_and(|call| call.outcome == Some(Outcome::Replay)) => world::hit(4),
            Self::Plain => world::missed(),
            bad => world::hostile(&bad.say("")),
        }
    }

    /// A recording of which every part is said so: with pictures, or with a text.
    fn recording(self, pictures: bool) -> Recording {
        let mut recording = world::recording(u8::from(!pictures), &world::png(48));
        recording.request = self.request("A capybara wearing a tiny hat, sitting in a hot spring", 7);
        recording.name = Some(self.often("checkout/hat"));
        recording.tags = vec![self.often("ci")];
        recording.provenance.upstream = self.say("https://api.openai.com");
        if !pictures {
            let said = serde_json::json!({
                "choices": [{ "message": { "role": "assistant", "content": self.say("The letter is about a hat.") } }],
                self.say("usage"): { "total_tokens": 12 },
            });
            recording.response.log = ByteLog::whole(said.to_string(), std::time::Duration::from_millis(800));
        }
        recording.response.headers.push(&self.often("x-request-id"), self.say("req_0123456789"));
        recording.media.push(MediaRef {
            id: crate::model::MediaId::of(&world::id(0), "/data/0/url"),
            field: self.often("/data/0/url"),
            url: self.say("https://files.example/fox.mp4"),
            content_type: format!("video/{}", self.often("mp4")),
            body: Some(Hash::of(b"film")),
            len: 4_096,
            problem: None,
        });
        recording
    }

    fn request(self, prompt: &str, seed: u32) -> Scrubbed {
        let body = serde_json::json!({
            "model": self.often("gpt-image-1.5"), "prompt": self.say(prompt), "size": "1024x1024",
            "quality": "high", "seed": seed, self.say("user"): self.often("somebody"),
        });
        let request = serde_json::json!({
            "method": "POST", "mount": "openai", "target": format!("/v1/images/generations?{}", self.often("a=b")),
            "headers": [["content-type", "application/json"], ["openai-beta", self.say("assistants=v2")]],
            "body": body.to_string(),
        });
        let exchange = serde_json::json!({ "request": request, "response": null });
        serde_json::from_value::<crate::model::Exchange>(exchange).unwrap().request
    }

    /// A recording whose answer is a stream.
    fn stream(self) -> Recording {
        let Exchange { response, .. } = world::stream();
        let mut recording = Recording { response: response.unwrap(), ..self.recording(false) };
        let event = serde_json::json!({ "choices": [{ "delta": { "content": self.say("capybara.") } }] });
        let bytes = recording.response.log.bytes.to_vec();
        let named = format!("event: {}\ndata: {event}\n\n", self.often("delta").replace(['\r', '\n'], ""));
        let pieces = [(500, bytes), (900, named.into_bytes())];
        let timed = pieces.map(|(at, bytes)| (std::time::Duration::from_millis(at), bytes));
        recording.response.log = ByteLog::from_pieces(timed);
        recording.response.headers = Headers::from_iter([("content-type", "text/event-stream")]);
        recording
    }

    fn diff(self, one: ExchangeRef, other: ExchangeRef) -> Diff {
        let before = self.recording(true);
        let mut after = self.recording(true);
        after.request = self.request("A capybara in a hot spring, no hat", 8);
        after.response.status = 202;
        let contrast = contrast(&Side::from(&before), &Side::from(&after), CONTEXT);
        world::diff_of((one, &before), (other, &after), contrast)
    }
}

/// The newest call; it missed.
const CALLS: u64 = 42;

impl Told {
    /// The message that answers an effect; `None` where something else answers it.
    pub(super) fn reply(self, app: &App, effect: &Effect) -> Option<Message> {
        let words = self.words;
        Some(match effect.clone() {
            Effect::Load { generation, subject, form } => {
                let pages = Some(Arc::new(self.pages(app, &subject, form)));
                Message::Loaded { generation, pages }
            }
            Effect::Query(generation, ask) => {
                let failed = || Err(words.say("the disk is full"));
                let answer = if self.failing { failed() } else { Ok(self.answer(app, ask.clone())) };
                Message::QueryAnswered { request_id: generation, result: answer, query: ask }
            }
            Effect::Editor(draft) => Message::Drafted(Box::new(self.edited(*draft))),
            Effect::Fire(_) => Message::Fired(Fired {
                call: crate::model::CallId(CALLS),
                outcome: Some(Outcome::Miss),
                recording: None,
                reason: Some(words.say("seed is 8, recorded is 7")),
            }),
            Effect::Copy(..) | Effect::OpenOutside(..) => {
                Message::Done(words.say("Copied with xclip: curl command, 412 B"))
            }
            Effect::Mutate(Mutation::Keep(call, false)) => {
                let text =
                    words.say("call 42 has no answer; the upstream has to be asked for one, for about $0.04");
                Message::Consent { mutation: Mutation::Keep(call, true), text }
            }
            Effect::Mutate(Mutation::Prune(..)) => Message::Offer(crate::tui::input::action::Action::Compact),
            Effect::Mutate(deed) => {
                Message::Failed { what: deed.what(), text: words.say("the disk is full") }
            }
            _ => return None,
        })
    }

    fn pages(self, app: &App, subject: &DetailSubject, form: BodyForm) -> ExchangePages {
        let id = match subject {
            DetailSubject::Recording(id) | DetailSubject::Call(_, Some(id)) => Some(id),
            DetailSubject::Call(..) => None,
        };
        let row = id.and_then(|id| app.context.world.rows.get(id));
        let recording = match row {
            Some(row) if row.streamed => self.words.stream(),
            Some(row) if row.images == 0 => self.words.recording(false),
            _ => self.words.recording(true),
        };
        world::pages(&recording, form)
    }

    /// An edited answer.
    fn edited(self, draft: EditDraft) -> EditDraft {
        let recording = Arc::new(self.words.recording(false));
        let opened = OpenedDraft::of(recording, draft.part).unwrap();
        let (text, _) = opened.text(&draft);
        let text = text.replace("about a hat", &self.words.say("about a fedora"));
        draft.judged(&opened, Some(text))
    }

    fn answer(self, app: &App, ask: RemoteQuery) -> RemoteAnswer {
        let words = self.words;
        match ask {
            RemoteQuery::Explain(id) => {
                RemoteAnswer::Explain(Some(Box::new(words.explanation(app.context.call(id)))))
            }
            RemoteQuery::Fields(_) => RemoteAnswer::Fields(self.fields()),
            RemoteQuery::ReviewPages(..) => {
                let side =
                    |pictures| ExchangePages::of_recording(&words.recording(pictures), BodyForm::default());
                RemoteAnswer::ReviewPages(Box::new([side(false), side(false)]))
            }
            RemoteQuery::Retag(ids, tag) => {
                let after = tag.strategy.unwrap_or(Strategy::STANDARD);
                let twins = vec![world::id(6)];
                let radius = BlastRadius {
                    calls: 214,
                    miss_to_hit: 3,
                    to_others: 1,
                    indistinguishable: twins.clone(),
                    ..BlastRadius::default()
                };
                let one = |recording: &crate::model::RecordingId| Retagged {
                    recording: recording.clone(),
                    before: Strategy::STANDARD,
                    after: after.clone(),
                    playback: Playback::Newest,
                    radius: radius.clone(),
                    ambiguous: twins.clone(),
                    absent: Vec::new(),
                    collisions: 0,
                };
                RemoteAnswer::Retag(ids.iter().map(one).collect())
            }
            RemoteQuery::Diff(one, other, _) => RemoteAnswer::Diff(Box::new(words.diff(one, other))),
            RemoteQuery::Prune(query, keep) => {
                RemoteAnswer::Prune(Box::new(pruning::planned(app, &query, &keep)))
            }
            RemoteQuery::List(_) => RemoteAnswer::List(app.context.world.rows.values().cloned().collect()),
            RemoteQuery::Expired => RemoteAnswer::Expired([words.row(2).id].into()),
            RemoteQuery::RerecordPlan(ids) => {
                let problem = words.say("no key for anthropic is known; set ANTHROPIC_API_KEY");
                let one = |(at, recording)| Rerecord {
                    recording,
                    price: (at != 1).then_some(Usd(40_000)),
                    problem: (at == 2).then(|| problem.clone()),
                    new: None,
                };
                RemoteAnswer::RerecordPlan(ids.into_iter().enumerate().map(one).collect())
            }
            RemoteQuery::Trash => {
                let gone = |number: u8| Trashed {
                    removed_at: Timestamp(world::START.0 - i64::from(number) * 4_000_000),
                    row: Arc::new(Row { id: world::id(number), ..words.row(number - 20) }),
                };
                RemoteAnswer::Trash((20..32).map(gone).collect())
            }
            RemoteQuery::Reviews => RemoteAnswer::Reviews(vec![Arc::new(words.review())]),
            RemoteQuery::Steps => RemoteAnswer::Steps(self.steps()),
            RemoteQuery::Stats => RemoteAnswer::Stats(Box::new(world::stats(Usd(4_210_000)))),
        }
    }

    fn fields(self) -> Vec<NamedField> {
        let field = |(name, value, significant): (&str, &str, bool)| NamedField {
            name: self.words.often(name),
            value: self.words.say(value),
            significant,
            fixed: name == "model",
            recordings: 1,
        };
        let fields = [
            ("model", "gpt-image-1.5", true),
            ("prompt", "A capybara wearing a tiny hat", false),
            ("quality", "high", true),
            ("seed", "7", true),
            ("size", "1024x1024", true),
        ];
        fields.map(field).into()
    }

    fn steps(self) -> Vec<StepRow> {
        let step = |(number, verb, count): (u8, &str, u64)| StepRow {
            id: StepId(number.into()),
            at: Timestamp(world::START.0 + i64::from(number) * 1000),
            verb: self.words.often(verb),
            recordings: vec![world::id(number)],
            count,
            undone: number == 3,
        };
        [(1, "retag", 1), (2, "rm", 12), (3, "edit", 1)].map(step).into()
    }
}
