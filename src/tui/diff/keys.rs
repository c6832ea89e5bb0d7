//! Actions of the Diff tab.

use super::page::DiffPage;
use super::state::DiffTab;
use crate::engine::{ExchangeRef, FixKind};
use crate::model::Call;
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest};
use crate::tui::input::action::Action;
use crate::tui::overlay::fix_items::{LETTERS, radius, record_item, retag_item};
use crate::tui::overlay::menu::{Menu, MenuItem};
use crate::tui::widgets::layout;

impl DiffTab {
    /// Carries out an action on the differences.
    pub fn act(&mut self, action: Action, context: &Context) -> ActionOutcome {
        let place = layout::text(context.areas.list);
        let rows = usize::from(place.height.saturating_sub(1));
        match action {
            Action::NextPage => self.show_page(self.page.neighbour(true)),
            Action::PreviousPage => self.show_page(self.page.neighbour(false)),
            Action::NextChange => return self.step_change(true, rows),
            Action::PreviousChange => return self.step_change(false, rows),
            Action::Wrap => {
                self.ignores_blanks = !self.ignores_blanks;
                self.change = None;
                let text = if self.ignores_blanks { "Blanks make no difference" } else { "Blanks count" };
                return ActionOutcome::info(text);
            }
            Action::MoreContext => return ActionOutcome::info(self.widen(1)),
            Action::LessContext => return ActionOutcome::info(self.widen(-1)),
            Action::Split => self.beside = Some(!self.is_beside(place.width)),
            Action::DifferenceMap => {
                self.pictures.map = !self.pictures.map;
                self.show_page(DiffPage::Image);
            }
            Action::NextPicture | Action::PreviousPicture => {
                let count = context.cache.diff.value().map_or(0, |diff| diff.contrast.pictures.len()).max(1);
                let by = if action == Action::NextPicture { 1 } else { count - 1 };
                self.pictures.index = (self.pictures.index + by) % count;
            }
            Action::Swap => {
                if let Some((one, other)) = self.sides.clone() {
                    return AppRequest::Compare(other, one).into();
                }
            }
            Action::Retag => return self.choose_fix(context),
            Action::Filter => return ActionOutcome::info("There is no list to filter here"),
            Action::ScrollLeft | Action::ScrollRight => {
                return ActionOutcome::info("Long lines are wrapped here");
            }
            _ => return ActionOutcome::Ignored,
        }
        ActionOutcome::done()
    }

    fn step_change(&mut self, forward: bool, rows: usize) -> ActionOutcome {
        let count = self.view.changes.len();
        ActionOutcome::info(match self.go_to_change(forward, rows) {
            Some(nth) => format!("change {nth} of {count}"),
            None if count == 0 => "Nothing differs here; ] turns the page".into(),
            None if forward => "That was the last change here; ] turns the page".into(),
            None => "That was the first change".into(),
        })
    }

    /// Offers the fixes that would make the two match, each with what else it would do.
    fn choose_fix(&self, context: &Context) -> ActionOutcome {
        let (Some(id), Some(diff)) = (self.recording(), context.cache.diff.value()) else {
            return ActionOutcome::info(
                "Neither side is a recording that could answer; c picks what to compare",
            );
        };
        if diff.fixes.is_empty() {
            return AppRequest::Retag.into();
        }
        let (records, fixes): (Vec<_>, Vec<_>) =
            diff.fixes.iter().partition(|fix| fix.kind == FixKind::Record);
        let call = self.call(context).filter(|_| !records.is_empty());
        let mut items: Vec<MenuItem> = call.map(record_item).into_iter().collect();
        let fixes = fixes.into_iter().zip(LETTERS.chars());
        items.extend(fixes.map(|(fix, key)| retag_item(key, id, fix, &radius(&fix.radius))));
        let note = "another strategy, or fields of your choice";
        items.push(MenuItem::new('t', "other", note, AppRequest::Retag));
        ActionOutcome::open(Menu::new(format!("Make {id} answer both"), items))
    }

    /// The first side that is a call.
    fn call<'a>(&self, context: &'a Context) -> Option<&'a Call> {
        let (one, other) = self.sides.as_ref()?;
        [one, other].into_iter().find_map(|side| match side {
            ExchangeRef::Call(id) => context.call(*id),
            ExchangeRef::Recording(_) | ExchangeRef::Original(_) => None,
        })
    }
}
