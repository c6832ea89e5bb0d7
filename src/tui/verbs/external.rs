//! Verbs that take what is selected elsewhere: to the clipboard, into another program, once more to the proxy.

use crate::engine::{Fired, Thing};
use crate::model::Outcome;
use crate::tui::app::state::App;
use crate::tui::content::copy::CopyPart;
use crate::tui::content::page::DetailPage;
use crate::tui::input::tab::Tab;
use crate::tui::overlay::{Menu, MenuChoice, MenuItem, Overlay};
use crate::tui::protocol::effect::{Effect, OpenedPart};

impl App {
    /// What the selection stands for.
    fn selected_thing(&self) -> Option<Thing> {
        match self.tab {
            Tab::Live => self.selected_call().map(|call| Thing::Call(call.id)),
            Tab::Recordings => self.selected_row().map(|row| Thing::Recording(row.id.clone())),
            Tab::Prune => self.prune.list.selected().map(|key| Thing::Recording(key.2.clone())),
            Tab::Log => None,
            Tab::Diff => self.diff.sides.as_ref().map(|(_, other)| other.clone()),
        }
    }

    /// Offers the parts of what is selected.
    pub(crate) fn copy_menu(&mut self) {
        let Some(thing) = self.selected_thing() else {
            return self.toasts.info(self.now, "Nothing is selected".into());
        };
        let title = format!("Copy from {thing}");
        let held = self.held(thing);
        let item = |(key, part, note): (char, CopyPart, &str)| MenuItem {
            key: Some(key),
            label: part.name().into(),
            note: note.into(),
            current: false,
            choice: MenuChoice::Copy(held.clone(), part),
        };
        let items = CopyPart::MENU.into_iter().map(item).collect();
        self.overlay = Some(Overlay::Menu(Menu::new(title, items)));
    }

    /// Shows what the detail shows in another program.
    pub(crate) fn outside(&mut self) -> Vec<Effect> {
        let Some(thing) = self.selected_thing() else {
            self.toasts.info(self.now, "Nothing is selected".into());
            return Vec::new();
        };
        let pages = self.detail.pages.as_ref().filter(|_| self.tab != Tab::Diff);
        let picture = pages.and_then(|pages| pages.pictures.get(self.detail.picture)).cloned();
        let plays = pages.is_some_and(|pages| !pages.media.is_empty());
        let what = match (self.detail.page, picture) {
            (DetailPage::Request, _) if self.tab != Tab::Diff => OpenedPart::Request,
            // The picture of a film stands for it.
            (DetailPage::Image, Some(picture)) if !plays => OpenedPart::Picture(picture),
            _ if plays => OpenedPart::Medium(0),
            _ => OpenedPart::Response,
        };
        vec![Effect::Outside(self.held(thing), what)]
    }

    /// Sends the request of the selected call or recording once more.
    pub(crate) fn fire(&mut self) -> Vec<Effect> {
        let Some(thing) = self.selected_thing() else {
            self.toasts.info(self.now, "Nothing is selected; r sends a call or a recording once more".into());
            return Vec::new();
        };
        vec![Effect::Fire(thing)]
    }

    /// A request was sent once more: says what became of it, and goes to the call.
    pub(crate) fn fired(&mut self, fired: Fired) {
        let call = fired.call.0;
        let text = match (fired.outcome, fired.recording) {
            (Some(Outcome::Replay), Some(id)) => format!("HIT: call {call} was answered by {id}"),
            (outcome, _) => {
                let word = outcome.map_or("no answer", Outcome::label);
                format!("{word}: {}", fired.reason.unwrap_or_else(|| "nothing answers this request".into()))
            }
        };
        if fired.outcome == Some(Outcome::Replay) {
            self.toasts.info(self.now, text);
        } else {
            self.toasts.error(text);
        }
        self.awaited = Some(fired.call);
    }

    /// Goes to the awaited call as soon as it is there; a filter in the way is turned off.
    pub(crate) fn find_awaited(&mut self) {
        let Some(id) = self.awaited.filter(|id| self.call(*id).is_some()) else { return };
        self.awaited = None;
        self.jumps.push(self.tab);
        self.turn_to(Tab::Live);
        let rows = self.areas().list_rows();
        // What was asked for must not be replaced by the next call.
        self.live.pause(rows);
        if !self.live.select(&id, rows) && !self.live.filter.text().is_empty() {
            self.live.filter.toggle();
            self.list_calls();
            self.live.select(&id, rows);
        }
    }
}
