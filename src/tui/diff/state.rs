//! The state of the Diff tab: the two exchanges, and how their differences are looked at.

use super::diff_view::{DiffShape, DiffView};
use super::page::DiffPage;
use crate::engine::ExchangeRef;
use crate::model::RecordingId;
use crate::reading::contrast::{CONTEXT, PictureFacts};
use crate::tui::contract::context::Context;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::job::PairJob;
use crate::tui::protocol::query::RemoteQuery;
use crate::tui::widgets::layout::{self, Areas};
use crate::tui::widgets::picture::ScaledPicture;

/// Width in columns from which on both sides stand beside each other.
const BESIDE: u16 = 100;

/// The numbers of equal lines around each change; the second is the usual one, the last one all.
const CONTEXTS: [usize; 5] = [0, CONTEXT, 12, 48, usize::MAX];

/// The state of the Diff tab.
#[derive(Debug, Default)]
pub struct DiffTab {
    /// The exchange that was picked first, while the other one is awaited.
    pub first: Option<ExchangeRef>,
    /// Both sides.
    pub sides: Option<(ExchangeRef, ExchangeRef)>,
    /// The sub-tab.
    pub page: DiffPage,
    /// True if somebody chose that it stands one below the other, or beside; none goes by the room.
    pub beside: Option<bool>,
    /// The lines of the page in front.
    pub view: DiffView,
    /// The first visible line.
    pub scroll: usize,
    /// The change that somebody went to, from 0.
    pub change: Option<usize>,
    /// The pair of pictures that is shown.
    pub pictures: DiffPictures,
    /// Counts what arrives.
    revision: u64,
    /// True if a side changed since.
    stale: bool,
    /// True if lines that differ in blanks only are taken for equal.
    pub ignores_blanks: bool,
    composed: Option<(u64, DiffPage, u16, bool, bool)>,
    /// The place in [`CONTEXTS`] from the usual one.
    wider: isize,
}

/// The pair of pictures that is shown.
#[derive(Debug, Default)]
pub struct DiffPictures {
    /// The index of the pair.
    pub index: usize,
    /// True if the second picture shows where the two differ.
    pub map: bool,
    /// Both pictures, once they have arrived.
    pub scaled: Option<[Option<ScaledPicture>; 2]>,
    generation: u64,
    /// The values that they were asked for with: revision, pair, cells and map.
    requested: Option<(u64, usize, (u16, u16), bool)>,
}

impl DiffTab {
    /// The number of equal lines around each change.
    #[must_use]
    pub fn equal_lines(&self) -> usize {
        1_usize.checked_add_signed(self.wider).and_then(|at| CONTEXTS.get(at)).copied().unwrap_or(CONTEXT)
    }

    /// Shows more equal lines, or fewer; says how many those are.
    pub fn widen(&mut self, by: isize) -> String {
        self.wider = (self.wider + by).clamp(-1, 3);
        self.stale = true;
        self.show_page(DiffPage::Response);
        match self.equal_lines() {
            0 => "Only lines that differ".into(),
            usize::MAX => "All equal lines".into(),
            lines => format!("{lines} equal lines around each change"),
        }
    }

    /// Notes that an answer arrived, which may be the comparison.
    pub fn arrived(&mut self) {
        self.revision += 1;
    }

    /// The recording that would have to answer: the first side that is one.
    #[must_use]
    pub fn recording(&self) -> Option<&RecordingId> {
        let (one, other) = self.sides.as_ref()?;
        [one, other].into_iter().find_map(|side| match side {
            ExchangeRef::Recording(id) => Some(id),
            ExchangeRef::Original(_) | ExchangeRef::Call(_) => None,
        })
    }

    /// Recordings changed: whether a side did.
    pub fn invalidate<'a>(&mut self, mut ids: impl Iterator<Item = &'a RecordingId>) {
        let Some((one, other)) = &self.sides else { return };
        let is_side = |id: &RecordingId| {
            [one, other]
                .into_iter()
                .any(|side| matches!(side, ExchangeRef::Recording(known) | ExchangeRef::Original(known) if known == id))
        };
        self.stale |= ids.any(is_side);
    }

    /// The pictures have arrived, unless others were asked for since.
    pub fn paired(&mut self, generation: u64, sides: [Option<ScaledPicture>; 2]) {
        if generation == self.pictures.generation {
            self.pictures.scaled = Some(sides);
        }
    }

    /// True if both sides stand beside each other on a place of this width.
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
        self.view.changes.get(self.change?).copied()
    }

    /// Goes to the next change, or the one before, on a place of this height; gives its number, from 1.
    pub fn go_to_change(&mut self, forward: bool, height: usize) -> Option<usize> {
        let changes = &self.view.changes;
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

    /// Puts a page in front.
    pub fn show_page(&mut self, page: DiffPage) {
        if self.page != page {
            self.page = page;
            self.scroll = 0;
            self.change = None;
        }
    }
}

impl DiffTab {
    /// Compares two exchanges, from the top of the page in front.
    pub fn open(&mut self, one: ExchangeRef, other: ExchangeRef) {
        self.sides = Some((one, other));
        self.scroll = 0;
        self.pictures.index = 0;
        self.pictures.scaled = None;
        self.pictures.requested = None;
        self.change = None;
        self.stale = true;
    }

    /// The query for the differences, if they are not the newest.
    pub fn take_query(&mut self) -> Option<RemoteQuery> {
        let (one, other) = self.sides.clone()?;
        std::mem::take(&mut self.stale).then(|| RemoteQuery::Diff(one, other, self.equal_lines()))
    }

    /// Brings the lines up to date; gives the job for the pictures, if they are to be seen and not here.
    pub fn reconcile(&mut self, context: &Context) -> Option<Effect> {
        let place = layout::text(context.areas.list);
        let beside = self.is_beside(place.width);
        let no_blanks = self.ignores_blanks;
        let now = Some((self.revision, self.page, place.width, beside, no_blanks));
        if self.composed != now {
            self.composed = now;
            let view = context.cache.diff.value().map(|diff| {
                let (ascii, width) = (context.options.theme.ascii, usize::from(place.width));
                DiffView::of(diff, self.page, DiffShape { width, beside, ascii, no_blanks })
            });
            self.view = view.unwrap_or_default();
        }
        // One line is the heading.
        let height = usize::from(place.height.saturating_sub(1));
        let lines = self.view.lines.len();
        self.scroll = self.scroll.min(lines.saturating_sub(height.min(lines).max(1)));
        self.picture_job(&context.areas, context)
    }

    fn picture_job(&mut self, areas: &Areas, context: &Context) -> Option<Effect> {
        if self.page != DiffPage::Image {
            return None;
        }
        let place = layout::halves(areas.list)[0];
        // Above each picture stands its caption.
        let cells = (place.width, place.height.saturating_sub(1));
        let wanted = (self.revision, self.pictures.index, cells, self.pictures.map);
        let pair = context.cache.diff.value()?.contrast.pictures.get(self.pictures.index)?;
        if self.pictures.requested == Some(wanted) || cells.0 == 0 || cells.1 == 0 {
            return None;
        }
        let field = |facts: &Option<PictureFacts>| facts.as_ref().map(|facts| facts.field.clone());
        let (before, after) = (field(&pair.before), field(&pair.after));
        let (one, other) = self.sides.clone()?;
        self.pictures.requested = Some(wanted);
        self.pictures.scaled = None;
        self.pictures.generation += 1;
        let sides = [(context.source(one), before), (context.source(other), after)];
        Some(Effect::Pair(PairJob {
            generation: self.pictures.generation,
            sides,
            cells,
            map: self.pictures.map,
        }))
    }
}
