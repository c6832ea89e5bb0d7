//! Lines that were typed before.

/// The most lines that are remembered.
const KEPT: usize = 50;

/// The lines of one place, the newest last, and where somebody looks back to.
#[derive(Clone, Debug, Default)]
pub struct InputHistory {
    lines: Vec<String>,
    at: Option<usize>,
    /// The text from before somebody looked back.
    draft: String,
}

impl InputHistory {
    /// Remembers a line; one that is known moves to the end.
    pub fn remember(&mut self, line: &str) {
        self.at = None;
        if line.trim().is_empty() {
            return;
        }
        self.lines.retain(|known| known != line);
        self.lines.push(line.to_owned());
        if self.lines.len() > KEPT {
            self.lines.remove(0);
        }
    }

    /// The line before; `now` is what stands there. None at the beginning.
    pub fn earlier(&mut self, now: &str) -> Option<String> {
        let at = match self.at {
            None => {
                now.clone_into(&mut self.draft);
                self.lines.len()
            }
            Some(at) => at,
        };
        // What stands there already is no step back.
        let before = self.lines[..at].iter().rposition(|line| line != now)?;
        self.at = Some(before);
        self.lines.get(before).cloned()
    }

    /// The line after it, in the end what stood there first. None when nobody looked back.
    pub fn later(&mut self) -> Option<String> {
        let next = self.at? + 1;
        self.at = (next < self.lines.len()).then_some(next);
        Some(self.lines.get(next).cloned().unwrap_or_else(|| std::mem::take(&mut self.draft)))
    }

    /// Ends looking back.
    pub fn forget_place(&mut self) {
        self.at = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_and_the_draft_is_not_lost() {
        let mut past = InputHistory::default();
        assert_eq!((past.earlier("x"), past.later()), (None, None));
        for line in ["hat", "fox", "hat", " "] {
            past.remember(line);
        }
        assert_eq!(past.earlier("dra").as_deref(), Some("hat"));
        assert_eq!(past.earlier("hat").as_deref(), Some("fox"));
        assert_eq!(past.earlier("fox"), None);
        assert_eq!(past.later().as_deref(), Some("hat"));
        assert_eq!(past.later().as_deref(), Some("dra"));
        assert_eq!(past.later(), None);
        assert_eq!(past.earlier("hat").as_deref(), Some("fox"), "what stands there is no step");
        (0..60).for_each(|number| past.remember(&number.to_string()));
        assert_eq!(past.lines.len(), KEPT);
    }
}
