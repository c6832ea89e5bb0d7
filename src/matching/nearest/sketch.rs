//! Outlines: requests without their values, with a short hash of each instead. Small enough to keep a hundred thousand
//! of them in memory, and enough to tell what any strategy would make of two of them.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use parking_lot::RwLock;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

use super::near_miss::{Weight, weight};
use super::simhash::{Simhash, mixed};
use crate::dialect::Dialect;
use crate::matching::fields::canon_config::Canon;
use crate::matching::fields::facts::Facts;
use crate::matching::fields::field::{Field, FieldPlace};
use crate::matching::fields::leaf::Leaf;
use crate::matching::fields::request_fields::Fields;
use crate::matching::fields::value::FieldValue;
use crate::matching::strategy::significance::is_significant;
use crate::model::{Request, Strategy};

/// The endpoint and the fields of requests of the same form.
pub struct Shape {
    method: Box<str>,
    /// Dialect and endpoint, without any value.
    context: Fields,
    /// Fields in the order of their hashes; behind them those that only `strict` looks at.
    pub(crate) fields: Box<[(u64, Field, Weight)]>,
    /// A hash of all this.
    pub(crate) identity: u64,
    /// The fields that count, for each strategy in use.
    masks: RwLock<Vec<(Strategy, Arc<[bool]>)>>,
}

/// A request as hashes of its values: 8 bytes a field.
#[derive(Clone, Debug)]
pub struct Outline {
    pub(crate) shape: Arc<Shape>,
    /// Hashes of the values, in the order of the shape's fields.
    pub(crate) values: Box<[u64]>,
    /// Hash of the values as they are written, where that tells more than the canonical form.
    written: u64,
    /// The hashes of the input's values in ascending order, so that one that moved is found again.
    pub(crate) input: Box<[u64]>,
    /// Texts that share words have words here that share bits.
    pub(crate) words: u64,
    /// Equal exactly where all canonical fields are.
    all: u64,
    /// Equal exactly where all of the request is.
    identity: u64,
}

/// Limit of shapes that are kept: requests of ever new fields have a new one each.
const SHAPES: usize = 4096;

/// Shapes that were seen, so that equal ones are kept once.
#[derive(Debug, Default)]
pub struct Shapes(RwLock<HashSet<Arc<Shape>>>);

impl Fields {
    /// The request without its values.
    #[must_use]
    pub fn outline(&self) -> Outline {
        let leaves = || self.present().chain(&self.exact);
        let mut order: Vec<(u64, &Leaf)> = leaves().map(|leaf| (hash_of(&leaf.field), leaf)).collect();
        order.sort_by_key(|(hash, _)| *hash);
        let fields = order.iter().map(|(hash, leaf)| (*hash, leaf.field.clone(), weight(self, &leaf.field)));
        let mut words = Simhash::default();
        let mut input = Vec::new();
        let mut written = 0;
        for leaf in leaves() {
            if weight(self, &leaf.field) == Weight::Input {
                input.push(mixed(0, short(&leaf.value)));
                words.take(&leaf.value);
            }
            if let Some(text) = &leaf.written {
                written = mixed(written, mixed(hash_of(&leaf.field), first_bytes(text.as_bytes())));
            }
        }
        input.sort_unstable();
        let values = order.iter().map(|(_, leaf)| short(&leaf.value)).collect();
        let shape = Arc::new(Shape::of(self, fields.collect()));
        Outline::new(shape, values, written, input.into(), words.bits())
    }
}

impl Shape {
    fn of(of: &Fields, fields: Box<[(u64, Field, Weight)]>) -> Self {
        let method = match of.leaves.first().map(|leaf| &leaf.value) {
            Some(FieldValue::Text(method)) => method.clone(),
            _ => "".into(),
        };
        Self::new(method, of, fields)
    }

    fn new(method: Box<str>, of: &Fields, fields: Box<[(u64, Field, Weight)]>) -> Self {
        let mut endpoint = of.endpoint.clone();
        endpoint.vars.iter_mut().for_each(|(_, value)| value.clear());
        let context = Fields {
            dialect: of.dialect,
            endpoint,
            opaque: None,
            ignored: Arc::clone(&of.ignored),
            headers: Arc::clone(&of.headers),
            leaves: Vec::new(),
            exact: Vec::new(),
            facts: Facts::default(),
            earlier: Vec::new(),
        };
        let names = fields.iter().fold(0, |all, (hash, ..)| mixed(all, *hash));
        let configured = |names: u64, said: &[String]| {
            let names = mixed(names, said.len() as u64);
            said.iter().fold(names, |all, name| mixed(all, first_bytes(name.as_bytes())))
        };
        let names = configured(configured(names, &of.ignored), &of.headers);
        let texts = [of.dialect.name(), &*method, &of.endpoint.template];
        let identity = texts.iter().fold(names, |all, text| mixed(all, first_bytes(text.as_bytes())));
        Self { method, context, fields, identity, masks: RwLock::default() }
    }

    /// The fields that count under a strategy.
    pub(crate) fn mask(&self, strategy: &Strategy) -> Arc<[bool]> {
        let find = |masks: &[(Strategy, Arc<[bool]>)]| {
            masks.iter().find(|(known, _)| known == strategy).map(|(_, mask)| Arc::clone(mask))
        };
        if let Some(mask) = find(&self.masks.read()) {
            return mask;
        }
        let counts = |(_, field, _): &(u64, Field, Weight)| is_significant(strategy, &self.context, field);
        let mask: Arc<[bool]> = self.fields.iter().map(counts).collect();
        let mut masks = self.masks.write();
        if masks.len() >= MASKS {
            masks.clear();
        }
        masks.push((strategy.clone(), Arc::clone(&mask)));
        mask
    }

    pub(crate) fn same_endpoint(&self, other: &Self) -> bool {
        self.context.dialect == other.context.dialect
            && self.method == other.method
            && self.context.endpoint.template == other.context.endpoint.template
    }
}

/// Limit of strategies for which a shape remembers the fields that count.
const MASKS: usize = 64;

impl Outline {
    /// Equal exactly where the fingerprints under the strategy are; not to be kept, only to be compared. Of a rule that
    /// is the endpoint: whether its conditions hold does not show in an outline.
    #[must_use]
    pub fn key(&self, strategy: &Strategy) -> u64 {
        let dialect = first_bytes(self.shape.context.dialect.name().as_bytes());
        self.counted(strategy).fold(dialect, |key, (hash, _, _, value)| mixed(key, mixed(hash, value)))
    }

    /// The fields that count under a strategy, each with its hash, its weight, and the hash of its value.
    pub(crate) fn counted(&self, strategy: &Strategy) -> impl Iterator<Item = (u64, &Field, Weight, u64)> {
        let mask = self.shape.mask(strategy);
        let fields = self.shape.fields.iter().zip(&self.values).enumerate();
        fields.filter_map(move |(at, ((hash, field, weight), value))| {
            mask[at].then_some((*hash, field, *weight, *value))
        })
    }

    pub(crate) fn new(
        shape: Arc<Shape>,
        values: Box<[u64]>,
        written: u64,
        input: Box<[u64]>,
        words: u64,
    ) -> Self {
        let fields = || shape.fields.iter().zip(&values);
        let sum = |key, ((hash, ..), value): (&(u64, Field, Weight), &u64)| mixed(key, mixed(*hash, *value));
        let all = fields().filter(|((_, field, _), _)| !is_exact(field)).fold(written, sum);
        let identity = fields().fold(shape.identity ^ written, sum);
        Self { shape, values, written, input, words, all, identity }
    }

    /// The hash of values as they are written.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Equal exactly where all canonical fields are.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.all
    }

    /// Equal exactly where all of the request is, exact bytes included.
    #[must_use]
    pub fn identity(&self) -> u64 {
        self.identity
    }
}

impl Outline {
    /// The sketch of the same request under another configuration, as far as that ignores whole fields and lets headers
    /// decide.
    #[must_use]
    pub fn under(mut self, canon: &Canon) -> Self {
        let ignored = canon.ignored(&self.shape.context.endpoint.name).whole();
        let headers = Arc::clone(canon.headers());
        if ignored != self.shape.context.ignored || headers != self.shape.context.headers {
            let context = Fields { ignored, headers, ..self.shape.context.clone() };
            let (method, fields) = (self.shape.method.clone(), self.shape.fields.clone());
            self.shape = Arc::new(Shape::new(method, &context, fields));
        }
        self
    }
}

impl Shapes {
    /// The sketch with a shape that equal ones share.
    #[must_use]
    pub fn share(&self, mut outline: Outline) -> Outline {
        let known = self.0.read().get(&outline.shape).cloned();
        if let Some(shape) = known {
            outline.shape = shape;
        } else {
            let mut shapes = self.0.write();
            if shapes.len() >= SHAPES {
                shapes.retain(|shape| Arc::strong_count(shape) > 1);
            }
            // Where so many are in use, further ones are not shared.
            if shapes.len() < SHAPES {
                shapes.insert(Arc::clone(&outline.shape));
            }
        }
        outline
    }
}

fn is_exact(field: &Field) -> bool {
    matches!(field.place, FieldPlace::Target | FieldPlace::Bytes)
        || (field.place == FieldPlace::Header && field.is("content-type"))
}

fn short(value: &FieldValue) -> u64 {
    let (kind, bytes) = value.bytes();
    mixed(u64::from(kind), first_bytes(&bytes))
}

/// The text form is hashed: it is what is stored, and it does not tell a position from a key of digits.
fn hash_of(field: &Field) -> u64 {
    first_bytes(field.to_string().as_bytes())
}

fn first_bytes(bytes: &[u8]) -> u64 {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    u64::from_le_bytes(hash.first_chunk().copied().unwrap_or_default())
}

impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        let fields = |shape: &Self| shape.fields.iter().map(|(hash, ..)| *hash).collect::<Vec<_>>();
        self.identity == other.identity
            && self.same_endpoint(other)
            && self.context.ignored == other.context.ignored
            && self.context.headers == other.context.headers
            && fields(self) == fields(other)
    }
}

impl Eq for Shape {}

impl Hash for Shape {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.identity);
    }
}

impl std::fmt::Debug for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fields: Vec<_> = self.fields.iter().map(|(_, field, _)| field.to_string()).collect();
        f.debug_tuple("Shape").field(&self.context.endpoint.template).field(&fields).finish()
    }
}

impl PartialEq for Outline {
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape && self.values == other.values && self.written == other.written
    }
}

impl Eq for Outline {}

/// An outline as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    dialect: String,
    method: String,
    template: String,
    fields: Vec<Field>,
    values: Vec<u64>,
    written: u64,
    input: Vec<u64>,
    words: u64,
}

impl Serialize for Outline {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stored = Stored {
            dialect: self.shape.context.dialect.name().into(),
            method: self.shape.method.clone().into(),
            template: self.shape.context.endpoint.template.clone(),
            fields: self.shape.fields.iter().map(|(_, field, _)| field.clone()).collect(),
            values: self.values.to_vec(),
            written: self.written,
            input: self.input.to_vec(),
            words: self.words,
        };
        stored.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Outline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Stored::deserialize(deserializer)?;
        let unknown = || de::Error::custom("an outline of an unknown dialect or of another length");
        let dialect = Dialect::named(&stored.dialect).ok_or_else(unknown)?;
        if stored.fields.len() != stored.values.len() {
            return Err(unknown());
        }
        // A template is a path of its own kind, with its variables for values.
        let request = Request { method: stored.method, target: stored.template, ..Request::default() };
        let context = Fields::under(dialect, &request, &Canon::default());
        let fields = stored.fields.into_iter();
        let fields = fields.map(|field| (hash_of(&field), weight(&context, &field), field));
        let fields = fields.map(|(hash, weight, field)| (hash, field, weight)).collect();
        let shape = Arc::new(Shape::of(&context, fields));
        let (values, input) = (stored.values.into(), stored.input.into());
        Ok(Self::new(shape, values, stored.written, input, stored.words))
    }
}
