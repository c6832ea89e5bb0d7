//! The state of the Log tab.

use tui_input::Input;

use crate::tui::contract::context::Context;
use crate::tui::contract::filter_input;
use crate::tui::contract::outcome::ActionOutcome;
use crate::tui::input::action::Action;
use crate::tui::listing::filter::Filter;
use crate::tui::listing::list::List;
use crate::tui::widgets::toast::{LogMessage, Toasts};

/// The state of the Log tab. The messages themselves belong to the toasts.
#[derive(Debug)]
pub struct LogTab {
    /// The numbers of the messages that pass the filter.
    pub list: List<u64>,
}

impl Default for LogTab {
    fn default() -> Self {
        Self { list: List::new(true).filtered(Filter::plain()) }
    }
}

impl LogTab {
    /// Lists the messages that pass the filter; true where another one is selected then.
    pub fn refresh(&mut self, toasts: &Toasts, context: &Context) -> bool {
        let before = self.list.selected().copied();
        let passes = self.list.filter.test();
        let log = toasts.log.iter().filter(|entry| passes(&entry.text));
        self.list.replace(log.map(|entry| entry.number).collect());
        self.list.reveal(context.list_rows());
        self.list.selected().copied() != before
    }

    /// The selected message.
    #[must_use]
    pub fn selected<'a>(&self, toasts: &'a Toasts) -> Option<&'a LogMessage> {
        toasts.entry(*self.list.selected()?)
    }

    /// Carries out an action of the filter while it is typed.
    pub fn act_on_filter(&mut self, action: Action, context: &Context) -> ActionOutcome {
        filter_input::act(&mut self.list.filter, action, context)
    }

    /// Changes the text of the filter that is being typed.
    pub fn edit_filter(&mut self, change: &mut dyn FnMut(&mut Input), context: &Context) -> ActionOutcome {
        filter_input::edit(&mut self.list.filter, change, context)
    }

    /// Moves the selection by so many rows; to the end means to follow.
    pub fn step(&mut self, by: isize, context: &Context) {
        if by > isize::MAX / 4 {
            self.list.follow();
        } else {
            self.list.step(by, context.list_rows());
        }
    }
}
