//! The retag dialog: a match strategy and a playback for the selected recordings, chosen with their effects in sight.

pub mod choice;
mod dialog;
mod effect;
mod keys;
