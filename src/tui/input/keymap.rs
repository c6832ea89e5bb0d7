//! The one table of keys: it drives what keys do, the hints in the status line and the help.

use super::action::Action;
use super::binding::{Binding, KeyScope};
use super::spelling::{self, shown};
use super::table::BINDINGS;

/// A binding in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundKeys {
    /// Any of these.
    pub keys: Vec<String>,
    /// The action.
    pub action: Action,
    /// The scope that it holds in.
    pub scope: KeyScope,
    /// The explanation in the help.
    pub help: &'static str,
    /// The hint in the status line, and how early it is left out.
    pub hint: Option<(&'static str, u8)>,
}

/// All bindings in force, in the order of the help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap(Vec<BoundKeys>);

/// A key with two meanings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key `{key}` means both {} and {}", .one.name(), .other.name())]
pub struct KeyConflict {
    /// The key, or the sequence.
    pub key: String,
    /// One meaning.
    pub one: Action,
    /// The other.
    pub other: Action,
}

/// The meaning of some keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyMeaning {
    /// An action.
    Action(Action),
    /// The beginning of a sequence.
    Beginning,
    /// A key that means nothing.
    Nothing,
}

impl Default for Keymap {
    fn default() -> Self {
        let bound = |binding: &Binding| BoundKeys {
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
    pub fn bindings(&self) -> impl Iterator<Item = &BoundKeys> {
        self.0.iter()
    }

    /// This keymap with other keys for actions, wherever they have some; an action that has none gets them everywhere,
    /// and no key takes its keys away. A key that an action loses by that is free for others.
    ///
    /// # Errors
    /// When a key would have two meanings in one place.
    pub fn with(mut self, remaps: &[(Action, Vec<String>)]) -> Result<Self, KeyConflict> {
        for (action, keys) in remaps {
            let mut known = false;
            for bound in self.0.iter_mut().filter(|bound| bound.action == *action) {
                known = true;
                let typed = |key: &&String| bound.scope.is_typed() && spelling::is_text(key);
                let free: Vec<String> = keys.iter().filter(|key| !typed(key)).cloned().collect();
                // Where text is typed, letters stay letters; without any other key, those of the table stay.
                if !free.is_empty() || keys.is_empty() {
                    bound.keys = free;
                }
            }
            if !known {
                self.0.push(BoundKeys {
                    keys: keys.clone(),
                    action: *action,
                    scope: KeyScope::Anywhere,
                    help: action.help(),
                    hint: None,
                });
            }
        }
        self.conflict().map_or(Ok(self), Err)
    }

    /// A key that means two things in one place.
    fn conflict(&self) -> Option<KeyConflict> {
        for (at, bound) in self.0.iter().enumerate() {
            for other in self.0[at + 1..].iter().filter(|other| other.scope == bound.scope) {
                if let Some(key) = bound.keys.iter().find(|key| other.keys.contains(key)) {
                    return Some(KeyConflict { key: key.clone(), one: bound.action, other: other.action });
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

    /// The first key of an action in this place, as people read it.
    #[must_use]
    pub fn key_in(&self, scope: KeyScope, action: Action) -> Option<String> {
        let here = self.0.iter().filter(|bound| bound.scope == scope && bound.action == action);
        here.flat_map(|bound| &bound.keys).next().map(|key| shown(key))
    }

    /// The key to show in a hint: bound in this scope, else globally, else `:command`.
    #[must_use]
    pub fn hint(&self, scope: KeyScope, action: Action) -> String {
        let key = self.key_in(scope, action).or_else(|| self.key_in(KeyScope::Anywhere, action));
        key.unwrap_or_else(|| format!(":{}", action.name()))
    }

    /// The meaning of the keys typed so far where these scopes hold; an earlier scope wins.
    #[must_use]
    pub fn meaning(&self, scopes: &[KeyScope], typed: &str) -> KeyMeaning {
        let within = |scope: &KeyScope| {
            let scope = *scope;
            self.0.iter().filter(move |bound| bound.scope == scope)
        };
        let found = scopes.iter().flat_map(within).find(|bound| bound.keys.iter().any(|key| key == typed));
        if let Some(bound) = found {
            return KeyMeaning::Action(bound.action);
        }
        let begins = |keys: &String| keys.strip_prefix(typed).is_some_and(|rest| rest.starts_with(' '));
        if scopes.iter().flat_map(within).any(|bound| bound.keys.iter().any(begins)) {
            return KeyMeaning::Beginning;
        }
        KeyMeaning::Nothing
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
        let remap = |action, keys: &[&str]| (action, keys.iter().map(|key| (*key).to_owned()).collect());
        let keymap = Keymap::default().with(&[remap(Action::Undo, &["z"]), remap(Action::Purge, &["g c"])]);
        let keymap = keymap.unwrap();
        assert_eq!(keymap.meaning(&[KeyScope::Anywhere], "z"), KeyMeaning::Action(Action::Undo));
        assert_eq!(keymap.meaning(&[KeyScope::Anywhere], "u"), KeyMeaning::Nothing);
        assert_eq!(keymap.meaning(&[KeyScope::Anywhere], "g c"), KeyMeaning::Action(Action::Purge));
        assert_eq!(keymap.key_of(Action::Undo).as_deref(), Some("z"));
        let conflict = Keymap::default().with(&[remap(Action::Undo, &["q"])]).unwrap_err();
        assert_eq!(conflict.to_string(), "the key `q` means both undo and quit");
    }

    #[test]
    fn sequences_begin_and_end() {
        let (scopes, keymap) = ([KeyScope::Live, KeyScope::Anywhere], Keymap::default());
        assert_eq!(keymap.meaning(&scopes, "g"), KeyMeaning::Beginning);
        assert_eq!(keymap.meaning(&scopes, "g g"), KeyMeaning::Action(Action::First));
        assert_eq!(keymap.meaning(&scopes, "g d"), KeyMeaning::Action(Action::Jump));
        assert_eq!(keymap.meaning(&scopes, "g x"), KeyMeaning::Nothing);
        assert_eq!(spelling::name(KeyEvent::new(KeyCode::Char('d'), KeyModifiers::CONTROL)), "ctrl-d");
        assert_eq!(spelling::name(KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT)), "G");
        assert_eq!(shown("g g"), "gg");
    }
}
