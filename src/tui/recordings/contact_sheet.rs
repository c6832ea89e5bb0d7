//! The contact sheet: recordings that hold pictures, nearly equal ones as one stack, and the pictures that are here.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use image::RgbaImage;
use ratatui::layout::Rect;

use crate::model::RecordingId;
use crate::reading::contrast::Look;
use crate::tui::app::state::App;
use crate::tui::input::action::Action;
use crate::tui::overlay::Overlay;
use crate::tui::protocol::effect::Effect;
use crate::tui::widgets::layout;

/// Columns and rows of a picture on the sheet: the largest of which there is room for all, else the last.
const SIZES: [(u16, u16); 4] = [(48, 24), (32, 16), (24, 12), (16, 8)];
/// Columns and rows around a picture: its line, and air.
const AROUND: (u16, u16) = (2, 2);
/// So many pictures are kept: more than fit on any screen.
const KEPT: usize = 400;

/// The contact sheet.
#[derive(Clone, Debug, Default)]
pub struct ContactSheet {
    /// The recordings, stacked, in the order of the list.
    pub stacks: Vec<PictureStack>,
    /// The selected stack.
    pub at: usize,
    /// The first visible row of stacks.
    pub top: usize,
    /// The recordings of the stack that is open, each of which stands alone; none where no stack is.
    open: Option<Vec<RecordingId>>,
    /// The list that the stacks were made of.
    made_of: Option<u64>,
    /// How many stacks there were at first: what arrives later does not change the size of all others.
    meant: usize,
}

/// Where pictures stand on a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SheetGrid {
    tiles: Rect,
    /// Columns and rows of each picture.
    pub cells: (u16, u16),
    /// So many stand beside each other.
    pub columns: usize,
    /// So many stand above each other.
    pub rows: usize,
}

/// Recordings whose pictures look nearly the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureStack {
    /// The recordings; the first one is shown.
    pub ids: Vec<RecordingId>,
    look: Option<Look>,
}

/// Pictures to be made small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThumbnailJob {
    /// The recordings of which the first picture is wanted.
    pub ids: Vec<RecordingId>,
    /// Columns and rows of the place for each.
    pub cells: (u16, u16),
}

/// A picture made small, and what the whole one looks like; or why there is none.
pub type Thumbnail = Result<(Arc<RgbaImage>, Look), String>;

/// The small pictures that are here.
#[derive(Debug, Default)]
pub struct Thumbnails {
    pictures: HashMap<RecordingId, Result<Arc<RgbaImage>, String>>,
    /// The oldest first.
    order: VecDeque<RecordingId>,
    looks: HashMap<RecordingId, Look>,
    asked: HashSet<RecordingId>,
    /// The size in which they are kept.
    cells: (u16, u16),
    /// Counts what changes how pictures are stacked.
    revision: u64,
}

impl Thumbnails {
    /// A recording's picture, if it is here.
    #[must_use]
    pub fn get(&self, id: &RecordingId) -> Option<&Result<Arc<RgbaImage>, String>> {
        self.pictures.get(id)
    }

    /// Takes a picture; the oldest ones make room.
    pub fn take(&mut self, id: RecordingId, cells: (u16, u16), small: Thumbnail) {
        if cells != self.cells {
            return;
        }
        self.asked.remove(&id);
        if let Ok((_, look)) = &small {
            let before = self.looks.insert(id.clone(), *look);
            self.revision += u64::from(before != Some(*look));
        }
        if self.pictures.insert(id.clone(), small.map(|(picture, _)| picture)).is_none() {
            self.order.push_back(id);
        }
        while self.order.len() > KEPT {
            if let Some(oldest) = self.order.pop_front() {
                self.pictures.remove(&oldest);
            }
        }
    }

    /// The answer may be another one now.
    pub fn forget(&mut self, id: &RecordingId) {
        if self.pictures.remove(id).is_some() {
            self.order.retain(|known| known != id);
        }
        self.looks.remove(id);
        self.asked.remove(id);
    }

    /// Asks for those of the visible ones that are not here; nothing while all of them are on their way.
    fn wanted(
        &mut self,
        visible: impl Iterator<Item = RecordingId>,
        cells: (u16, u16),
    ) -> Option<ThumbnailJob> {
        if cells != self.cells {
            self.cells = cells;
            self.pictures.clear();
            self.order.clear();
            self.asked.clear();
        }
        let ids: Vec<RecordingId> = visible.filter(|id| !self.pictures.contains_key(id)).collect();
        if ids.iter().all(|id| self.asked.contains(id)) {
            return None;
        }
        // The newest wish replaces all others.
        self.asked = ids.iter().cloned().collect();
        Some(ThumbnailJob { ids, cells })
    }
}

/// Recordings with nearly equal pictures together, in the order of the first of each; those whose picture nobody has seen
/// stand alone.
#[must_use]
pub fn stacked(
    ids: impl Iterator<Item = RecordingId>,
    look: impl Fn(&RecordingId) -> Option<Look>,
) -> Vec<PictureStack> {
    let mut stacks: Vec<PictureStack> = Vec::new();
    let mut seen: Vec<(usize, Look)> = Vec::new();
    for id in ids {
        let look = look(&id);
        let near = look.and_then(|look| seen.iter().find(|(_, known)| known.is_near(look)));
        if let Some((at, _)) = near {
            stacks[*at].ids.push(id);
            continue;
        }
        seen.extend(look.map(|look| (stacks.len(), look)));
        stacks.push(PictureStack { ids: vec![id], look });
    }
    stacks
}

impl ContactSheet {
    /// The selected stack.
    #[must_use]
    pub fn selected(&self) -> Option<&PictureStack> {
        self.stacks.get(self.at)
    }

    /// Whether a stack is open.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        self.open.is_some()
    }

    /// The sheet with this stack open, or with none.
    fn turned(&self, open: Option<Vec<RecordingId>>) -> Self {
        Self { open, made_of: None, meant: 0, ..self.clone() }
    }

    /// The sheet with all stacks closed.
    #[must_use]
    pub fn closed(&self) -> Self {
        self.turned(None)
    }

    /// Where the pictures stand on a screen.
    #[must_use]
    pub fn grid(&self, screen: Rect) -> SheetGrid {
        let area = Rect { height: screen.height.saturating_sub(1), ..screen };
        let inside = layout::inner(area);
        // A line about the selected one stands below.
        let tiles = Rect { height: inside.height.saturating_sub(1), ..inside };
        let grids = SIZES.map(|cells| SheetGrid {
            tiles,
            cells,
            columns: usize::from(tiles.width / (cells.0 + AROUND.0)),
            rows: usize::from(tiles.height / (cells.1 + AROUND.1)),
        });
        let fits = grids.into_iter().find(|grid| grid.columns * grid.rows >= self.meant.max(1));
        let grid = fits.unwrap_or(grids[SIZES.len() - 1]);
        SheetGrid { columns: grid.columns.max(1), rows: grid.rows.max(1), ..grid }
    }

    /// Takes new stacks; what is selected stays, and where it went the window follows.
    fn restack(&mut self, stacks: Vec<PictureStack>, wanted: Option<&RecordingId>) {
        let selected = self.selected().and_then(|stack| stack.ids.first()).or(wanted).cloned();
        let at = selected.and_then(|id| stacks.iter().position(|stack| stack.ids.contains(&id)));
        self.at = at.unwrap_or(self.at).min(stacks.len().saturating_sub(1));
        if self.meant == 0 {
            self.meant = stacks.len();
        }
        self.stacks = stacks;
    }

    /// Moves by so many stacks.
    pub fn step(&mut self, by: isize) {
        self.at = self.at.saturating_add_signed(by).min(self.stacks.len().saturating_sub(1));
    }

    fn reveal(&mut self, grid: &SheetGrid) {
        let row = self.at / grid.columns;
        self.top = self.top.clamp((row + 1).saturating_sub(grid.rows), row);
    }

    /// The stacks on the screen, by their number.
    pub fn visible(&self, grid: &SheetGrid) -> impl Iterator<Item = (usize, &PictureStack)> {
        self.stacks.iter().enumerate().skip(self.top * grid.columns).take(grid.rows * grid.columns)
    }
}

impl SheetGrid {
    /// The place of one of the visible pictures, with its line.
    #[must_use]
    pub fn place(&self, nth: usize) -> Rect {
        let to = |at: usize, step: u16| u16::try_from(at).unwrap_or(u16::MAX).saturating_mul(step);
        let (x, y) = (
            to(nth % self.columns, self.cells.0 + AROUND.0).saturating_add(1),
            to(nth / self.columns, self.cells.1 + AROUND.1),
        );
        let place = Rect {
            x: self.tiles.x.saturating_add(x),
            y: self.tiles.y.saturating_add(y),
            width: self.cells.0,
            height: self.cells.1 + 1,
        };
        place.intersection(self.tiles)
    }
}

impl App {
    /// Shows the pictures of the listed recordings.
    pub(crate) fn open_sheet(&mut self) {
        self.overlay = Some(Overlay::Sheet(Box::default()));
        self.restack();
        if matches!(&self.overlay, Some(Overlay::Sheet(sheet)) if sheet.stacks.is_empty()) {
            self.overlay = None;
            self.toasts.info(self.now, "None of the listed recordings holds a picture".into());
        }
    }

    fn restack(&mut self) {
        let Some(Overlay::Sheet(sheet)) = &mut self.overlay else { return };
        let made_of = Some(self.recordings.revision() + self.smalls.revision);
        if sheet.made_of == made_of {
            return;
        }
        sheet.made_of = made_of;
        let rows = &self.world.rows;
        let listed = self.recordings.keys().iter().map(|key| &key.1);
        let ids = listed.filter(|id| rows.get(id).is_some_and(|row| row.images > 0)).cloned();
        let looks = |id: &RecordingId| self.smalls.looks.get(id).copied();
        let within = |open: &Vec<RecordingId>| {
            let open: HashSet<&RecordingId> = open.iter().collect();
            stacked(ids.clone().filter(|id| open.contains(id)), |_| None)
        };
        let inside = sheet.open.as_ref().map(within).filter(|stacks| !stacks.is_empty());
        // One whose last recording went is closed.
        sheet.open.take_if(|_| inside.is_none());
        let stacks = inside.unwrap_or_else(|| stacked(ids, looks));
        sheet.restack(stacks, self.recordings.selected().map(|key| &key.1));
    }

    /// Brings the sheet up to date; asks for the pictures that are to be seen.
    pub(crate) fn shrink(&mut self) -> Option<Effect> {
        self.restack();
        let whole = self.areas().whole;
        let Some(Overlay::Sheet(sheet)) = &mut self.overlay else { return None };
        let grid = sheet.grid(whole);
        sheet.reveal(&grid);
        let visible = sheet.visible(&grid).filter_map(|(_, stack)| stack.ids.first().cloned());
        let wish = self.smalls.wanted(visible, grid.cells).map(Effect::Shrink);
        // The list below follows: a question that is put over it must stand beside the picture that it is about.
        let selected = sheet.selected().and_then(|stack| stack.ids.first()).cloned();
        if let Some(key) = selected.and_then(|id| self.world.rows.get(&id)).map(|row| self.key_of(row)) {
            let rows = self.list_height();
            self.recordings.select(&key, rows);
        }
        wish
    }

    /// What an action does on the sheet; false for what does nothing there.
    pub(crate) fn on_sheet(&mut self, action: Action) -> bool {
        let Some(Overlay::Sheet(sheet)) = &mut self.overlay else { return false };
        let ids: Vec<RecordingId> = match action {
            Action::Mark => sheet.selected().map(|stack| stack.ids.clone()).unwrap_or_default(),
            Action::MarkAll => sheet.stacks.iter().flat_map(|stack| stack.ids.iter().cloned()).collect(),
            Action::Left | Action::Right => {
                sheet.step(if action == Action::Left { -1 } else { 1 });
                return true;
            }
            _ => return false,
        };
        if action == Action::Mark {
            sheet.step(1);
        }
        // A stack with one mark missing gets it; one that has all of them loses them.
        let all = action == Action::Mark && ids.iter().all(|id| self.marked.contains(id));
        for id in ids {
            if all || !self.marked.contains(&id) {
                self.toggle_mark(id);
            }
        }
        true
    }

    /// Opens the selected stack; from one recording goes there.
    pub(crate) fn open_stack(&mut self, sheet: &ContactSheet) {
        if let Some(stack) = sheet.selected().filter(|stack| stack.ids.len() > 1) {
            self.overlay = Some(Overlay::Sheet(Box::new(sheet.turned(Some(stack.ids.clone())))));
        } else if let Some(id) = sheet.selected().and_then(|stack| stack.ids.first()) {
            self.jump_to(&id.clone());
            self.focus_detail(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, Rgb, RgbImage};

    use super::*;
    use crate::tui::tests::world;

    fn look(red: u8) -> Look {
        Look::of(&DynamicImage::ImageRgb8(RgbImage::from_pixel(8, 8, Rgb([red, 0, 0]))))
    }

    #[test]
    fn nearly_equal_pictures_are_one_stack() {
        let looks = |id: &RecordingId| {
            let number = (0..6).find(|number| world::id(*number) == *id)?;
            [Some(look(10)), None, Some(look(200)), Some(look(12)), None, Some(look(198))]
                [usize::from(number)]
        };
        let stacks = stacked((0..6).map(world::id), looks);
        let ids: Vec<Vec<RecordingId>> = stacks.into_iter().map(|stack| stack.ids).collect();
        let named = |numbers: &[u8]| numbers.iter().map(|number| world::id(*number)).collect::<Vec<_>>();
        assert_eq!(ids, [named(&[0, 3]), named(&[1]), named(&[2, 5]), named(&[4])]);
    }

    #[test]
    fn few_pictures_are_large_and_more_of_them_do_not_make_them_smaller() {
        let screen = Rect::new(0, 0, 120, 36);
        let grid = |meant| ContactSheet { meant, ..ContactSheet::default() }.grid(screen);
        assert_eq!([1, 2, 3, 8, 18, 100].map(|meant| grid(meant).cells.0), [48, 48, 32, 24, 16, 16]);
        let mut sheet = ContactSheet::default();
        let stacks = |count| stacked((0..count).map(world::id), |_| None);
        sheet.restack(stacks(2), None);
        sheet.restack(stacks(9), None);
        assert_eq!(sheet.grid(screen), grid(2));
        let places: Vec<Rect> = (0..2).map(|nth| grid(2).place(nth)).collect();
        assert!(places.iter().all(|place| (place.width, place.height) == (48, 25)), "{places:?}");
        assert!(!places[0].intersects(places[1]));
    }

    #[test]
    fn pictures_are_asked_for_once_and_few_are_kept() {
        let mut smalls = Thumbnails::default();
        let id = |number: usize| world::nth_id(u32::try_from(number).unwrap());
        assert_eq!(
            smalls.wanted([id(1), id(2)].into_iter(), SIZES[3]).map(|shrink| shrink.ids.len()),
            Some(2)
        );
        smalls.take(id(1), SIZES[3], Err("broken".into()));
        assert_eq!(smalls.wanted([id(1), id(2)].into_iter(), SIZES[3]), None, "it is on its way");
        assert_eq!(
            smalls.wanted([id(2), id(3)].into_iter(), SIZES[3]).map(|shrink| shrink.ids),
            Some(vec![id(2), id(3)])
        );
        for number in 0..KEPT + 10 {
            smalls.take(id(number), SIZES[3], Ok((Arc::new(RgbaImage::new(1, 1)), look(1))));
        }
        assert_eq!((smalls.pictures.len(), smalls.order.len()), (KEPT, KEPT));
        assert!(smalls.get(&id(1)).is_none() && smalls.get(&id(KEPT)).is_some());
    }
}
