//! Messages for people that go away by themselves, and errors that stay until they are dismissed.

use std::collections::VecDeque;

use crate::model::{Level, Notice, Timestamp};

/// The time that a message stays, in milliseconds.
const SHOWN_FOR: i64 = 4_000;

/// The most messages that are remembered.
const REMEMBERED: usize = 1_000;

/// Messages, the newest last.
#[derive(Clone, Debug, Default)]
pub struct Toasts {
    shown: Vec<Toast>,
    /// All messages of this session, numbered from 1; the oldest ones are forgotten.
    pub log: VecDeque<LogMessage>,
    /// The number of the last message that somebody saw in the log.
    pub seen: u64,
    now: Timestamp,
}

/// A message that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogMessage {
    /// The number of the message.
    pub number: u64,
    /// The time of the message.
    pub at: Timestamp,
    /// The severity.
    pub level: Level,
    /// The text, not sanitized.
    pub text: String,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// The severity.
    pub level: Level,
    /// The text, not sanitized.
    pub text: String,
    /// The time at which it goes; an error stays.
    until: Option<Timestamp>,
}

impl Toasts {
    /// The message with this number.
    #[must_use]
    pub fn entry(&self, number: u64) -> Option<&LogMessage> {
        let at = self.log.binary_search_by_key(&number, |entry| entry.number).ok()?;
        self.log.get(at)
    }

    /// The toast to show, and the number of those behind it.
    #[must_use]
    pub fn newest(&self) -> Option<(&Toast, usize)> {
        self.shown.last().map(|toast| (toast, self.shown.len() - 1))
    }

    /// Shows a message that goes by itself.
    pub fn info(&mut self, now: Timestamp, text: String) {
        self.push(Toast {
            level: Level::Info,
            text,
            until: Some(Timestamp(now.0.saturating_add(SHOWN_FOR))),
        });
    }

    /// Shows an error, which stays until somebody has seen it.
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
        self.now = now;
        let before = self.shown.len();
        self.shown.retain(|toast| toast.until.is_none_or(|until| until > now));
        self.shown.len() < before
    }

    /// Drops those that go by themselves: what they spoke of is done.
    pub fn settle(&mut self) {
        self.shown.retain(|toast| toast.until.is_none());
    }

    /// Drops all; whether there was an error among them.
    pub fn dismiss(&mut self) -> bool {
        let error = self.shown.iter().any(|toast| toast.until.is_none());
        self.shown.clear();
        error
    }

    /// The number of errors that nobody saw in the log.
    #[must_use]
    pub fn unseen(&self) -> usize {
        let newer = self.log.iter().rev().take_while(|logged| logged.number > self.seen);
        newer.filter(|logged| logged.level == Level::Error).count()
    }

    /// Notes that somebody saw all of the log.
    pub fn see(&mut self) {
        self.seen = self.log.back().map_or(0, |logged| logged.number);
    }

    /// A message that is there already is not repeated; only the last few are kept.
    fn push(&mut self, toast: Toast) {
        let number = self.log.back().map_or(0, |logged| logged.number) + 1;
        let logged = LogMessage { number, at: self.now, level: toast.level, text: toast.text.clone() };
        self.log.push_back(logged);
        if self.log.len() > REMEMBERED {
            self.log.pop_front();
        }
        self.shown.retain(|known| known.text != toast.text);
        self.shown.push(toast);
        if self.shown.len() > 20 {
            self.shown.remove(0);
        }
    }
}
