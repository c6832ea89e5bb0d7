//! The places on the screen, by its size. Pure: `update` asks it for heights, `view` for places.

use ratatui::layout::Rect;

/// The layouts, by the room there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScreenClass {
    /// List beside detail.
    Wide,
    /// List above detail.
    Stacked,
    /// One pane at a time.
    Single,
    /// Only a list, with its main columns.
    Tiny,
    /// One line.
    #[default]
    Line,
}

/// The wishes that the places depend on besides the size.
#[derive(Clone, Copy, Debug, Default)]
pub struct LayoutWishes {
    /// True if the detail pane has the focus.
    pub detail: bool,
    /// True if the focused pane fills the screen.
    pub zoom: bool,
    /// True if the list keeps most of the room when stacked.
    pub tall_list: bool,
    /// Rows for the strip below the panes.
    pub strip: u16,
    /// Rows for the filter below the panes.
    pub filter: u16,
}

/// The places. What has none is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Areas {
    /// The layout.
    pub class: ScreenClass,
    /// The whole screen.
    pub whole: Rect,
    /// The top line.
    pub header: Rect,
    /// The line of tabs.
    pub tabs: Rect,
    /// The list with its frame.
    pub list: Rect,
    /// The detail with its frame.
    pub detail: Rect,
    /// The strip below the panes.
    pub strip: Rect,
    /// The filter's line.
    pub filter: Rect,
    /// The line of hints.
    pub status: Rect,
}

impl Areas {
    /// The places on a screen.
    #[must_use]
    pub fn of(whole: Rect, wishes: LayoutWishes) -> Self {
        let class = ScreenClass::of(whole.width, whole.height);
        let none = Rect::new(whole.x, whole.y, 0, 0);
        let mut areas = Self {
            class,
            whole,
            header: none,
            tabs: none,
            list: none,
            detail: none,
            strip: none,
            filter: none,
            status: none,
        };
        let mut rest = whole;
        if class == ScreenClass::Line {
            areas.status = from_top(&mut rest, 1);
            return areas;
        }
        areas.header = from_top(&mut rest, 1);
        areas.tabs = from_top(&mut rest, 1);
        areas.status = from_bottom(&mut rest, 1);
        areas.filter = from_bottom(&mut rest, wishes.filter);
        if wishes.strip > 0 && !wishes.zoom && whole.height >= 24 {
            match class {
                ScreenClass::Wide => areas.strip = from_bottom(&mut rest, wishes.strip),
                ScreenClass::Stacked => areas.strip = from_bottom(&mut rest, 1),
                _ => {}
            }
        }
        areas.panes(rest, wishes);
        areas
    }

    /// Rows of the list below its frame and its heading.
    #[must_use]
    pub fn list_rows(&self) -> usize {
        usize::from(inner(self.list).height.saturating_sub(1))
    }

    fn panes(&mut self, mut rest: Rect, wishes: LayoutWishes) {
        let single = wishes.zoom || matches!(self.class, ScreenClass::Single);
        match self.class {
            ScreenClass::Tiny => self.list = rest,
            _ if single && wishes.detail => self.detail = rest,
            _ if single => self.list = rest,
            ScreenClass::Wide => {
                let wide = (u32::from(rest.width) * 3 / 5).min(110);
                self.list = from_left(&mut rest, u16::try_from(wide).unwrap_or(0));
                self.detail = rest;
            }
            _ => {
                let detail = if wishes.tall_list && !wishes.detail { 8 } else { rest.height * 3 / 5 };
                self.detail = from_bottom(&mut rest, detail);
                self.list = rest;
            }
        }
    }
}

impl ScreenClass {
    fn of(width: u16, height: u16) -> Self {
        match (width, height) {
            (0..40, _) | (_, 0..10) => Self::Line,
            (120.., 16..) => Self::Wide,
            (80.., 24..) => Self::Stacked,
            (60.., 16..) => Self::Single,
            _ => Self::Tiny,
        }
    }
}

/// The place inside a frame of one cell.
#[must_use]
pub fn inner(area: Rect) -> Rect {
    if area.width < 2 || area.height < 2 {
        return Rect::new(area.x, area.y, 0, 0);
    }
    Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 2)
}

/// The place of text in the detail pane: a column of air keeps it off the frame.
#[must_use]
pub fn text(pane: Rect) -> Rect {
    let inner = inner(pane);
    Rect { x: inner.x + u16::from(inner.width > 1), width: inner.width.saturating_sub(2), ..inner }
}

/// The places of two pictures beside each other in a pane: above them a heading, below them a line.
#[must_use]
pub fn halves(pane: Rect) -> [Rect; 2] {
    let mut rest = text(pane);
    from_top(&mut rest, 1);
    from_bottom(&mut rest, 1);
    let half = rest.width.saturating_sub(3) / 2;
    let left = from_left(&mut rest, half);
    from_left(&mut rest, 3);
    [left, Rect { width: half.min(rest.width), ..rest }]
}

/// The place of a picture in the detail pane: above it nothing, below it two lines about it.
#[must_use]
pub fn picture(pane: Rect) -> Rect {
    let inner = inner(pane);
    Rect { height: inner.height.saturating_sub(2), ..inner }
}

/// A box of at most this size in the middle of `area`.
#[must_use]
pub fn middle(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect::new(area.x + (area.width - width) / 2, area.y + (area.height - height) / 2, width, height)
}

/// Takes rows from the top.
pub fn from_top(rest: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(rest.height);
    let taken = Rect { height: rows, ..*rest };
    *rest = Rect { y: rest.y + rows, height: rest.height - rows, ..*rest };
    taken
}

/// Takes rows from the bottom.
pub fn from_bottom(rest: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(rest.height);
    rest.height -= rows;
    Rect { y: rest.y + rest.height, height: rows, ..*rest }
}

/// Takes columns from the left.
pub fn from_left(rest: &mut Rect, columns: u16) -> Rect {
    let columns = columns.min(rest.width);
    let taken = Rect { width: columns, ..*rest };
    *rest = Rect { x: rest.x + columns, width: rest.width - columns, ..*rest };
    taken
}
