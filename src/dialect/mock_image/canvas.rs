//! The picture under way: how each kind of shape is put on it.

use image::{Rgba, RgbaImage};

use crate::dialect::mock_image::palette::{Color, mix};
use crate::dialect::mock_image::ridge::Ridge;
use crate::dialect::mock_image::scene::{HillLayer, LightForm, Scene};
use crate::dialect::seeded_rng::SeededRng;

/// A picture and its sides in pixels.
pub(crate) struct Canvas {
    pub(crate) image: RgbaImage,
    pub(crate) width: f32,
    pub(crate) height: f32,
    transparent: bool,
}

impl Canvas {
    pub(crate) fn new(width: u32, height: u32, transparent: bool) -> Self {
        Self { image: RgbaImage::new(width, height), width: width as f32, height: height as f32, transparent }
    }

    /// Gradient, stars, northern lights, and the sun or the moon with its glow.
    pub(crate) fn sky(&mut self, scene: &Scene) {
        if !self.transparent {
            self.gradient(scene);
            if scene.palette.night {
                let mut dice = scene.dice.clone().skip(5);
                self.stars(&mut dice);
                if dice.chance(0.6) {
                    self.northern_lights(&mut dice);
                }
            }
        }
        self.light(scene);
    }

    fn gradient(&mut self, scene: &Scene) {
        let palette = scene.palette;
        let (x, y) = (scene.light.x * self.width, scene.light.y * self.height);
        let reach = self.height * 0.62;
        // The glow by squared distance, so that no pixel needs a root.
        let glow: Vec<u8> = (0..=256)
            .map(|step| {
                let fade = (1.0 - (step as f32 / 256.0).sqrt()).max(0.0);
                (fade * fade * if palette.night { 70.0 } else { 150.0 }) as u8
            })
            .collect();
        let scale = 256.0 / (reach * reach);
        for (row, pixels) in self.image.rows_mut().enumerate() {
            let share = row as f32 / self.height / 0.66;
            let base = if share < 0.5 {
                mix(palette.top, palette.middle, share * 2.0)
            } else {
                mix(palette.middle, palette.horizon, (share * 2.0 - 1.0).min(1.0))
            };
            let above = (row as f32 - y).powi(2);
            for (column, pixel) in pixels.enumerate() {
                let aside = column as f32 - x;
                let step = ((aside * aside + above) * scale) as usize;
                let share = i32::from(glow.get(step).copied().unwrap_or(0));
                let channel = |at: usize| {
                    let (from, to) = (i32::from(base[at]), i32::from(palette.light[at]));
                    (from + (((to - from) * share) >> 8)) as u8
                };
                *pixel = Rgba([channel(0), channel(1), channel(2), u8::MAX]);
            }
        }
    }

    fn stars(&mut self, dice: &mut SeededRng) {
        let unit = (self.height / 360.0).max(0.7);
        for _ in 0..90 {
            let (x, y) = (dice.unit() * self.width, dice.unit() * dice.unit() * self.height * 0.6);
            let size = unit * dice.between(0.6, 1.7);
            let bright = dice.between(0.35, 1.0);
            self.disc((x, y), size, |_, _| bright, [255, 250, 235]);
        }
    }

    /// Two curtains that fade upwards.
    fn northern_lights(&mut self, dice: &mut SeededRng) {
        for color in [[92, 242, 178], [88, 190, 220]] {
            let curtain = self.tops(&Ridge::smooth(dice, 1.4, 3), 0.44, 0.3);
            let strength = self.tops(&Ridge::smooth(dice, 5.0, 3), 1.0, 1.0);
            let tall = self.height * dice.between(0.16, 0.26);
            for (x, (foot, strength)) in curtain.iter().zip(strength).enumerate() {
                let strength = 1.0 - strength / self.height;
                let below = tall * 0.12;
                for y in (foot - tall).max(0.0) as u32..(foot + below).max(0.0) as u32 {
                    let up = (foot - y as f32) / tall;
                    let fade = if up < 0.0 { 1.0 + up * tall / below } else { (1.0 - up).powi(2) };
                    self.blend(x as u32, y, color, fade * strength * 0.75);
                }
            }
        }
    }

    fn light(&mut self, scene: &Scene) {
        let light = &scene.light;
        let radius = light.radius * self.height;
        let center = (light.x * self.width, light.y * self.height);
        match light.form {
            LightForm::Disc => self.disc(center, radius, |_, _| 1.0, scene.palette.light),
            LightForm::Barred => {
                let bars = |_: f32, y: f32| {
                    // Six bars over the lower two thirds, each wider than the one above.
                    let down = (y / radius + 0.35) / 1.35;
                    let (bar, part) = ((down * 6.0).floor(), (down * 6.0).fract());
                    if down > 0.0 && part < 0.14 + bar * 0.075 { 0.0 } else { 1.0 }
                };
                self.disc(center, radius, bars, scene.palette.light);
            }
            LightForm::Crescent => {
                let shadow = |x: f32, y: f32| {
                    let (x, y) = (x - radius * 0.42, y + radius * 0.2);
                    ((x * x + y * y).sqrt() - radius * 0.86 + 0.5).clamp(0.0, 1.0)
                };
                self.disc(center, radius, shadow, scene.palette.light);
            }
        }
    }

    /// A disc with soft edges; `share` says how much of it is there, by the distance from its center.
    fn disc(&mut self, (x, y): (f32, f32), radius: f32, share: impl Fn(f32, f32) -> f32, color: Color) {
        let columns =
            (x - radius - 1.0).max(0.0) as u32..((x + radius + 2.0).max(0.0) as u32).min(self.image.width());
        let rows =
            (y - radius - 1.0).max(0.0) as u32..((y + radius + 2.0).max(0.0) as u32).min(self.image.height());
        for row in rows {
            for column in columns.clone() {
                let (aside, below) = (column as f32 + 0.5 - x, row as f32 + 0.5 - y);
                let edge = (radius - (aside * aside + below * below).sqrt() + 0.5).clamp(0.0, 1.0);
                if edge > 0.0 {
                    self.blend(column, row, color, edge * share(aside, below));
                }
            }
        }
    }

    /// The outline of a range: its foot at `base` and its summits `rise` above it, in heights of the picture.
    pub(crate) fn tops(&self, ridge: &Ridge, base: f32, rise: f32) -> Vec<f32> {
        (0..self.image.width())
            .map(|x| (base - ridge.at(x as f32 / self.height) * rise) * self.height)
            .collect()
    }

    /// Puts pines on a range, in groups; `tall` is their height in heights of the picture.
    pub(crate) fn pines(&self, tops: &mut [f32], dice: &mut SeededRng, tall: f32) {
        let ground = tops.to_vec();
        let mut x = -dice.unit() * tall;
        let across = self.width / self.height;
        while x < across + tall {
            let high = tall * dice.between(0.55, 1.15) * self.height;
            let half = high * dice.between(0.2, 0.26);
            let center = x * self.height;
            let foot = ground[(center.max(0.0) as usize).min(ground.len() - 1)] + half * 0.5;
            let columns =
                (center - half).max(0.0) as usize..((center + half + 1.0).max(0.0) as usize).min(tops.len());
            for column in columns {
                let inside = 1.0 - (column as f32 + 0.5 - center).abs() / half;
                // Five tiers of branches, each hanging a little.
                let tier = inside - 0.09 * (1.0 - (inside * 5.0).fract());
                tops[column] = tops[column].min(foot - high * tier.max(0.0));
            }
            x += if dice.chance(0.12) {
                tall * dice.between(1.5, 5.0)
            } else {
                tall * dice.between(0.16, 0.5)
            };
        }
    }

    /// Puts a range on, down to the row where the next one hides it everywhere.
    pub(crate) fn layer(&mut self, layer: &HillLayer, hidden: f32) {
        let first = layer.tops.iter().fold(self.height, |high, top| top.min(high)).max(0.0);
        let scale = HillLayer::STEPS as f32 / (HillLayer::FADE * self.height);
        let rows = first as u32..(hidden.ceil().max(0.0) as u32).min(self.image.height());
        let width = self.image.width() as usize;
        for row in rows {
            let start = row as usize * width * 4;
            let pixels =
                self.image.as_flat_samples_mut().samples[start..start + width * 4].chunks_exact_mut(4);
            for ((pixel, top), snow) in pixels.zip(&layer.tops).zip(&layer.snow) {
                let depth = row as f32 + 1.0 - top;
                if depth <= 0.0 {
                    continue;
                }
                let step = ((depth * scale) as usize).min(HillLayer::STEPS - 1);
                let mut color = layer.colors[step];
                if depth < *snow {
                    color = mix(color, [250, 250, 255], 0.72);
                }
                put(pixel, color, depth.min(1.0));
            }
        }
    }

    /// Turns all below `shore` into water that mirrors what is above.
    pub(crate) fn water(&mut self, scene: &Scene, shore: f32) {
        let shore_row = ((shore * self.height) as u32).max(1);
        let mut dice = scene.dice.clone().skip(9);
        let deep = mix(scene.palette.top, scene.palette.near, 0.45);
        let columns = self.image.width();
        for row in shore_row..self.image.height() {
            let depth = (row - shore_row) as f32;
            let source = (shore_row as f32 - 1.0 - depth * 1.7).max(0.0) as u32;
            let ripple = (dice.unit() - 0.5) * (2.0 + depth * 0.09) * (self.height / 512.0);
            let murk = 0.18 + 0.4 * depth / (self.height * (1.0 - shore)).max(1.0);
            for column in 0..columns {
                let from = (column as f32 + ripple).clamp(0.0, self.width - 1.0) as u32;
                let Rgba([red, green, blue, alpha]) = *self.image.get_pixel(from, source);
                let mirrored = if alpha == 0 { scene.palette.horizon } else { [red, green, blue] };
                self.blend(column, row, mix(mirrored, deep, murk), 1.0);
            }
        }
        self.glitter(scene, shore, &mut dice);
    }

    /// Broken stripes of light on the water, below the sun or the moon.
    fn glitter(&mut self, scene: &Scene, shore: f32, dice: &mut SeededRng) {
        let thick = (self.height / 200.0).max(1.0);
        for _ in 0..34 {
            let down = dice.unit();
            let y = (shore + (1.0 - shore) * down * down) * self.height;
            let half = self.height * (0.015 + 0.07 * dice.unit() * (0.4 + down));
            let center = (scene.light.x + (dice.unit() - 0.5) * 0.12 * (0.3 + down)) * self.width;
            let columns =
                (center - half).max(0.0) as u32..((center + half).max(0.0) as u32).min(self.image.width());
            for row in y as u32..((y + thick) as u32).min(self.image.height()) {
                for column in columns.clone() {
                    let aside = 1.0 - (column as f32 - center).abs() / half;
                    self.blend(column, row, scene.palette.light, 0.6 * aside.clamp(0.0, 1.0));
                }
            }
        }
    }

    fn blend(&mut self, x: u32, y: u32, color: Color, share: f32) {
        if let Some(pixel) = self.image.get_pixel_mut_checked(x, y) {
            put(&mut pixel.0, color, share);
        }
    }
}

/// Puts `share` of a color over a pixel, which may be a transparent one.
fn put(pixel: &mut [u8], color: Color, share: f32) {
    let below = [pixel[0], pixel[1], pixel[2]];
    let mixed = if pixel[3] == 0 { color } else { mix(below, color, share) };
    pixel[..3].copy_from_slice(&mixed);
    pixel[3] = pixel[3].max((share * 255.0) as u8);
}
