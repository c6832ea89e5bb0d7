//! Actions of the Prune tab.

use tui_input::Input;

use super::plan_lines::totals;
use super::state::{PruneKey, PruneTab};
use crate::reading::sanitize;
use crate::tui::contract::context::Context;
use crate::tui::contract::filter_input;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest};
use crate::tui::input::action::Action;
use crate::tui::overlay::menu::{Menu, MenuItem};
use crate::tui::overlay::question::QuestionOverlay;
use crate::tui::protocol::mutation::{Mutation, count_recordings};
use crate::tui::widgets::line::{Tone, Toned, thousands};

/// Preset queries.
const PRESETS: [(char, &str, &str); 6] = [
    ('s', "superseded:yes", "older takes; a newer one answers"),
    ('d', "dup:yes", "duplicates"),
    ('u', "unused:>90d", "not used for 90 days"),
    ('n', "hits:0", "never answered anything"),
    ('l', "size:>1M age:>30d", "large and old"),
    ('e', "expired:yes", "expired"),
];

impl PruneTab {
    /// Carries out an action on the plan.
    pub fn act(&mut self, action: Action, context: &Context) -> ActionOutcome {
        match action {
            Action::Presets => self.choose_preset(),
            Action::Delete => self.ask(context),
            Action::Mark => self.spare(context),
            _ => ActionOutcome::Ignored,
        }
    }

    /// Carries out an action of the query while it is typed.
    pub fn act_on_filter(&mut self, action: Action, context: &Context) -> ActionOutcome {
        filter_input::act(&mut self.list.filter, action, context)
    }

    /// Changes the text of the query that is being typed.
    pub fn edit_filter(&mut self, change: &mut dyn FnMut(&mut Input), context: &Context) -> ActionOutcome {
        filter_input::edit(&mut self.list.filter, change, context)
    }

    /// Moves the selection by so many rows.
    pub fn step(&mut self, by: isize, context: &Context) {
        self.list.step(by, Self::rows(context));
    }

    /// Rows of the table: the query and the totals stand above it.
    #[must_use]
    pub fn rows(context: &Context) -> usize {
        context.list_rows().saturating_sub(usize::from(super::pane::head(context.areas.list)))
    }

    /// Spares the selected recording, or does so no longer.
    fn spare(&mut self, context: &Context) -> ActionOutcome {
        let Some(PruneKey(fixed, _, id)) = self.list.selected().cloned() else {
            return ActionOutcome::done();
        };
        if fixed {
            return ActionOutcome::info("It is kept anyway");
        }
        if !self.keep.remove(&id) {
            self.keep.insert(id);
        }
        self.step(1, context);
        ActionOutcome::done()
    }

    /// Offers the preset queries.
    pub fn choose_preset(&self) -> ActionOutcome {
        let items = PRESETS.iter().map(|(key, query, note)| {
            let request = AppRequest::PruneQuery((*query).to_owned());
            MenuItem::new(*key, *query, *note, request).current_if(self.query() == *query)
        });
        let mut items: Vec<MenuItem> = items.collect();
        let note = "type a filter";
        items.push(MenuItem::new('/', "another", note, AppRequest::Act(Action::Filter)));
        ActionOutcome::open(Menu::new("Prune what?", items))
    }

    /// Asks before the plan is carried out.
    fn ask(&self, context: &Context) -> ActionOutcome {
        let Some(plan) = self.plan(context).filter(|plan| !plan.remove.is_empty()) else {
            let none = self.query().is_empty();
            return ActionOutcome::info(if none {
                "Pick a query first: p or /"
            } else {
                "Nothing would be deleted"
            });
        };
        if context.cache.prune.waiting {
            return ActionOutcome::info("The plan is just being made");
        }
        let count = plan.totals.recordings;
        let mut lines = vec![Toned::of(Tone::Strong, sanitize(&plan.query)), Toned::default()];
        lines.extend(totals(plan));
        lines.push(Toned::default());
        lines.push(Toned::of(Tone::Plain, "Kept in the trash for 7 days; u undoes it."));
        lines.push(Toned::default());
        let only = plan.remove.iter().map(|removal| removal.id.clone()).collect();
        ActionOutcome::open(
            QuestionOverlay::new(
                format!("Delete {}?", count_recordings(count)),
                lines,
                format!("Delete {}", thousands(count)),
                Mutation::Prune(plan.query.clone(), self.keep.clone(), only),
            )
            .typed_when_many(count),
        )
    }
}
