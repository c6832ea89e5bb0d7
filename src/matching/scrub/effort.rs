//! How much a search for secrets looks at and finds before it gives up. What it did not search to the end is not stored.

use std::cell::Cell;

/// The most secrets that are replaced in one request or answer.
const FOUND: usize = 50_000;
/// The most places that are looked at in a request: strings, names, parameters, what has the shape of a key.
const REQUEST: usize = 2 << 20;
/// The same in an answer: streams consist of many small ones.
const ANSWER: usize = 16 << 20;

/// What is left of the effort that one search may take.
#[derive(Debug)]
pub(crate) struct Effort {
    places: Cell<usize>,
    secrets: Cell<usize>,
    spent: Cell<bool>,
}

impl Effort {
    /// For a request.
    pub(crate) fn of_request() -> Self {
        Self::of(REQUEST)
    }

    /// For an answer.
    pub(crate) fn of_answer() -> Self {
        Self::of(ANSWER)
    }

    fn of(places: usize) -> Self {
        Self { places: Cell::new(places), secrets: Cell::new(FOUND), spent: Cell::new(false) }
    }

    /// One more place is looked at. False where there were too many: the search ends there.
    pub(crate) fn look(&self) -> bool {
        self.take(&self.places, 1)
    }

    /// So many secrets were found. False where there were too many.
    pub(crate) fn found(&self, secrets: usize) -> bool {
        self.take(&self.secrets, secrets)
    }

    /// How many secrets a part of the search need not go beyond: with one more it gives up.
    pub(crate) fn enough(&self) -> usize {
        self.secrets.get() + 1
    }

    /// Gives up.
    pub(crate) fn give_up(&self) {
        self.spent.set(true);
    }

    /// Whether the search gave up: what it found is not all.
    pub(crate) fn is_spent(&self) -> bool {
        self.spent.get()
    }

    fn take(&self, from: &Cell<usize>, count: usize) -> bool {
        match from.get().checked_sub(count) {
            Some(left) => from.set(left),
            None => self.give_up(),
        }
        !self.is_spent()
    }
}
