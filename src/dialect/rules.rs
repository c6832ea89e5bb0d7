//! The tables that a dialect fills in for each endpoint: data, read by `matching` and by the recorder.

use serde_json::Value;

/// What retake knows of one endpoint. Field names are paths of a JSON body or part names of a multipart body
/// (`stream_options/include_usage`, `*` for any array index); a name stands for everything below it.
#[derive(Debug, PartialEq, Eq)]
pub struct Rules {
    /// Fields that do not change the answer, in lists so that endpoints can share them.
    pub cosmetic: &'static [&'static [&'static str]],
    /// Query parameters that do not change the answer.
    pub cosmetic_query: &'static [&'static str],
    /// Documented defaults: such a value and an absent field are the same.
    pub presets: &'static [Preset],
    /// Fields for which `null` and absent are the same.
    pub null_is_absent: &'static [&'static str],
    /// Fields that hold the input, as opposed to parameters of the output.
    pub input: &'static [&'static str],
    /// Ids echoed from earlier answers, which are compared by position.
    pub echoed: &'static [&'static str],
    /// How an event stream of this endpoint ends.
    pub terminator: Terminator,
    /// JSON pointers of links to media in the answer, `*` for any array index.
    pub links: &'static [&'static str],
    /// Fields that hold the id of an earlier answer of this endpoint, which stands under `id` there.
    pub earlier: &'static [&'static str],
    /// The job that a request of this endpoint submits.
    pub submit: Option<&'static Job>,
    /// The job whose state a request of this endpoint asks for; a variable `id` of the path names it, or its
    /// [`Job::asked`]. Without the latter the table holds for GET.
    pub poll: Option<&'static Job>,
    /// Whether a read's answer may be another one the next time. The table holds for GET where that is known.
    pub reads: Reads,
    /// How keys are spelled where two spellings are the same; without it keys are compared as written.
    pub spelling: Option<&'static Spelling>,
    /// Whether model names carry provider prefixes and date suffixes that do not matter.
    pub plain_models: bool,
}

/// What submits and polls of a job answer, in JSON pointers.
#[derive(Debug, PartialEq, Eq)]
pub struct Job {
    /// The job's id in the submit's answer.
    pub id: &'static str,
    /// The job's state in both answers.
    pub state: &'static str,
    /// The states after which nothing changes any more.
    pub finals: &'static [&'static str],
    /// What is true in the body of a request that is a submit; none where every request is one.
    pub flag: Option<&'static str>,
    /// Where a poll's body names the job; none where its path does.
    pub asked: Option<&'static str>,
}

/// How the answers to reads of an endpoint change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reads {
    /// An answer tells whether it is the last word.
    #[default]
    ByAnswer,
    /// Nobody waits for a change: lists of models, contents of files.
    Fixed,
    /// There is no last word: what is read can be changed at any time.
    Mutable,
}

/// Keys in `snake_case` and in `camelCase` are the same, but for people's own keys.
#[derive(Debug, PartialEq, Eq)]
pub struct Spelling {
    /// Fields below which all keys are people's own.
    pub verbatim: &'static [&'static str],
    /// Fields that hold a schema: the names of its properties are people's own, and so are defaults and examples.
    pub schemas: &'static [&'static str],
}

/// A documented default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// The field.
    pub field: &'static str,
    /// Its default.
    pub value: Plain,
    /// The default holds only for models whose name starts like this.
    pub model: &'static str,
}

/// A plain value in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    /// A text.
    Text(&'static str),
    /// A number in canonical form.
    Number(&'static str),
    /// True or false.
    Bool(bool),
    /// An object or array without content.
    Empty,
}

/// How an event stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminator {
    /// Nothing is known: a clean end is the end.
    Unknown,
    /// `data: [DONE]`.
    Done,
    /// An event of one of these names, in `event:` or in the data's `type`.
    Events(&'static [&'static str]),
    /// Either of both.
    DoneOr(&'static [&'static str]),
    /// An event whose data has one of these JSON pointers, `*` for any array index, and not as `null`.
    Fields(&'static [&'static str]),
}

impl Rules {
    /// Nothing is known: every field is significant.
    pub const NONE: Self = Self {
        cosmetic: &[],
        cosmetic_query: &[],
        presets: &[],
        null_is_absent: &[],
        input: &[],
        echoed: &[],
        terminator: Terminator::Unknown,
        links: &[],
        earlier: &[],
        submit: None,
        poll: None,
        reads: Reads::ByAnswer,
        spelling: None,
        plain_models: false,
    };
}

impl Job {
    /// The id in a submit's answer, without the name of the collection that it is in (`models/veo/operations/ID`).
    #[must_use]
    pub fn id<'a>(&self, answer: &'a Value) -> Option<&'a str> {
        answer.pointer(self.id)?.as_str().map(last_segment)
    }

    /// The id of the job that the body of a poll asks for.
    #[must_use]
    pub fn asked<'a>(&self, body: &'a Value) -> Option<&'a str> {
        body.pointer(self.asked?)?.as_str().map(last_segment)
    }

    /// Whether an answer says that nothing will change any more.
    #[must_use]
    pub fn is_final(&self, answer: &Value) -> bool {
        match answer.pointer(self.state) {
            Some(Value::String(state)) => self.finals.contains(&state.as_str()),
            Some(Value::Bool(done)) => *done,
            _ => false,
        }
    }

    /// Whether an answer says that the job is not done. Google's operations say nothing until they are.
    #[must_use]
    pub fn is_under_way(&self, answer: &Value) -> bool {
        let said = answer.pointer(self.state).is_some() || self.finals.is_empty();
        said && !self.is_final(answer)
    }
}

fn last_segment(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

impl Preset {
    /// A default that is a text.
    #[must_use]
    pub const fn text(field: &'static str, value: &'static str) -> Self {
        Self { field, value: Plain::Text(value), model: "" }
    }

    /// A default that is a number, in canonical form.
    #[must_use]
    pub const fn number(field: &'static str, value: &'static str) -> Self {
        Self { field, value: Plain::Number(value), model: "" }
    }

    /// A default that is true or false.
    #[must_use]
    pub const fn bool(field: &'static str, value: bool) -> Self {
        Self { field, value: Plain::Bool(value), model: "" }
    }
}
