//! Actions of the Live tab.

use tui_input::Input;

use super::causes::MissCause;
use super::state::LiveTab;
use crate::model::Outcome;
use crate::tui::contract::context::Context;
use crate::tui::contract::filter_input;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest};
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::listing::filter::Filter;
use crate::tui::overlay::confirm::ConfirmOverlay;
use crate::tui::overlay::fix_items;
use crate::tui::overlay::menu::Menu;
use crate::tui::protocol::mutation::Mutation;

impl LiveTab {
    /// Carries out an action on calls.
    pub fn act(&mut self, action: Action, context: &Context) -> ActionOutcome {
        match action {
            Action::Fix => self.choose_fix(context),
            Action::Causes => self.show_causes(!self.causes.shown, context),
            Action::Clear => ActionOutcome::open(ConfirmOverlay::ClearCalls),
            Action::Pause if self.list.following() => {
                self.list.pause(context.list_rows());
                ActionOutcome::done()
            }
            Action::Pause => {
                self.list.follow();
                ActionOutcome::done()
            }
            Action::Follow => {
                self.causes.shown = false;
                self.list.follow();
                ActionOutcome::done()
            }
            Action::Keep => self.keep(false, context),
            Action::RecordNow => self.keep(true, context),
            Action::Jump => self.jump(context),
            _ => ActionOutcome::Ignored,
        }
    }

    /// Carries out an action of the filter while it is typed.
    pub fn act_on_filter(&mut self, action: Action, context: &Context) -> ActionOutcome {
        self.with_filter(context, |filter| filter_input::act(filter, action, context))
    }

    /// Changes the text of the filter that is being typed.
    pub fn edit_filter(&mut self, change: &mut dyn FnMut(&mut Input), context: &Context) -> ActionOutcome {
        self.with_filter(context, |filter| filter_input::edit(filter, change, context))
    }

    /// Changes the filter, and lists the calls anew where that makes a difference.
    pub fn with_filter<T>(&mut self, context: &Context, change: impl FnOnce(&mut Filter) -> T) -> T {
        let before = self.list.filter.query();
        let changed = change(&mut self.list.filter);
        self.list_calls_unless(&before, context);
        changed
    }

    /// Moves the selection by so many rows.
    pub fn step(&mut self, by: isize, context: &Context) {
        let rows = context.list_rows();
        if self.causes.shown {
            self.causes.list.step(by, rows);
        } else if by > isize::MAX / 4 {
            // To the end of the list means to follow, even when the last row is selected already.
            self.list.follow();
        } else {
            self.list.step(by, rows);
        }
    }

    /// Selects the row that stands so far down on the screen.
    pub fn select_visible(&mut self, row: usize, context: &Context) {
        let rows = context.list_rows();
        if self.causes.shown {
            self.causes.list.select_visible(row, rows);
        } else {
            self.list.select_visible(row, rows);
        }
    }

    /// Shows misses by cause, or all calls; the selected call stays.
    pub fn show_causes(&mut self, shown: bool, context: &Context) -> ActionOutcome {
        let rows = context.list_rows();
        if shown && self.causes.misses() == 0 {
            return ActionOutcome::info("No call in the list missed");
        }
        if let (true, Some(call)) = (shown, self.selected_call(context)) {
            let cause = MissCause { endpoint: call.endpoint.clone(), cause: call.cause.clone() };
            self.causes.list.select(&cause, rows);
        } else if let (false, Some(newest)) = (shown, self.causes.selected()) {
            self.list.select(&newest, rows);
        }
        self.causes.shown = shown;
        ActionOutcome::done()
    }

    /// The fixes of the nearest recordings, each with what else it would do.
    fn choose_fix(&self, context: &Context) -> ActionOutcome {
        let call = self.selected_call(context);
        let Some(explanation) = self.explanation(context) else {
            return ActionOutcome::info(match call {
                None => "No call is selected",
                Some(call) if !call.done => "Still under way; fix it when it is done",
                Some(_) if context.cache.explanation.waiting => "Still working it out; try again in a moment",
                Some(_) => "Its request is no longer in memory; repeat the call",
            });
        };
        if let Some(hit) = &explanation.hit {
            return ActionOutcome::info(format!("{} answers it; there is nothing to fix", hit.recording));
        }
        let items = fix_items::items(explanation, self.explanation.near, call);
        if items.is_empty() {
            return ActionOutcome::info("No recording comes near it; record it instead (R)");
        }
        ActionOutcome::open(Menu::new("Make it match", items))
    }

    /// Makes a recording of the call; `now` means by asking the upstream. The client refuses at first where that costs
    /// something, and its refusal becomes the question.
    fn keep(&self, now: bool, context: &Context) -> ActionOutcome {
        let Some(call) = self.selected_call(context) else {
            return ActionOutcome::info("No call is selected");
        };
        match (call.outcome.filter(|_| call.done), &call.recording) {
            (None, _) => ActionOutcome::info("Still under way; keep it when it is done"),
            (Some(Outcome::Live | Outcome::Mock), _) if now => ActionOutcome::info(
                "It has an answer, which K keeps; for another one switch the mode (m) and repeat the call",
            ),
            (Some(Outcome::Live | Outcome::Mock | Outcome::Miss), _) => {
                ActionOutcome::mutate(Mutation::Keep(call.id, false))
            }
            (_, Some(id)) => {
                let key = context.key(KeyScope::Live, Action::Jump);
                ActionOutcome::info(format!("Already recorded as {id} ({key})"))
            }
            _ => ActionOutcome::info("It failed, so there is nothing to keep; repeat the call"),
        }
    }

    /// Jumps to the recording that answered the call, or came nearest.
    fn jump(&self, context: &Context) -> ActionOutcome {
        let target = self.selected_call(context).and_then(|call| {
            let near = || self.near(context).map(|near| near.recording.clone());
            let nearest = || call.cause.as_ref().map(|cause| cause.nearest.clone());
            call.recording.clone().or_else(near).or_else(nearest)
        });
        match target {
            Some(id) => AppRequest::ShowRecording(id).into(),
            None => ActionOutcome::info("No recording answered this call"),
        }
    }
}
