//! The contact sheet: recordings that hold pictures, look-alikes as one stack.

use ratatui::layout::Rect;

use crate::model::RecordingId;
use crate::reading::contrast::PerceptualHash;
use crate::tui::widgets::layout;

/// Columns and rows of a picture on the sheet: the largest of which there is room for all, else the last.
const SIZES: [(u16, u16); 4] = [(48, 24), (32, 16), (24, 12), (16, 8)];
/// Columns and rows around a picture: its line, and air.
const AROUND: (u16, u16) = (2, 2);

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
    pub open: Option<Vec<RecordingId>>,
    /// The list that the stacks were made of.
    pub made_of: Option<u64>,
    /// The number of stacks at first: what arrives later does not change the size of all others.
    meant: usize,
}

/// The grid of pictures on a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SheetGrid {
    tiles: Rect,
    /// Columns and rows of each picture.
    pub cells: (u16, u16),
    /// Pictures beside each other.
    pub columns: usize,
    /// Pictures above each other.
    pub rows: usize,
}

/// Recordings whose pictures look nearly the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureStack {
    /// The recordings; the first one is shown.
    pub ids: Vec<RecordingId>,
    look: Option<PerceptualHash>,
}

/// Recordings with nearly equal pictures together, in the order of the first of each; those whose picture nobody has seen
/// stand alone.
#[must_use]
pub fn stacked(
    ids: impl Iterator<Item = RecordingId>,
    look: impl Fn(&RecordingId) -> Option<PerceptualHash>,
) -> Vec<PictureStack> {
    let mut stacks: Vec<PictureStack> = Vec::new();
    let mut seen: Vec<(usize, PerceptualHash)> = Vec::new();
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

    /// True if a stack is open.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        self.open.is_some()
    }

    /// The sheet with this stack open, or with none.
    #[must_use]
    pub fn with_open_stack(&self, open: Option<Vec<RecordingId>>) -> Self {
        Self { open, made_of: None, meant: 0, ..self.clone() }
    }

    /// The sheet with all stacks closed.
    #[must_use]
    pub fn closed(&self) -> Self {
        self.with_open_stack(None)
    }

    /// The grid of the pictures on a screen.
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
    pub fn restack(&mut self, stacks: Vec<PictureStack>, wanted: Option<&RecordingId>) {
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

    /// Moves the window just so far that the selected stack is in it.
    pub fn reveal(&mut self, grid: &SheetGrid) {
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

#[cfg(test)]
mod tests {
    use image::{DynamicImage, Rgb, RgbImage};

    use super::*;
    use crate::tui::tests::world;

    fn look(red: u8) -> PerceptualHash {
        PerceptualHash::of(&DynamicImage::ImageRgb8(RgbImage::from_pixel(8, 8, Rgb([red, 0, 0]))))
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
}
