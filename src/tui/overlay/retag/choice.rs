//! The choice in the retag dialog.

use std::collections::BTreeSet;
use std::sync::Arc;

use tui_input::Input;

use crate::engine::MatchSettings;
use crate::matching::NamedField;
use crate::model::{Playback, RecordingId, Row, Strategy};

/// A strategy and a playback being chosen.
#[derive(Clone, Debug)]
pub struct RetagOverlay {
    /// The recordings.
    pub(super) ids: Arc<[RecordingId]>,
    pub(super) before: (Strategy, Playback),
    /// True if they have different ones now, of either.
    pub(super) mixed: (bool, bool),
    pub(super) form: StrategyForm,
    /// The chosen one of the two; the other stays as it is.
    pub(super) chosen: Chosen,
    pub(super) names: BTreeSet<String>,
    /// The conditions of a rule.
    pub(super) rule: Input,
    /// True if they are being typed.
    pub(super) typing: bool,
    pub(super) playback: Playback,
    /// True if it is done as soon as it is known what it does; a further choice takes that back.
    pub(super) agreed: bool,
    /// The field that `space` is for.
    pub(super) at: usize,
}

/// Flags for what was chosen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Chosen {
    pub(super) strategy: bool,
    pub(super) playback: bool,
}

/// A field to choose.
pub(super) struct OfferedField<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    /// True if it decides under `standard`.
    pub(super) significant: bool,
    /// The number of recordings that have it.
    pub(super) recordings: u64,
}

/// The strategies as they are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StrategyForm {
    Standard,
    Without,
    Strict,
    Specific,
    Pinned,
    Rule,
}

/// Columns of the dialog.
pub(super) const WIDTH: u16 = 92;
/// Rows that it needs, so that nothing is chosen unseen.
pub(super) const LEAST: u16 = 15;
/// The text in place of the dialog where there are fewer rows.
pub(super) const TOO_SMALL: &str = "Make the window 40x16 or larger to choose what they answer.";

pub(super) const FORMS: [(char, StrategyForm, &str, &str); 6] = [
    ('s', StrategyForm::Standard, "standard", "what decides by the provider's rules"),
    ('w', StrategyForm::Without, "standard without", "standard, ignoring the marked fields"),
    ('f', StrategyForm::Specific, "specific", "only the model and the marked fields"),
    ('t', StrategyForm::Strict, "strict", "the request byte for byte"),
    ('p', StrategyForm::Pinned, "pinned", "all calls of this endpoint and model"),
    ('r', StrategyForm::Rule, "rule", "a condition: contains=\"refund\" turn=2 model=gpt-5*"),
];

impl RetagOverlay {
    /// A choice for these rows, beginning with what they have; `None` for no rows.
    #[must_use]
    pub fn of(rows: &[&Row]) -> Option<Self> {
        let first = rows.first()?;
        let (form, names, rule) = match &first.strategy {
            Strategy::Standard { ignored } if ignored.is_empty() => {
                (StrategyForm::Standard, Vec::new(), String::new())
            }
            Strategy::Standard { ignored } => (StrategyForm::Without, ignored.clone(), String::new()),
            Strategy::Strict => (StrategyForm::Strict, Vec::new(), String::new()),
            Strategy::Specific { fields } => (StrategyForm::Specific, fields.clone(), String::new()),
            Strategy::Pinned => (StrategyForm::Pinned, Vec::new(), String::new()),
            Strategy::Rule(rule) => (StrategyForm::Rule, Vec::new(), rule.to_string().trim().to_owned()),
        };
        Some(Self {
            ids: rows.iter().map(|row| row.id.clone()).collect(),
            before: (first.strategy.clone(), first.playback),
            mixed: (
                rows.iter().any(|row| row.strategy != first.strategy),
                rows.iter().any(|row| row.playback != first.playback),
            ),
            form,
            chosen: Chosen::default(),
            names: names.into_iter().collect(),
            rule: Input::new(rule),
            typing: false,
            playback: first.playback,
            agreed: false,
            at: 0,
        })
    }

    /// The change that is asked for; empty where nothing would change.
    ///
    /// # Errors
    /// The error in the rule that was typed, in words.
    pub fn tag(&self) -> Result<MatchSettings, String> {
        let names = || self.names.iter().cloned().collect();
        let strategy = match self.form {
            StrategyForm::Standard => Strategy::STANDARD,
            StrategyForm::Without => Strategy::Standard { ignored: names() },
            StrategyForm::Strict => Strategy::Strict,
            StrategyForm::Specific => Strategy::Specific { fields: names() },
            StrategyForm::Pinned => Strategy::Pinned,
            StrategyForm::Rule => {
                let text = format!("rule {}", self.rule.value());
                text.parse().map_err(|error| format!("{error}"))?
            }
        };
        let other = self.mixed.0 || strategy != self.before.0;
        let turned = self.playback != self.before.1 || self.mixed.1 && self.chosen.playback;
        Ok(MatchSettings {
            strategy: Some(strategy).filter(|_| self.chosen.strategy && other),
            playback: Some(self.playback).filter(|_| turned),
        })
    }

    /// Chooses what a letter stands for; false for one that means nothing.
    pub(super) fn choose(&mut self, key: &str) -> bool {
        self.agreed = false;
        let mut letters = key.chars();
        let (Some(letter), None) = (letters.next(), letters.next()) else { return false };
        if letter == 'b' {
            let at = Playback::ALL.iter().position(|playback| *playback == self.playback).unwrap_or(0);
            self.playback = Playback::ALL[(at + 1) % Playback::ALL.len()];
            self.chosen.playback = true;
            return true;
        }
        let Some((_, form, ..)) = FORMS.iter().find(|(key, ..)| *key == letter) else { return false };
        (self.form, self.chosen.strategy) = (*form, true);
        self.typing = self.form == StrategyForm::Rule;
        true
    }

    /// Marks a field, or takes the mark away; a strategy that has no fields becomes one that has.
    pub(super) fn toggle(&mut self, fields: Option<&Vec<NamedField>>) {
        let Some(name) = self.rows(fields).get(self.at).map(|field| field.name.to_owned()) else { return };
        if !self.names.remove(&name) {
            self.names.insert(name);
        }
        (self.chosen.strategy, self.agreed) = (true, false);
        self.form = match self.form {
            StrategyForm::Standard | StrategyForm::Strict => StrategyForm::Without,
            StrategyForm::Pinned => StrategyForm::Specific,
            form => form,
        };
    }

    /// The fields to choose from, of all the recordings. Those that no request of these has, but the strategy, are the last.
    pub(super) fn rows<'a>(&'a self, fields: Option<&'a Vec<NamedField>>) -> Vec<OfferedField<'a>> {
        let mut named_fields: Vec<&NamedField> =
            fields.into_iter().flatten().filter(|field| !field.fixed).collect();
        // Those first of which leaving out changes something.
        named_fields.sort_by_key(|field| !field.significant);
        let others = self.names.iter().filter(|name| !named_fields.iter().any(|field| field.name == **name));
        let own = named_fields.iter().map(|field| OfferedField {
            name: &field.name,
            value: &field.value,
            significant: field.significant,
            recordings: field.recordings,
        });
        let gone = |name| OfferedField { name, value: "", significant: true, recordings: 0 };
        own.chain(others.map(|name| gone(name.as_str()))).collect()
    }

    /// True if a screen of so many rows shows all that is needed to choose.
    pub(super) fn fits(rows: u16) -> bool {
        rows > LEAST
    }
}
