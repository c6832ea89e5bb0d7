//! Messages for people that go away by themselves, and errors that stay until they are dismissed.

use crate::model::{Level, Notice, Timestamp};

/// How long a message stays, in milliseconds.
const SHOWN_FOR: i64 = 4_000;

/// Messages, the newest last.
#[derive(Clone, Debug, Default)]
pub struct Toasts(Vec<Toast>);

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// How bad it is.
    pub level: Level,
    /// What it says; not sanitized.
    pub text: String,
    /// When it goes; an error stays.
    until: Option<Timestamp>,
}

impl Toasts {
    /// The one to show, and how many more there are.
    #[must_use]
    pub fn newest(&self) -> Option<(&Toast, usize)> {
        self.0.last().map(|toast| (toast, self.0.len() - 1))
    }

    /// Something good to know.
    pub fn info(&mut self, now: Timestamp, text: String) {
        self.push(Toast {
            level: Level::Info,
            text,
            until: Some(Timestamp(now.0.saturating_add(SHOWN_FOR))),
        });
    }

    /// Something that stays until somebody has seen it.
    pub fn error(&mut self, text: String) {
        self.push(Toast { level: Level::Error, text, until: None });
    }

    /// A notice of the engine.
    pub fn notice(&mut self, now: Timestamp, notice: &Notice) {
        match notice.level {
            Level::Error => self.error(notice.text.clone()),
            level => {
                let until = Some(Timestamp(now.0.saturating_add(SHOWN_FOR * 2)));
                self.push(Toast { level, text: notice.text.clone(), until });
            }
        }
    }

    /// Drops those whose time is over; whether there were any.
    pub fn expire(&mut self, now: Timestamp) -> bool {
        let before = self.0.len();
        self.0.retain(|toast| toast.until.is_none_or(|until| until > now));
        self.0.len() < before
    }

    /// Drops those that go by themselves: what they spoke of is done.
    pub fn settle(&mut self) {
        self.0.retain(|toast| toast.until.is_none());
    }

    /// Drops all; whether there was an error among them.
    pub fn dismiss(&mut self) -> bool {
        let error = self.0.iter().any(|toast| toast.until.is_none());
        self.0.clear();
        error
    }

    /// A message that is there already is not repeated; only the last few are kept.
    fn push(&mut self, toast: Toast) {
        self.0.retain(|known| known.text != toast.text);
        self.0.push(toast);
        if self.0.len() > 20 {
            self.0.remove(0);
        }
    }
}
