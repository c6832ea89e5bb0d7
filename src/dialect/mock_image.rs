//! Pictures for mocks: small landscapes, the same ones for the same seed.
//!
//! A mock's picture is looked at in a terminal, often forty characters wide, so the shapes are large, the layers differ
//! in lightness, and there is one light in the sky. Everything costly is worked out by row or by column; what is left for
//! each pixel is a table look-up, so that a picture of a million pixels takes milliseconds.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "pixels and floats change into each other everywhere here, and a float never leaves this module"
)]

mod canvas;
mod encode;
mod palette;
mod ridge;
mod scene;

use image::RgbaImage;

pub use encode::{Format, encode};

use canvas::Canvas;
use palette::{Color, Palette, mix};
use ridge::Ridge;
use scene::{HillLayer, Land, Light, LightForm, Scene};

use crate::dialect::seeded_rng::SeededRng;

/// Paints the landscape of `seed`. The scene does not depend on the size, only its detail does. With
/// `background_transparent` the sky is left out. Sides of zero become one; nothing else is limited here.
#[must_use]
pub fn paint(seed: [u8; 32], width: u32, height: u32, background_transparent: bool) -> RgbaImage {
    let (width, height) = (width.max(1), height.max(1));
    let scene = Scene::of(seed);
    let mut canvas = Canvas::new(width, height, background_transparent);
    canvas.sky(&scene);
    let layers: Vec<HillLayer> = scene.layers(&canvas);
    for (at, layer) in layers.iter().enumerate() {
        let hidden = layers
            .get(at + 1)
            .map_or(canvas.height, |next| next.tops.iter().fold(0.0, |low, top| top.max(low)));
        canvas.layer(layer, hidden);
    }
    if let Some(shore) = scene.shore {
        canvas.water(&scene, shore);
        if let Some(front) = scene.front(&canvas) {
            canvas.layer(&front, canvas.height);
        }
    }
    canvas.image
}

impl Scene {
    fn of(seed: [u8; 32]) -> Self {
        let mut dice = SeededRng::new(seed);
        let palette = dice.pick(&palette::ALL);
        let land = dice.pick(if palette.warm {
            &[Land::Dunes, Land::Hills, Land::Peaks]
        } else {
            &[Land::Hills, Land::Peaks, Land::Hills]
        });
        let lake = *land != Land::Dunes && dice.chance(0.45);
        let shore = lake.then(|| dice.between(0.62, 0.72));
        let form = match (palette.night, dice.unit()) {
            (true, roll) if roll < 0.45 => LightForm::Crescent,
            (false, roll) if roll < 0.25 => LightForm::Barred,
            _ => LightForm::Disc,
        };
        let radius = dice.between(0.07, 0.13) * if form == LightForm::Barred { 1.5 } else { 1.0 };
        let light = Light { x: dice.between(0.2, 0.8), y: dice.between(0.2, 0.42), radius, form };
        Self { palette, dice, light, land: *land, shore }
    }

    /// The ranges from the farthest to the nearest.
    fn layers(&self, canvas: &Canvas) -> Vec<HillLayer> {
        let mut dice = self.dice.clone();
        let count = if self.land == Land::Dunes { 4_u8 } else { 5 };
        let foot = self.shore.unwrap_or(1.0);
        // Behind a lake the ranges share the space above the shore.
        let (first, last) = if self.shore.is_some() { (0.40, foot - 0.06) } else { (0.46, 0.84) };
        (0..count)
            .map(|number| {
                let near = f32::from(number) / f32::from(count - 1);
                let base = first + (last - first) * near + dice.between(-0.02, 0.02);
                let (ridge, rise) = match self.land {
                    Land::Hills => (Ridge::smooth(&mut dice, 1.6 + near, 4), 0.16),
                    Land::Dunes => (Ridge::smooth(&mut dice, 0.9 + near * 0.5, 2), 0.22),
                    // The nearest ranges of a mountain scene are wooded hills.
                    Land::Peaks if near > 0.6 => (Ridge::smooth(&mut dice, 1.8, 4), 0.12),
                    Land::Peaks => (Ridge::jagged(&mut dice, 2.8, 6), 0.46 - near * 0.3),
                };
                let pines = self.land != Land::Dunes
                    && near > 0.6
                    && (near < 1.0 || self.shore.is_none() || dice.chance(0.5));
                let mut tops = canvas.tops(&ridge, base.min(foot), rise);
                if pines {
                    canvas.pines(&mut tops, &mut dice, 0.02 + 0.05 * near * near);
                }
                let snow = self.snow(canvas, &tops, near, &mut dice);
                HillLayer { tops, snow, colors: self.colors(near) }
            })
            .collect()
    }

    /// A dark bank with trees in front of a lake.
    fn front(&self, canvas: &Canvas) -> Option<HillLayer> {
        let mut dice = self.dice.clone().skip(77);
        if dice.chance(0.35) {
            return None;
        }
        let mut tops = canvas.tops(&Ridge::slope(&mut dice), 0.97, 0.16);
        canvas.pines(&mut tops, &mut dice, 0.13);
        let color = mix(self.palette.near, [0, 0, 0], 0.35);
        Some(HillLayer { snow: vec![0.0; tops.len()], tops, colors: vec![color; HillLayer::STEPS] })
    }

    fn snow(&self, canvas: &Canvas, tops: &[f32], near: f32, dice: &mut SeededRng) -> Vec<f32> {
        if self.land != Land::Peaks || near > 0.6 {
            return vec![0.0; tops.len()];
        }
        let line = canvas.height * (0.33 + near * 0.04);
        let edge = canvas.tops(&Ridge::jagged(dice, 26.0, 2), 0.95, 0.85);
        tops.iter().zip(edge).map(|(top, edge)| (line - top).max(0.0) * (edge / canvas.height)).collect()
    }

    /// The colors from the ridge down into the mist above the next range.
    fn colors(&self, near: f32) -> Vec<Color> {
        let Palette { far, near: dark, horizon, .. } = *self.palette;
        let ridge = mix(far, dark, near.powf(0.9));
        let mist = mix(mix(ridge, horizon, 0.55), ridge, near);
        (0..HillLayer::STEPS).map(|step| mix(ridge, mist, step as f32 / HillLayer::STEPS as f32)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(byte: u8) -> [u8; 32] {
        std::array::from_fn(|at| byte.wrapping_mul(31).wrapping_add(at as u8))
    }

    #[test]
    fn a_seed_has_one_picture_and_others_have_others() {
        let picture = paint(seed(1), 60, 40, false);
        assert_eq!(picture, paint(seed(1), 60, 40, false));
        assert_ne!(picture, paint(seed(2), 60, 40, false));
        assert!(picture.pixels().all(|pixel| pixel[3] == 255));
        let clear = paint(seed(1), 60, 40, true);
        assert!(clear.pixels().any(|pixel| pixel[3] == 0) && clear.pixels().any(|pixel| pixel[3] == 255));
    }

    #[test]
    fn every_size_is_painted() {
        for (width, height) in [(0, 0), (1, 1), (1, 500), (500, 1), (3, 2), (33, 77)] {
            for byte in 0..24 {
                let picture = paint(seed(byte), width, height, byte % 2 == 0);
                assert_eq!(picture.dimensions(), (width.max(1), height.max(1)));
            }
        }
    }

    #[test]
    fn files_decode_to_the_picture() {
        for (format, clear) in
            [(Format::Png, false), (Format::Png, true), (Format::Webp, true), (Format::Jpeg, false)]
        {
            let picture = paint(seed(3), 96, 64, clear);
            let file = encode(&picture, format, 90);
            assert_eq!(Format::named(format.name()), Some(format));
            assert_eq!(image::guess_format(&file).unwrap().to_mime_type(), format.content_type());
            let decoded = image::load_from_memory(&file).unwrap().to_rgba8();
            assert_eq!(decoded.dimensions(), picture.dimensions());
            if format != Format::Jpeg {
                assert_eq!(decoded, picture);
            }
        }
        let picture = paint(seed(3), 96, 64, false);
        assert!(encode(&picture, Format::Jpeg, 10).len() < encode(&picture, Format::Jpeg, 95).len());
    }
}
