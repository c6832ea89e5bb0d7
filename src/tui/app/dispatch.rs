//! The order in which an action is offered: what takes all keys first, then the tab it belongs to, then the app itself,
//! then the verbs.

use super::state::App;
use crate::engine::ExchangeRef;
use crate::tui::content::page::DetailPage;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest};
use crate::tui::input::action::Action;
use crate::tui::input::tab::Tab;
use crate::tui::listing::filter::Filter;
use crate::tui::overlay::confirm::ConfirmOverlay;
use crate::tui::overlay::fuzzy_finder::FuzzyFinder;
use crate::tui::overlay::help::HelpOverlay;
use crate::tui::overlay::palette::CommandPalette;
use crate::tui::protocol::effect::Effect;
use crate::tui::verbs::selection::Selection;
use crate::tui::verbs::{self, actions_menu, compare};

impl App {
    /// Carries an action out; gives what is left to do outside.
    pub(super) fn act(&mut self, action: Action) -> Vec<Effect> {
        let armed = self.input.armed_confirm.take() == Some(action);
        let outcome = match self.motion(action) {
            Some(by) => self.step(by),
            None => self.dispatch(action, armed),
        };
        self.perform(outcome)
    }

    fn dispatch(&mut self, action: Action, armed: bool) -> ActionOutcome {
        if let Some(modal) = self.dispatch_modal(action) {
            return modal;
        }
        if action == Action::Suspend {
            return self.suspend(armed);
        }
        let outcome = self.dispatch_to_tab(action);
        outcome
            .or_else(|| self.dispatch_to_app(action))
            .or_else(|| self.detail.act(action, &self.context))
            .or_else(|| verbs::act::act(action, &self.selection(), &self.context))
    }

    /// The outcome where something takes all keys; `None` where the action means nothing there.
    fn dispatch_modal(&mut self, action: Action) -> Option<ActionOutcome> {
        let outcome = if let Some(overlay) = &mut self.overlay {
            overlay.act(action, &self.context)
        } else if self.detail.modal_scope().is_some() {
            self.detail.act_modal(action, &self.context)
        } else if self.filter().input.is_some() {
            self.act_on_filter(action)
        } else if self.shows_sheet() {
            self.recordings.act_on_sheet(action, &self.context)
        } else {
            ActionOutcome::Ignored
        };
        Some(outcome).filter(|outcome| !outcome.is_ignored())
    }

    /// Actions of the tab in front, then those that belong to one tab wherever they are asked for.
    fn dispatch_to_tab(&mut self, action: Action) -> ActionOutcome {
        let context = &self.context;
        let outcome = match context.tab {
            Tab::Diff => self.diff.act(action, context),
            Tab::Prune => self.prune.act(action, context),
            Tab::Live if self.detail.page == DetailPage::Why => match action {
                Action::NextPicture => self.live.step_near(true, context),
                Action::PreviousPicture => self.live.step_near(false, context),
                _ => ActionOutcome::Ignored,
            },
            Tab::Live | Tab::Recordings | Tab::Log => ActionOutcome::Ignored,
        };
        if !outcome.is_ignored() {
            return outcome;
        }
        match action {
            Action::Jump if context.tab == Tab::Recordings => self.recordings.act(action, context),
            Action::Jump if context.tab != Tab::Live => ActionOutcome::done(),
            Action::Sheet => {
                self.turn_to(Tab::Recordings);
                self.recordings.act(action, &self.context)
            }
            Action::Follow => {
                self.context.in_detail = false;
                self.live.act(action, &self.context)
            }
            Action::Swap => self.diff.act(action, context),
            _ => self.live.act(action, context).or_else(|| self.recordings.act(action, context)),
        }
    }

    /// Actions on the screen as a whole.
    fn dispatch_to_app(&mut self, action: Action) -> ActionOutcome {
        match action {
            Action::Back => return self.back(),
            Action::Quit => return self.quit(),
            Action::Redraw => return ActionOutcome::effect(Effect::Redraw),
            Action::Mouse => return self.switch_mouse(),
            Action::Help => return ActionOutcome::open(HelpOverlay::default()),
            Action::Palette => return ActionOutcome::open(CommandPalette::new()),
            Action::Find => return ActionOutcome::open(FuzzyFinder::new(self.context.find_history.clone())),
            Action::Menu => return actions_menu::open(&self.scopes(), &self.context),
            Action::Compare => {
                let (thing, first) = (self.selection().thing, self.diff.first.clone());
                let thing = thing.filter(|_| self.context.tab != Tab::Diff);
                return compare::act(thing, first, &self.context);
            }
            Action::LiveTab => self.turn_to(Tab::Live),
            Action::RecordingsTab => self.turn_to(Tab::Recordings),
            Action::DiffTab => self.turn_to(Tab::Diff),
            Action::LogTab => self.turn_to(Tab::Log),
            Action::PruneTab => {
                self.turn_to(Tab::Prune);
                if self.prune.query().is_empty() {
                    return self.prune.choose_preset();
                }
            }
            Action::Open if self.context.in_detail && self.context.tab == Tab::Live => {
                return self.live.act(Action::Jump, &self.context);
            }
            Action::Open | Action::DetailPane => return self.show_detail(),
            Action::OtherPane => self.focus_detail(!self.context.in_detail),
            Action::ListPane => self.focus_detail(false),
            Action::Zoom => self.context.zoom = !self.context.zoom,
            Action::JumpBack => self.jump_back(),
            Action::Filter if self.context.in_detail => self.detail.search.edit(),
            Action::Filter => self.begin_filter(),
            Action::ToggleFilter => self.change_filter(Filter::toggle),
            Action::ScrollLeft => return self.scroll_sideways(-8),
            Action::ScrollRight => return self.scroll_sideways(8),
            // Answers to questions that nobody asks here.
            Action::Confirm
            | Action::Accept
            | Action::KeepBoth
            | Action::Reject
            | Action::Restore
            | Action::Complete
            | Action::CompleteBack
            | Action::Earlier
            | Action::Later => {}
            _ => return ActionOutcome::Ignored,
        }
        ActionOutcome::done()
    }

    /// The selection for verbs: the marked or selected recordings of the tab; on Live the one that answered the call.
    pub(super) fn selection(&self) -> Selection {
        let context = &self.context;
        let planned = || self.prune.list.selected().map(|key| key.2.clone());
        let recordings = match context.tab {
            Tab::Live => self.selected_call().and_then(|call| call.recording.clone()).into_iter().collect(),
            Tab::Recordings => self.recordings.targets(context),
            Tab::Diff => self.diff.recording().cloned().into_iter().collect(),
            Tab::Prune => planned().into_iter().collect(),
            Tab::Log => Vec::new(),
        };
        let thing = match context.tab {
            Tab::Live => self.selected_call().map(|call| ExchangeRef::Call(call.id)),
            Tab::Recordings => self.selected_row().map(|row| ExchangeRef::Recording(row.id.clone())),
            Tab::Diff => self.diff.sides.as_ref().map(|(_, other)| other.clone()),
            Tab::Prune => planned().map(ExchangeRef::Recording),
            Tab::Log => None,
        };
        let picture_field = recordings.first().and_then(|id| self.detail.picture_field(id));
        let part = self.detail.opened_part(context.tab != Tab::Diff);
        Selection { recordings, thing, part, picture_field }
    }

    /// Back to the shell; while calls are under way only when asked twice, because the proxy stands still, too.
    fn suspend(&mut self, armed: bool) -> ActionOutcome {
        let flying = self.context.world.counters.in_flight;
        if flying == 0 || self.context.options.start.attached || armed {
            return ActionOutcome::effect(Effect::Suspend);
        }
        self.input.armed_confirm = Some(Action::Suspend);
        let calls = if flying == 1 { "1 call is".into() } else { format!("{flying} calls are") };
        ActionOutcome::info(format!(
            "{calls} under way, and the proxy would stand still; once more suspends it"
        ))
    }

    fn switch_mouse(&mut self) -> ActionOutcome {
        let on = !self.context.options.start.look.mouse;
        self.context.options.start.look.mouse = on;
        let text = if on { "The mouse works here" } else { "The terminal selects text" };
        ActionOutcome::info(text).and(AppRequest::Effect(Effect::Mouse(on)))
    }

    fn quit(&mut self) -> ActionOutcome {
        if self.context.world.counters.in_flight == 0 || self.context.options.start.attached {
            return ActionOutcome::effect(Effect::Quit);
        }
        self.keep_filters().and(AppRequest::open(ConfirmOverlay::Quit))
    }
}
