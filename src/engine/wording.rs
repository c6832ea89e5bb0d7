//! Sentences about matching, the same on the command line and on the screen.

use crate::matching::{BlastRadius, Change};
use crate::reading::{human, sanitize};

/// A field that differs, with what was recorded and what came, fit for a terminal.
#[must_use]
pub fn change_line(change: &Change) -> String {
    let side =
        |value: &Option<String>| value.as_deref().map_or("absent".into(), |text| sanitize(text).into_owned());
    let mark = if change.significant { "≠" } else { "~" };
    let field = change.field.to_string();
    format!("  {mark} {}: {} → {}", sanitize(&field), side(&change.recorded), side(&change.incoming))
}

/// The effect of a change of strategy on past calls, with their number.
#[must_use]
pub fn radius(radius: &BlastRadius) -> String {
    let calls = human::counted(radius.calls, "past call");
    let effects = effects(radius);
    let effects = if effects.is_empty() { "nothing would change".to_owned() } else { effects.join(", ") };
    let mut text = format!("of {calls}: {effects}");
    if !radius.indistinguishable.is_empty() {
        let named: Vec<_> = radius.indistinguishable.iter().take(3).map(ToString::to_string).collect();
        let more = human::and_more(radius.indistinguishable.len() - named.len());
        text = format!("{text}; no longer told apart from {}{more}", named.join(", "));
    }
    text
}

/// The effects of a change of strategy on past calls, each with its count; those that are none are left out.
#[must_use]
pub fn effects(radius: &BlastRadius) -> Vec<String> {
    let effects = [
        (radius.miss_to_hit, "miss would hit", "misses would hit"),
        (
            radius.from_others,
            "hit of another recording would go here",
            "hits of other recordings would go here",
        ),
        (radius.to_others, "hit would go to another recording", "hits would go to other recordings"),
        (radius.hit_to_miss, "hit would miss", "hits would miss"),
    ];
    let effects = effects.into_iter().filter(|(count, ..)| *count > 0);
    effects
        .map(|(count, one, many)| {
            format!("{} {}", human::thousands(count), if count == 1 { one } else { many })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_radius_in_words() {
        assert_eq!(radius(&BlastRadius::default()), "of 0 past calls: nothing would change");
        let some = BlastRadius { calls: 3_484, miss_to_hit: 2, from_others: 1, ..BlastRadius::default() };
        assert_eq!(
            radius(&some),
            "of 3,484 past calls: 2 misses would hit, 1 hit of another recording would go here"
        );
    }
}
