//! The configuration file: its keys, and its faults with lines and the nearest valid key.

use serde::Deserialize;
use toml::de::DeTable;

pub(crate) mod keys;
pub(crate) mod limits;
pub(crate) mod preset;
pub(crate) mod privilege;
pub(crate) mod shape;
pub(crate) mod source;

pub(crate) use shape::{ConfigFile, ExpiryEntry, KeySpelling, ProfileEntry, RouteEntry};
#[cfg(test)]
pub(crate) use shape::{LimitsTable, RecordTable};

use privilege::{KeyFindings, Misplaced, Privilege};
use source::{ConfigProblem, ConfigSource};

/// Limit of problems of one file that are shown; the others are counted.
const TOLD: usize = 20;
/// The longest name that is compared with those that are known, in bytes.
const COMPARED: usize = 40;

/// The values of a file that are in force, and those that only a trusted one may hold.
#[derive(Debug)]
pub(crate) struct ParsedFile {
    pub(crate) file: ConfigFile,
    /// All values that only a trusted file may hold; of a file that nobody vouches for none of them is in `file`.
    pub(crate) privileges: Vec<Privilege>,
    /// Keys that mean nothing; the file is read without them.
    pub(crate) problems: Vec<ConfigProblem>,
}

impl ConfigSource {
    /// The values of the file, as far as somebody vouches for it, and the problems of its keys.
    ///
    /// # Errors
    /// All problems, where the rest of the file cannot be read either.
    pub(crate) fn parsed(&self) -> Result<ParsedFile, Vec<ConfigProblem>> {
        let broken = |error: &toml::de::Error| self.problem(error.span(), "", error.message());
        let mut table = DeTable::parse(&self.text).map_err(|error| vec![broken(&error)])?;
        let KeyFindings { misplaced, privileged } =
            privilege::key_findings(table.get_ref(), &self.text, self.folder(), |at| self.line(at));
        let mut problems = self.problems_of(&misplaced);
        let (places, privileges) = privileged.into_iter().unzip();
        if !self.trust.is_given() {
            privilege::take_out(table.get_mut(), &places);
        }
        privilege::take_out(table.get_mut(), &misplaced.into_iter().map(|wrong| wrong.value_at).collect());
        match ConfigFile::deserialize(toml::Deserializer::from(table)) {
            Ok(file) => Ok(ParsedFile { file, privileges, problems }),
            Err(error) => {
                problems.push(broken(&error));
                Err(problems)
            }
        }
    }

    /// The values of a file that has no problem.
    pub(crate) fn sound(&self) -> Result<ParsedFile, Vec<ConfigProblem>> {
        let parsed = self.parsed()?;
        if parsed.problems.is_empty() { Ok(parsed) } else { Err(parsed.problems) }
    }

    /// The first of so many, and how many more there are.
    fn problems_of(&self, misplaced: &[Misplaced]) -> Vec<ConfigProblem> {
        let problem = |wrong: &Misplaced| {
            let text = match &wrong.unknown {
                Some((name, table)) => unknown(name, &shape::names(table).collect::<Vec<_>>()),
                None => "a table is expected here, such as [NAME] with a key = value in each line".into(),
            };
            self.problem(Some(wrong.at.clone()), &wrong.path, text)
        };
        let mut told: Vec<_> = misplaced.iter().take(TOLD).map(problem).collect();
        if let Some(more) = misplaced.len().checked_sub(TOLD + 1) {
            told.push(self.problem(None, "", format!("{} more keys are unknown", more + 1)));
        }
        told
    }
}

/// A key that is not known, the nearest that is, and all of them.
fn unknown(name: &str, known: &[&str]) -> String {
    let distance = |other: &&&str| strsim::osa_distance(name, other);
    // The time that it takes grows with the length, and what is much longer than all that are known is near to none.
    let near = if name.len() > COMPARED { None } else { known.iter().min_by_key(distance) };
    let nearest = near.filter(|other| distance(other) <= (name.len() / 3).max(2));
    let nearest = nearest.map(|other| format!("did you mean `{other}`? ")).unwrap_or_default();
    let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    format!("this key is unknown; {nearest}known are {}", known.join(", "))
}
