//! Cutting a new text into as many pieces as the old one had.

use std::ops::Range;

/// `new` in as many pieces as `old` has. Pieces that lie in the common beginning or the common end of both texts stay as
/// they are. What is between is cut in proportion to the old lengths, before words if there are enough of them; pieces
/// that were empty stay empty.
pub(super) fn share(old: &[&str], new: &str) -> Vec<String> {
    let whole = old.concat();
    let between = between(old, &whole, new);
    let kept = |pieces: &[&str]| pieces.iter().map(|piece| (*piece).to_owned()).collect::<Vec<_>>();
    let (before, after) = (&old[..between.start], &old[between.end..]);
    let len = |pieces: &[&str]| pieces.iter().map(|piece| piece.len()).sum::<usize>();
    let rest = &new[len(before)..new.len() - len(after)];
    let mut pieces = kept(before);
    pieces.extend(cut(&old[between], rest));
    pieces.extend(kept(after));
    pieces
}

/// The pieces of the old text that do not lie in what both texts have in common; at least one that is not empty, unless
/// all are, or there is nothing to change.
fn between(old: &[&str], whole: &str, new: &str) -> Range<usize> {
    let same = |(a, b): &(char, char)| a == b;
    let bytes = |(c, _): (char, char)| c.len_utf8();
    let head: usize = whole.chars().zip(new.chars()).take_while(same).map(bytes).sum();
    let (old_rest, new_rest) = (&whole[head..], &new[head..]);
    let tail: usize = old_rest.chars().rev().zip(new_rest.chars().rev()).take_while(same).map(bytes).sum();
    let kept = |room: usize, pieces: &mut dyn Iterator<Item = &&str>| {
        pieces
            .scan(room, |room, piece| {
                *room = room.checked_sub(piece.len())?;
                Some(())
            })
            .count()
    };
    let mut start = kept(head, &mut old.iter());
    if start == old.len() && whole.len() == new.len() {
        return start..start;
    }
    let mut end = old.len() - kept(tail, &mut old.iter().rev());
    end = end.max(start);
    let empty = |range: Range<usize>| old[range].iter().all(|piece| piece.is_empty());
    while start > 0 && empty(start..end) {
        start -= 1;
    }
    while end < old.len() && empty(start..end) {
        end += 1;
    }
    start..end
}

/// `text` in as many pieces as `old` has, each with a share as large as the old one's.
fn cut(old: &[&str], text: &str) -> Vec<String> {
    let filled = old.iter().filter(|piece| !piece.is_empty()).count();
    // Where nothing was, everything comes in one piece.
    let Some(last) = old.iter().rposition(|piece| !piece.is_empty()).or(old.len().checked_sub(1)) else {
        return Vec::new();
    };
    let words = words(text);
    let places = if words.len() >= filled { words } else { text.char_indices().map(|(at, _)| at).collect() };
    let total: usize = old.iter().map(|piece| piece.len()).sum();
    let (mut start, mut seen, mut left) = (0, 0, filled);
    let mut pieces = Vec::with_capacity(old.len());
    for (nth, piece) in old.iter().enumerate() {
        seen += piece.len();
        left -= usize::from(!piece.is_empty());
        let end = match nth {
            _ if nth == last => text.len(),
            _ if piece.is_empty() => start,
            _ => {
                let aim = text.len() as u128 * seen as u128 / total.max(1) as u128;
                next(&places, start, usize::try_from(aim).unwrap_or(text.len()), left, text.len())
            }
        };
        pieces.push(text[start..end].to_owned());
        start = end;
    }
    pieces
}

/// The place behind `start` that is nearest to `aim` and leaves a place for each of the `left` pieces to come.
fn next(places: &[usize], start: usize, aim: usize, left: usize, len: usize) -> usize {
    let first = places.partition_point(|place| *place <= start);
    let limit = places.len().saturating_sub(left);
    let near = places.partition_point(|place| *place < aim).min(limit).max(first);
    let at = |nth: usize| places.get(nth).copied().unwrap_or(len);
    let before = near.checked_sub(1).filter(|nth| *nth >= first).map(at);
    before.filter(|before| aim.abs_diff(*before) < aim.abs_diff(at(near))).unwrap_or_else(|| at(near))
}

/// The places where words begin, each with the space before it.
fn words(text: &str) -> Vec<usize> {
    let mut space = true;
    let mut places = Vec::new();
    for (at, c) in text.char_indices() {
        if at == 0 || (c.is_whitespace() && !space) {
            places.push(at);
        }
        space = c.is_whitespace();
    }
    places
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_changes_is_cut_anew() {
        let old = ["", "Steam", " over", " stone", ".", ""];
        assert_eq!(share(&old, "Steam over stone."), old);
        assert_eq!(share(&old, "Steam under stone."), ["", "Steam", " under", " stone", ".", ""]);
        assert_eq!(share(&old, "Steam over stone. Snow!"), ["", "Steam", " over", " stone", ". Snow!", ""]);
        assert_eq!(share(&old, "O Steam over stone."), ["", "O Steam", " over", " stone", ".", ""]);
        assert_eq!(share(&old, "No"), ["", "N", "o", "", "", ""]);
        assert_eq!(share(&old, ""), ["", "", "", "", "", ""]);
        assert_eq!(share(&["", ""], "all of it"), ["", "all of it"]);
        assert_eq!(share(&["a", "b"], "one two three four"), ["one two", " three four"]);
        assert_eq!(share(&[], "lost"), [""; 0]);
    }

    proptest! {
        #[test]
        fn the_pieces_make_the_text(old in prop::collection::vec("[ab 猫\n]{0,4}", 1..9), new in "[ab 猫👍🏽\n]{0,24}") {
            let old: Vec<&str> = old.iter().map(String::as_str).collect();
            let pieces = share(&old, &new);
            prop_assert_eq!(pieces.len(), old.len());
            prop_assert_eq!(pieces.concat(), new);
            let whole = old.concat();
            prop_assert_eq!(share(&old, &whole), old);
        }
    }
}
