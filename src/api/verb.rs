//! What a verb is, and how its request travels.

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::{DeserializeOwned, Error};
use serde_json::Value;

use crate::engine::{Blame, Engine, VerbError};

/// The request of a verb: its fields are those of the path, of the query of a `GET`, and of the body of anything else.
pub trait Verb: Serialize + DeserializeOwned + JsonSchema + Send + 'static {
    /// What it answers with.
    type Answer: Serialize + JsonSchema + Send;
    /// Where the control API has it.
    const ROUTE: Route;
    /// Whether its ids are those of removed recordings.
    const OF_TRASH: bool = false;

    /// Carries it out in this process.
    fn run(self, engine: &Engine) -> impl Future<Output = Result<Self::Answer, VerbError>> + Send;
}

/// Looks at verbs one after the other: a list of types can have no other form.
pub trait Visitor {
    /// Looks at one.
    fn visit<V: Verb>(&mut self);
}

/// A place in the control API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path behind `/__retake`; a parameter (`{id}`) is the field of that name.
    pub path: &'static str,
    /// The longest body, in bytes.
    pub largest_body: usize,
    /// Whether it may take minutes: it writes the store anew, or waits for an upstream.
    pub slow: bool,
    /// Who may ask.
    pub access: VerbAccess,
}

/// Who may ask for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerbAccess {
    /// Everybody on this machine.
    Open,
    /// Who knows the token.
    Token,
}

impl Route {
    /// Ids in a body take some thirty bytes each: this is room for 100,000.
    const BODY: usize = 4 << 20;
    /// A request, an answer or a report may be a long one.
    const LONG_BODY: usize = 64 << 20;

    /// A place that is read.
    #[must_use]
    pub const fn get(path: &'static str) -> Self {
        Self::new(Method::GET, path)
    }

    /// A place that something is sent to.
    #[must_use]
    pub const fn post(path: &'static str) -> Self {
        Self::new(Method::POST, path)
    }

    /// A place that is set.
    #[must_use]
    pub const fn put(path: &'static str) -> Self {
        Self::new(Method::PUT, path)
    }

    const fn new(method: Method, path: &'static str) -> Self {
        Self { method, path, largest_body: Self::BODY, slow: false, access: VerbAccess::Token }
    }

    /// The same with room for requests and answers in its body.
    #[must_use]
    pub const fn long(mut self) -> Self {
        self.largest_body = Self::LONG_BODY;
        self
    }

    /// The same where an answer may take minutes.
    #[must_use]
    pub const fn slow(mut self) -> Self {
        self.slow = true;
        self
    }

    /// The same for everybody on this machine.
    #[must_use]
    pub const fn open(mut self) -> Self {
        self.access = VerbAccess::Open;
        self
    }

    /// Whether a field stands in the path.
    #[must_use]
    pub fn names(&self, field: &str) -> bool {
        self.path
            .split('/')
            .any(|part| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) == Some(field))
    }

    /// Path and query, and the body, of a request to this place. A `GET` has no body.
    ///
    /// # Errors
    /// When the request cannot be written as JSON.
    pub fn fill(&self, verb: &impl Serialize) -> Result<(String, Vec<u8>), serde_json::Error> {
        if self.method != Method::GET && !self.path.contains('{') {
            return Ok((self.path.to_owned(), serde_json::to_vec(verb)?));
        }
        let mut target = self.path.to_owned();
        let Value::Object(mut fields) = serde_json::to_value(verb)? else {
            return Err(serde_json::Error::custom("a request with parameters has fields"));
        };
        fields.retain(|name, value| {
            let place = format!("{{{name}}}");
            let in_path = target.contains(&place);
            if in_path {
                target = target.replace(&place, &escaped(value));
            }
            !in_path
        });
        if self.method != Method::GET {
            return Ok((target, serde_json::to_vec(&fields)?));
        }
        let query: Vec<_> = fields.iter().filter(|(_, value)| !value.is_null()).collect();
        for (at, (name, value)) in query.into_iter().enumerate() {
            target = format!("{target}{}{name}={}", if at == 0 { '?' } else { '&' }, escaped(value));
        }
        Ok((target, Vec::new()))
    }
}

fn escaped(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string()
}

/// The HTTP status of a verb that was not carried out.
#[must_use]
pub fn status_of(error: &VerbError) -> u16 {
    match error.blame() {
        Blame::Missing => 404,
        Blame::Wrong => 400,
        Blame::Conflict => 409,
        Blame::Consent => 402,
        Blame::Store => 500,
        Blame::Upstream => 502,
    }
}
