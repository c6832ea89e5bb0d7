//! The one table of keys: it drives what keys do, the hints in the status line and the help.

mod spelling;

use super::action::Action;
pub use spelling::{is_spelled, name, shown};

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// On all tabs, in lists and details.
    Anywhere,
    /// While a list has the focus.
    List,
    /// While the detail pane has it.
    Detail,
    /// In the live list and its detail.
    Live,
    /// In the list of recordings and its detail.
    Recordings,
    /// On the tab of differences.
    Diff,
    /// On the tab of what can go.
    Prune,
    /// On the tab of messages.
    Log,
    /// In a menu.
    Menu,
    /// In a question.
    Question,
    /// Asked whether to quit while calls are under way.
    Leaving,
    /// While it is chosen what recordings answer.
    Retag,
    /// While an edit waits to be stored.
    Draft,
    /// In the list of what waits for review.
    Reviews,
    /// In the list of what was deleted.
    Trash,
    /// In the help.
    Help,
    /// While a filter is typed.
    Filter,
    /// While a recording is looked for.
    Find,
    /// On the contact sheet.
    Sheet,
    /// While something else is typed: a name, tags, a command.
    Prompt,
    /// While a picture fills the screen.
    Picture,
}

/// Keys, and what they mean unless somebody chose otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Any of these; a sequence is written with blanks (`g g`).
    pub keys: &'static [&'static str],
    /// What they ask for.
    pub action: Action,
    /// Where.
    pub scope: Scope,
    /// What the help says here, where the action's own words do not fit.
    pub help: Option<&'static str>,
    /// What the status line says, and how early it is left out when room is short (0: last).
    pub hint: Option<(&'static str, u8)>,
}

/// A binding in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Any of these.
    pub keys: Vec<String>,
    /// What they ask for.
    pub action: Action,
    /// Where.
    pub scope: Scope,
    /// What the help says.
    pub help: &'static str,
    /// What the status line says, and how early it is left out.
    pub hint: Option<(&'static str, u8)>,
}

/// All bindings in force, in the order of the help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap(Vec<Bound>);

/// Other keys for an action, wherever it has some; an action that has none gets them everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remap {
    /// What they ask for.
    pub action: Action,
    /// The keys, as the table spells them; none takes the action's keys away.
    pub keys: Vec<String>,
}

/// A key with two meanings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key `{key}` means both {} and {}", .one.name(), .other.name())]
pub struct Conflict {
    /// The key, or the sequence.
    pub key: String,
    /// One meaning.
    pub one: Action,
    /// The other.
    pub other: Action,
}

/// What some keys mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// This.
    Action(Action),
    /// The beginning of a sequence.
    Beginning,
    /// Nothing.
    Nothing,
}

const fn bind(scope: Scope, keys: &'static [&'static str], action: Action) -> Binding {
    Binding { keys, action, scope, help: None, hint: None }
}

const fn hinted(binding: Binding, hint: &'static str, order: u8) -> Binding {
    Binding { hint: Some((hint, order)), ..binding }
}

const fn said(binding: Binding, help: &'static str) -> Binding {
    Binding { help: Some(help), ..binding }
}

/// The bindings that hold unless somebody chose otherwise.
pub const BINDINGS: &[Binding] = {
    use Action as A;
    use Scope as S;
    &[
        bind(S::Anywhere, &["j", "down"], A::Down),
        bind(S::Anywhere, &["k", "up"], A::Up),
        bind(S::Anywhere, &["g g", "home"], A::First),
        bind(S::Anywhere, &["G", "end"], A::Last),
        bind(S::Anywhere, &["ctrl-d"], A::HalfDown),
        bind(S::Anywhere, &["ctrl-u"], A::HalfUp),
        bind(S::Anywhere, &["ctrl-f", "pagedown"], A::PageDown),
        bind(S::Anywhere, &["ctrl-b", "pageup"], A::PageUp),
        bind(S::Anywhere, &["H"], A::ScrollLeft),
        bind(S::Anywhere, &["L"], A::ScrollRight),
        bind(S::Anywhere, &["1"], A::LiveTab),
        bind(S::Anywhere, &["2"], A::RecordingsTab),
        bind(S::Anywhere, &["3"], A::DiffTab),
        bind(S::Anywhere, &["4"], A::PruneTab),
        bind(S::Anywhere, &["5"], A::LogTab),
        bind(S::Anywhere, &["tab", "backtab"], A::OtherPane),
        bind(S::Anywhere, &["h", "left"], A::ListPane),
        bind(S::Anywhere, &["l", "right"], A::DetailPane),
        hinted(bind(S::List, &["enter"], A::Open), "detail", 1),
        said(
            bind(S::List, &["esc"], A::Back),
            "close an error, take marks away, clear the filter; never quits",
        ),
        hinted(said(bind(S::Detail, &["esc"], A::Back), "back to the list"), "back", 1),
        said(bind(S::Detail, &["enter"], A::Open), "from a call to its recording"),
        hinted(bind(S::Detail, &["]"], A::NextPage), "sub-tab", 2),
        hinted(said(bind(S::Detail, &["/"], A::Filter), "look for words in it"), "look for", 3),
        said(bind(S::Detail, &["n"], A::NextChange), "next place that was found"),
        said(bind(S::Detail, &["N"], A::PreviousChange), "previous place that was found"),
        hinted(bind(S::Detail, &["b"], A::BodyView), "raw, hex", 5),
        bind(S::Detail, &["B"], A::LoadAll),
        bind(S::Detail, &["w"], A::Wrap),
        bind(S::Anywhere, &["]"], A::NextPage),
        bind(S::Anywhere, &["["], A::PreviousPage),
        bind(S::Anywhere, &["ctrl-o"], A::JumpBack),
        hinted(bind(S::Anywhere, &["/"], A::Filter), "filter", 2),
        bind(S::Anywhere, &["\\"], A::ToggleFilter),
        hinted(bind(S::Anywhere, &["f"], A::Find), "find", 6),
        hinted(bind(S::Live, &["F"], A::Follow), "follow", 4),
        hinted(bind(S::Live, &["g d"], A::Jump), "recording", 7),
        hinted(bind(S::Live, &["a"], A::Fix), "fix", 3),
        bind(S::Live, &["R"], A::RecordNow),
        bind(S::Live, &["K"], A::Keep),
        bind(S::Live, &["t"], A::Retag),
        hinted(bind(S::Live, &["M"], A::Causes), "causes", 6),
        bind(S::Live, &["p"], A::Pause),
        bind(S::Live, &["C"], A::Clear),
        bind(S::Recordings, &["g d"], A::Jump),
        bind(S::Recordings, &["space"], A::Mark),
        bind(S::Recordings, &["v"], A::Range),
        bind(S::Recordings, &["a"], A::MarkAll),
        bind(S::Recordings, &["A"], A::MarkNone),
        bind(S::Recordings, &["V"], A::MarkOthers),
        hinted(bind(S::Recordings, &["d"], A::Delete), "delete", 4),
        bind(S::Recordings, &["I"], A::Sheet),
        hinted(bind(S::Recordings, &["s"], A::Sort), "sort", 8),
        bind(S::Recordings, &["S"], A::Reverse),
        bind(S::Recordings, &["T"], A::Tags),
        bind(S::Recordings, &["N"], A::Rename),
        bind(S::Recordings, &["P"], A::Protect),
        bind(S::Recordings, &["D"], A::Derive),
        hinted(bind(S::Recordings, &["t"], A::Retag), "match", 5),
        bind(S::Recordings, &["e"], A::Edit),
        bind(S::Recordings, &["R"], A::Rerecord),
        hinted(said(bind(S::Prune, &["space"], A::Mark), "spare the recording, or no longer"), "spare", 2),
        hinted(
            said(bind(S::Prune, &["d"], A::Delete), "remove what the plan shows, after asking"),
            "remove",
            2,
        ),
        hinted(bind(S::Prune, &["p"], A::Presets), "queries", 3),
        hinted(said(bind(S::Log, &["F"], A::Last), "to the newest message"), "newest", 4),
        hinted(said(bind(S::Diff, &["esc"], A::Back), "back to where it began"), "back", 1),
        hinted(bind(S::Diff, &["]"], A::NextPage), "sub-tab", 2),
        hinted(bind(S::Diff, &["n"], A::NextChange), "next change", 2),
        bind(S::Diff, &["N"], A::PreviousChange),
        hinted(bind(S::Diff, &["X"], A::Swap), "swap", 4),
        hinted(bind(S::Diff, &["s"], A::Split), "side by side", 3),
        hinted(bind(S::Diff, &["M"], A::DifferenceMap), "map", 5),
        hinted(bind(S::Anywhere, &["c"], A::Compare), "compare", 6),
        hinted(bind(S::Anywhere, &["y"], A::Copy), "copy", 6),
        bind(S::Anywhere, &["o"], A::Outside),
        bind(S::Anywhere, &["r"], A::Fire),
        hinted(bind(S::Anywhere, &["u"], A::Undo), "undo", 5),
        bind(S::Anywhere, &["ctrl-r"], A::Redo),
        hinted(bind(S::Anywhere, &["x"], A::Menu), "actions", 6),
        hinted(bind(S::Anywhere, &["i"], A::Picture), "image", 7),
        bind(S::Anywhere, &["."], A::NextPicture),
        bind(S::Anywhere, &[","], A::PreviousPicture),
        hinted(bind(S::Anywhere, &["m"], A::Mode), "mode", 3),
        hinted(bind(S::Anywhere, &["+", "_"], A::Zoom), "zoom", 8),
        bind(S::Anywhere, &["ctrl-l"], A::Redraw),
        bind(S::Anywhere, &["ctrl-z"], A::Suspend),
        hinted(bind(S::Anywhere, &[":"], A::Palette), "command", 5),
        hinted(bind(S::Anywhere, &["?"], A::Help), "help", 0),
        hinted(bind(S::Anywhere, &["q", "ctrl-c"], A::Quit), "quit", 0),
        bind(S::Retag, &["j", "down"], A::Down),
        bind(S::Retag, &["k", "up"], A::Up),
        hinted(said(bind(S::Retag, &["space"], A::Mark), "leave the field out, or take it in"), "field", 0),
        hinted(said(bind(S::Retag, &["enter"], A::Open), "give them what is chosen"), "retag", 0),
        hinted(
            said(bind(S::Retag, &["esc", "q", "ctrl-c"], A::Back), "leave it as it is"),
            "leave as it is",
            0,
        ),
        bind(S::Draft, &["j", "down"], A::Down),
        bind(S::Draft, &["k", "up"], A::Up),
        bind(S::Draft, &["ctrl-d", "ctrl-f", "pagedown"], A::PageDown),
        bind(S::Draft, &["ctrl-u", "ctrl-b", "pageup"], A::PageUp),
        hinted(said(bind(S::Draft, &["x"], A::Confirm), "store the edit"), "store", 0),
        hinted(said(bind(S::Draft, &["e"], A::Edit), "back into the editor"), "editor", 0),
        hinted(said(bind(S::Draft, &["esc", "q", "ctrl-c"], A::Back), "put the edit aside"), "put aside", 0),
        bind(S::Reviews, &["j", "down"], A::Down),
        bind(S::Reviews, &["k", "up"], A::Up),
        hinted(bind(S::Reviews, &["a"], A::Accept), "accept", 1),
        hinted(bind(S::Reviews, &["b"], A::KeepBoth), "keep both", 2),
        hinted(bind(S::Reviews, &["r"], A::Reject), "reject", 3),
        hinted(bind(S::Reviews, &["space"], A::Mark), "mark", 4),
        hinted(said(bind(S::Reviews, &["V"], A::MarkAll), "mark all"), "all", 5),
        bind(S::Reviews, &["A"], A::MarkNone),
        hinted(bind(S::Reviews, &["c"], A::Compare), "compare", 6),
        hinted(bind(S::Reviews, &["u"], A::Undo), "undo", 7),
        bind(S::Reviews, &["ctrl-r"], A::Redo),
        hinted(said(bind(S::Reviews, &["esc", "q", "ctrl-c"], A::Back), "close the list"), "close", 0),
        bind(S::Trash, &["j", "down"], A::Down),
        bind(S::Trash, &["k", "up"], A::Up),
        hinted(bind(S::Trash, &["r"], A::Restore), "restore", 1),
        hinted(bind(S::Trash, &["space"], A::Mark), "mark", 2),
        hinted(said(bind(S::Trash, &["a"], A::MarkAll), "mark all"), "all", 3),
        bind(S::Trash, &["A"], A::MarkNone),
        hinted(bind(S::Trash, &["c"], A::Compact), "compact", 4),
        hinted(bind(S::Trash, &["u"], A::Undo), "undo", 5),
        bind(S::Trash, &["ctrl-r"], A::Redo),
        hinted(said(bind(S::Trash, &["esc", "q", "ctrl-c"], A::Back), "close the list"), "close", 0),
        bind(S::Menu, &["j", "down"], A::Down),
        bind(S::Menu, &["k", "up"], A::Up),
        hinted(said(bind(S::Menu, &["enter"], A::Open), "choose"), "choose", 0),
        hinted(
            said(bind(S::Menu, &["esc", "q", "ctrl-c"], A::Back), "leave it as it is"),
            "leave as it is",
            0,
        ),
        hinted(bind(S::Question, &["x"], A::Confirm), "do it", 0),
        hinted(
            said(bind(S::Question, &["esc", "n", "q", "ctrl-c"], A::Back), "no, keep everything"),
            "keep",
            0,
        ),
        hinted(said(bind(S::Leaving, &["q", "x", "ctrl-c"], A::Confirm), "quit at once"), "quit at once", 0),
        hinted(said(bind(S::Leaving, &["esc", "n"], A::Back), "stay"), "stay", 0),
        hinted(bind(S::Help, &["j", "down"], A::Down), "down", 1),
        hinted(bind(S::Help, &["k", "up"], A::Up), "up", 1),
        bind(S::Help, &["ctrl-d", "ctrl-f", "pagedown"], A::PageDown),
        bind(S::Help, &["ctrl-u", "ctrl-b", "pageup"], A::PageUp),
        hinted(said(bind(S::Help, &["/"], A::Filter), "look for a key"), "look for", 2),
        bind(S::Help, &["g g", "home"], A::First),
        bind(S::Help, &["G", "end"], A::Last),
        hinted(
            said(bind(S::Help, &["esc", "?", "q", "enter", "ctrl-c"], A::Back), "close the help"),
            "close",
            0,
        ),
        hinted(
            said(bind(S::Filter, &["enter", "esc"], A::Back), "keep the filter (Esc again clears it)"),
            "keep",
            0,
        ),
        bind(S::Filter, &["ctrl-c"], A::Quit),
        hinted(bind(S::Filter, &["tab"], A::Complete), "complete", 1),
        bind(S::Filter, &["backtab"], A::CompleteBack),
        hinted(bind(S::Filter, &["up"], A::Earlier), "history", 2),
        bind(S::Filter, &["down"], A::Later),
        bind(S::Filter, &["ctrl-j", "pagedown"], A::Down),
        bind(S::Filter, &["ctrl-k", "pageup"], A::Up),
        hinted(said(bind(S::Find, &["enter"], A::Open), "go there"), "go there", 0),
        hinted(bind(S::Find, &["tab"], A::Mark), "mark", 1),
        hinted(bind(S::Find, &["ctrl-r"], A::Earlier), "history", 2),
        bind(S::Find, &["down", "ctrl-j", "ctrl-n"], A::Down),
        said(
            bind(S::Find, &["up", "ctrl-k", "ctrl-p"], A::Up),
            "one row up; from the first one to what was typed before",
        ),
        bind(S::Find, &["pagedown"], A::PageDown),
        bind(S::Find, &["pageup"], A::PageUp),
        hinted(said(bind(S::Find, &["esc", "ctrl-c"], A::Back), "close it"), "close", 0),
        bind(S::Sheet, &["h", "left"], A::Left),
        bind(S::Sheet, &["l", "right"], A::Right),
        bind(S::Sheet, &["j", "down"], A::Down),
        bind(S::Sheet, &["k", "up"], A::Up),
        bind(S::Sheet, &["ctrl-d", "ctrl-f", "pagedown"], A::PageDown),
        bind(S::Sheet, &["ctrl-u", "ctrl-b", "pageup"], A::PageUp),
        bind(S::Sheet, &["g g", "home"], A::First),
        bind(S::Sheet, &["G", "end"], A::Last),
        hinted(
            said(bind(S::Sheet, &["space"], A::Mark), "mark the stack, or take its marks away"),
            "mark",
            1,
        ),
        hinted(said(bind(S::Sheet, &["a"], A::MarkAll), "mark all of them"), "all", 3),
        bind(S::Sheet, &["A"], A::MarkNone),
        hinted(bind(S::Sheet, &["d"], A::Delete), "delete", 4),
        hinted(said(bind(S::Sheet, &["enter"], A::Open), "look into it"), "open", 0),
        hinted(said(bind(S::Sheet, &["esc", "q", "I", "ctrl-c"], A::Back), "back to the list"), "list", 0),
        hinted(said(bind(S::Prompt, &["enter"], A::Open), "take it"), "take it", 0),
        hinted(said(bind(S::Prompt, &["esc", "ctrl-c"], A::Back), "leave it as it is"), "leave as it is", 0),
        bind(S::Prompt, &["down", "ctrl-j"], A::Down),
        bind(S::Prompt, &["up", "ctrl-k"], A::Up),
        hinted(bind(S::Picture, &["."], A::NextPicture), "next", 0),
        hinted(bind(S::Picture, &[","], A::PreviousPicture), "previous", 0),
        hinted(
            said(bind(S::Picture, &["esc", "q", "i", "enter", "ctrl-c"], A::Back), "close the picture"),
            "close",
            0,
        ),
    ]
};

impl Default for Keymap {
    fn default() -> Self {
        let bound = |binding: &Binding| Bound {
            keys: binding.keys.iter().map(|key| (*key).to_owned()).collect(),
            action: binding.action,
            scope: binding.scope,
            help: binding.help.unwrap_or(binding.action.help()),
            hint: binding.hint,
        };
        Self(BINDINGS.iter().map(bound).collect())
    }
}

impl Keymap {
    /// The bindings in force.
    pub fn bindings(&self) -> impl Iterator<Item = &Bound> {
        self.0.iter()
    }

    /// The same with other keys. A key that an action loses by that is free for others.
    ///
    /// # Errors
    /// When a key would have two meanings in one place.
    pub fn with(mut self, remaps: &[Remap]) -> Result<Self, Conflict> {
        for remap in remaps {
            let mut known = false;
            for bound in self.0.iter_mut().filter(|bound| bound.action == remap.action) {
                bound.keys.clone_from(&remap.keys);
                known = true;
            }
            if !known {
                self.0.push(Bound {
                    keys: remap.keys.clone(),
                    action: remap.action,
                    scope: Scope::Anywhere,
                    help: remap.action.help(),
                    hint: None,
                });
            }
        }
        self.conflict().map_or(Ok(self), Err)
    }

    /// A key that means two things in one place.
    fn conflict(&self) -> Option<Conflict> {
        for (at, bound) in self.0.iter().enumerate() {
            for other in self.0[at + 1..].iter().filter(|other| other.scope == bound.scope) {
                if let Some(key) = bound.keys.iter().find(|key| other.keys.contains(key)) {
                    return Some(Conflict { key: key.clone(), one: bound.action, other: other.action });
                }
            }
        }
        None
    }

    /// The first key of an action, as people read it; of several places the first one.
    #[must_use]
    pub fn key_of(&self, action: Action) -> Option<String> {
        let bound = self.0.iter().find(|bound| bound.action == action && !bound.keys.is_empty())?;
        Some(shown(&bound.keys[0]))
    }

    /// What the keys typed so far mean where these scopes hold; an earlier scope wins.
    #[must_use]
    pub fn meaning(&self, scopes: &[Scope], typed: &str) -> Meaning {
        let within = |scope: &Scope| {
            let scope = *scope;
            self.0.iter().filter(move |bound| bound.scope == scope)
        };
        let found = scopes.iter().flat_map(within).find(|bound| bound.keys.iter().any(|key| key == typed));
        if let Some(bound) = found {
            return Meaning::Action(bound.action);
        }
        let begins = |keys: &String| keys.strip_prefix(typed).is_some_and(|rest| rest.starts_with(' '));
        if scopes.iter().flat_map(within).any(|bound| bound.keys.iter().any(begins)) {
            return Meaning::Beginning;
        }
        Meaning::Nothing
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;

    #[test]
    fn no_two_bindings_of_a_scope_share_a_key() {
        assert_eq!(Keymap::default().conflict(), None);
    }

    #[test]
    fn other_keys_replace_those_of_the_table() {
        let remap =
            |action, keys: &[&str]| Remap { action, keys: keys.iter().map(|k| (*k).into()).collect() };
        let keymap = Keymap::default().with(&[remap(Action::Undo, &["z"]), remap(Action::Purge, &["g c"])]);
        let keymap = keymap.unwrap();
        assert_eq!(keymap.meaning(&[Scope::Anywhere], "z"), Meaning::Action(Action::Undo));
        assert_eq!(keymap.meaning(&[Scope::Anywhere], "u"), Meaning::Nothing);
        assert_eq!(keymap.meaning(&[Scope::Anywhere], "g c"), Meaning::Action(Action::Purge));
        assert_eq!(keymap.key_of(Action::Undo).as_deref(), Some("z"));
        let conflict = Keymap::default().with(&[remap(Action::Undo, &["q"])]).unwrap_err();
        assert_eq!(conflict.to_string(), "the key `q` means both undo and quit");
    }

    #[test]
    fn sequences_begin_and_end() {
        let (scopes, keymap) = ([Scope::Live, Scope::Anywhere], Keymap::default());
        assert_eq!(keymap.meaning(&scopes, "g"), Meaning::Beginning);
        assert_eq!(keymap.meaning(&scopes, "g g"), Meaning::Action(Action::First));
        assert_eq!(keymap.meaning(&scopes, "g d"), Meaning::Action(Action::Jump));
        assert_eq!(keymap.meaning(&scopes, "g x"), Meaning::Nothing);
        assert_eq!(name(KeyEvent::new(KeyCode::Char('d'), KeyModifiers::CONTROL)), "ctrl-d");
        assert_eq!(name(KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT)), "G");
        assert_eq!(shown("g g"), "gg");
    }
}
