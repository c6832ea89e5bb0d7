//! Bounds of a search for secrets: what it looks at, finds and remembers before it gives up. A body that was not
//! searched to the end is not stored.

use std::cell::Cell;

/// The most secrets that are replaced in one request or answer.
const FOUND: usize = 50_000;
/// The most places that are looked at in a request: strings, names, parameters, what has the shape of a key.
const REQUEST: usize = 2 << 20;
/// Effort of a search in an answer: streams consist of many small ones.
const ANSWER: usize = 16 << 20;
/// Effort of a search in an answer that is no stream: whoever reads it keeps all of its values at once.
const DOCUMENT: usize = 4 << 20;
/// The most positions that are remembered until all is read: those of the pieces of a stream.
const REMEMBERED: usize = 4 << 20;
/// The most strings of one event that are remembered until that is read, each with all that is known of it.
const EVENT: usize = 1 << 20;
/// The most escapes of one text, for each of which it is remembered where it stood.
const ESCAPES: usize = 1 << 20;

/// The effort that one search has left.
#[derive(Debug)]
pub(crate) struct Effort {
    places: Cell<usize>,
    secrets: Cell<usize>,
    remembered: Cell<usize>,
    /// The most places of an answer that is no stream.
    document: usize,
    /// The most strings of one event.
    event: usize,
    /// The most escapes of one text.
    escapes: usize,
    spent: Cell<bool>,
}

impl Effort {
    pub(crate) fn of_request() -> Self {
        Self::of(REQUEST, 1)
    }

    pub(crate) fn of_answer() -> Self {
        Self::of(ANSWER, 1)
    }

    /// A part of that for an answer.
    #[cfg(test)]
    pub(crate) fn part_of_answer(part: usize) -> Self {
        Self::of(ANSWER, part)
    }

    fn of(places: usize, part: usize) -> Self {
        let [places, secrets, remembered] = [places, FOUND, REMEMBERED].map(|most| Cell::new(most / part));
        let [document, event, escapes] = [DOCUMENT, EVENT, ESCAPES].map(|most| most / part);
        Self { places, secrets, remembered, document, event, escapes, spent: Cell::new(false) }
    }

    /// One more place is looked at. False where there were too many: the search ends there.
    pub(crate) fn look(&self) -> bool {
        self.take(&self.places, 1)
    }

    /// Lowers the effort to that of what is no stream.
    pub(crate) fn of_document(&self) {
        self.places.set(self.places.get().min(self.document));
    }

    /// Counts found secrets. False where there were too many.
    pub(crate) fn count_secrets(&self, secrets: usize) -> bool {
        self.take(&self.secrets, secrets)
    }

    /// Counts more remembered positions. False where there were too many.
    pub(crate) fn remember(&self, positions: usize) -> bool {
        self.take(&self.remembered, positions)
    }

    /// Gives remembered positions back.
    pub(crate) fn forget(&self, positions: usize) {
        self.remembered.set(self.remembered.get() + positions);
    }

    /// True if an event may have so many strings.
    pub(crate) fn holds(&self, strings: usize) -> bool {
        if strings > self.event {
            self.give_up();
        }
        !self.is_spent()
    }

    /// True if a text with so many escapes is resolved: where each of them stood is remembered.
    pub(crate) fn resolves(&self, escapes: usize) -> bool {
        if escapes > self.escapes {
            self.give_up();
        }
        !self.is_spent()
    }

    /// Count of secrets beyond which a part of the search need not go: with one more it gives up.
    pub(crate) fn enough(&self) -> usize {
        self.secrets.get() + 1
    }

    /// Gives up.
    pub(crate) fn give_up(&self) {
        self.spent.set(true);
    }

    /// True if the search gave up: what it found is not all.
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
