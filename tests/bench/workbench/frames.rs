//! Budget 11: frames, and the keys before them, on a small store and on a large one in turns.

use std::time::Duration;

use super::screen::Screen;
use super::shared::Failure;
use super::shared::table::{Budget, Must, Table};
use super::{CALLS, FEW, Sizes, milliseconds, percentile, world};

/// What is on the screen: how one comes there, what has to be seen then, and what is pressed between frames.
struct Scene {
    name: &'static str,
    keys: &'static str,
    shows: &'static str,
    between: &'static [&'static str],
}

const SCENES: [Scene; 13] = [
    Scene { name: "Live", keys: "1", shows: "[1 Live]", between: &["k", "k", "j", "C-u", "G"] },
    Scene { name: "Live, detail", keys: "1 k Enter", shows: "[1 Live]", between: &["j", "k", "]"] },
    Scene { name: "Live, causes", keys: "1 M", shows: "auses", between: &["j", "k"] },
    Scene { name: "Recordings", keys: "2", shows: "PROMPT", between: &["j", "C-d", "k", "C-u", "G", "g g"] },
    Scene { name: "Recordings, detail", keys: "2 Enter", shows: "Turn 1", between: &["j", "k"] },
    Scene {
        name: "Recordings, all marked",
        keys: "2 a",
        shows: "marked",
        between: &["j", "C-d", "k", "Space", "Space", "g g"],
    },
    Scene { name: "contact sheet", keys: "2 I", shows: "▀", between: &["l", "j", "h", "k"] },
    Scene { name: "finder", keys: "2 f c a p h a t", shows: "Find a rec", between: &["Down", "Down", "Up"] },
    Scene { name: "filter", keys: "2 / h a t", shows: "hat", between: &["Down", "Up"] },
    Scene { name: "Diff", keys: "2 c j c", shows: "[3 Diff]", between: &["j", "k", "n", "N"] },
    Scene { name: "Prune", keys: "4 n", shows: "would be deleted", between: &["j", "C-d", "k", "C-u"] },
    Scene { name: "Prune, detail", keys: "4 n Enter", shows: "Turn 1", between: &["j", "k"] },
    Scene { name: "Log", keys: "5", shows: "[5 Log]", between: &["j", "k"] },
];

pub(super) fn measure(sizes: &Sizes, table: &mut Table) -> Result<(), Failure> {
    let (few, many) = (world::world(FEW, FEW), world::world(sizes.many, CALLS));
    println!("frames of 200x50 at {FEW} and at {} rows, {} a round", sizes.many, sizes.frames);
    for scene in &SCENES {
        let mut screens = [Screen::new(few.clone())?, Screen::new(many.clone())?];
        let mut way = Budget::new("    the longest update on the way there, ms", Must::Stay(33.0));
        for screen in &mut screens {
            screen.updates.clear();
            screen.keys(scene.keys);
            way.round(milliseconds(screen.updates.iter().max().copied().unwrap_or_default()), 1.0);
            let text = screen.text()?;
            if !text.contains(scene.shows) {
                return Err(format!("{}: `{}` is not on the screen: {text}", scene.name, scene.shows).into());
            }
        }
        let mut p99 = Budget::new(format!("11: {}, p99 of a frame in ms", scene.name), Must::Stay(2.0));
        let mut ratio = Budget::new(format!("11: {}, frame, many over few", scene.name), Must::Stay(1.2));
        let mut keys = Budget::new(format!("11: {}, p99 of a key in ms", scene.name), Must::Stay(2.0));
        for _ in 0..sizes.rounds {
            let [few, many] = rounds(scene, &mut screens, sizes.frames)?;
            let small = percentile(few.frames.clone(), 50);
            p99.round(milliseconds(percentile(many.frames.clone(), 99)), milliseconds(small));
            ratio.round(milliseconds(percentile(many.frames, 50)) / milliseconds(small), milliseconds(small));
            let key = percentile(few.keys, 50);
            keys.round(milliseconds(percentile(many.keys, 99)), milliseconds(key));
        }
        table.extend([p99, ratio, keys, way]);
    }
    Ok(())
}

#[derive(Default)]
struct Times {
    frames: Vec<Duration>,
    keys: Vec<Duration>,
}

/// Frames of both screens in turns, a few at a time: the machine drifts, and both have to drift with it.
fn rounds(scene: &Scene, screens: &mut [Screen; 2], frames: usize) -> Result<[Times; 2], Failure> {
    const TURN: usize = 10;
    let mut times = [Times::default(), Times::default()];
    for turn in 0..frames.div_ceil(TURN) {
        for (screen, times) in screens.iter_mut().zip(&mut times) {
            for at in 0..TURN {
                screen.updates.clear();
                screen.keys(scene.between[(turn * TURN + at) % scene.between.len()]);
                times.keys.append(&mut screen.updates);
                times.frames.push(screen.frame()?);
            }
        }
    }
    Ok(times)
}
