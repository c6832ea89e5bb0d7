//! The strings and numbers of a JSON text by their place, for scrubbing: what name each stands beside, and among what.
//!
//! A reader that stops at the first error would leave all behind it unscrubbed, so this one goes on: it keeps track of
//! quotes, braces and commas and is as deep as the text. Several documents may follow each other, as in JSON lines.

use std::borrow::Cow;
use std::ops::Range;

use super::secret_name::{Folded, NameClass, NamePlace, class};
use crate::wire::json;

/// The meaning of a key for the values under it, besides its class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ValueRole {
    /// An ambiguous name in it is a credential: what Azure, OAuth and databases are given to log in.
    Authentication,
    /// Servers, tools and callbacks are configured in it.
    Tools,
    /// Keys are names of headers.
    Headers,
    /// Environment variables of a tool's server.
    Environment,
    /// Every value in it is a secret.
    Secrets,
    /// A part of a schema that holds other people's names: what stands beside them is described, not given.
    Schema,
    /// The address of a server that a tool talks to.
    ServerUrl,
    /// The address of a server that a tool talks to, where tools are configured.
    Url,
    /// One half of `{"name": "x-api-key", "value": "…"}`.
    Name,
    /// The other half.
    Value,
    #[default]
    None,
}

impl ValueRole {
    /// The role of a folded name.
    fn of(name: &[u8]) -> Self {
        match name {
            b"authorization" | b"oauth2" | b"authconfig" | b"credential" | b"datasource" | b"datasources"
            | b"connection" => Self::Authentication,
            _ if name.ends_with(b"auth") || name.ends_with(b"authentication") => Self::Authentication,
            _ if name.ends_with(b"credentials") => Self::Authentication,
            b"tools" | b"mcp" | b"mcpserver" | b"mcpservers" | b"mcpserverconfigs" | b"connectors"
            | b"actions" | b"webhook" | b"webhooks" => Self::Tools,
            b"headers" | b"httpheaders" | b"extraheaders" | b"customheaders" | b"requestheaders" => {
                Self::Headers
            }
            b"env" => Self::Environment,
            b"secrets" | b"apikeys" | b"accesskeys" | b"accesstokens" | b"apitokens" | b"passwords" => {
                Self::Secrets
            }
            b"properties" | b"patternproperties" | b"$defs" | b"definitions" | b"dependentrequired"
            | b"dependentschemas" | b"dependencies" => Self::Schema,
            b"serverurl" | b"serveruri" | b"mcpurl" | b"mcpserverurl" | b"serverendpoint" => Self::ServerUrl,
            b"url" | b"uri" | b"endpoint" => Self::Url,
            b"name" | b"key" | b"header" => Self::Name,
            b"value" => Self::Value,
            _ => Self::None,
        }
    }
}

/// Headers of a tool's server that are no secrets.
fn is_harmless_header(name: &[u8]) -> bool {
    matches!(
        name,
        b"accept"
            | b"acceptencoding"
            | b"acceptlanguage"
            | b"contenttype"
            | b"useragent"
            | b"anthropicversion"
            | b"mcpprotocolversion"
    )
}

/// An element of a JSON text, as positions in it.
#[derive(Debug)]
pub(crate) enum JsonElement {
    /// A key, without its quotes.
    Key(Range<usize>),
    /// A string or a number.
    Value(JsonValue),
}

/// A string or a number and its place.
#[derive(Debug)]
pub(crate) struct JsonValue {
    /// Range of the value in the text, without quotes.
    pub(crate) range: Range<usize>,
    /// True if it is a string.
    pub(crate) quoted: bool,
    /// The class of its name; that of an array's items is the array's.
    pub(crate) class: NameClass,
    /// The range of its name; empty without one.
    pub(crate) name: Range<usize>,
    /// Place in an array, from 0.
    position: u64,
    /// True if it is the address of a tool's server.
    pub(crate) server: bool,
    /// The node that it stands in.
    node: usize,
}

/// The surroundings of a value.
#[derive(Clone, Copy, Debug, Default)]
struct Around {
    /// Ambiguous names are credentials.
    authentication: bool,
    /// Tools and servers are configured here.
    tools: bool,
    members: Members,
}

/// The kind of keys that an object has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Members {
    /// Names of data.
    #[default]
    Data,
    /// Names of headers.
    Headers,
    /// Names of secrets, or of headers of a tool's server: every value is a secret, but for harmless headers.
    Secrets,
    /// Names that a schema describes.
    Schema,
}

/// An object or array that is open.
struct OpenValue {
    object: bool,
    around: Around,
    /// The last key.
    name: Range<usize>,
    class: NameClass,
    role: ValueRole,
    /// The next item's place in an array.
    position: u64,
    node: usize,
    /// True if a member called `name` or `key` names a credential: its `value` is one then.
    named: bool,
    value: Option<Range<usize>>,
    /// True if the last item of an array is a flag of a command that a credential follows (`--api-key`).
    flag: bool,
}

/// A node that tells apart the strings of several events that do not belong together.
#[derive(Clone, Copy)]
struct Node {
    parent: usize,
    /// Hash of the key or position under which it stands; once all is read, of all of them on the way to it.
    step: u64,
    /// Hash of its members called `index` and the like; 0 without one.
    index: u64,
}

/// The values of a JSON text.
pub(crate) struct JsonValues<'a> {
    text: &'a [u8],
    at: usize,
    frames: Vec<OpenValue>,
    nodes: Vec<Node>,
    own: &'a [String],
    public: &'a [String],
    pending: Option<JsonValue>,
    too_deep: bool,
}

/// Limits of nesting, and of objects and arrays: something is kept of each.
const DEPTH: usize = 100_000;
const NODES: usize = 4 << 20;
/// Length in bytes of a key's end that is remembered for the values under it.
const NAME: usize = 256;

impl<'a> JsonValues<'a> {
    /// The values of a text. The names of `secrets` are credentials, too, and ambiguous ones of `public` are not.
    pub(crate) fn new(text: &'a [u8], secrets: &'a [String], public: &'a [String]) -> Self {
        let (frames, nodes) = (Vec::new(), Vec::new());
        Self { text, at: 0, frames, nodes, own: secrets, public, pending: None, too_deep: false }
    }

    /// True if reading ended before the end of the text, because it is too deep or has too many objects and arrays.
    pub(crate) fn is_too_deep(&self) -> bool {
        self.too_deep
    }

    /// Puts the way to each object and array together. To be called when all items were read, because an index may stand
    /// behind what it tells apart.
    pub(crate) fn close_slots(&mut self) {
        for at in 0..self.nodes.len() {
            let Node { parent, step, index } = self.nodes[at];
            // What stands in an object was opened behind it.
            let way = parent.checked_sub(1).map_or(0, |parent| self.nodes[parent].step);
            self.nodes[at].step = mixed(way, &(if index == 0 { step } else { index }).to_le_bytes());
        }
    }

    /// A number for the place at which a value stands, which is the same for the pieces of one text in several events:
    /// keys and positions on the way to it, where an object's own `index` goes before its position.
    pub(crate) fn slot(&self, value: &JsonValue, seed: u64) -> u64 {
        let place = mixed(mixed(seed, &value.position.to_le_bytes()), &self.text[value.name.clone()]);
        let node = value.node.checked_sub(1).and_then(|at| self.nodes.get(at));
        node.map_or(place, |node| mixed(place, &node.step.to_le_bytes()))
    }

    fn string(&mut self) -> Range<usize> {
        let start = self.at + 1;
        let mut end = start;
        while let Some(byte) = self.text.get(end).filter(|b| **b != b'"') {
            end += if *byte == b'\\' { 2 } else { 1 };
        }
        let end = end.min(self.text.len());
        self.at = end + 1;
        start..end
    }

    /// A number, a literal, or what is none of them.
    fn bare(&mut self) -> JsonElement {
        let start = self.at;
        let ends =
            |b: &u8| matches!(b, b',' | b':' | b'{' | b'}' | b'[' | b']' | b'"') || b.is_ascii_whitespace();
        let len = self.text[start..].iter().position(ends).unwrap_or(self.text.len() - start);
        self.at = start + len.max(1);
        let value = self.value(start..self.at, false);
        let name = &self.text[value.name.clone()];
        if name.ends_with(b"index") || name.ends_with(b"Index") {
            self.index(&value);
        }
        JsonElement::Value(value)
    }

    fn quoted(&mut self) -> JsonElement {
        let range = self.string();
        let behind = self.text.get(self.at..).unwrap_or_default().trim_ascii_start();
        let is_key = self.frames.last().is_some_and(|frame| frame.object) && behind.first() == Some(&b':');
        if is_key {
            self.key(&range);
            return JsonElement::Key(range);
        }
        let mut value = self.value(range, true);
        self.flag(&mut value);
        self.pair(&value);
        if self.frames.len() == 1 && self.text[value.name.clone()] == *b"type" {
            self.index(&value);
        }
        JsonElement::Value(value)
    }

    fn key(&mut self, range: &Range<usize>) {
        let name = Folded::of(&self.name(range));
        let Some(frame) = self.frames.last_mut() else { return };
        let place =
            if frame.around.members == Members::Headers { NamePlace::Header } else { NamePlace::Json };
        let is = |names: &[String]| names.iter().any(|known| known.as_bytes() == name.bytes());
        let (class, role) = (name.class(place), ValueRole::of(name.bytes()));
        let unclear = matches!(class, NameClass::Ambiguous | NameClass::Suspect);
        let given = frame.around.authentication && (unclear || role == ValueRole::Value)
            || frame.around.members == Members::Secrets && !is_harmless_header(name.bytes());
        frame.class = if given || is(self.own) {
            NameClass::Credential
        } else if unclear && is(self.public) {
            NameClass::Plain
        } else {
            class
        };
        // The same name is read for every item of an array.
        let end = range.end.saturating_sub(NAME).max(range.start)..range.end;
        (frame.name, frame.role) = (end, role);
    }

    fn value(&mut self, range: Range<usize>, quoted: bool) -> JsonValue {
        let Some(frame) = self.frames.last_mut() else {
            let (class, name) = (NameClass::Plain, 0..0);
            return JsonValue { range, quoted, class, name, position: 0, server: false, node: 0 };
        };
        let server = match frame.role {
            ValueRole::ServerUrl => frame.around.members != Members::Schema,
            ValueRole::Url => frame.around.tools,
            _ => false,
        };
        let position = frame.position;
        frame.position += u64::from(!frame.object);
        let (name, class, node) = (frame.name.clone(), frame.class, frame.node);
        JsonValue { range, quoted, class, name, position, server, node }
    }

    /// Notes `["--api-key", "…"]`.
    fn flag(&mut self, value: &mut JsonValue) {
        let text = self.text;
        let Some(frame) = self.frames.last_mut().filter(|frame| !frame.object) else { return };
        if std::mem::take(&mut frame.flag) && value.class != NameClass::Credential {
            value.class = NameClass::Credential;
        }
        let given = text[value.range.clone()].strip_prefix(b"--");
        frame.flag = given.is_some_and(|name| match class(name, NamePlace::Query) {
            NameClass::Credential => true,
            NameClass::Ambiguous => frame.around.tools,
            NameClass::Suspect | NameClass::Plain => false,
        });
    }

    /// Notes `{"name": "x-api-key", "value": "…"}`, in either order.
    fn pair(&mut self, value: &JsonValue) {
        let text = self.text;
        let Some(frame) = self.frames.last_mut().filter(|frame| frame.object) else { return };
        match frame.role {
            ValueRole::Value => frame.value = Some(value.range.clone()),
            ValueRole::Name
                if class(&text[value.range.clone()], NamePlace::Json) == NameClass::Credential =>
            {
                frame.named = true;
            }
            _ => {}
        }
    }

    /// Notes what tells an object from its neighbours.
    fn index(&mut self, value: &JsonValue) {
        let text = self.text;
        if let Some(node) = value.node.checked_sub(1).and_then(|at| self.nodes.get_mut(at)) {
            let name = mixed(node.index, &text[value.name.clone()]);
            node.index = mixed(name, &text[value.range.clone()]) | 1;
        }
    }

    fn open(&mut self, object: bool) {
        let (text, depth) = (self.text, self.frames.len());
        let (mut around, mut class, mut name) = (Around::default(), NameClass::Plain, 0..0);
        let (mut node, mut named) = (Node { parent: 0, step: 1, index: 0 }, false);
        if let Some(frame) = self.frames.last_mut() {
            // The elements of an array that is a whole document are as the lines of a stream.
            let step = match (frame.object, depth) {
                (true, _) => mixed(2, &text[frame.name.clone()]),
                (false, 1) => 3,
                (false, _) => mixed(3, &frame.position.to_le_bytes()),
            };
            node = Node { parent: frame.node, step, index: 0 };
            around = if frame.object { frame.around.below(frame.role, frame.class) } else { frame.around };
            let schema = around.members == Members::Schema;
            around.authentication |= frame.class == NameClass::Credential && !schema;
            // What stands in an array has the array's name; what a schema describes has none.
            if !object && !schema {
                (class, name) = (frame.class, frame.name.clone());
            }
            frame.position += u64::from(!frame.object);
            if object && !frame.object && !schema {
                // A list of pairs: the names are what tells them apart.
                named = around.members == Members::Secrets;
                around.members = Members::Data;
            }
        }
        self.nodes.push(node);
        let (role, value, node) = (ValueRole::None, None, self.nodes.len());
        self.frames.push(OpenValue {
            object,
            around,
            name,
            class,
            role,
            position: 0,
            node,
            named,
            value,
            flag: false,
        });
    }

    fn close(&mut self) {
        self.at += 1;
        let Some(frame) = self.frames.pop() else { return };
        if let (true, Some(range)) = (frame.named, frame.value) {
            let (class, name, node) = (NameClass::Credential, 0..0, frame.node);
            self.pending =
                Some(JsonValue { range, quoted: true, class, name, position: 0, server: false, node });
        }
    }

    fn name(&self, range: &Range<usize>) -> Cow<'a, [u8]> {
        unescaped(&self.text[range.clone()])
    }
}

impl Around {
    /// The surroundings of the members under a key of this role and class.
    fn below(self, role: ValueRole, class: NameClass) -> Self {
        if self.members == Members::Schema || role == ValueRole::Schema {
            return Self { members: Members::Schema, ..Self::default() };
        }
        let tools = self.tools || role == ValueRole::Tools;
        let members = match role {
            ValueRole::Headers | ValueRole::Environment if tools => Members::Secrets,
            ValueRole::Secrets => Members::Secrets,
            ValueRole::Headers => Members::Headers,
            _ => Members::Data,
        };
        let authentication =
            self.authentication || class == NameClass::Credential || role == ValueRole::Authentication;
        Self { authentication, tools, members }
    }
}

impl Iterator for JsonValues<'_> {
    type Item = JsonElement;

    fn next(&mut self) -> Option<JsonElement> {
        loop {
            if let Some(value) = self.pending.take() {
                return Some(JsonElement::Value(value));
            }
            match *self.text.get(self.at)? {
                b'"' => return Some(self.quoted()),
                b'{' | b'[' if self.frames.len() >= DEPTH || self.nodes.len() >= NODES => {
                    (self.too_deep, self.at) = (true, self.text.len());
                }
                byte @ (b'{' | b'[') => {
                    self.open(byte == b'{');
                    self.at += 1;
                }
                b'}' | b']' => self.close(),
                b',' | b':' => self.at += 1,
                byte if byte.is_ascii_whitespace() => self.at += 1,
                _ => return Some(self.bare()),
            }
        }
    }
}

/// A name without its escapes.
fn unescaped(raw: &[u8]) -> Cow<'_, [u8]> {
    let resolved = || raw.contains(&b'\\').then(|| json::unescape(std::str::from_utf8(raw).ok()?)).flatten();
    resolved().map_or(Cow::Borrowed(raw), |resolved| Cow::Owned(resolved.text.into_bytes()))
}

/// FNV-1a over what was hashed before and more bytes.
pub(crate) fn mixed(before: u64, bytes: &[u8]) -> u64 {
    let start = before ^ 0xcbf2_9ce4_8422_2325;
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
#[path = "json_values_tests.rs"]
mod tests;
