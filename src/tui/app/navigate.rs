//! Between tabs and panes: focus, jumps, and one step back.

use super::state::App;
use crate::model::RecordingId;
use crate::tui::contract::filter_input;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest};
use crate::tui::input::action::Action;
use crate::tui::input::tab::Tab;
use crate::tui::listing::filter::Filter;
use crate::tui::listing::marks::MarkChange;
use crate::tui::protocol::effect::Effect;
use crate::tui::widgets::layout::ScreenClass;

impl App {
    /// Puts a tab in front.
    pub(super) fn turn_to(&mut self, tab: Tab) {
        if self.context.tab != tab {
            self.context.tab = tab;
            self.context.in_detail = false;
        }
    }

    /// Gives the focus to the detail pane, if the screen has room for one, or to the list.
    pub(super) fn focus_detail(&mut self, detail: bool) {
        let areas = self.context.areas;
        let fits = !matches!(areas.class, ScreenClass::Tiny | ScreenClass::Line);
        self.context.in_detail = detail && fits && self.context.tab != Tab::Diff;
        self.detail.recompose();
        if self.context.in_detail {
            // What is being read must not be replaced by the next call.
            self.live.list.pause(areas.list_rows());
        }
    }

    /// Gives the focus to the detail pane, or says why there is none.
    pub(super) fn show_detail(&mut self) -> ActionOutcome {
        self.focus_detail(true);
        if self.context.areas.class == ScreenClass::Tiny && self.context.tab != Tab::Diff {
            return ActionOutcome::info("No room for the detail: make the window 60x16 or larger");
        }
        ActionOutcome::done()
    }

    /// One step out: a running change, an error, the detail, marks, the filter. Never out of the program.
    pub(super) fn back(&mut self) -> ActionOutcome {
        let context = &mut self.context;
        if self.progress.is_some() {
            return ActionOutcome::info("Stops after the one under way")
                .and(AppRequest::Effect(Effect::Cancel));
        }
        if self.toasts.dismiss() {
        } else if context.tab == Tab::Diff {
            let before = self.jumps.pop().unwrap_or(Tab::Recordings);
            self.turn_to(before);
        } else if context.in_detail && !self.detail.search.needle().is_empty() {
            self.detail.look_for("", &self.context);
        } else if context.in_detail {
            context.in_detail = false;
        } else if context.zoom {
            context.zoom = false;
        } else if context.marks.end_range() {
        } else if context.tab == Tab::Recordings && !context.marks.ids.is_empty() {
            return AppRequest::Mark(MarkChange::Clear).into();
        } else if context.tab == Tab::Live && self.live.causes.shown {
            return self.live.show_causes(false, context);
        } else if !self.filter().saved().is_empty() {
            self.change_filter(Filter::clear);
        }
        ActionOutcome::done()
    }

    /// Goes to a recording in its list.
    pub(super) fn show_recording(&mut self, id: &RecordingId) {
        let Some(row) = self.context.row(id) else {
            let text = "Its recording was deleted; u undoes that, if it was the last change";
            return self.toasts.info(self.context.now, text.into());
        };
        self.recordings.show(row, &self.context);
        if self.context.tab != Tab::Recordings {
            self.jumps.push(self.context.tab);
        }
        self.live.list.pause(self.context.list_rows());
        self.turn_to(Tab::Recordings);
    }

    /// Goes to the calls that a recording answered; the filter that was there comes back with [`App::jump_back`].
    pub(super) fn show_calls_of(&mut self, id: &RecordingId) {
        if !self.live.answered_by(id, &self.context) {
            let text = format!("No call in the list was answered by {id}");
            return self.toasts.info(self.context.now, text);
        }
        self.live.show_calls_of(id, &self.context);
        self.jumps.push(self.context.tab);
        self.turn_to(Tab::Live);
    }

    /// Back to where a jump began.
    pub(super) fn jump_back(&mut self) {
        let Some(tab) = self.jumps.pop() else { return };
        if self.context.tab == Tab::Live {
            self.live.restore_filter(&self.context);
        }
        self.turn_to(tab);
    }

    /// Goes to the awaited call as soon as it is there.
    pub(super) fn show_awaited_call(&mut self) {
        let Some(id) = self.live.awaited.filter(|id| self.context.call(*id).is_some()) else { return };
        self.live.awaited = None;
        self.jumps.push(self.context.tab);
        self.turn_to(Tab::Live);
        self.place_panes();
        self.live.show_call(id, &self.context);
    }

    /// Begins to type the filter of the tab in front.
    pub(super) fn begin_filter(&mut self) {
        self.context.in_detail = false;
        self.change_filter(Filter::edit);
    }

    /// Changes the filter of the tab in front, and lists what it shows then. What other tabs than Live list follows when
    /// the state is reconciled.
    pub(super) fn change_filter(&mut self, change: impl FnOnce(&mut Filter)) {
        match self.context.tab {
            Tab::Live => self.live.with_filter(&self.context, change),
            Tab::Recordings | Tab::Diff => change(&mut self.recordings.list.filter),
            Tab::Prune => change(&mut self.prune.list.filter),
            Tab::Log => change(&mut self.log.list.filter),
        }
    }

    /// Carries out an action of the filter that is being typed.
    pub(super) fn act_on_filter(&mut self, action: Action) -> ActionOutcome {
        match self.context.tab {
            Tab::Live => self.live.act_on_filter(action, &self.context),
            Tab::Recordings | Tab::Diff => self.recordings.act_on_filter(action, &self.context),
            Tab::Prune => self.prune.act_on_filter(action, &self.context),
            Tab::Log => self.log.act_on_filter(action, &self.context),
        }
    }

    /// Ends typing a filter; what was typed stays in force.
    pub(super) fn keep_filters(&mut self) -> ActionOutcome {
        if self.filter().input.is_none() {
            return ActionOutcome::done();
        }
        let mut outcome = ActionOutcome::done();
        self.change_filter(|filter| outcome = filter_input::keep(filter));
        outcome
    }

    /// Scrolls what has the focus to the side by so many columns.
    pub(super) fn scroll_sideways(&mut self, by: isize) -> ActionOutcome {
        if self.context.in_detail {
            return self.detail.scroll_sideways(by);
        }
        let columns = match self.context.tab {
            Tab::Live => &mut self.live.list.sideways,
            Tab::Recordings | Tab::Diff => &mut self.recordings.list.sideways,
            Tab::Prune => &mut self.prune.list.sideways,
            Tab::Log => &mut self.log.list.sideways,
        };
        *columns = columns.saturating_add_signed(by).min(400);
        ActionOutcome::done()
    }
}
