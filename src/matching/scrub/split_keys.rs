//! Credentials that an answer repeats in pieces: over the strings of events, tokens and parts that stand one behind the
//! other.
//!
//! Which strings belong together only their sender knows. A whole key in strings of the same name, or in strings that
//! follow each other directly, is no chance: a key is long and random, and nothing else is looked for here.

use std::collections::HashMap;
use std::ops::Range;

use super::json_values::{JsonValue, mixed};
use super::search::{Edit, Search, before};
use super::secret;
use super::secret::Kind;
use crate::wire::json;

/// So many names are followed: no answer that says something has more.
const GROUPS: usize = 1024;

/// The strings that are taken for one text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum TextGroup {
    /// Those of one name (its hash), in order.
    Name(u64),
    /// All, in order.
    All,
    /// Numbers of one name that are bytes: tokens are told so, too.
    Bytes(u64),
}

/// The end of a text: its bytes, and where each stands in the body.
#[derive(Default)]
struct Tail {
    bytes: Vec<u8>,
    places: Vec<Range<usize>>,
}

/// A look for keys in pieces.
pub(crate) struct SplitKeys<'a> {
    search: Search<'a>,
    keys: Vec<&'a [u8]>,
    /// One byte less than the longest key: what must be remembered of a text.
    reach: usize,
    tails: HashMap<TextGroup, Tail>,
    edits: Vec<Edit>,
}

impl<'a> SplitKeys<'a> {
    pub(crate) fn new(search: Search<'a>) -> Self {
        let own = search.own.iter().map(|key| &key[..]).filter(|key| secret::is_distinctive(key));
        let keys: Vec<_> = own.chain(search.scrubber.configured()).collect();
        let reach = keys.iter().map(|key| key.len()).max().unwrap_or(1) - 1;
        Self { search, keys, reach, tails: HashMap::new(), edits: Vec::new() }
    }

    /// Takes a value of a JSON text in; `place` says where a range of that stands in the body.
    pub(crate) fn value(
        &mut self,
        text: &[u8],
        value: &JsonValue,
        place: impl Fn(Range<usize>) -> Range<usize>,
    ) {
        if self.keys.is_empty() {
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
        let escaped = raw.contains(&b'\\').then(|| json::unescape(std::str::from_utf8(raw).ok()?)).flatten();
        let (decoded, map) = match &escaped {
            Some(escaped) => (escaped.text.as_bytes(), &escaped.map[..]),
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
        if self.keys.is_empty() || text.is_empty() {
            return;
        }
        if self.tails.len() >= GROUPS && !self.tails.contains_key(&group) {
            return;
        }
        let tail = self.tails.entry(group).or_default();
        let known = tail.bytes.len();
        let near = text.len().min(self.reach);
        tail.bytes.extend_from_slice(&text[..near]);
        tail.places.extend((0..near).map(&place));
        let spans = |range: &Range<usize>| range.start < known && known < range.end;
        let keys = self.keys.iter().flat_map(|key| secret::occurrences(&tail.bytes, key));
        if let Some(found) = keys.filter(spans).min_by_key(|range| (range.start, range.end)) {
            let key = &tail.bytes[found.clone()];
            let tag = self.search.scrubber.placeholder(Kind::Key, key);
            self.edits.extend(edits(&tail.places[found], group, tag));
            *tail = Tail::default();
        }
        if text.len() >= self.reach {
            let last = text.len() - self.reach..text.len();
            *tail = Tail { bytes: text[last.clone()].to_vec(), places: last.map(place).collect() };
        } else {
            let over = tail.bytes.len().saturating_sub(self.reach);
            tail.bytes.drain(..over);
            tail.places.drain(..over);
        }
    }

    /// What is to be replaced.
    pub(crate) fn found(self) -> Vec<Edit> {
        self.edits
    }
}

/// The edits of a key whose bytes stand at these places: its placeholder goes to the first. Numbers stay numbers.
fn edits(places: &[Range<usize>], group: TextGroup, tag: String) -> Vec<Edit> {
    if matches!(group, TextGroup::Bytes(_)) {
        return places.iter().map(|place| (place.clone(), "0".to_owned())).collect();
    }
    let (mut edits, mut tag): (Vec<Edit>, _) = (Vec::new(), Some(tag));
    for place in places {
        match edits.last_mut() {
            Some((last, _)) if last.end == place.start => last.end = place.end,
            _ => edits.push((place.clone(), tag.take().unwrap_or_default())),
        }
    }
    edits
}
