//! Match strategies: the fields of a request that decide whether a recording answers it.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::model::Rule;

/// The choice of significant fields. The text form (`standard -seed`, `specific size,seed`) is what headers, flags, the
/// configuration, the store and the screen use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub enum Strategy {
    /// Method, mount, target, content type and the exact body bytes.
    Strict,
    /// The dialect's canonical fields of the endpoint, minus these.
    Standard {
        /// Fields that are ignored besides the cosmetic ones, sorted, as written (`seed`, `body/seed`).
        ignored: Vec<String>,
    },
    /// Method, path template, model and these fields only.
    Specific {
        /// The named fields, sorted, as written.
        fields: Vec<String>,
    },
    /// Method, path template and model.
    Pinned,
    /// Method, path template and an authored condition, whatever the recorded request holds.
    Rule(Rule),
}

/// A text that is no strategy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a match strategy: {problem}; use standard, standard -FIELD…, strict, specific FIELD,FIELD, pinned or rule CONDITION…"
)]
pub struct ParseStrategyError {
    text: String,
    problem: String,
}

impl Strategy {
    /// `standard` without ignored fields: the default.
    pub const STANDARD: Self = Self::Standard { ignored: Vec::new() };

    /// The breadth of the widest.
    pub const WIDEST: u8 = 5;

    /// The first word of the text form.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Standard { .. } => "standard",
            Self::Specific { .. } => "specific",
            Self::Pinned => "pinned",
            Self::Rule(_) => "rule",
        }
    }

    /// The breadth of the strategy: narrower ones are looked up first.
    #[must_use]
    pub fn breadth(&self) -> u8 {
        match self {
            Self::Strict => 0,
            Self::Rule(rule) if !rule.is_catch_all() => 1,
            Self::Standard { .. } => 2,
            Self::Specific { .. } => 3,
            Self::Pinned => 4,
            Self::Rule(_) => Self::WIDEST,
        }
    }
}

impl Default for Strategy {
    fn default() -> Self {
        Self::STANDARD
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard { ignored } => {
                f.write_str("standard")?;
                ignored.iter().try_for_each(|field| write!(f, " -{field}"))
            }
            Self::Specific { fields } if fields.is_empty() => f.write_str("specific"),
            Self::Specific { fields } => write!(f, "specific {}", fields.join(",")),
            Self::Rule(rule) => write!(f, "rule{rule}"),
            Self::Strict | Self::Pinned => f.write_str(self.word()),
        }
    }
}

impl FromStr for Strategy {
    type Err = ParseStrategyError;
    fn from_str(text: &str) -> Result<Self, ParseStrategyError> {
        let wrong = |problem: &str| ParseStrategyError { text: text.into(), problem: problem.into() };
        let (word, rest) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
        let names = || rest.split([',', ' ', '\t']).filter(|name| !name.is_empty());
        match word {
            "strict" | "pinned" if !rest.trim().is_empty() => Err(wrong("it takes no fields")),
            "strict" => Ok(Self::Strict),
            "pinned" => Ok(Self::Pinned),
            "standard" => names()
                .map(|name| name.strip_prefix('-').filter(|f| !f.is_empty()).map(String::from))
                .collect::<Option<Vec<_>>>()
                .map(|ignored| Self::Standard { ignored: sorted(ignored) })
                .ok_or_else(|| wrong("a field to ignore is written with a minus")),
            "specific" if names().any(|name| name.starts_with('-')) => {
                Err(wrong("it names the fields that decide, without a minus"))
            }
            "specific" => Ok(Self::Specific { fields: sorted(names().map(String::from).collect()) }),
            "rule" => Rule::parse(rest).map(Self::Rule).map_err(|problem| wrong(&problem)),
            _ => Err(wrong("the first word is unknown")),
        }
    }
}

impl Serialize for Strategy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Strategy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_round_trips() {
        for text in [
            "strict",
            "standard",
            "standard -seed",
            "standard -quality -seed",
            "specific",
            "specific seed,size",
            "pinned",
            "rule",
            r#"rule model=gpt-4* contains="refund please" regex="^order \\d+" turn=2 tool=get_weather header/openai-beta=a* priority=10"#,
            r#"rule contains=a contains="b\"\n" regex=^\d+$ priority=-1"#,
            r#"rule contains="\"" header/accept="""#,
        ] {
            assert_eq!(text.parse::<Strategy>().map(|s| s.to_string()).as_deref(), Ok(text));
        }
        let rule: Strategy = "rule  turn=1  contains=b ".parse().unwrap();
        assert_eq!(rule.to_string(), "rule contains=b turn=1");
        let rule: Strategy = r#"rule regex="\d x""#.parse().unwrap();
        assert!(matches!(&rule, Strategy::Rule(Rule { regex: Some(regex), .. }) if regex == "\\d x"));
        assert_eq!("  specific  size, seed ".parse::<Strategy>().unwrap().to_string(), "specific seed,size");
    }

    #[test]
    fn a_wrong_one_says_what_is_allowed() {
        for text in [
            "",
            "loose",
            "strict seed",
            "standard seed",
            "specific -seed",
            "standard -",
            "rule x",
            "rule a=b",
        ] {
            let message = text.parse::<Strategy>().unwrap_err().to_string();
            assert!(message.contains("use standard"), "{message}");
        }
    }
    #[test]
    fn a_wrong_rule_says_what_is_expected() {
        for (text, told) in [
            ("rule greeting", "`greeting` is no condition; a rule has conditions such as model=GLOB"),
            ("rule turn=-1", "`turn=-1`: a number from 0 on is expected"),
            ("rule priority=high", "a whole number is expected"),
            ("rule regex=(", "`(` is not a regular expression"),
            ("rule contains=\"a", "the quotes of `contains` do not end"),
            ("rule contains=\"a\"b", "a space is missing behind the value of `contains`"),
            ("rule contains=", "`contains` needs a text"),
            ("rule model=a model=b", "`model` is given twice"),
            ("rule header/x-team=a", "the header `x-team` is never stored; rules may ask for content-type, "),
        ] {
            let message = text.parse::<Strategy>().unwrap_err().to_string();
            assert!(message.contains(told), "{message}");
        }
    }
}
