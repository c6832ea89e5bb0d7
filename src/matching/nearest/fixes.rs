//! Changes that would make a recording answer a request that it nearly answers. They are proposed here and made
//! elsewhere.

use std::collections::BTreeMap;

use super::near_miss::{Weight, weight};
use crate::matching::fields::field::{Field, FieldPlace};
use crate::matching::fields::request_fields::Fields;
use crate::matching::strategy::compare::compare;
use crate::matching::strategy::condition::Condition;
use crate::matching::strategy::significance::is_significant;
use crate::model::Strategy;

/// Count of fields that are named one by one; more below the same one are named by the field that holds them.
const ONE_BY_ONE: usize = 2;

/// Something that would give a call the answer it wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The call is recorded: it asks for something else than what was recorded.
    Record,
    /// A strategy under which the input decides as it did.
    Retag(Strategy),
    /// A strategy under which any input gets this answer.
    Loosen(Strategy),
}

/// The ways to give `incoming` an answer that it does not get from `recorded`, which has `strategy` now; those that
/// ignore least first. Another prompt wants another answer: then recording comes first, and it is never missing where
/// all that is left is to ignore the prompt.
#[must_use]
pub fn remedies(strategy: &Strategy, recorded: &Fields, incoming: &Fields) -> Vec<Remedy> {
    let input = asks_for_other(strategy, recorded, incoming);
    let loosens = |fix: &Strategy| input || ignores_input(fix, recorded) || ignores_input(fix, incoming);
    let (loose, kept): (Vec<_>, Vec<_>) = fixes(strategy, recorded, incoming).into_iter().partition(loosens);
    let record = (input || kept.is_empty()).then_some(Remedy::Record);
    let kept = kept.into_iter().map(Remedy::Retag);
    record.into_iter().chain(kept).chain(loose.into_iter().map(Remedy::Loosen)).collect()
}

/// True if the input differs, and counts.
fn asks_for_other(strategy: &Strategy, recorded: &Fields, incoming: &Fields) -> bool {
    let comparison = compare(strategy, recorded, incoming);
    comparison
        .significant()
        .any(|change| is_input(recorded, &change.field) || is_input(incoming, &change.field))
}

/// True if a strategy leaves out input that counts at the endpoint. A rule asks for what it asks for.
fn ignores_input(strategy: &Strategy, fields: &Fields) -> bool {
    let counts = |strategy: &Strategy, field: &Field| is_significant(strategy, fields, field);
    !matches!(strategy, Strategy::Rule(_))
        && fields.present().map(|leaf| &leaf.field).any(|field| {
            is_input(fields, field) && counts(&Strategy::STANDARD, field) && !counts(strategy, field)
        })
}

/// True if a field is what the model is asked, or names what it was asked before.
fn is_input(context: &Fields, field: &Field) -> bool {
    let earlier = context.endpoint.rules.earlier;
    weight(context, field) == Weight::Input || earlier.iter().any(|name| field.is(name))
}

/// Strategies under which `recorded`, which has `strategy` now, would answer `incoming`: the one that ignores least
/// first. None is given that would not.
#[must_use]
pub(crate) fn fixes(strategy: &Strategy, recorded: &Fields, incoming: &Fields) -> Vec<Strategy> {
    let changed: Vec<Field> =
        compare(strategy, recorded, incoming).significant().map(|change| change.field.clone()).collect();
    let named = names(&changed, recorded, incoming);
    let mut proposed = Vec::new();
    match strategy {
        Strategy::Standard { ignored } => {
            proposed.push(standard(ignored.iter().cloned().chain(named.iter().cloned())));
        }
        Strategy::Strict => {
            proposed.push(Strategy::STANDARD);
            let changed: Vec<Field> = compare(&Strategy::STANDARD, recorded, incoming)
                .significant()
                .map(|change| change.field.clone())
                .collect();
            proposed.push(standard(names(&changed, recorded, incoming)));
        }
        Strategy::Specific { fields } => {
            let left = fields.iter().filter(|name| !changed.iter().any(|field| field.covered_by(name)));
            proposed.push(Strategy::Specific { fields: left.cloned().collect() });
        }
        Strategy::Rule(rule) => {
            proposed.push(Strategy::Rule(Condition::of(rule).relaxed(&incoming.facts)));
        }
        Strategy::Pinned => {}
    }
    proposed.push(Strategy::Specific { fields: agreed(recorded, incoming) });
    proposed.push(Strategy::Pinned);
    let mut fixes: Vec<Strategy> = Vec::new();
    for fix in proposed {
        let empty = matches!(&fix, Strategy::Specific { fields } if fields.is_empty());
        if fix != *strategy && !empty && !fixes.contains(&fix) && compare(&fix, recorded, incoming).is_match()
        {
            fixes.push(fix);
        }
    }
    fixes
}

fn standard(names: impl IntoIterator<Item = String>) -> Strategy {
    let mut ignored: Vec<_> = names.into_iter().collect();
    ignored.sort();
    ignored.dedup();
    Strategy::Standard { ignored }
}

/// The fields as people write them: short where that is clear, and by what holds them where there are many.
fn names(fields: &[Field], recorded: &Fields, incoming: &Fields) -> Vec<String> {
    let mut by_top: BTreeMap<Field, Vec<&Field>> = BTreeMap::new();
    for field in fields {
        by_top.entry(field.cut(1)).or_default().push(field);
    }
    let mut names = Vec::new();
    for (top, below) in by_top {
        let whole = below.len() > ONE_BY_ONE && top.place == FieldPlace::Body;
        let fields = if whole { vec![&top] } else { below };
        names.extend(fields.into_iter().map(|field| short(field, recorded, incoming)));
    }
    names
}

/// The short name of a field, if the recording has it and both requests understand it so.
pub(crate) fn short(field: &Field, recorded: &Fields, incoming: &Fields) -> String {
    let long = field.to_string();
    let Some((_, name)) =
        long.split_once('/').filter(|_| matches!(field.place, FieldPlace::Body | FieldPlace::Part))
    else {
        return long;
    };
    let means = |fields: &Fields| fields.resolve(name).map(|found| found == *field);
    // A short name is looked for in the recording when the fix is applied: where that has no such field, only the whole
    // name is sure to be understood.
    let clear = means(incoming).unwrap_or(true);
    if clear && means(recorded) == Ok(true) { name.to_owned() } else { long }
}

/// The fields of the body that both requests have alike and that count under `standard`.
fn agreed(recorded: &Fields, incoming: &Fields) -> Vec<String> {
    let comparison = compare(&Strategy::STANDARD, recorded, incoming);
    let differ: Vec<Field> = comparison.changes.iter().map(|change| change.field.cut(1)).collect();
    let mut tops: Vec<Field> = recorded
        .present()
        .map(|leaf| &leaf.field)
        .filter(|field| matches!(field.place, FieldPlace::Body | FieldPlace::Part) && !field.steps.is_empty())
        .filter(|field| !recorded.is_model(field))
        .map(|field| field.cut(1))
        .filter(|top| !differ.contains(top))
        .collect();
    tops.dedup();
    let mut names: Vec<_> = tops.iter().map(|top| short(top, recorded, incoming)).collect();
    names.sort();
    names
}
