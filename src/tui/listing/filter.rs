//! The filter of a list: what is typed, the query in force, completions, and what was typed before.

use std::collections::HashMap;
use std::sync::Arc;

use tui_input::Input;

use super::input_history::InputHistory;
use crate::query::{Completion, Key, Query, QueryError, QueryKind, complete};

/// A query that rows must match, or a text that they must contain. While one is typed that is wrong, the one from before is
/// in force: the last right one on the way there is mostly a shorter text, which asks for something else. Only a right one
/// is kept, because what is kept decides on what verbs act.
#[derive(Clone, Debug)]
pub struct Filter {
    kind: QueryKind,
    /// True for a text that is no query.
    plain: bool,
    /// The text, kept while it is off.
    text: String,
    off: bool,
    /// While it is being typed.
    pub input: Option<Input>,
    /// The query in force while it is on, and how it was written.
    right: (String, Arc<Query>),
    /// The filter that was in force before somebody began to type.
    before: (String, Arc<Query>),
    /// The error in the text that is being typed.
    error: Option<QueryError>,
    past: InputHistory,
    /// Completions of the word at the cursor.
    pub choices: Completions,
}

/// The values behind a key; `None` while they are not known.
type KeyValues<'a> = dyn Fn(Key) -> Option<Vec<String>> + 'a;

/// Completions of the word at the cursor.
#[derive(Clone, Debug, Default)]
pub struct Completions {
    /// The ways, the best first.
    pub ways: Vec<Completion>,
    /// The completion that was taken last, to be replaced by the next.
    pub at: Option<usize>,
    /// The text that they complete.
    base: String,
    /// Values by key, asked for once while a filter is typed.
    values: HashMap<Key, Vec<String>>,
}

impl Default for Filter {
    fn default() -> Self {
        Self::of(QueryKind::Recordings)
    }
}

impl Filter {
    /// An empty one.
    #[must_use]
    pub fn of(kind: QueryKind) -> Self {
        Self {
            kind,
            plain: false,
            text: String::new(),
            off: false,
            input: None,
            right: (String::new(), Arc::new(Query::all(kind))),
            before: (String::new(), Arc::new(Query::all(kind))),
            error: None,
            past: InputHistory::default(),
            choices: Completions::default(),
        }
    }

    /// An empty one for rows that only have to contain its text.
    #[must_use]
    pub fn plain() -> Self {
        Self { plain: true, ..Self::default() }
    }

    /// The kind of rows that it filters.
    #[must_use]
    pub fn kind(&self) -> QueryKind {
        self.kind
    }

    /// The text in force; empty when there is none.
    #[must_use]
    pub fn text(&self) -> &str {
        if self.is_off() { "" } else { &self.right.0 }
    }

    /// The text that is kept, in force or not.
    #[must_use]
    pub fn saved(&self) -> &str {
        &self.text
    }

    /// The query in force.
    #[must_use]
    pub fn query(&self) -> Arc<Query> {
        if self.is_off() { Arc::new(Query::all(self.kind)) } else { Arc::clone(&self.right.1) }
    }

    /// Tells whether a row contains the text in force, in whatever case.
    pub fn test(&self) -> impl Fn(&str) -> bool + use<> {
        let needle = self.text().to_lowercase();
        move |row| needle.is_empty() || row.to_lowercase().contains(&needle)
    }

    /// The error in the text that is being typed.
    #[must_use]
    pub fn error(&self) -> Option<&QueryError> {
        self.error.as_ref()
    }

    fn is_off(&self) -> bool {
        self.input.is_none() && self.off
    }

    /// Begins to type, with the text as it is.
    pub fn edit(&mut self) {
        self.begin(self.text.clone());
        self.past.forget_place();
        self.choices = Completions::default();
        self.read();
    }

    /// Ends typing and keeps the text. A wrong one is given back instead, and the filter is as it was before.
    pub fn keep(&mut self) -> Option<String> {
        let input = self.input.take()?;
        self.choices = Completions::default();
        if self.error.is_some() {
            self.read();
            return Some(input.value().to_owned());
        }
        input.value().clone_into(&mut self.text);
        self.off = false;
        self.past.remember(&self.text);
        None
    }

    fn begin(&mut self, text: String) {
        self.before = (self.text().to_owned(), self.query());
        self.input = Some(Input::new(text));
    }

    /// Takes a text as if it had been typed.
    pub fn set(&mut self, text: String) {
        self.begin(text);
        self.read();
        // Whether it could be understood is shown beside it.
        _ = self.keep();
    }

    /// Turns it off or on.
    pub fn toggle(&mut self) {
        self.off = !self.off && !self.text.is_empty();
    }

    /// Forgets it, but not what was typed before.
    pub fn clear(&mut self) {
        *self = Self { plain: self.plain, past: std::mem::take(&mut self.past), ..Self::of(self.kind) };
    }

    /// Changes what is typed; `values` knows what stands behind a key in the rows there are, or will let it be known.
    pub fn change(&mut self, change: impl FnOnce(&mut Input), values: &KeyValues<'_>) {
        let Some(input) = &mut self.input else { return };
        let before = (input.value().to_owned(), input.cursor());
        change(input);
        if (input.value(), input.cursor()) == (before.0.as_str(), before.1) {
            return;
        }
        self.past.forget_place();
        self.read();
        self.choose(values, false);
    }

    /// Puts in how the word at the cursor could go on; asked again, the next way.
    pub fn complete(&mut self, forward: bool, values: &KeyValues<'_>) {
        if self.choices.ways.is_empty() {
            self.choose(values, true);
        }
        let count = self.choices.ways.len();
        if count == 0 {
            return;
        }
        let at = match (self.choices.at, forward) {
            (None, true) => 0,
            (None, false) => count - 1,
            (Some(at), true) => (at + 1) % count,
            (Some(at), false) => (at + count - 1) % count,
        };
        self.choices.at = Some(at);
        let Completion { replace, text, .. } = &self.choices.ways[at];
        let base = &self.choices.base;
        let (Some(head), Some(tail)) = (base.get(..replace.start), base.get(replace.end..)) else { return };
        let cursor = head.chars().count() + text.chars().count();
        self.input = Some(Input::new(format!("{head}{text}{tail}")).with_cursor(cursor));
        self.read();
        if count == 1 {
            // There is nothing to choose: go on with what stands there now.
            self.choose(values, true);
        }
    }

    /// Takes the values behind a key that were asked for.
    pub fn learn(&mut self, key: Key, values: Vec<String>) {
        if self.input.is_some() {
            self.choices.values.insert(key, values);
            if self.choices.at.is_none() {
                self.choose(&|_| None, false);
            }
        }
    }

    /// A line that was typed before, or a later one.
    pub fn recall(&mut self, earlier: bool) {
        let Some(input) = &self.input else { return };
        let line = if earlier { self.past.earlier(input.value()) } else { self.past.later() };
        if let Some(line) = line {
            self.input = Some(Input::new(line));
            self.choices.ways.clear();
            self.choices.at = None;
            self.read();
        }
    }

    /// Reads the text as it stands; a wrong one brings the one from before back into force.
    fn read(&mut self) {
        let text = self.input.as_ref().map_or(self.text.as_str(), Input::value);
        let query = if self.plain { Ok(Query::all(self.kind)) } else { Query::parse(text, self.kind) };
        match query {
            Ok(query) => {
                self.right = (text.to_owned(), Arc::new(query));
                self.error = None;
            }
            Err(error) => {
                self.right = self.before.clone();
                self.error = Some(error);
            }
        }
    }

    /// Finds how the word at the cursor could go on; where nothing of it is typed, only if asked for.
    fn choose(&mut self, values: &KeyValues<'_>, explicit: bool) {
        let Some(input) = self.input.as_ref().filter(|_| !self.plain) else { return };
        let Completions { ways, at, base, values: cache } = &mut self.choices;
        input.value().clone_into(base);
        let cursor = base.char_indices().nth(input.cursor()).map_or(base.len(), |(at, _)| at);
        let cache = std::cell::RefCell::new(cache);
        let values = |key| {
            let cached = cache.borrow().get(&key).cloned();
            let learned = || values(key).inspect(|values| _ = cache.borrow_mut().insert(key, values.clone()));
            cached.or_else(learned).unwrap_or_default()
        };
        *at = None;
        *ways = complete(base, cursor, self.kind, &values);
        let typed = |way: &Completion| base.get(way.replace.start..cursor).unwrap_or_default();
        // A value is worth a list before its first letter, a key is not: nobody wants one over every blank.
        let begun = base[..cursor].ends_with([':', ',']);
        ways.retain(|way| way.text != typed(way) && (explicit || begun || !typed(way).is_empty()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: Key) -> Option<Vec<String>> {
        None
    }

    fn typed(text: &str) -> Filter {
        let mut filter = Filter::default();
        filter.edit();
        filter.change(|input| *input = Input::new(text.into()), &|key| match key {
            Key::Model => Some(vec!["gpt-5".into(), "gpt image".into()]),
            _ => None,
        });
        filter
    }

    fn value(filter: &Filter) -> &str {
        filter.input.as_ref().unwrap().value()
    }

    #[test]
    fn while_one_is_wrong_the_one_from_before_is_in_force() {
        let mut filter = typed("tag:ci");
        filter.change(|input| *input = Input::new("tag:ci OR".into()), &none);
        assert_eq!((filter.text(), filter.query().is_empty()), ("", true), "nothing was entered before");
        assert!(filter.error().is_some());
        let mut other = Filter::default();
        other.set("hat".into());
        other.edit();
        for (text, in_force) in [
            ("a", "a"),
            ("age", "age"),
            ("age:", "hat"),
            ("age:30", "hat"),
            ("age:30d", "age:30d"),
            ("age:30", "hat"),
        ] {
            other.change(|input| *input = Input::new(text.into()), &none);
            assert_eq!((other.text(), &*other.query().to_string()), (in_force, in_force), "{text}");
        }
        let mut off = Filter::default();
        off.set("hat".into());
        off.toggle();
        off.edit();
        assert_eq!(off.text(), "hat", "it is tried out");
        off.change(|input| *input = Input::new("hat OR".into()), &none);
        assert_eq!((off.text(), off.query().is_empty()), ("", true), "it was off");
        assert_eq!(filter.keep().as_deref(), Some("tag:ci OR"));
        assert_eq!((filter.saved(), filter.text()), ("", ""), "as before it was typed");
        assert!(filter.error().is_none());
        filter.set("tag:ci".into());
        filter.set("age:30".into());
        assert_eq!((filter.saved(), filter.text()), ("tag:ci", "tag:ci"), "not the text `age`");
        filter.toggle();
        assert!(filter.error().is_none() && filter.query().is_empty());
        filter.toggle();
        assert_eq!(filter.text(), "tag:ci");
        filter.clear();
        assert!(filter.query().is_empty() && filter.error().is_none());
    }

    #[test]
    fn a_plain_text_is_no_query() {
        let mut filter = Filter::plain();
        filter.set("(Disk: ".into());
        assert!(filter.error().is_none() && filter.query().is_empty());
        assert!(filter.test()("delete: (disk: full)") && !filter.test()("disk"));
        filter.edit();
        filter.complete(true, &none);
        assert_eq!((value(&filter), filter.choices.ways.len()), ("(Disk: ", 0));
        filter.clear();
        assert!(filter.test()("disk"));
        filter.set("hits:many".into());
        assert!(filter.error().is_none(), "it stays a text");
    }

    #[test]
    fn tab_completes_keys_then_their_values_one_after_the_other() {
        let mut filter = typed("hat mod");
        filter.complete(true, &none);
        assert_eq!(value(&filter), "hat model:", "the only key that begins so");
        let mut filter = typed("hat model:gp");
        assert_eq!(filter.choices.ways.len(), 2);
        filter.complete(true, &none);
        assert_eq!(value(&filter), "hat model:gpt-5");
        filter.complete(true, &none);
        assert_eq!(value(&filter), "hat model:\"gpt image\"");
        filter.complete(false, &none);
        assert_eq!((value(&filter), filter.text()), ("hat model:gpt-5", "hat model:gpt-5"));
        assert!(typed("hat ").choices.ways.is_empty(), "no list over a blank");
    }

    #[test]
    fn values_that_come_later_are_offered_then() {
        let mut filter = Filter::default();
        filter.edit();
        filter.change(|input| *input = Input::new("model:".into()), &none);
        let offers = |filter: &Filter| filter.choices.ways.iter().any(|way| way.text.contains("zebra-1"));
        assert!(!offers(&filter));
        filter.learn(Key::Model, vec!["zebra-1".into()]);
        assert!(offers(&filter));
    }

    #[test]
    fn what_was_kept_before_comes_back() {
        let mut filter = Filter::default();
        for text in ["fox", "hat", "hat OR"] {
            filter.edit();
            filter.change(|input| *input = Input::new(text.into()), &none);
            filter.keep();
        }
        filter.edit();
        filter.recall(true);
        assert_eq!(filter.text(), "fox", "what was wrong is not remembered");
        filter.recall(false);
        filter.recall(false);
        assert_eq!(value(&filter), "hat", "what stood there first");
    }
}
