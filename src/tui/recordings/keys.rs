//! Actions of the Recordings tab and of the contact sheet.

use tui_input::Input;

use super::contact_sheet::ContactSheet;
use super::state::RecordingsTab;
use crate::model::RecordingId;
use crate::tui::contract::context::Context;
use crate::tui::contract::filter_input;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest};
use crate::tui::input::action::Action;
use crate::tui::listing::marks::MarkChange;
use crate::tui::listing::order::{RowKey, SortBy};
use crate::tui::overlay::menu::{Menu, MenuItem};

impl RecordingsTab {
    /// Carries out an action on the list.
    pub fn act(&mut self, action: Action, context: &Context) -> ActionOutcome {
        match action {
            Action::Sheet => return self.open_sheet(context),
            Action::Sort => return self.choose_order(),
            Action::Reverse => self.order = self.order.reversed(),
            Action::Jump => {
                return match self.selected_row(context) {
                    Some(row) => AppRequest::ShowCallsOf(row.id.clone()).into(),
                    None => ActionOutcome::info("No recording is selected"),
                };
            }
            Action::Mark | Action::Range | Action::MarkAll | Action::MarkNone | Action::MarkOthers => {
                return self.mark(action, context);
            }
            _ => return ActionOutcome::Ignored,
        }
        ActionOutcome::done()
    }

    /// Carries out an action of the contact sheet; all others mean the same as on the list.
    pub fn act_on_sheet(&mut self, action: Action, context: &Context) -> ActionOutcome {
        let Some(sheet) = &mut self.sheet else { return ActionOutcome::Ignored };
        let ids: Vec<RecordingId> = match action {
            Action::Mark => sheet.selected().map(|stack| stack.ids.clone()).unwrap_or_default(),
            Action::MarkAll => sheet.stacks.iter().flat_map(|stack| stack.ids.iter().cloned()).collect(),
            Action::Left | Action::Right => {
                sheet.step(if action == Action::Left { -1 } else { 1 });
                return ActionOutcome::done();
            }
            Action::Open => return self.open_stack(),
            Action::Back => {
                // First the stack is closed, then the sheet.
                self.sheet = self.sheet.take().filter(ContactSheet::is_inside).map(|sheet| sheet.closed());
                return ActionOutcome::done();
            }
            _ => return ActionOutcome::Ignored,
        };
        if action == Action::Mark {
            sheet.step(1);
        }
        // A stack with one mark missing gets it; one that has all of them loses them.
        let all = action == Action::Mark && ids.iter().all(|id| context.marks.contains(id));
        let toggled = ids.into_iter().filter(|id| all || !context.marks.contains(id)).collect();
        AppRequest::Mark(MarkChange::Toggle(toggled)).into()
    }

    /// Carries out an action of the filter while it is typed.
    pub fn act_on_filter(&mut self, action: Action, context: &Context) -> ActionOutcome {
        filter_input::act(&mut self.list.filter, action, context)
    }

    /// Changes the text of the filter that is being typed.
    pub fn edit_filter(&mut self, change: &mut dyn FnMut(&mut Input), context: &Context) -> ActionOutcome {
        filter_input::edit(&mut self.list.filter, change, context)
    }

    /// Moves the selection by so many rows; a range of marks follows.
    pub fn step(&mut self, by: isize, context: &Context) -> ActionOutcome {
        if let Some(sheet) = &mut self.sheet {
            sheet.step(by);
            return ActionOutcome::done();
        }
        self.list.step(by, context.list_rows());
        let Some(from) = context.marks.range_start() else { return ActionOutcome::done() };
        AppRequest::Mark(MarkChange::ExtendRange(self.range_from(from, context))).into()
    }

    /// The recordings from this one to the selected one.
    fn range_from(&self, from: &RecordingId, context: &Context) -> Vec<RecordingId> {
        let from = context.row(from).map(|row| self.key_of(row));
        let (Some(from), Some(to)) = (from, self.list.selected()) else { return Vec::new() };
        let (low, high) = if from <= *to { (&from, to) } else { (to, &from) };
        let keys = self.list.keys();
        let (start, end) = (keys.partition_point(|key| key < low), keys.partition_point(|key| key <= high));
        keys.range(start..end).map(|key| key.1.clone()).collect()
    }

    /// Marks recordings, or unmarks them. What the filter hides keeps its marks, but for `A`.
    fn mark(&self, action: Action, context: &Context) -> ActionOutcome {
        let shown = || self.list.keys().iter().map(|key: &RowKey| key.1.clone()).collect();
        let change = match action {
            Action::Mark => {
                let Some(row) = self.selected_row(context) else { return ActionOutcome::done() };
                let toggle = AppRequest::Mark(MarkChange::Toggle(vec![row.id.clone()]));
                return ActionOutcome::from(toggle).and(AppRequest::Move(1));
            }
            Action::Range if context.marks.range_start().is_some() => MarkChange::EndRange,
            Action::Range => {
                let Some(RowKey(_, from)) = self.list.selected() else { return ActionOutcome::done() };
                let start = AppRequest::Mark(MarkChange::StartRange(from.clone()));
                let first = AppRequest::Mark(MarkChange::ExtendRange(vec![from.clone()]));
                return ActionOutcome::from(start).and(first);
            }
            Action::MarkAll => MarkChange::Add(shown()),
            Action::MarkOthers => MarkChange::Toggle(shown()),
            _ => MarkChange::Clear,
        };
        AppRequest::Mark(change).into()
    }

    fn choose_order(&self) -> ActionOutcome {
        let item = |(by, key): &(SortBy, char)| {
            MenuItem::new(*key, by.name(), by.first(), AppRequest::Sort(*by)).current_if(*by == self.order.by)
        };
        ActionOutcome::open(Menu::new("Sort by", SortBy::ALL.iter().map(item).collect()))
    }

    /// Shows the pictures of the listed recordings.
    fn open_sheet(&mut self, context: &Context) -> ActionOutcome {
        self.sheet = Some(ContactSheet::default());
        self.restack(context);
        if self.sheet.as_ref().is_some_and(|sheet| sheet.stacks.is_empty()) {
            self.sheet = None;
            return ActionOutcome::info("None of the listed recordings has a picture");
        }
        ActionOutcome::done()
    }

    /// Opens the selected stack; from one recording goes there.
    fn open_stack(&mut self) -> ActionOutcome {
        let Some(sheet) = &mut self.sheet else { return ActionOutcome::Ignored };
        let Some(stack) = sheet.selected().cloned() else { return ActionOutcome::done() };
        if let [only] = &stack.ids[..] {
            self.sheet = None;
            let show = AppRequest::ShowRecording(only.clone());
            return ActionOutcome::from(show).and(AppRequest::FocusDetail);
        }
        *sheet = sheet.with_open_stack(Some(stack.ids));
        ActionOutcome::done()
    }
}
