//! The budgets beside what they came to.

use std::fmt;

use super::Failure;

/// What a budget asks of the median of its rounds.
#[derive(Clone, Copy)]
pub(crate) enum Must {
    /// At least so much.
    Reach(f64),
    /// At most so much.
    Stay(f64),
}

/// A figure that has a bound, and what it came to in each round.
pub(crate) struct Budget {
    name: String,
    must: Must,
    rounds: Vec<f64>,
    /// What was measured beside it in each round, to tell a change from the machine's drifting.
    yardstick: Vec<f64>,
}

/// All budgets of a run.
#[derive(Default)]
pub(crate) struct Table(Vec<Budget>);

impl Budget {
    pub(crate) fn new(name: impl Into<String>, must: Must) -> Self {
        Self { name: name.into(), must, rounds: Vec::new(), yardstick: Vec::new() }
    }

    /// Adds what a round came to, and its yardstick's own rate or time.
    pub(crate) fn round(&mut self, figure: f64, yardstick: f64) {
        self.rounds.push(figure);
        self.yardstick.push(yardstick);
    }

    fn median(&self) -> f64 {
        let mut rounds = self.rounds.clone();
        rounds.sort_by(f64::total_cmp);
        rounds[rounds.len() / 2]
    }

    /// The yardstick's largest value over its smallest. Beyond 1.3 a run is to be repeated.
    fn spread(&self) -> f64 {
        let values = || self.yardstick.iter().copied();
        values().fold(f64::MIN, f64::max) / values().fold(f64::MAX, f64::min)
    }

    fn met(&self) -> bool {
        match self.must {
            Must::Reach(bound) => self.median() >= bound,
            Must::Stay(bound) => self.median() <= bound,
        }
    }
}

impl Table {
    pub(crate) fn extend(&mut self, budgets: impl IntoIterator<Item = Budget>) {
        self.0.extend(budgets);
    }

    /// Prints it; a missed budget is a failure where `RETAKE_BENCH_STRICT` is 1.
    pub(crate) fn conclude(&self) -> Result<(), Failure> {
        println!("\n{self}");
        let missed = self.0.iter().filter(|budget| !budget.met()).count();
        if missed > 0 && std::env::var_os("RETAKE_BENCH_STRICT").is_some_and(|value| value == "1") {
            return Err(format!("{missed} budgets were missed").into());
        }
        Ok(())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<46} {:>7} {:>7}  {:<7} {:>6}  rounds", "budget", "median", "must", "", "spread")?;
        for budget in &self.0 {
            let must = match budget.must {
                Must::Reach(bound) => format!("≥ {bound:.2}"),
                Must::Stay(bound) => format!("≤ {bound:.2}"),
            };
            let word = if budget.met() { "ok" } else { "missed" };
            let rounds: Vec<_> = budget.rounds.iter().map(|figure| format!("{figure:.2}")).collect();
            let (name, median, spread) = (&budget.name, budget.median(), budget.spread());
            writeln!(f, "{name:<46} {median:>7.2} {must:>7}  {word:<7} {spread:>6.2}  {}", rounds.join(" "))?;
        }
        write!(
            f,
            "spread: the yardstick's largest value over its smallest; repeat a run where it is above 1.3"
        )
    }
}
