//! Credentials that an answer repeats in pieces: over the strings of events, tokens and parts that stand one behind the
//! other.
//!
//! Which strings belong together only their sender knows. A whole key in strings of the same name, or in strings that
//! follow each other directly, is no chance: a key is long and random, and nothing else is looked for here. Of a text no
//! more is remembered than the beginning of a key at its end, so it costs as much as its strings are long.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use memchr::memchr_iter;

use super::json_values::{JsonValue, mixed};
use super::search::{ScrubEdit, SecretSearch, before};
use super::secret;
use super::secret::SecretKind;

/// Limit of names that are followed: no answer with content has more.
const GROUPS: usize = 1024;

/// The strings that are taken for one text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum TextGroup {
    /// The texts of one name (its hash), in order.
    Name(u64),
    /// All, in order.
    All,
    /// Numbers of one name that are bytes: tokens are told so, too.
    Bytes(u64),
}

/// A key that is looked for.
struct SoughtKey<'a> {
    bytes: &'a [u8],
    /// The length of the longest shorter beginning that each beginning of the key ends with (Knuth, Morris, Pratt).
    borders: Vec<usize>,
}

/// The end of a text, as far as it is the beginning of a key.
#[derive(Default)]
struct Tail {
    /// Length of the beginning of each key that stands there.
    matched: Vec<usize>,
    /// The places in the body of the bytes of the longest of these.
    places: VecDeque<Range<usize>>,
}

/// A look for keys in pieces.
pub(crate) struct SplitKeys<'a> {
    search: SecretSearch<'a>,
    keys: Vec<SoughtKey<'a>>,
    tails: HashMap<TextGroup, Tail>,
    edits: Vec<ScrubEdit>,
}

impl<'a> SplitKeys<'a> {
    pub(crate) fn new(search: SecretSearch<'a>) -> Self {
        let own = search.own.iter().map(|key| &key[..]).filter(|key| secret::is_distinctive(key));
        let keys = own.chain(search.scrubber.configured()).map(SoughtKey::new).collect();
        Self { search, keys, tails: HashMap::new(), edits: Vec::new() }
    }

    /// True if there is nothing to look for.
    pub(crate) fn is_idle(&self) -> bool {
        self.keys.is_empty()
    }

    /// Takes a value of a JSON text in; `place` says where a range of that stands in the body.
    pub(crate) fn value(
        &mut self,
        text: &[u8],
        value: &JsonValue,
        place: impl Fn(Range<usize>) -> Range<usize>,
    ) {
        if self.is_idle() {
            return;
        }
        let (raw, name) = (&text[value.range.clone()], mixed(0, &text[value.name.clone()]));
        if !value.quoted {
            let byte = std::str::from_utf8(raw).ok().and_then(|number| number.parse::<u8>().ok());
            if let Some(byte) = byte {
                self.take(TextGroup::Bytes(name), &[byte], |_| place(value.range.clone()));
            }
            return;
        }
        let start = value.range.start;
        let unescaped = self.search.unescaped(raw);
        let (decoded, map) = match &unescaped {
            Some(unescaped) => (unescaped.text.as_bytes(), &unescaped.map[..]),
            None => (raw, &[][..]),
        };
        for group in [TextGroup::Name(name), TextGroup::All] {
            self.take(group, decoded, |at| place(start + before(map, at)..start + before(map, at + 1)));
        }
    }

    /// Takes a text in that stands in the body as it is.
    pub(crate) fn plain(&mut self, body: &[u8], range: &Range<usize>) {
        self.take(TextGroup::All, &body[range.clone()], |at| range.start + at..range.start + at + 1);
    }

    fn take(&mut self, group: TextGroup, text: &[u8], place: impl Fn(usize) -> Range<usize>) {
        if self.is_idle() || text.is_empty() {
            return;
        }
        if self.tails.len() >= GROUPS && !self.tails.contains_key(&group) {
            return;
        }
        let count = self.keys.len();
        let tail = self
            .tails
            .entry(group)
            .or_insert_with(|| Tail { matched: vec![0; count], places: VecDeque::new() });
        let (found, known, mut rest) = (tail.continued(&self.keys, text), tail.places.len(), 0);
        if let Some((end, key)) = found {
            rest = end;
            let missing = known - (key.len() - end);
            let places: Vec<_> = tail.places.drain(..).skip(missing).chain((0..end).map(&place)).collect();
            let tag = self.search.scrubber.placeholder(SecretKind::Key, key);
            let edits = edits(&places, group, tag);
            self.search.effort.count_secrets(edits.len());
            self.edits.extend(edits);
            for (matched, key) in tail.matched.iter_mut().zip(&self.keys) {
                *matched = key.begun(&text[end..]);
            }
        }
        // A beginning that somebody repeats in many texts is remembered in each.
        let longest = tail.matched.iter().copied().max().unwrap_or(0);
        tail.places.extend((rest.max(text.len().saturating_sub(longest))..text.len()).map(place));
        tail.places.drain(..tail.places.len() - longest);
        self.search.effort.forget(known);
        self.search.effort.remember(longest);
    }

    /// The edits.
    pub(crate) fn into_edits(self) -> Vec<ScrubEdit> {
        let remembered = self.tails.values().map(|tail| tail.places.len()).sum();
        self.search.effort.forget(remembered);
        self.edits
    }
}

impl<'a> SoughtKey<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let mut key = Self { bytes, borders: vec![0; bytes.len()] };
        let mut border = 0;
        for (at, byte) in bytes.iter().enumerate().skip(1) {
            border = key.longer(border, *byte);
            key.borders[at] = border;
        }
        key
    }

    /// Length of the key's beginning at the end of a text once another byte follows on `matched` bytes of it, which are
    /// not the whole key.
    fn longer(&self, mut matched: usize, byte: u8) -> usize {
        while matched > 0 && self.bytes[matched] != byte {
            matched = self.borders[matched - 1];
        }
        matched + usize::from(self.bytes[matched] == byte)
    }

    /// The length of the longest beginning of the key, less than all of it, with which `text` ends.
    fn begun(&self, text: &[u8]) -> usize {
        let from = text.len() - text.len().min(self.bytes.len() - 1);
        let end = &text[from..];
        let first = memchr_iter(self.bytes[0], end).find(|at| self.bytes.starts_with(&end[*at..]));
        first.map_or(0, |at| end.len() - at)
    }
}

impl Tail {
    /// Goes on with another piece of the text. Gives the key that begins before and ends in it, and where that is.
    fn continued<'k>(&mut self, keys: &[SoughtKey<'k>], text: &[u8]) -> Option<(usize, &'k [u8])> {
        let mut found: Option<(usize, &'k [u8])> = None;
        for (state, key) in self.matched.iter_mut().zip(keys) {
            let mut matched = *state;
            let mut at = 0;
            // For as long as what stands there began before this piece.
            while at < matched && at < text.len() {
                matched = key.longer(matched, text[at]);
                at += 1;
                if matched == key.bytes.len() {
                    // The one that begins first, and of these the shorter.
                    let begins =
                        |(end, key): (usize, &[u8])| (end.cast_signed() - key.len().cast_signed(), end);
                    if found.is_none_or(|before| begins((at, key.bytes)) < begins(before)) {
                        found = Some((at, key.bytes));
                    }
                    matched = key.borders[matched - 1];
                }
            }
            *state = if at < text.len() { key.begun(text) } else { matched };
        }
        found
    }
}

/// The edits of a key whose bytes stand at these places: its placeholder goes to the first. Numbers stay numbers.
fn edits(places: &[Range<usize>], group: TextGroup, tag: String) -> Vec<ScrubEdit> {
    if matches!(group, TextGroup::Bytes(_)) {
        return places.iter().map(|place| (place.clone(), "0".to_owned())).collect();
    }
    let (mut edits, mut tag): (Vec<ScrubEdit>, _) = (Vec::new(), Some(tag));
    for place in places {
        match edits.last_mut() {
            Some((last, _)) if last.end == place.start => last.end = place.end,
            _ => edits.push((place.clone(), tag.take().unwrap_or_default())),
        }
    }
    edits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The end and the key, for each of several texts in a row that ends one.
    fn followed(keys: &[&'static [u8]], texts: &[&[u8]]) -> Vec<Option<(usize, &'static [u8])>> {
        let keys: Vec<_> = keys.iter().map(|key| SoughtKey::new(key)).collect();
        let mut tail = Tail { matched: vec![0; keys.len()], places: VecDeque::new() };
        texts.iter().map(|text| tail.continued(&keys, text)).collect()
    }

    #[test]
    fn a_key_that_looks_like_its_own_beginning_is_found() {
        let keys: &[&'static [u8]] = &[b"abcabd", b"bca"];
        for (texts, found) in [
            (&[&b"abcab"[..], b"d"][..], Some((1, keys[0]))),
            (&[b"ab", b"cabcab", b"dd"], Some((1, keys[0]))),
            (&[b"abcabc", b"a", b"bd"], Some((2, keys[0]))),
            (&[b"b", b"c", b"", b"a"], Some((1, keys[1]))),
            // The one that begins first.
            (&[b"a", b"bcabd"], Some((5, keys[0]))),
            // What one piece holds is found by whoever looks at that.
            (&[b"abca", b"abcabd"], None),
            (&[b"abc", b"abx", b"d"], None),
        ] {
            let all = followed(keys, texts);
            assert_eq!(all.last(), Some(&found), "{texts:?}");
        }
    }

    proptest! {
        #[test]
        fn a_key_is_found_wherever_it_is_cut(
            cuts in proptest::collection::vec(1_usize..20, 1..5),
            before in "[sk-]{0,9}",
            behind in "[sk-]{0,9}",
        ) {
            let key: &'static [u8] = b"sk-sk-s4f9ask-sk-s5";
            let whole = [before.as_bytes(), key, behind.as_bytes()].concat();
            let inside: Vec<_> = cuts.iter().map(|cut| before.len() + cut % key.len()).filter(|cut| *cut > before.len()).collect();
            prop_assume!(!inside.is_empty());
            let mut ends = inside;
            ends.extend([0, whole.len()]);
            ends.sort_unstable();
            ends.dedup();
            let texts: Vec<_> = ends.windows(2).map(|two| &whole[two[0]..two[1]]).collect();
            let found = followed(&[key], &texts).into_iter().flatten().count();
            prop_assert_eq!(found, 1);
        }
    }
}
