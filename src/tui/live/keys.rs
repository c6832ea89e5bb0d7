//! What can be done on *Live*: fixes, keeping calls, causes, clearing, jumping.

use super::explanation::radius;
use crate::engine::{Explanation, Fix, FixKind, Near, Tag};
use crate::model::{Call, CallId, Outcome, RecordingId};
use crate::tui::app::state::App;
use crate::tui::content::text::sanitize;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::input::tab::Tab;
use crate::tui::overlay::{Menu, MenuChoice, MenuItem, Overlay, QuestionOverlay};
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::widgets::line::{Tone, Toned, thousands};

/// Letters for fixes: none that moves or leaves, or has another meaning in the menu.
pub(crate) const LETTERS: &str = "abcdefghilmnop";

/// The letter of recording, which is a key of its own outside of menus.
const RECORD: char = 'R';

/// A fix to choose.
pub(crate) fn fixing(key: char, recording: &RecordingId, fix: &Fix, note: &str) -> MenuItem {
    let tag = Tag { strategy: Some(fix.strategy.clone()), playback: None };
    let choice = MenuChoice::Do(Mutation::Retag(vec![recording.clone()], tag));
    let caution = fix.caution().map(|caution| format!("{caution}; ")).unwrap_or_default();
    let (label, note) = (fix.strategy.to_string(), format!("{caution}{note}"));
    MenuItem { key: Some(key), label, note, current: false, choice }
}

/// Recording a call, as a fix to choose: it is kept, or what was made up is made by the upstream the next time.
pub(crate) fn recording(call: &Call) -> MenuItem {
    let (note, choice) = match call.outcome {
        Some(Outcome::Live) => {
            ("its answer is kept as a recording", MenuChoice::Do(Mutation::Keep(call.id, false)))
        }
        Some(Outcome::Miss) => (
            "asks the upstream for its answer; the price first",
            MenuChoice::Do(Mutation::Keep(call.id, false)),
        ),
        _ => ("choose replay-or-record and make the call again", MenuChoice::Act(Action::Mode)),
    };
    MenuItem { key: Some(RECORD), label: "record it".into(), note: note.into(), current: false, choice }
}

impl App {
    /// Actions of the live list; false for any other.
    pub(crate) fn watch(&mut self, action: Action) -> bool {
        match action {
            Action::Fix => self.choose_fix(),
            Action::Causes => self.fold_causes(!self.causes.shown),
            Action::Clear => self.overlay = Some(Overlay::Clearing),
            Action::Pause if self.live.following() => self.live.pause(self.areas().list_rows()),
            Action::Pause => self.live.follow(),
            Action::NextPicture if self.reads_why() => self.step_near(true),
            Action::PreviousPicture if self.reads_why() => self.step_near(false),
            _ => return false,
        }
        true
    }

    /// The fixes of the nearest recordings, each with what else it would do.
    fn choose_fix(&mut self) {
        let Some(why) = self.explanation() else {
            let text = match self.selected_call() {
                None => "No call is selected",
                Some(call) if !call.done => "It is under way; fix it when it is done",
                Some(_) if self.known.why.waiting => "Still working it out; try again in a moment",
                Some(_) => "What it asked for is not in memory; make the call again",
            };
            return self.toasts.info(self.now, text.into());
        };
        if let Some(hit) = &why.hit {
            return self
                .toasts
                .info(self.now, format!("{} answers it; there is nothing to fix", hit.recording));
        }
        let items = self.fixes(why);
        if items.is_empty() {
            let text = "No recording comes near it; record it instead (R)";
            return self.toasts.info(self.now, text.into());
        }
        self.overlay = Some(Overlay::Menu(Menu::new("Make it match", items)));
    }

    fn fixes(&self, why: &Explanation) -> Vec<MenuItem> {
        let first = self.why.at.min(why.near.len().saturating_sub(1));
        let order = (first..why.near.len()).chain(0..first);
        let all: Vec<(&Near, &Fix)> = order
            .filter_map(|at| why.near.get(at))
            .flat_map(|near| near.fixes.iter().map(move |fix| (near, fix)))
            .collect();
        // Once for all of them, and where it is what the nearest one asks for before anything else.
        let is_record = |fix: &Fix| fix.kind == FixKind::Record;
        let recorded = all.iter().position(|(_, fix)| is_record(fix));
        let others: Vec<_> = all.iter().filter(|(_, fix)| !is_record(fix)).collect();
        let before = recorded.map_or(0, |at| all[..at].iter().filter(|(_, fix)| !is_record(fix)).count());
        let item = |((near, fix), key): (&(&Near, &Fix), char)| {
            let note = format!("{}; {} {}%", radius(&fix.radius), near.recording, near.likeness);
            fixing(key, &near.recording, fix, &note)
        };
        let mut items: Vec<MenuItem> =
            others.into_iter().zip(LETTERS.chars()).map(|(one, key)| item((one, key))).collect();
        if let (Some(_), Some(call)) = (recorded, self.selected_call()) {
            items.insert(before.min(items.len()), recording(call));
        }
        items
    }

    /// Makes a recording of the call; `now` means by asking the upstream. Where that has to be asked the desk refuses at
    /// first, and its refusal becomes the question.
    pub(crate) fn keep(&mut self, now: bool) -> Vec<Effect> {
        let Some(call) = self.selected_call() else {
            self.toasts.info(self.now, "No call is selected".into());
            return Vec::new();
        };
        let text = match (call.outcome.filter(|_| call.done), &call.recording) {
            (None, _) => "It is under way; keep it when it is done".into(),
            (Some(Outcome::Live | Outcome::Mock), _) if now => {
                "It has an answer, K keeps that; for another one switch the mode (m) and make the call again"
                    .into()
            }
            (Some(Outcome::Live | Outcome::Mock | Outcome::Miss), _) => {
                return vec![Effect::Do(Mutation::Keep(call.id, false))];
            }
            (_, Some(id)) => {
                format!("It is {id}; {} goes there", self.options.keymap.told(KeyScope::Live, Action::Jump))
            }
            _ => "It got an error, and there is nothing to keep; make the call again".into(),
        };
        self.toasts.info(self.now, text);
        Vec::new()
    }

    /// The desk wants to know whether that is agreed to.
    pub(crate) fn ask_consent(&mut self, deed: Mutation, text: &str) {
        if self.overlay.is_some() {
            // What is being typed or decided is not taken away.
            return self.toasts.error(format!("{text}. Ask for it once more to agree to that."));
        }
        let text = text.split_once("; ").map_or(text, |(_, cost)| cost);
        let mut lines =
            vec![Toned::of(Tone::Plain, sanitize(&format!("Nothing answers this call: {text}.")))];
        lines.push(Toned::of(Tone::Dim, "The answer becomes a recording; u takes it back."));
        lines.push(Toned::default());
        self.overlay = Some(Overlay::Question(Box::new(QuestionOverlay {
            title: "Record now?".into(),
            lines,
            yes: "Record now".into(),
            typed: None,
            deed,
        })));
    }

    /// Misses by cause, or all calls; the selected call stays.
    pub(crate) fn fold_causes(&mut self, shown: bool) {
        let rows = self.areas().list_rows();
        if shown && self.causes.misses() == 0 {
            return self.toasts.info(self.now, "No call missed, as far as the list goes".into());
        }
        if let (true, Some(call)) = (shown, self.selected_call()) {
            let reason = crate::tui::live::causes::MissCause {
                endpoint: call.endpoint.clone(),
                cause: call.cause.clone(),
            };
            self.causes.list.select(&reason, rows);
        } else if let (false, Some(newest)) = (shown, self.causes.selected()) {
            self.live.select(&newest, rows);
        }
        self.causes.shown = shown;
    }

    /// Hides all calls so far; those that are under way, and what came after them, stay.
    pub(crate) fn clear_calls(&mut self) {
        let flying =
            self.world.calls.iter().find(|call| !call.done).map(|call| CallId(call.id.0.saturating_sub(1)));
        let newest = self.world.calls.back().map(|call| call.id);
        let Some(mark) = flying.or(newest) else { return };
        let before = self.live.keys().len();
        self.cleared = mark;
        self.list_calls();
        self.live.follow();
        let gone = before.saturating_sub(self.live.keys().len());
        self.toasts.info(self.now, format!("{} calls are hidden; recordings stay", thousands(gone as u64)));
    }

    /// From a call to its recording, from a recording to its calls.
    pub(crate) fn jump(&mut self) {
        match self.tab {
            Tab::Live => self.visit_recording(),
            Tab::Recordings => self.visit_calls(),
            Tab::Diff | Tab::Prune | Tab::Log => {}
        }
    }

    /// To the recording that answered the call, or came nearest.
    fn visit_recording(&mut self) {
        let known = self.selected_call().and_then(|call| {
            let near = || self.near().map(|near| near.recording.clone());
            let nearest = || call.cause.as_ref().map(|cause| cause.nearest.clone());
            call.recording.clone().or_else(near).or_else(nearest)
        });
        let Some(id) = known else {
            return self.toasts.info(self.now, "No recording answered this call".into());
        };
        self.jump_to(&id);
    }

    /// To a recording in its list; a filter in the way is turned off.
    pub(crate) fn jump_to(&mut self, id: &RecordingId) {
        let Some(key) = self.world.rows.get(id).map(|row| self.key_of(row)) else {
            let text = "Its recording is gone; u brings it back, if that was the last change";
            return self.toasts.info(self.now, text.into());
        };
        let rows = self.areas().list_rows();
        if !self.recordings.select(&key, rows) {
            if !self.recordings.filter.text().is_empty() {
                self.recordings.filter.toggle();
            }
            // It is seen at once; the others follow when they are sifted.
            self.recordings.put(&key, true);
            self.recordings.select(&key, rows);
        }
        if self.tab != Tab::Recordings {
            self.jumps.push(self.tab);
        }
        self.live.pause(rows);
        self.turn_to(Tab::Recordings);
    }

    /// To all calls that a recording answered, the newest selected; the filter that was there comes back with
    /// [`App::jump_back`].
    fn visit_calls(&mut self) {
        let Some(id) = self.selected_row().map(|row| row.id.clone()) else {
            return self.toasts.info(self.now, "No recording is selected".into());
        };
        if !self.answered_by(&id) {
            return self.toasts.info(self.now, format!("No call in the list was answered by {id}"));
        }
        self.lent.get_or_insert_with(|| self.live.filter.clone());
        self.live.filter.set(format!("id:{id}"));
        self.causes.shown = false;
        self.list_calls();
        self.live.follow();
        self.jumps.push(self.tab);
        self.turn_to(Tab::Live);
    }

    fn answered_by(&self, id: &RecordingId) -> bool {
        let mut listed = self.world.calls.iter().filter(|call| call.id > self.cleared);
        listed.any(|call| call.recording.as_ref() == Some(id))
    }

    /// Back to where a jump began.
    pub(crate) fn jump_back(&mut self) {
        let Some(tab) = self.jumps.pop() else { return };
        if let (Tab::Live, Some(filter)) = (self.tab, self.lent.take()) {
            self.live.filter = filter;
            self.list_calls();
        }
        self.turn_to(tab);
    }

    fn reads_why(&self) -> bool {
        self.tab == Tab::Live
            && self.overlay.is_none()
            && self.detail.page == crate::tui::content::page::DetailPage::Why
    }
}
