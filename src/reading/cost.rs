//! The cost of an answer, by a table of prices.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de};
use toml::Spanned;
use wildmatch::WildMatch;

use crate::dialect::model_name;
use crate::model::{Row, Tokens, Usd};

/// The list prices that come with the program.
const LISTED: &str = include_str!("../../assets/prices.toml");
/// The highest price there can be, in dollars: far above all real ones, and far below what overflows.
const HIGHEST: f64 = 1_000_000.0;

/// Prices of models. An unknown price is unknown: nothing is guessed from models with similar names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices {
    /// The day on which the prices were looked up (`2025-12-01`), where the table says it.
    pub as_of: Option<String>,
    models: BTreeMap<String, Price>,
}

/// The price of one model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Price {
    /// A million tokens of input that were in no cache.
    pub input: Option<Rate>,
    /// A million tokens of input from the provider's cache.
    pub cached: Option<Rate>,
    /// A million tokens of output.
    pub output: Option<Rate>,
    /// One picture.
    pub image: Option<Rate>,
    /// Limit of input tokens up to which the prices hold.
    pub up_to: Option<u64>,
}

/// Dollars for a million of something (of pictures: for one), in millionths of a dollar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(u64);

/// A problem in a table of prices.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("prices, line {line}, `{key}`: {problem}")]
pub struct PricesError {
    /// The line, from 1.
    pub line: usize,
    /// The key that stands in that line.
    pub key: String,
    /// The problem, and what was expected.
    pub problem: String,
}

/// A table as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceTable {
    #[serde(default)]
    as_of: Option<Spanned<String>>,
    #[serde(default)]
    models: BTreeMap<String, Price>,
}

impl Prices {
    /// The list prices that come with the program.
    #[must_use]
    pub fn listed() -> Self {
        // A test reads the table; a broken one would leave all prices unknown.
        Self::parse(LISTED).unwrap_or_default()
    }

    /// Reads a table: `as_of`, and under `models` a line for each model.
    ///
    /// # Errors
    /// Where it is no such table: with line and key.
    pub fn parse(text: &str) -> Result<Self, PricesError> {
        let wrong = |span: Option<std::ops::Range<usize>>, problem: String| {
            let before = text.get(..span.map_or(0, |span| span.start)).unwrap_or_default();
            let line = before.bytes().filter(|b| *b == b'\n').count();
            let key = text.lines().nth(line).unwrap_or_default().split('=').next().unwrap_or_default();
            PricesError { line: line + 1, key: key.trim().trim_matches('"').to_owned(), problem }
        };
        let table: PriceTable =
            toml::from_str(text).map_err(|error| wrong(error.span(), error.message().to_owned()))?;
        if let Some(day) = &table.as_of
            && let Err(problem) = day.get_ref().parse::<jiff::civil::Date>()
        {
            return Err(wrong(Some(day.span()), format!("expected a day such as 2025-12-01: {problem}")));
        }
        let as_of = table.as_of.map(Spanned::into_inner);
        Ok(Self { as_of, models: BTreeMap::new() }.with(table.models))
    }

    /// This table with other or more entries: each takes the place of the one with the same key.
    #[must_use]
    pub fn with(mut self, entries: impl IntoIterator<Item = (String, Price)>) -> Self {
        self.models.extend(entries.into_iter().map(|(key, price)| (key.to_lowercase(), price)));
        self
    }

    /// The cost of an answer of `model`. `None` where the model, or the price of something that it was billed for, is
    /// not known.
    #[must_use]
    pub fn cost(&self, model: &str, tokens: &Tokens) -> Option<Usd> {
        let price = self.price(model)?;
        if price.up_to.is_some_and(|limit| tokens.input.saturating_add(tokens.cached) > limit) {
            return None;
        }
        let counted =
            [(tokens.input, price.input), (tokens.cached, price.cached), (tokens.output, price.output)];
        let millionths = counted.into_iter().try_fold(0_u128, |sum, (count, rate)| {
            let each = if count == 0 { 0 } else { rate?.0 };
            Some(sum + u128::from(count) * u128::from(each))
        })?;
        u64::try_from((millionths + 500_000) / 1_000_000).ok().map(Usd)
    }

    /// The cost of `count` pictures of `model`, where pictures are what it is billed for.
    #[must_use]
    pub fn images(&self, model: &str, count: u32) -> Option<Usd> {
        Some(Usd(self.price(model)?.image?.0.saturating_mul(u64::from(count))))
    }

    /// The cost of an answer that states these tokens and holds so many pictures; `None` where it is not known.
    #[must_use]
    pub fn billed(&self, model: &str, tokens: Option<&Tokens>, images: u32) -> Option<Usd> {
        let by_tokens = tokens.and_then(|tokens| self.cost(model, tokens));
        by_tokens.or_else(|| self.images(model, images).filter(|_| images > 0))
    }

    /// The cost of a recording's answer.
    #[must_use]
    pub fn of(&self, row: &Row) -> Option<Usd> {
        self.billed(row.model.as_deref()?, row.tokens.as_ref(), row.images)
    }

    /// The entry for a model: the one with its name as written, else without provider and date, else the longest key
    /// with `*` or `?` that fits either.
    #[must_use]
    pub fn price(&self, model: &str) -> Option<&Price> {
        let written = model.trim().to_lowercase();
        let plain = model_name::canonical(&written);
        let fits = |key: &&String| {
            key.contains(['*', '?']) && {
                let glob = WildMatch::new(key);
                glob.matches(plain) || glob.matches(&written)
            }
        };
        let named = self.models.get(&written).or_else(|| self.models.get(plain));
        named.or_else(|| {
            self.models.get(self.models.keys().filter(fits).max_by_key(|key| key.chars().count())?)
        })
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let dollars = f64::deserialize(deserializer)?;
        if !(0.0..=HIGHEST).contains(&dollars) {
            return Err(de::Error::custom("expected a price in dollars, from 0 to 1000000"));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is from 0 to 10^12, as the line above says"
        )]
        Ok(Self((dollars * 1_000_000.0).round() as u64))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens(input: u64, cached: u64, output: u64) -> Tokens {
        Tokens { input, cached, output }
    }

    #[test]
    fn the_table_that_comes_along_is_sound() {
        let listed = Prices::parse(LISTED).unwrap();
        assert!(listed.as_of.is_some() && listed.models.len() > 20);
        assert_eq!(Prices::listed(), listed);
        for (name, price) in &listed.models {
            assert_eq!(listed.price(name), Some(price), "{name} is found by its own name");
            assert!(
                price.cached.is_none_or(|cached| price.input.is_some_and(|input| cached.0 <= input.0)),
                "{name}"
            );
        }
    }

    #[test]
    fn costs_are_sums_of_what_is_known() {
        let prices = Prices::listed();
        assert_eq!(prices.cost("gpt-4o", &tokens(1_000_000, 1_000_000, 1_000_000)), Some(Usd(13_750_000)));
        assert_eq!(prices.cost("openai/gpt-4o-2024-08-06", &tokens(1000, 0, 0)), Some(Usd(2_500)));
        assert_eq!(
            prices.cost("gpt-4o-2024-05-13", &tokens(1000, 0, 0)),
            Some(Usd(5_000)),
            "the longest key"
        );
        assert_eq!(prices.cost("GPT-4o-mini", &tokens(0, 7, 0)), Some(Usd(1)), "rounded: 0.525 millionths");
        assert_eq!(prices.cost("claude-sonnet-4-20250514", &tokens(100, 0, 10)), Some(Usd(450)));
        for (model, sent) in [
            ("gpt-4o-turbo-preview-next", tokens(1, 0, 1)),
            ("text-embedding-3-small", tokens(1, 0, 1)),
            ("gemini-2.5-pro", tokens(150_000, 60_000, 1)),
            ("gemini-2.5-flash", tokens(1, 1, 1)),
            ("", tokens(1, 0, 0)),
        ] {
            assert_eq!(prices.cost(model, &sent), None, "{model}");
        }
        assert_eq!(prices.cost("text-embedding-3-small", &tokens(1_000_000, 0, 0)), Some(Usd(20_000)));
        assert_eq!(prices.images("gpt-4o", 1), None);
    }

    #[test]
    fn entries_take_the_place_of_entries() {
        let own =
            Prices::parse("[models]\n\"gpt-*\" = { input = 1 }\n\"gpt-4o\" = { image = 0.04 }").unwrap();
        let prices = Prices::listed().with(own.models);
        assert_eq!(prices.price("gpt-4o-2024-05-13"), Prices::listed().price("gpt-4o-2024-05-13"));
        assert_eq!(prices.cost("gpt-9", &tokens(2_000_000, 0, 0)), Some(Usd(2_000_000)));
        assert_eq!(prices.cost("gpt-4o", &tokens(1, 0, 0)), None, "the whole entry is another one");
        assert_eq!(prices.images("gpt-4o", 3), Some(Usd(120_000)));
        assert_eq!(prices.cost("gpt-4.1", &tokens(1_000_000, 0, 0)), Some(Usd(2_000_000)));
    }

    #[test]
    fn a_broken_table_says_where() {
        for (text, line, key, problem) in [
            ("as_of = \"soon\"", 1, "as_of", "expected a day"),
            ("[models]\n\n\"gpt-4o\" = { inputs = 1 }", 3, "gpt-4o", "unknown field `inputs`"),
            ("[models]\nx = { input = -1 }", 2, "x", "expected a price"),
            ("[models]\nx = { input = nan }", 2, "x", "expected a price"),
            ("[models]\nx = { input = \"1\" }", 2, "x", "expected f64"),
            ("[models]\nx = 3", 2, "x", "expected struct Price"),
            ("[models]\nx = {", 2, "x", ""),
        ] {
            let error = Prices::parse(text).unwrap_err();
            assert_eq!((error.line, error.key.as_str()), (line, key), "{error}");
            assert!(error.problem.contains(problem), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_count_overflows_and_no_name_panics(model in "\\PC{0,12}", input: u64, cached: u64, output: u64) {
            let prices = Prices::listed().with([("*".to_owned(), Price { input: Some(Rate(1_000_000_000_000)), ..Price::default() })]);
            _ = prices.cost(&model, &tokens(input, cached, output));
            let sum = prices.cost("gpt-4o", &tokens(input >> 8, 0, 0));
            prop_assert_eq!(sum, Some(Usd(u64::try_from((u128::from(input >> 8) * 2_500_000 + 500_000) / 1_000_000).unwrap())));
        }
    }
}
