//! A line of the table of keys: where it holds, which keys, what they mean.

use super::action::Action;

/// The scope in which a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyScope {
    /// All tabs, in lists and details.
    Anywhere,
    /// While a list has the focus.
    List,
    /// While the detail pane has it.
    Detail,
    /// The live list and its detail.
    Live,
    /// The list of recordings and its detail.
    Recordings,
    /// The tab of differences.
    Diff,
    /// The tab of what can go.
    Prune,
    /// The tab of messages.
    Log,
    /// A menu.
    Menu,
    /// A question.
    Question,
    /// Asked whether to quit while calls are under way.
    Leaving,
    /// While it is chosen what recordings answer.
    Retag,
    /// While an edit waits to be stored.
    Draft,
    /// The list of what waits for review.
    Reviews,
    /// The list of what was deleted.
    Trash,
    /// The help.
    Help,
    /// While a filter is typed.
    Filter,
    /// While a recording is looked for.
    Find,
    /// The contact sheet.
    Sheet,
    /// While something else is typed: a name, tags, a command.
    Prompt,
    /// While a picture fills the screen.
    Picture,
}

impl KeyScope {
    /// True if text is typed there, of which letters are a part.
    #[must_use]
    pub fn is_typed(self) -> bool {
        matches!(self, Self::Filter | Self::Find | Self::Prompt)
    }
}

/// Keys, and what they mean unless somebody chose otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Any of these; a sequence is written with blanks (`g g`).
    pub keys: &'static [&'static str],
    /// The action.
    pub action: Action,
    /// The scope that it holds in.
    pub scope: KeyScope,
    /// The explanation in the help, where the action's own does not fit.
    pub help: Option<&'static str>,
    /// The hint in the status line, and how early it is left out when room is short (0: last).
    pub hint: Option<(&'static str, u8)>,
}
