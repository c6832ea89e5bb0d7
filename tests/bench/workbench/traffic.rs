//! What 5,000 calls a second cost the screen: the events of a call, taken in one after the other.

use std::time::Duration;

use retake::tui::protocol::message::Message;

use super::screen::Screen;
use super::shared::Failure;
use super::shared::table::{Budget, Must, Table};
use super::{CALLS, Sizes, world};

/// Calls a second.
const RATE: f64 = 5_000.0;
/// Events between two frames: two of each call, at 30 frames a second.
const BURST: usize = 333;
/// Calls of a round.
const ROUND: u64 = 5_000;

/// Where one looks while they come.
const VIEWS: [(&str, &str); 4] = [
    ("Live", "1"),
    ("Live, filtered, detail open", "1 / r e s u l t : m i s s Enter Enter"),
    ("Recordings", "2"),
    ("Recordings by last hit", "2 s l"),
];

pub(super) fn measure(sizes: &Sizes, table: &mut Table) -> Result<(), Failure> {
    println!("calls that are taken in, at {} rows", sizes.many);
    let many = world::world(sizes.many, CALLS);
    for (name, keys) in VIEWS {
        let mut screen = Screen::new(many.clone())?;
        screen.keys(keys);
        let mut share = Budget::new(format!("{RATE} calls a second, {name}: % of a core"), Must::Stay(10.0));
        let mut next = CALLS + 1;
        // Buffers grow once; what counts is what comes after that.
        taken(&mut screen, &mut next, sizes.many)?;
        let before = memory()?;
        for _ in 0..sizes.rounds {
            let took = taken(&mut screen, &mut next, sizes.many)?;
            let each = took.as_secs_f64() / f64::from(u32::try_from(ROUND)?);
            share.round(each * RATE * 100.0, 1.0);
        }
        let grown = memory()? - before;
        let calls = next - CALLS;
        println!(
            "{name}: {calls} calls, {grown:+.1} MiB, {} remembered",
            screen.app.context.world.calls.len()
        );
        let mut memory = Budget::new(format!("{name}: MiB more after that"), Must::Stay(16.0));
        memory.round(grown, 1.0);
        table.extend([share, memory]);
    }
    Ok(())
}

fn taken(screen: &mut Screen, next: &mut u64, rows: u64) -> Result<Duration, Failure> {
    let events: Vec<_> = (*next..*next + ROUND).flat_map(|number| world::announced(number, rows)).collect();
    *next += ROUND;
    let mut events = events.into_iter().peekable();
    screen.updates.clear();
    let mut drawn = Duration::ZERO;
    while events.peek().is_some() {
        events.by_ref().take(BURST).for_each(|event| screen.event(event));
        screen.say(Message::Frame);
        drawn += screen.frame()?;
    }
    Ok(drawn + screen.updates.drain(..).sum::<Duration>())
}

/// Resident memory, in MiB.
fn memory() -> Result<f64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib / 1024.0)
}
