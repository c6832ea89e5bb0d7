//! The state of the Diff tab: what is compared, how it is looked at, and how people come to compare.

use super::diff_view::{DiffShape, DiffView, radius};
use super::page::DiffPage;
use crate::engine::{FixKind, Thing};
use crate::model::{Call, Outcome, RecordingId};
use crate::reading::contrast::CONTEXT;
use crate::tui::app::state::App;
use crate::tui::detail::state::ScaledPicture;
use crate::tui::input::action::Action;
use crate::tui::input::tab::Tab;
use crate::tui::live::keys::{LETTERS, fixing, recording};
use crate::tui::overlay::{Menu, MenuChoice, MenuItem, Overlay};
use crate::tui::protocol::effect::{Effect, ExchangeSource, PairJob};
use crate::tui::protocol::query::RemoteQuery;
use crate::tui::widgets::layout::{self, Areas};
use crate::tui::widgets::line::thousands;

/// From this width on both sides stand beside each other.
const BESIDE: u16 = 100;

/// How many equal lines can stand around those that differ; the second is the usual one, the last one all.
const CONTEXTS: [usize; 5] = [0, CONTEXT, 12, 48, usize::MAX];

/// What is compared.
#[derive(Debug, Default)]
pub struct DiffTab {
    /// What was picked first, while the other one is awaited.
    pub first: Option<Thing>,
    /// Both sides.
    pub sides: Option<(Thing, Thing)>,
    /// The sub-tab.
    pub page: DiffPage,
    /// Whether somebody chose that it stands one below the other, or beside; none goes by the room.
    beside: Option<bool>,
    /// The sub-tab's lines.
    pub sheet: DiffView,
    /// The first visible line.
    pub scroll: usize,
    /// The change that somebody went to, from 0.
    change: Option<usize>,
    /// Which pair of pictures, from 0.
    pub picture: usize,
    /// Whether it is shown where the pictures differ, instead of the second one.
    pub map: bool,
    /// The pictures, once they have arrived.
    pub pictures: Option<[Option<ScaledPicture>; 2]>,
    generation: u64,
    asked: Option<(u64, usize, (u16, u16), bool)>,
    /// Counts what arrives.
    revision: u64,
    /// Whether a side changed since.
    pub(crate) stale: bool,
    /// Whether lines that differ in blanks only are taken for equal.
    pub(crate) no_blanks: bool,
    composed: Option<(u64, DiffPage, u16, bool, bool)>,
    /// The place in [`CONTEXTS`] from the usual one.
    wider: isize,
}

impl DiffTab {
    /// How many equal lines stand around those that differ.
    pub(crate) fn context(&self) -> usize {
        1_usize.checked_add_signed(self.wider).and_then(|at| CONTEXTS.get(at)).copied().unwrap_or(CONTEXT)
    }

    /// Shows more equal lines, or fewer; says how many those are.
    fn widen(&mut self, by: isize) -> String {
        self.wider = (self.wider + by).clamp(-1, 3);
        self.stale = true;
        self.show(DiffPage::Response);
        match self.context() {
            0 => "Only lines that differ".into(),
            usize::MAX => "All equal lines".into(),
            lines => format!("{lines} equal lines around each change"),
        }
    }

    /// Something has arrived that may be the answer.
    pub fn arrived(&mut self) {
        self.revision += 1;
    }

    /// The recording that would have to answer: the first side that is one.
    #[must_use]
    pub fn recording(&self) -> Option<&RecordingId> {
        let (one, other) = self.sides.as_ref()?;
        [one, other].into_iter().find_map(|side| match side {
            Thing::Recording(id) => Some(id),
            Thing::Original(_) | Thing::Call(_) => None,
        })
    }

    /// Recordings changed: whether a side did.
    pub(crate) fn spoil<'a>(&mut self, mut ids: impl Iterator<Item = &'a RecordingId>) {
        let Some((one, other)) = &self.sides else { return };
        let is_side = |id: &RecordingId| {
            [one, other]
                .into_iter()
                .any(|side| matches!(side, Thing::Recording(known) | Thing::Original(known) if known == id))
        };
        self.stale |= ids.any(is_side);
    }

    /// The pictures have arrived, unless others were asked for since.
    pub fn paired(&mut self, generation: u64, sides: [Option<ScaledPicture>; 2]) {
        if generation == self.generation {
            self.pictures = Some(sides);
        }
    }

    /// Whether both sides stand beside each other on a place of this width.
    #[must_use]
    pub fn is_beside(&self, width: u16) -> bool {
        self.beside.unwrap_or(width >= BESIDE)
    }

    /// Scrolls by lines; how far it goes is known when it is drawn.
    pub fn scroll_by(&mut self, by: isize) {
        self.change = None;
        self.scroll = self.scroll.saturating_add_signed(by);
    }

    /// The line of the change that somebody went to.
    #[must_use]
    pub fn at(&self) -> Option<usize> {
        self.sheet.changes.get(self.change?).copied()
    }

    /// To the next change, or the one before, on a place of this height; which of them it is, from 1.
    fn go_to_change(&mut self, forward: bool, height: usize) -> Option<usize> {
        let changes = &self.sheet.changes;
        let nth = match (self.change, forward) {
            (Some(nth), true) => nth + 1,
            (Some(nth), false) => nth.checked_sub(1)?,
            (None, true) => changes.partition_point(|at| *at < self.scroll),
            (None, false) => changes.partition_point(|at| *at < self.scroll).checked_sub(1)?,
        };
        let at = *changes.get(nth)?;
        self.change = Some(nth);
        // A few lines of it are to be seen, too.
        if at < self.scroll || at + 3 > self.scroll + height {
            self.scroll = at.saturating_sub(height / 3);
        }
        Some(nth + 1)
    }

    fn show(&mut self, page: DiffPage) {
        if self.page != page {
            self.page = page;
            self.scroll = 0;
            self.change = None;
        }
    }
}

impl App {
    /// Picks what is selected, or compares it with what was picked before.
    pub(crate) fn compare(&mut self) -> Vec<Effect> {
        let thing = match self.tab {
            Tab::Diff | Tab::Log => None,
            Tab::Prune => self.prune.list.selected().map(|key| Thing::Recording(key.2.clone())),
            Tab::Recordings if self.marked.len() > 1 => return self.compare_marked(),
            Tab::Recordings => self.selected_row().map(|row| Thing::Recording(row.id.clone())),
            Tab::Live => self.selected_call().map(|call| Thing::Call(call.id)),
        };
        let Some(thing) = thing else {
            self.toasts.info(self.now, "c picks what to compare in Live and Recordings".into());
            return Vec::new();
        };
        if let Some(first) = self.diff.first.take() {
            if first == thing {
                self.toasts.info(self.now, format!("{thing} is not picked any more"));
                return Vec::new();
            }
            return self.show_diff(first, thing);
        }
        match (&thing, self.counterpart()) {
            (_, None) => self.pick(thing),
            // What a miss is compared with needs no question.
            (Thing::Call(_), Some((other, ""))) => return self.show_diff(other, thing),
            (_, Some((other, what))) => self.offer(other, what, thing),
        }
        Vec::new()
    }

    /// What the selected thing is likely to be compared with, and what that is; without a word there is no doubt.
    fn counterpart(&self) -> Option<(Thing, &'static str)> {
        if self.tab == Tab::Recordings {
            let row = self.selected_row().filter(|row| row.edited)?;
            return Some((Thing::Original(row.id.clone()), "what it was before it was edited"));
        }
        let call = self.selected_call()?;
        if call.outcome == Some(Outcome::Miss) {
            return self.nearest(call).map(|id| (Thing::Recording(id), ""));
        }
        let answered = call.recording.clone().filter(|_| call.cosmetic)?;
        Some((Thing::Recording(answered), "the recording that answered it"))
    }

    /// The recording that comes nearest to a call that missed: the explanation says it, and the reason does.
    fn nearest(&self, call: &Call) -> Option<RecordingId> {
        let reason = call.reason.as_deref()?;
        let explained = self.known.why.known().and_then(Option::as_ref);
        let near = explained.and_then(|why| why.near.first()).map(|near| near.recording.clone());
        let near = near.filter(|id| reason.contains(id.as_str()));
        let named = || {
            let at = reason.find("rec_")?;
            let end = reason[at + 4..].find(|c: char| !c.is_ascii_alphanumeric());
            reason[at..].get(..end.map_or(reason.len() - at, |end| end + 4))?.parse().ok()
        };
        near.or_else(named).filter(|id| self.world.rows.contains_key(id))
    }

    fn offer(&mut self, other: Thing, what: &'static str, thing: Thing) {
        let item = |key, label: &str, note: String, choice| MenuItem {
            key: Some(key),
            label: label.into(),
            note,
            current: false,
            choice,
        };
        let items = vec![
            item('o', "compare", format!("with {what}"), MenuChoice::Compare(other, thing.clone())),
            item(
                'a',
                "pick",
                "as the first of two; c on another one compares".into(),
                MenuChoice::Pick(thing),
            ),
        ];
        self.overlay = Some(Overlay::Menu(Menu::new("Compare", items)));
    }

    /// This is the first of two.
    pub(crate) fn pick(&mut self, thing: Thing) {
        self.toasts
            .info(self.now, format!("{thing} is A; c on another one compares, on the same one forgets it"));
        self.diff.first = Some(thing);
    }

    fn compare_marked(&mut self) -> Vec<Effect> {
        let mut rows: Vec<_> = self.marked.iter().filter_map(|id| self.world.rows.get(id)).collect();
        rows.sort_by_key(|row| (row.recorded_at, row.id.clone()));
        let [one, other] = &rows[..] else {
            let text = format!(
                "{} are marked, and two can be compared; A takes all marks away",
                thousands(rows.len())
            );
            self.toasts.info(self.now, text);
            return Vec::new();
        };
        let (one, other) = (Thing::Recording(one.id.clone()), Thing::Recording(other.id.clone()));
        self.diff.first = None;
        self.show_diff(one, other)
    }

    /// Compares two things and shows it.
    pub(crate) fn show_diff(&mut self, one: Thing, other: Thing) -> Vec<Effect> {
        if self.tab != Tab::Diff {
            self.jumps.push(self.tab);
            self.turn_to(Tab::Diff);
        }
        self.diff.sides = Some((one.clone(), other.clone()));
        (self.diff.scroll, self.diff.picture) = (0, 0);
        (self.diff.pictures, self.diff.asked) = (None, None);
        self.diff.change = None;
        self.toasts.settle();
        self.known.diff.forget();
        vec![self.ask(RemoteQuery::Diff(one, other, self.diff.context()))]
    }

    /// What would make the two match, each with what else it would do.
    pub(crate) fn choose_match(&mut self) {
        let (Some(id), Some(diff)) = (self.diff.recording().cloned(), self.known.diff.known()) else {
            let text = "Neither side is a recording that could answer; c picks what to compare";
            return self.toasts.info(self.now, text.into());
        };
        if diff.fixes.is_empty() {
            return self.open_retag();
        }
        let (records, fixes): (Vec<_>, Vec<_>) =
            diff.fixes.iter().partition(|fix| fix.kind == FixKind::Record);
        let sides = self.diff.sides.as_ref();
        let call =
            sides.and_then(|(one, other)| [one, other].into_iter().find_map(|side| self.call_of(side)));
        let mut items: Vec<MenuItem> =
            call.filter(|_| !records.is_empty()).map(recording).into_iter().collect();
        let fixes = fixes.into_iter().zip(LETTERS.chars());
        items.extend(fixes.map(|(fix, key)| fixing(key, &id, fix, &radius(&fix.radius))));
        items.push(MenuItem {
            key: Some('t'),
            label: "other".into(),
            note: "another strategy, or fields of your choice".into(),
            current: false,
            choice: MenuChoice::Retag,
        });
        self.overlay = Some(Overlay::Menu(Menu::new(format!("Make {id} answer both"), items)));
    }

    fn call_of(&self, side: &Thing) -> Option<&Call> {
        match side {
            Thing::Call(id) => self.call(*id),
            Thing::Recording(_) | Thing::Original(_) => None,
        }
    }

    /// The other way round.
    pub(crate) fn swap(&mut self) -> Vec<Effect> {
        let Some((one, other)) = self.diff.sides.clone() else { return Vec::new() };
        self.show_diff(other, one)
    }

    /// Actions that only change how the difference is looked at; false for any other.
    pub(crate) fn look_at_diff(&mut self, action: Action) -> bool {
        let place = layout::text(self.areas().list);
        let (width, height) = (place.width, usize::from(place.height.saturating_sub(1)));
        match action {
            Action::NextPage => self.diff.show(self.diff.page.neighbour(true)),
            Action::PreviousPage => self.diff.show(self.diff.page.neighbour(false)),
            Action::NextChange | Action::PreviousChange => {
                let forward = action == Action::NextChange;
                let count = self.diff.sheet.changes.len();
                let text = match self.diff.go_to_change(forward, height) {
                    Some(nth) => format!("change {nth} of {count}"),
                    None if count == 0 => "Nothing differs here; ] turns the page".into(),
                    None if forward => "That was the last change here; ] turns the page".into(),
                    None => "That was the first change".into(),
                };
                self.toasts.info(self.now, text);
            }
            Action::Wrap => {
                self.diff.no_blanks = !self.diff.no_blanks;
                self.diff.change = None;
                let text = if self.diff.no_blanks { "Blanks make no difference" } else { "Blanks count" };
                self.toasts.info(self.now, text.into());
            }
            Action::MoreContext | Action::LessContext => {
                let told = self.diff.widen(if action == Action::MoreContext { 1 } else { -1 });
                self.toasts.info(self.now, told);
            }
            Action::Split => self.diff.beside = Some(!self.diff.is_beside(width)),
            Action::DifferenceMap => {
                self.diff.map = !self.diff.map;
                self.diff.show(DiffPage::Image);
            }
            Action::NextPicture | Action::PreviousPicture => {
                let count = self.known.diff.known().map_or(0, |diff| diff.contrast.pictures.len()).max(1);
                let by = if action == Action::NextPicture { 1 } else { count - 1 };
                self.diff.picture = (self.diff.picture + by) % count;
            }
            _ => return false,
        }
        true
    }

    /// Brings the lines and pictures up to date.
    pub(crate) fn reconcile_diff(&mut self, areas: &Areas) -> Vec<Effect> {
        let place = layout::text(areas.list);
        let beside = self.diff.is_beside(place.width);
        let no_blanks = self.diff.no_blanks;
        let now = Some((self.diff.revision, self.diff.page, place.width, beside, no_blanks));
        if self.diff.composed != now {
            self.diff.composed = now;
            let sheet = self.known.diff.known().map(|diff| {
                let (ascii, width) = (self.options.theme.ascii, usize::from(place.width));
                DiffView::of(diff, self.diff.page, DiffShape { width, beside, ascii, no_blanks })
            });
            self.diff.sheet = sheet.unwrap_or_default();
        }
        // One line is the heading.
        let height = usize::from(place.height.saturating_sub(1));
        let lines = self.diff.sheet.lines.len();
        self.diff.scroll = self.diff.scroll.min(lines.saturating_sub(height.min(lines).max(1)));
        self.pair(areas).into_iter().collect()
    }

    /// Asks for the pictures that are to be seen, if they are not here and not asked for.
    fn pair(&mut self, areas: &Areas) -> Option<Effect> {
        if self.diff.page != DiffPage::Image {
            return None;
        }
        let place = layout::halves(areas.list)[0];
        // Above each picture stands what it is.
        let cells = (place.width, place.height.saturating_sub(1));
        let wanted = (self.diff.revision, self.diff.picture, cells, self.diff.map);
        let pair = self.known.diff.known()?.contrast.pictures.get(self.diff.picture)?;
        if self.diff.asked == Some(wanted) || cells.0 == 0 || cells.1 == 0 {
            return None;
        }
        let field = |facts: &Option<crate::reading::contrast::PictureFacts>| {
            facts.as_ref().map(|facts| facts.field.clone())
        };
        let (before, after) = (field(&pair.before), field(&pair.after));
        let (one, other) = self.diff.sides.clone()?;
        self.diff.asked = Some(wanted);
        self.diff.pictures = None;
        self.diff.generation += 1;
        let sides = [(self.held(one), before), (self.held(other), after)];
        Some(Effect::Pair(PairJob { generation: self.diff.generation, sides, cells, map: self.diff.map }))
    }

    /// How an exchange is to be had.
    pub(crate) fn held(&self, thing: Thing) -> ExchangeSource {
        let answered = match &thing {
            Thing::Call(id) => self.call(*id).and_then(|call| call.recording.clone()),
            _ => None,
        };
        ExchangeSource(thing, answered)
    }
}
