//! Checks of the names in a strategy: a field that no request has would decide nothing, and a recording that looks at
//! nothing else answers everything.

use std::collections::BTreeMap;

use crate::dialect::{Dialect, Rules};
use crate::matching::fields::field;
use crate::matching::fields::field::{Field, FieldPlace};
use crate::matching::fields::request_fields::Fields;
use crate::matching::fields::{header, lone_text};
use crate::model::{Strategy, text_pattern};

/// Limit of near names in a message.
const NEAR: usize = 3;
/// Limit of names in a message where none is near.
const SHOWN: usize = 8;

/// The reason why a strategy is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StrategyProblem {
    /// Neither the request nor its endpoint has a field of this name.
    #[error("the request has no field `{name}`; {}", hint(near, others))]
    Unknown {
        /// The name.
        name: String,
        /// Fields whose names are like it, the nearest first.
        near: Vec<String>,
        /// Fields that the request has.
        others: Vec<String>,
    },
    /// More than one field has it.
    #[error("`{name}` may mean {}", listed(candidates, " or "))]
    Ambiguous {
        /// The name.
        name: String,
        /// The fields it may mean.
        candidates: Vec<Field>,
    },
    /// A name that no field that counts can have, whatever the request holds.
    #[error("`{name}` {why}")]
    Impossible {
        /// The name.
        name: String,
        /// The thing that it names instead.
        why: String,
    },
    /// `specific` names nothing.
    #[error(
        "`specific` without fields would answer every call of its endpoint and model; name fields (specific size,seed), or use pinned if that is meant"
    )]
    Empty,
    /// A rule's regular expression cannot be matched quickly.
    #[error("{0}")]
    Pattern(String),
}

/// The standing of a name in a request.
enum NameStanding {
    /// A field that it has.
    Present,
    /// A field that it lacks, and that other requests of its endpoint may have.
    Possible,
    /// A field that nobody has.
    Unknown,
}

/// A check of one strategy against the requests of all recordings that are to have it.
#[derive(Debug)]
pub struct StrategyCheck<'a> {
    strategy: &'a Strategy,
    names: &'a [String],
    /// The reason why each name is unknown, by endpoint, while no request of that endpoint knows it.
    unknown: BTreeMap<(Dialect, String), Vec<Option<StrategyProblem>>>,
}

impl<'a> StrategyCheck<'a> {
    /// A check that has seen no request yet.
    ///
    /// # Errors
    /// When it names nothing where it must, or a rule's regular expression is too large.
    pub fn new(strategy: &'a Strategy) -> Result<Self, StrategyProblem> {
        check_strategy_pattern(strategy)?;
        let names = named(strategy);
        if matches!(strategy, Strategy::Specific { .. }) && names.is_empty() {
            return Err(StrategyProblem::Empty);
        }
        Ok(Self { strategy, names, unknown: BTreeMap::new() })
    }

    /// Looks at one request; gives the names of fields that it lacks and others may have.
    ///
    /// # Errors
    /// When a name can be no field, or is not clear in this request. That no request knows it is told at the end.
    pub fn look(&mut self, fields: &Fields) -> Result<Vec<String>, StrategyProblem> {
        let mut absent = Vec::new();
        let place = (fields.dialect, fields.endpoint.template.clone());
        let before = self.unknown.get(&place);
        let mut unknown = Vec::with_capacity(self.names.len());
        for (nth, name) in self.names.iter().enumerate() {
            let known = standing_of(name, self.strategy, fields)?;
            if !matches!(known, NameStanding::Present) {
                absent.push(name.clone());
            }
            unknown.push(match (known, before.map(|before| &before[nth])) {
                (NameStanding::Present | NameStanding::Possible, _) | (_, Some(None)) => None,
                (NameStanding::Unknown, Some(Some(problem))) => Some(problem.clone()),
                (NameStanding::Unknown, None) => Some(missing(name, fields)),
            });
        }
        self.unknown.insert(place, unknown);
        Ok(absent)
    }

    /// The verdict on all requests that were looked at. Of each endpoint one must know each field of `specific`, because
    /// the others of that endpoint would answer whatever they are asked; what `standard` ignores one of all must know.
    ///
    /// # Errors
    /// When none knows it.
    pub fn finish(self) -> Result<(), StrategyProblem> {
        let problem = if matches!(self.strategy, Strategy::Specific { .. }) {
            self.unknown.into_values().flatten().flatten().next()
        } else {
            (0..self.names.len()).find_map(|nth| {
                let all: Option<Vec<_>> = self.unknown.values().map(|names| names[nth].as_ref()).collect();
                all?.first().map(|problem| (*problem).clone())
            })
        };
        problem.map_or(Ok(()), Err)
    }
}

/// A check that a rule's regular expression, if the strategy is one, can be matched quickly.
///
/// # Errors
/// A sentence about it.
pub fn check_strategy_pattern(strategy: &Strategy) -> Result<(), StrategyProblem> {
    let regex = if let Strategy::Rule(rule) = strategy { rule.regex.as_deref() } else { None };
    regex.map_or(Ok(()), |regex| text_pattern(regex).map(drop).map_err(StrategyProblem::Pattern))
}

/// A check that all that a strategy names is clear in a request, or can be in another one of its endpoint; gives the
/// names of fields that this one lacks.
///
/// # Errors
/// The first name that is not.
pub fn check_strategy(strategy: &Strategy, fields: &Fields) -> Result<Vec<String>, StrategyProblem> {
    let mut check = StrategyCheck::new(strategy)?;
    let absent = check.look(fields)?;
    check.finish()?;
    Ok(absent)
}

/// A check of a strategy where no request is at hand: in a configuration, on a command line. `headers` are those that
/// the configuration makes fields. `headers` are those that the configuration makes fields.
///
/// # Errors
/// The first name that can be no field of any request.
pub fn check_strategy_form(strategy: &Strategy, headers: &[String]) -> Result<(), StrategyProblem> {
    check_strategy_pattern(strategy)?;
    let check = StrategyCheck::new(strategy)?;
    check.names.iter().try_for_each(|name| {
        form(name, strategy, headers)?;
        misspelled(name).map_or(Ok(()), |why| Err(StrategyProblem::Impossible { name: name.clone(), why }))
    })
}

/// The strategy by which a recording of this request answers instead, where nothing that its strategy looks at is
/// known: as many requests as without one. Such strategies were accepted once, and answered everything.
#[must_use]
pub fn narrowed(strategy: &Strategy, fields: &Fields) -> Option<Strategy> {
    let Strategy::Specific { fields: names } = strategy else { return None };
    // One that may mean two fields looks at both.
    let unknown = |name: &String| {
        matches!(
            standing_of(name, strategy, fields),
            Ok(NameStanding::Unknown) | Err(StrategyProblem::Impossible { .. })
        )
    };
    (!names.is_empty() && names.iter().all(unknown)).then_some(Strategy::STANDARD)
}

fn named(strategy: &Strategy) -> &[String] {
    match strategy {
        Strategy::Standard { ignored: names } | Strategy::Specific { fields: names } => names,
        _ => &[],
    }
}

/// # Errors
/// When the name can be no field, or is not clear.
fn standing_of(name: &str, strategy: &Strategy, fields: &Fields) -> Result<NameStanding, StrategyProblem> {
    form(name, strategy, &fields.headers)?;
    let bare = name.trim_start_matches('/');
    let (first, _) = bare.split_once('/').unwrap_or((bare, ""));
    let steps = bare.split('/').count() - usize::from(field::place(first).is_some());
    let means = |field: &&Field| lone_text::covers(fields.endpoint.rules, field, name);
    let covered = fields.leaves.iter().map(|leaf| &leaf.field).filter(means);
    let mut candidates: Vec<Field> = covered.map(|field| field.cut(steps)).collect();
    candidates.dedup();
    match candidates.len() {
        0 if possible(bare, fields) => Ok(NameStanding::Possible),
        0 => Ok(NameStanding::Unknown),
        1 => Ok(NameStanding::Present),
        _ if name.contains('*') => Ok(NameStanding::Present),
        _ => Err(StrategyProblem::Ambiguous { name: name.to_owned(), candidates }),
    }
}

/// A check that the name can be a field that counts, as far as that shows without a request.
fn form(name: &str, strategy: &Strategy, headers: &[String]) -> Result<(), StrategyProblem> {
    let bare = name.trim_start_matches('/');
    let (first, rest) = bare.split_once('/').map_or((bare, None), |(first, rest)| (first, Some(rest)));
    let leaves_out = matches!(strategy, Strategy::Standard { .. });
    let why = match (field::place(first), rest) {
        _ if bare.is_empty() => "is no field",
        (Some(FieldPlace::Method | FieldPlace::Mount | FieldPlace::Target | FieldPlace::Bytes), Some(_)) => {
            "is no field: nothing stands below it"
        }
        (Some(FieldPlace::Target | FieldPlace::Bytes), None) => "counts under strict alone",
        (Some(FieldPlace::Method | FieldPlace::Path), None) if leaves_out => {
            "says which endpoint is meant, and cannot be left out"
        }
        (Some(FieldPlace::Mount), None) if !leaves_out => {
            "does not count under specific: dialect and endpoint take its place"
        }
        (Some(FieldPlace::Header), Some(written)) => return header_form(name, written, headers),
        _ => return Ok(()),
    };
    Err(StrategyProblem::Impossible { name: name.to_owned(), why: why.to_owned() })
}

fn header_form(name: &str, written: &str, own: &[String]) -> Result<(), StrategyProblem> {
    let mut possible = header::names(own);
    if possible.any(|known| known.eq_ignore_ascii_case(written)) {
        return Ok(());
    }
    let possible: Vec<_> = header::names(own).map(|known| format!("header/{known}")).collect();
    let near = nearest(name, possible.iter().map(String::as_str));
    let near = if near.is_empty() { String::new() } else { format!("; did you mean {}?", quoted(&near)) };
    let why = format!("is no field: of the headers only {} count{near}", possible.join(", "));
    Err(StrategyProblem::Impossible { name: name.to_owned(), why })
}

/// A place that is nearly one.
fn misspelled(name: &str) -> Option<String> {
    let (first, rest) = name.trim_start_matches('/').split_once('/')?;
    let word = first.to_ascii_lowercase();
    let place = field::places().find(|place| *place != first && strsim::osa_distance(place, &word) <= 1)?;
    Some(format!(
        "is no field: did you mean `{place}/{rest}`? A field of that name in a body is `body/{first}/{rest}`"
    ))
}

/// True if the dialect knows such a field at the endpoint, although the request at hand lacks it. What is below a field
/// is known by requests alone.
fn possible(name: &str, fields: &Fields) -> bool {
    let rules = fields.endpoint.rules;
    let (first, rest) = name.split_once('/').unwrap_or((name, ""));
    let (place, names) = match field::place(first) {
        Some(place) => (Some(place), rest),
        None => (None, name),
    };
    let is_in = |wanted: FieldPlace| place.is_none_or(|place| place == wanted);
    // A body is of one kind: where it is JSON nobody has parts.
    let has = |place: FieldPlace| fields.leaves.iter().any(|leaf| leaf.field.place == place);
    let in_body = !names.is_empty()
        && match place {
            None => true,
            Some(FieldPlace::Body) => !has(FieldPlace::Part),
            Some(FieldPlace::Part) => !has(FieldPlace::Body),
            Some(_) => false,
        };
    (in_body && body_names(rules).any(|known| covers(names, known)))
        || (is_in(FieldPlace::Query) && rules.cosmetic_query.contains(&names))
        || (is_in(FieldPlace::Header)
            && header::names(&fields.headers).any(|known| known.eq_ignore_ascii_case(names)))
}

/// The fields of a body that the dialect names at an endpoint.
fn body_names(rules: &Rules) -> impl Iterator<Item = &'static str> {
    let lists = [rules.null_is_absent, rules.input, rules.earlier, &["model"]];
    let echoed = rules.echoed.iter().map(|echo| echo.field);
    let cosmetic = rules.cosmetic.iter().copied().flatten();
    let presets = rules.presets.iter().map(|preset| preset.field);
    lists.into_iter().flatten().chain(cosmetic).copied().chain(presets).chain(echoed)
}

/// True if a person's name means a field of a table, or what holds it.
fn covers(name: &str, known: &str) -> bool {
    let mut known = known.split('/');
    // Which positions there are, requests alone tell.
    let same = |one: &str, other: &str| one == other || one == "*";
    name.split('/')
        .filter(|step| !step.is_empty())
        .all(|step| known.next().is_some_and(|other| same(step, other)))
}

fn missing(name: &str, fields: &Fields) -> StrategyProblem {
    let named = fields.named();
    let mut known: Vec<&str> = named.iter().filter(|field| !field.fixed).map(|field| &*field.name).collect();
    known.sort_by_key(|name| !named.iter().any(|field| field.name == **name && field.significant));
    let tables = body_names(fields.endpoint.rules).filter(|name| !name.contains('*'));
    let near = nearest(name, known.iter().copied().chain(tables.map(|name| -> &str { name })));
    let known = known.into_iter().take(SHOWN).map(str::to_owned).collect();
    StrategyProblem::Unknown { name: name.to_owned(), near, others: known }
}

/// The names that are like this one, the nearest first.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['_', '-'], "");
    let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    let own = plain(name);
    let mut near: Vec<(usize, &str)> = known
        .filter_map(|other| {
            let theirs = plain(other);
            let whole = strsim::osa_distance(&own, &theirs);
            let end = strsim::osa_distance(&last(&own), &last(&theirs));
            let holds = own.len() > 3 && theirs.len() > 3 && (theirs.contains(&own) || own.contains(&theirs));
            let far = whole.min(end + 1).min(if holds { 2 } else { usize::MAX });
            (far <= 2.min(last(&own).len() / 2).max(1)).then_some((far, other))
        })
        .collect();
    near.sort_by_key(|(far, other)| (*far, other.len()));
    let mut names: Vec<String> = Vec::new();
    for (_, other) in near {
        if names.len() < NEAR && !names.iter().any(|known| known == other) {
            names.push(other.to_owned());
        }
    }
    names
}

fn hint(near: &[String], known: &[String]) -> String {
    match (near, known) {
        ([], []) => "it has none that a strategy can name".to_owned(),
        ([], known) => format!("it has {}", quoted(known)),
        (near, _) => format!("did you mean {}?", quoted(near)),
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn listed(fields: &[Field], between: &str) -> String {
    fields.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}
