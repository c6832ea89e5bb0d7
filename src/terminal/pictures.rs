//! Pictures in full resolution: how large one is shown, and the printing itself.

use std::io;

use crossterm::terminal;

/// The screen in cells (less the last line) and the size of a cell in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) columns: u16,
    pub(super) rows: u16,
    cell: (u32, u32),
}

impl Room {
    pub(super) fn here() -> io::Result<Self> {
        let (columns, rows) = terminal::size()?;
        let cell = match terminal::window_size() {
            Ok(size) if size.width > 0 && size.height > 0 && size.columns > 0 && size.rows > 0 => {
                (u32::from(size.width / size.columns).max(1), u32::from(size.height / size.rows).max(1))
            }
            // Many terminals do not tell; cells are about twice as high as wide.
            _ => (10, 20),
        };
        Ok(Self { columns, rows: rows.saturating_sub(1), cell })
    }

    /// The cells that a picture fills at most, with its proportions kept.
    pub(super) fn fit(self, width: u32, height: u32) -> (u16, u16) {
        let (width, height) = (u64::from(width.max(1)), u64::from(height.max(1)));
        let across = u64::from(self.columns) * u64::from(self.cell.0);
        let down = u64::from(self.rows) * u64::from(self.cell.1);
        let (x, y) = if width * down > across * height {
            (across, across * height / width)
        } else {
            (down * width / height, down)
        };
        let cells = |pixels: u64, cell: u32, room: u16| {
            let cells = u16::try_from(pixels / u64::from(cell)).unwrap_or(room);
            cells.clamp(room.min(1), room)
        };
        (cells(x, self.cell.0, self.columns), cells(y, self.cell.1, self.rows))
    }

    pub(super) fn pixels(self, columns: u16, rows: u16) -> (u32, u32) {
        (u32::from(columns) * self.cell.0, u32::from(rows) * self.cell.1)
    }
}

#[cfg(feature = "viuer")]
pub(super) mod pixels {
    use std::io;

    use image::DynamicImage;

    use crate::terminal::Protocol;

    pub(in crate::terminal) fn probe() -> Protocol {
        if viuer::is_iterm_supported() {
            return Protocol::Iterm;
        }
        if viuer::get_kitty_support() != viuer::KittySupport::None {
            return Protocol::Kitty;
        }
        if viuer::is_sixel_supported() {
            return Protocol::Sixel;
        }
        Protocol::Blocks
    }

    pub(in crate::terminal) fn print(
        picture: &DynamicImage,
        protocol: Protocol,
        left: Option<u16>,
        cells: (u16, u16),
    ) -> io::Result<()> {
        let config = viuer::Config {
            absolute_offset: left.is_some(),
            x: left.unwrap_or_default(),
            y: 0,
            width: Some(u32::from(cells.0)),
            height: Some(u32::from(cells.1)),
            use_kitty: protocol == Protocol::Kitty,
            use_iterm: protocol == Protocol::Iterm,
            use_sixel: protocol == Protocol::Sixel,
            ..viuer::Config::default()
        };
        match viuer::print(picture, &config) {
            // A key typed meanwhile is taken for the terminal's answer; the picture stands nevertheless.
            Ok(_) | Err(viuer::ViuError::KittyResponse(_)) => Ok(()),
            Err(error) => Err(io::Error::other(error.to_string())),
        }
    }
}

#[cfg(not(feature = "viuer"))]
pub(super) mod pixels {
    use std::io;

    use image::DynamicImage;

    use crate::terminal::Protocol;

    pub(in crate::terminal) fn probe() -> Protocol {
        Protocol::Blocks
    }

    pub(in crate::terminal) fn print(
        _: &DynamicImage,
        _: Protocol,
        _: Option<u16>,
        _: (u16, u16),
    ) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "built without pictures in pixels"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_fits_with_its_proportions_in_pixels() {
        let room = Room { columns: 100, rows: 40, cell: (10, 20) };
        assert_eq!(room.fit(1024, 1024), (80, 40));
        assert_eq!(room.fit(2000, 200), (100, 5));
        assert_eq!(room.fit(1, 100_000), (1, 40));
        assert_eq!(Room { columns: 0, rows: 0, cell: (1, 1) }.fit(5, 5), (0, 0));
    }
}
