//! The outlines of ranges of hills.

use crate::dialect::seeded_rng::SeededRng;

/// The outline of a range of hills: noise in several octaves, from 0 (valley) to 1 (summit).
pub(crate) struct Ridge {
    octaves: Vec<Octave>,
    smooth: bool,
    /// Rises towards one side instead of going up and down.
    slope: Option<bool>,
}

struct Octave {
    frequency: f32,
    weight: f32,
    values: Vec<f32>,
}

impl Ridge {
    /// Rolling hills; `frequency` is how many of them fit into a square picture.
    pub(crate) fn smooth(dice: &mut SeededRng, frequency: f32, octaves: u8) -> Self {
        Self::noise(dice, frequency, octaves, (true, 0.38))
    }

    /// Rocks.
    pub(crate) fn jagged(dice: &mut SeededRng, frequency: f32, octaves: u8) -> Self {
        Self::noise(dice, frequency, octaves, (false, 0.48))
    }

    /// A bank that rises towards one side.
    pub(crate) fn slope(dice: &mut SeededRng) -> Self {
        let slope = Some(dice.chance(0.5));
        Self { slope, ..Self::smooth(dice, 2.0, 3) }
    }

    fn noise(dice: &mut SeededRng, frequency: f32, octaves: u8, (smooth, rough): (bool, f32)) -> Self {
        let octave = |number: u8| {
            let frequency = frequency * 2.0_f32.powi(i32::from(number));
            let values = (0..64).map(|_| dice.unit()).collect();
            Octave { frequency, weight: rough.powi(i32::from(number)), values }
        };
        Self { octaves: (0..octaves).map(octave).collect(), smooth, slope: None }
    }

    /// The height at `x`, counted in heights of the picture from its left side.
    pub(crate) fn at(&self, x: f32) -> f32 {
        let weights: f32 = self.octaves.iter().map(|octave| octave.weight).sum();
        let sum: f32 = self.octaves.iter().map(|octave| octave.weight * octave.at(x, self.smooth)).sum();
        let noise = sum / weights;
        match self.slope {
            None => noise,
            Some(left) => {
                let side = if left { 1.0 - x } else { x };
                (side * side).clamp(0.0, 1.0) * 0.8 + noise * 0.25
            }
        }
    }
}

impl Octave {
    fn at(&self, x: f32, smooth: bool) -> f32 {
        let x = x * self.frequency;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "x is not negative; huge ones saturate"
        )]
        let whole = x.floor() as usize;
        let part = x - x.floor();
        let part = if smooth { part * part * (3.0 - 2.0 * part) } else { part };
        let value = |at: usize| self.values[at % self.values.len()];
        value(whole) * (1.0 - part) + value(whole + 1) * part
    }
}
