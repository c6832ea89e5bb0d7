//! The workflows that change recordings in several steps: choosing, looking at the effect, and doing it.

use std::sync::Arc;

use tui_input::Input;

use crate::engine::{Rerecord, Tag, Thing, Verdict};
use crate::model::{RecordingId, Row};
use crate::tui::app::state::App;
use crate::tui::content::text::sanitize;
use crate::tui::input::action::Action;
use crate::tui::input::tab::Tab;
use crate::tui::overlay::{
    Menu, MenuChoice, MenuItem, Overlay, QuestionOverlay, RetagOverlay, Shelf, ShelfKind, TOO_SMALL,
};
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::mutation::{Mutation, counted};
use crate::tui::protocol::query::RemoteQuery;
use crate::tui::widgets::line::{Tone, Toned, fit, thousands};

/// From so many recordings on, their number has to be typed.
const MANY: usize = 50;
/// So many of them are listed in a question.
const LISTED: usize = 8;

/// What was asked for what is in front, and whether something happened since.
#[derive(Debug, Default)]
pub(crate) struct SentQueries(Vec<(RemoteQuery, bool)>);

impl SentQueries {
    /// Something happened that may change all answers.
    pub(crate) fn age(&mut self) {
        self.0.iter_mut().for_each(|(_, stale)| *stale = true);
    }
}

impl App {
    /// Does what a workflow is asked for; none for any other action.
    pub(crate) fn workflow(&mut self, action: Action) -> Option<Vec<Effect>> {
        match action {
            Action::Back if self.overlay.is_none() && self.under.is_some() => {
                self.toasts.info(self.now, "Stops after the one under way".into());
                return Some(vec![Effect::Cancel]);
            }
            Action::PruneTab => {
                self.turn_to(Tab::Prune);
                if self.prune.query().is_empty() {
                    self.presets();
                }
            }
            Action::LogTab => self.turn_to(Tab::Log),
            Action::Presets if self.tab == Tab::Prune => self.presets(),
            Action::Delete if self.tab == Tab::Prune => self.ask_prune(),
            Action::Mark | Action::MarkAll | Action::MarkNone | Action::MarkOthers => {
                return self.mark_over(action);
            }
            Action::Edit if matches!(self.overlay, Some(Overlay::Draft(_))) => {
                return Some(self.edit_again());
            }
            Action::Retag if self.tab == Tab::Diff => self.choose_match(),
            Action::Retag => self.open_retag(),
            Action::Edit => self.choose_edit(),
            Action::Derive => self.choose_fault(),
            Action::Rerecord => return Some(self.plan_rerecord()),
            Action::Reviews => self.overlay = Some(Overlay::Shelf(Box::new(Shelf::new(ShelfKind::Reviews)))),
            Action::Trash => self.overlay = Some(Overlay::Shelf(Box::new(Shelf::new(ShelfKind::Trash)))),
            Action::Accept => return Some(self.decide(Verdict::Accept)),
            Action::KeepBoth => return Some(self.decide(Verdict::KeepBoth)),
            Action::Reject => return Some(self.decide(Verdict::Reject)),
            Action::Restore => return Some(self.restore()),
            Action::Compare if matches!(self.overlay, Some(Overlay::Shelf(_))) => {
                return Some(self.compare_pair());
            }
            Action::Compact => self.choose_compact(),
            Action::Purge => self.ask_purge(),
            _ => return None,
        }
        Some(Vec::new())
    }

    /// The questions of what is in front that were not asked yet, or whose answers are old.
    pub(crate) fn inquire(&mut self) -> Vec<Effect> {
        let mut effects: Vec<Effect> = self.agreed_retag().into_iter().collect();
        if let Some((one, other)) = self.diff.sides.clone().filter(|_| std::mem::take(&mut self.diff.stale)) {
            effects.push(self.ask(RemoteQuery::Diff(one, other, self.diff.context())));
        }
        for ask in self.wanted() {
            let found = self.asked.0.iter().position(|(known, _)| known.kind() == ask.kind());
            if let Some((known, stale)) = found.map(|at| &self.asked.0[at]) {
                // One that is on its way is waited for: in heavy traffic it would never arrive else.
                if *known == ask && (!stale || self.known.awaits(&ask)) {
                    continue;
                }
            }
            match found {
                Some(at) => self.asked.0[at] = (ask.clone(), false),
                None => self.asked.0.push((ask.clone(), false)),
            }
            effects.push(self.ask(ask));
        }
        effects
    }

    fn wanted(&self) -> Vec<RemoteQuery> {
        let mut wanted = match self.tab {
            Tab::Prune => self.prune.ask().into_iter().collect(),
            Tab::Log => vec![RemoteQuery::Steps],
            _ => Vec::new(),
        };
        match &self.overlay {
            Some(Overlay::Retag(retag)) => {
                wanted.push(RemoteQuery::Fields(Arc::clone(&retag.ids)));
                if let Some(tag) = retag.tag().ok().filter(|tag| tag.strategy.is_some()) {
                    wanted.push(RemoteQuery::Retag(Arc::clone(&retag.ids), tag));
                }
            }
            Some(Overlay::Shelf(pile)) if pile.kind == ShelfKind::Trash => wanted.push(RemoteQuery::Trash),
            Some(Overlay::Shelf(pile)) => {
                wanted.push(RemoteQuery::Reviews);
                let new = pile.selected(self);
                wanted
                    .extend(new.and_then(|new| Some(RemoteQuery::Pair(new.review.clone()?, new.id.clone()))));
            }
            _ => {}
        }
        wanted
    }

    /// The desk answered.
    pub(crate) fn answered(&mut self, ask: &RemoteQuery) {
        match ask {
            RemoteQuery::Prune(..) => self.plan_arrived(),
            RemoteQuery::Steps => self.detail.refresh(),
            RemoteQuery::Rerecord(ids) if *ids == self.rerecording => {
                self.rerecording.clear();
                let ids = ids.clone();
                match self.known.rerecord.value.take() {
                    Some(Ok(plan)) => self.ask_rerecord(&ids, &plan),
                    Some(Err(why)) => self.toasts.error(format!("rerecord: {why}")),
                    None => {}
                }
            }
            _ => {}
        }
    }

    // === retag ===

    pub(crate) fn open_retag(&mut self) {
        let ids = self.targets();
        let rows: Vec<&Row> =
            ids.iter().filter_map(|id| self.world.rows.get(id)).map(AsRef::as_ref).collect();
        match RetagOverlay::of(&rows) {
            None => self.toasts.info(self.now, "No recording is selected".into()),
            Some(retag) => {
                self.known.retag.forget();
                self.known.fields.forget();
                self.asked
                    .0
                    .retain(|(ask, _)| !matches!(ask, RemoteQuery::Retag(..) | RemoteQuery::Fields(_)));
                self.overlay = Some(Overlay::Retag(Box::new(retag)));
            }
        }
    }

    /// What was chosen is complete.
    pub(crate) fn retag(&mut self, mut retag: Box<RetagOverlay>) -> Vec<Effect> {
        match retag.tag() {
            Ok(_) if !RetagOverlay::fits(self.areas().whole.height) => {
                self.toasts.info(self.now, TOO_SMALL.into());
                self.overlay = Some(Overlay::Retag(retag));
                Vec::new()
            }
            Ok(tag) if tag == Tag::default() => {
                self.toasts.info(self.now, "Nothing would change: choose with a letter".into());
                self.overlay = Some(Overlay::Retag(retag));
                Vec::new()
            }
            Ok(tag) if tag.strategy.is_none() => vec![Effect::Do(Mutation::Retag(retag.ids.to_vec(), tag))],
            // What it does is seen before it is done, and why it cannot be done is read here.
            Ok(_) => {
                let refused = !self.known.retag.waiting && matches!(self.known.retag.value, Some(Err(_)));
                retag.agreed = !refused;
                self.overlay = Some(Overlay::Retag(retag));
                Vec::new()
            }
            Err(_) => {
                self.overlay = Some(Overlay::Retag(retag));
                Vec::new()
            }
        }
    }

    /// The retag that somebody agreed to, when it is known what it does.
    fn agreed_retag(&mut self) -> Option<Effect> {
        let Some(Overlay::Retag(retag)) = &mut self.overlay else { return None };
        let known = self.known.retag.value.as_ref().filter(|_| !self.known.retag.waiting)?;
        if !std::mem::take(&mut retag.agreed) || known.is_err() {
            return None;
        }
        let tag = retag.tag().ok()?;
        let retag = Effect::Do(Mutation::Retag(retag.ids.to_vec(), tag));
        self.overlay = None;
        Some(retag)
    }

    // === recording anew ===

    fn plan_rerecord(&mut self) -> Vec<Effect> {
        let ids = self.targets();
        if ids.is_empty() {
            self.toasts.info(self.now, "No recording is selected".into());
            return Vec::new();
        }
        self.rerecording.clone_from(&ids);
        vec![self.ask(RemoteQuery::Rerecord(ids))]
    }

    fn ask_rerecord(&mut self, ids: &[RecordingId], plan: &[Rerecord]) {
        let able: Vec<&Rerecord> = plan.iter().filter(|one| one.problem.is_none()).collect();
        let mut lines: Vec<Toned> = plan.iter().take(LISTED).map(|one| self.planned(one)).collect();
        if plan.len() > LISTED {
            lines.push(Toned::of(Tone::Dim, format!("and {} more", thousands(plan.len() - LISTED))));
        }
        lines.push(Toned::default());
        if able.is_empty() {
            let text = "None of them can be recorded anew.";
            lines.push(Toned::of(Tone::Warning, text));
        } else {
            let micros =
                able.iter().filter_map(|one| one.price).fold(0_u64, |sum, usd| sum.saturating_add(usd.0));
            let unpriced = able.iter().filter(|one| one.price.is_none()).count();
            let cost = match (able.len() - unpriced, unpriced) {
                (0, _) => "What it costs is not known.".to_owned(),
                (_, 0) => format!("It costs about {}.", crate::model::Usd(micros)),
                (_, some) => {
                    format!(
                        "It costs about {}, and {} without a price.",
                        crate::model::Usd(micros),
                        thousands(some)
                    )
                }
            };
            lines.push(Toned::of(Tone::Warning, cost));
            lines.push(Toned::of(
                Tone::Plain,
                "The new answers wait for review; until then the old ones answer.",
            ));
        }
        lines.push(Toned::default());
        let count = able.len();
        self.overlay = Some(Overlay::Question(Box::new(QuestionOverlay {
            title: format!("Ask the upstream once more for {}?", counted(ids.len())),
            lines,
            yes: if count > 0 { format!("Record {} anew", thousands(count)) } else { "nothing to do".into() },
            typed: (count > MANY).then(|| (count.to_string(), Input::default())),
            deed: Mutation::Rerecord(able.iter().map(|one| one.recording.clone()).collect()),
        })));
    }

    fn planned(&self, one: &Rerecord) -> Toned {
        let row = self.world.rows.get(&one.recording);
        let name = row.map(|row| row.hash.short()).unwrap_or_default();
        let model = row.and_then(|row| row.model.as_deref()).unwrap_or("-");
        let price = one.price.map_or_else(|| "price unknown".into(), |price| format!("about {price}"));
        let line =
            Toned::of(Tone::Accent, fit(&name, 10, false)).and(Tone::Plain, fit(&sanitize(model), 22, false));
        match &one.problem {
            None => line.and(Tone::Dim, price),
            Some(problem) => line.and(Tone::Warning, sanitize(problem)),
        }
    }

    // === what lies aside ===

    /// Marks in the list on top, or spares in the plan; none where marks are those of recordings.
    fn mark_over(&mut self, action: Action) -> Option<Vec<Effect>> {
        match self.overlay.clone() {
            Some(Overlay::Retag(mut retag)) => {
                retag.toggle(self.known.fields.known());
                self.overlay = Some(Overlay::Retag(retag));
            }
            Some(Overlay::Shelf(pile)) => {
                let pile = match action {
                    Action::Mark => pile.marking(self),
                    all => pile.marking_all(all == Action::MarkAll, self),
                };
                self.overlay = Some(Overlay::Shelf(Box::new(pile)));
            }
            None if self.tab == Tab::Prune && action == Action::Mark => self.spare(self.list_height()),
            _ => return None,
        }
        Some(Vec::new())
    }

    fn shelved(&self, kind: ShelfKind) -> Vec<RecordingId> {
        match &self.overlay {
            Some(Overlay::Shelf(pile)) if pile.kind == kind => pile.targets(self),
            _ => Vec::new(),
        }
    }

    fn decide(&mut self, verdict: Verdict) -> Vec<Effect> {
        let ids = self.shelved(ShelfKind::Reviews);
        if ids.is_empty() { Vec::new() } else { vec![Effect::Do(Mutation::Review(ids, verdict))] }
    }

    fn restore(&mut self) -> Vec<Effect> {
        let ids = self.shelved(ShelfKind::Trash);
        if ids.is_empty() { Vec::new() } else { vec![Effect::Do(Mutation::Restore(ids))] }
    }

    /// From a review to the full comparison of its two sides.
    fn compare_pair(&mut self) -> Vec<Effect> {
        let Some(Overlay::Shelf(pile)) = &self.overlay else { return Vec::new() };
        let Some(new) = pile.selected(self) else { return Vec::new() };
        let Some(old) = new.review.clone() else { return Vec::new() };
        self.overlay = None;
        self.show_diff(Thing::Recording(old), Thing::Recording(new.id.clone()))
    }

    fn choose_compact(&mut self) {
        let item = |key, label: &str, note: &str, choice| MenuItem {
            key: Some(key),
            label: label.into(),
            note: note.into(),
            current: false,
            choice,
        };
        let items = vec![
            item(
                'c',
                "compact",
                "writes the store anew; the trash of the last 7 days stays",
                MenuChoice::Do(Mutation::Compact(false)),
            ),
            item(
                'p',
                "purge",
                "the same without any trash: what lies there is gone for good",
                MenuChoice::Act(Action::Purge),
            ),
        ];
        self.overlay = Some(Overlay::Menu(Menu::new("Free the space of what was deleted?", items)));
    }

    fn ask_purge(&mut self) {
        let lines = vec![
            Toned::of(Tone::Plain, "Everything in the trash goes for good."),
            Toned::of(Tone::Warning, "It cannot be restored then, and deleting it cannot be taken back."),
            Toned::of(Tone::Plain, "Other changes can be taken back as before."),
            Toned::default(),
        ];
        self.overlay = Some(Overlay::Question(Box::new(QuestionOverlay {
            title: "Empty the trash for good?".into(),
            lines,
            yes: "Empty it".into(),
            typed: Some(("purge".into(), Input::default())),
            deed: Mutation::Compact(true),
        })));
    }
}
