//! Pictures in cells: scaling, and painting with half-blocks.

use std::sync::Arc;

use image::imageops::FilterType;
use image::{DynamicImage, Rgba, RgbaImage};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::draw as cells;
use super::line::{Tone, Toned};
use super::theme::{Depth, Theme};
use crate::reading::sanitize;

/// Width and height of what fits into `cells` with two pixels in a cell, keeping the proportions.
#[must_use]
pub fn fitted(picture: (u32, u32), cells: (u16, u16)) -> (u32, u32) {
    let (wide, high) = (u64::from(picture.0.max(1)), u64::from(picture.1.max(1)));
    let (room_x, room_y) = (u64::from(cells.0), u64::from(cells.1) * 2);
    let (x, y) = if wide * room_y > room_x * high {
        (room_x, room_x * high / wide)
    } else {
        (room_y * wide / high, room_y)
    };
    let whole = |value: u64, room: u64| u32::try_from(value.clamp(1.min(room), room)).unwrap_or(0);
    (whole(x, room_x), whole(y, room_y))
}

/// The picture scaled down (or up) to fit into `cells`.
#[must_use]
pub fn thumbnail(picture: &DynamicImage, cells: (u16, u16)) -> RgbaImage {
    let (x, y) = fitted((picture.width(), picture.height()), cells);
    if x == 0 || y == 0 {
        return RgbaImage::new(0, 0);
    }
    // A first cheap pass keeps the good filter away from millions of pixels.
    let rough = if picture.width() > x * 4 { picture.thumbnail_exact(x * 4, y * 4) } else { picture.clone() };
    rough.resize_exact(x, y, FilterType::CatmullRom).to_rgba8()
}

/// Draws a scaled picture into the middle of `area`, as the look has it.
pub fn draw(picture: &RgbaImage, area: Rect, buf: &mut Buffer, theme: &Theme) {
    if theme.mono() || theme.ascii {
        paint_mono(picture, area, buf);
    } else {
        paint(picture, area, buf, theme.depth);
    }
}

/// A scaled picture: its own width and height, and the pixels to paint; or why there is none.
pub type ScaledPicture = Result<((u32, u32), Arc<RgbaImage>), String>;

/// Draws a picture that was asked for, or why there is none; `None` while it is on its way.
pub fn draw_scaled(scaled: Option<&ScaledPicture>, area: Rect, buf: &mut Buffer, theme: &Theme) {
    match scaled {
        Some(Ok((_, pixels))) => draw(pixels, area, buf, theme),
        Some(Err(problem)) => {
            let line = Toned::of(Tone::Bad, "cannot be shown: ").and(Tone::Plain, sanitize(problem));
            cells::lines(buf, area, &line.wrapped(usize::from(area.width)), theme);
        }
        None => cells::toned(buf, area, &Toned::of(Tone::Dim, "loading"), theme),
    }
}

/// Paints a scaled picture into the middle of `area`, two pixels in a cell; what does not fit is left out.
fn paint(picture: &RgbaImage, area: Rect, buf: &mut Buffer, depth: Depth) {
    let rows = picture.height().div_ceil(2);
    let left = u32::from(area.width).saturating_sub(picture.width()) / 2;
    for row in 0..rows.min(u32::from(area.height)) {
        for column in 0..picture.width().min(u32::from(area.width)) {
            let top = *picture.get_pixel(column, row * 2);
            let bottom = picture.get_pixel_checked(column, row * 2 + 1).copied();
            let (Ok(x), Ok(y)) = (u16::try_from(left + column), u16::try_from(row)) else { continue };
            let spot = (area.x.saturating_add(x), area.y.saturating_add(y));
            if area.contains(spot.into())
                && let Some(cell) = buf.cell_mut(spot)
            {
                paint_cell(cell, top, bottom, depth);
            }
        }
    }
}

fn paint_cell(cell: &mut ratatui::buffer::Cell, top: Rgba<u8>, bottom: Option<Rgba<u8>>, depth: Depth) {
    cell.reset();
    let top = color(top, depth);
    let bottom = bottom.and_then(|pixel| color(pixel, depth));
    match (top, bottom) {
        (Some(top), Some(bottom)) => {
            cell.set_symbol("▀").set_fg(top).set_bg(bottom);
        }
        (Some(top), None) => {
            cell.set_symbol("▀").set_fg(top);
        }
        (None, Some(bottom)) => {
            cell.set_symbol("▄").set_fg(bottom);
        }
        (None, None) => {}
    }
}

/// Paints with characters of growing darkness, for screens without colour, or without half-blocks.
fn paint_mono(picture: &RgbaImage, area: Rect, buf: &mut Buffer) {
    const RAMP: &[u8; 10] = b" .:-=+*#%@";
    let left = u32::from(area.width).saturating_sub(picture.width()) / 2;
    for row in 0..picture.height().div_ceil(2).min(u32::from(area.height)) {
        for column in 0..picture.width().min(u32::from(area.width)) {
            let bright = |y: u32| picture.get_pixel_checked(column, y).copied().map(luminance);
            let top = bright(row * 2).unwrap_or(0);
            let level = u32::midpoint(top, bright(row * 2 + 1).unwrap_or(top)) * 9 / 255;
            let (Ok(x), Ok(y)) = (u16::try_from(left + column), u16::try_from(row)) else { continue };
            if let Some(cell) = buf.cell_mut((area.x.saturating_add(x), area.y.saturating_add(y))) {
                cell.reset();
                cell.set_char(char::from(RAMP[usize::try_from(level.min(9)).unwrap_or(0)]));
            }
        }
    }
}

fn luminance(pixel: Rgba<u8>) -> u32 {
    let [red, green, blue, alpha] = pixel.0.map(u32::from);
    (red * 299 + green * 587 + blue * 114) / 1000 * alpha / 255
}

/// The pixel's colour in what the terminal has; none where it is more transparent than not.
fn color(pixel: Rgba<u8>, depth: Depth) -> Option<Color> {
    let [red, green, blue, alpha] = pixel.0;
    if alpha < 128 {
        return None;
    }
    match depth {
        Depth::Full => Some(Color::Rgb(red, green, blue)),
        Depth::Indexed | Depth::Mono => Some(Color::Indexed(indexed(red, green, blue))),
    }
}

/// The nearest of the 256 colours: the grey ramp for greys, else the cube.
fn indexed(red: u8, green: u8, blue: u8) -> u8 {
    let (low, high) = (red.min(green).min(blue), red.max(green).max(blue));
    if high - low < 10 {
        return match high {
            0..8 => 16,
            8..=238 => 232 + (high - 8) / 10,
            _ => 231,
        };
    }
    let step = |value: u8| if value < 48 { 0 } else { (u16::from(value) - 35) / 40 };
    u8::try_from(16 + 36 * step(red) + 6 * step(green) + step(blue)).unwrap_or(15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_keep_their_proportions() {
        assert_eq!(fitted((1024, 1024), (40, 40)), (40, 40));
        assert_eq!(fitted((1024, 1024), (100, 10)), (20, 20));
        assert_eq!(fitted((4000, 10), (40, 10)), (40, 1));
        assert_eq!(fitted((10, 10), (0, 0)), (0, 0));
    }

    #[test]
    fn a_picture_taller_than_its_place_is_cut() {
        let area = Rect::new(2, 1, 4, 2);
        let mut buf = Buffer::empty(Rect::new(0, 0, 5, 3));
        paint(&RgbaImage::from_pixel(30, 30, Rgba([255, 0, 0, 255])), area, &mut buf, Depth::Full);
        paint_mono(&RgbaImage::from_pixel(30, 30, Rgba([255, 0, 0, 255])), area, &mut buf);
    }
}
