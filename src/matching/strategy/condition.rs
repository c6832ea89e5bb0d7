//! Rules: the conditions that people write, tested on the facts of a request.

use regex::Regex;
use wildmatch::WildMatch;

use super::change::Change;
use crate::matching::fields::facts::Facts;
use crate::matching::fields::field::{Field, FieldPlace};
use crate::matching::fields::value::shorten;
use crate::model::{Rule, text_pattern};

/// Length in bytes of the input that an expression searches. What stands behind it is not matched.
pub(crate) const SEARCHED: usize = 32 << 10;

/// A rule that is ready to be asked.
#[derive(Clone, Debug)]
pub struct Condition {
    rule: Rule,
    regex: Option<Regex>,
}

impl Condition {
    /// Makes a rule ready: its expression is compiled here.
    #[must_use]
    pub fn of(rule: &Rule) -> Self {
        // What a rule holds was read, so it compiles.
        let regex = rule.regex.as_deref().and_then(|regex| text_pattern(regex).ok());
        Self { rule: rule.clone(), regex }
    }

    /// The rule.
    #[must_use]
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// True if all of it holds for a request; the endpoint is not looked at.
    #[must_use]
    pub fn holds(&self, facts: &Facts) -> bool {
        self.model(facts)
            && self.rule.contains.iter().all(|text| facts.prompt.contains(text))
            && self.regex(facts)
            && self.turn(facts)
            && self.tool(facts)
            && self.rule.header.iter().all(|(name, wanted)| has_header(facts, name, wanted))
    }

    fn model(&self, facts: &Facts) -> bool {
        self.rule.model.as_ref().is_none_or(|wanted| {
            let wanted = WildMatch::new(wanted);
            facts.models.iter().any(|model| wanted.matches(model))
        })
    }

    fn regex(&self, facts: &Facts) -> bool {
        let (said, mut end) = (&facts.prompt, facts.prompt.len().min(SEARCHED));
        while !said.is_char_boundary(end) {
            end -= 1;
        }
        let searched = &said[..end];
        self.rule.regex.is_none() || self.regex.as_ref().is_some_and(|regex| regex.is_match(searched))
    }

    fn turn(&self, facts: &Facts) -> bool {
        self.rule.turn.is_none_or(|turn| turn == facts.turns)
    }

    fn tool(&self, facts: &Facts) -> bool {
        self.rule.tool.as_ref().is_none_or(|wanted| facts.tools.contains(wanted))
    }

    /// The rule without the conditions that a request does not meet.
    #[must_use]
    pub fn relaxed(&self, facts: &Facts) -> Rule {
        let mut rule = self.rule.clone();
        rule.contains.retain(|text| facts.prompt.contains(text));
        rule.header.retain(|(name, wanted)| has_header(facts, name, wanted));
        rule.model = rule.model.filter(|_| self.model(facts));
        rule.regex = rule.regex.filter(|_| self.regex(facts));
        rule.turn = rule.turn.filter(|_| self.turn(facts));
        rule.tool = rule.tool.filter(|_| self.tool(facts));
        rule
    }

    /// One significant change for each condition that does not hold: the condition, and what the request has.
    pub(crate) fn unmet(&self, facts: &Facts) -> Vec<Change> {
        let mut unmet = Vec::new();
        let mut tell = |field: Field, condition: String, has: Option<String>| {
            let (recorded, incoming) = (Some(shorten(&condition, 0)), has.map(|has| shorten(&has, 0)));
            unmet.push(Change { field, recorded, incoming, significant: true });
        };
        let body = |name| Field::named(FieldPlace::Body, name);
        let place = || facts.place.clone().unwrap_or_else(|| Field::whole(FieldPlace::Body));
        let (rule, said) = (&self.rule, || facts.place.is_some().then(|| facts.prompt.clone()));
        if !self.model(facts) {
            let wanted = rule.model.as_deref().unwrap_or_default();
            tell(body("model"), format!("model={wanted}"), facts.models.first().cloned());
        }
        for text in rule.contains.iter().filter(|text| !facts.prompt.contains(*text)) {
            tell(place(), format!("contains={text}"), said());
        }
        if !self.regex(facts) {
            let beyond = if facts.prompt.len() > SEARCHED { " in the first 32 KiB" } else { "" };
            let wanted = rule.regex.as_deref().unwrap_or_default();
            tell(place(), format!("regex={wanted}{beyond}"), said());
        }
        if !self.turn(facts) {
            let wanted = rule.turn.unwrap_or_default();
            tell(place(), format!("turn={wanted}"), Some(format!("turn={}", facts.turns)));
        }
        if !self.tool(facts) {
            let wanted = rule.tool.as_deref().unwrap_or_default();
            let has = (!facts.tools.is_empty()).then(|| facts.tools.join(", "));
            tell(body("tools"), format!("tool={wanted}"), has);
        }
        for (name, wanted) in rule.header.iter().filter(|(name, wanted)| !has_header(facts, name, wanted)) {
            let has = facts.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.clone());
            tell(Field::named(FieldPlace::Header, name), wanted.clone(), has);
        }
        unmet
    }
}

fn has_header(facts: &Facts, name: &str, wanted: &str) -> bool {
    facts.headers.iter().any(|(header, value)| header == name && WildMatch::new(wanted).matches(value))
}
