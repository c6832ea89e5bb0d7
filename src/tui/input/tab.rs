//! The tabs.

use super::action::Action;
use super::binding::KeyScope;

/// A tab.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Calls as they happen.
    #[default]
    Live,
    /// Recordings.
    Recordings,
    /// Two of them side by side.
    Diff,
    /// A prune plan.
    Prune,
    /// Messages and changes.
    Log,
}

impl Tab {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Live, Self::Recordings, Self::Diff, Self::Prune, Self::Log];

    /// The name.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Live => "Live",
            Self::Recordings => "Recordings",
            Self::Prune => "Prune",
            Self::Log => "Log",
            Self::Diff => "Diff",
        }
    }

    /// The name where room is short.
    #[must_use]
    pub fn short(self) -> &'static str {
        if self == Self::Recordings { "Rec" } else { self.title() }
    }

    /// The scope of its keys.
    #[must_use]
    pub fn scope(self) -> KeyScope {
        match self {
            Self::Live => KeyScope::Live,
            Self::Recordings => KeyScope::Recordings,
            Self::Diff => KeyScope::Diff,
            Self::Prune => KeyScope::Prune,
            Self::Log => KeyScope::Log,
        }
    }

    /// The action that leads to it.
    #[must_use]
    pub fn action(self) -> Action {
        match self {
            Self::Live => Action::LiveTab,
            Self::Recordings => Action::RecordingsTab,
            Self::Diff => Action::DiffTab,
            Self::Prune => Action::PruneTab,
            Self::Log => Action::LogTab,
        }
    }
}
