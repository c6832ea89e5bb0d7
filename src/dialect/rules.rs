//! The tables that a dialect fills in for each endpoint: data, read by `matching` and by the recorder.

use serde_json::Value;

/// Rules of one endpoint. Field names are paths of a JSON body or part names of a multipart body
/// (`stream_options/include_usage`, `*` for any array index); a name stands for everything below it.
#[derive(Debug, PartialEq, Eq)]
pub struct Rules {
    /// Fields that do not change the answer, in lists so that endpoints can share them.
    pub cosmetic: &'static [&'static [&'static str]],
    /// Query parameters that do not change the answer.
    pub cosmetic_query: &'static [&'static str],
    /// Documented defaults: such a value and an absent field are the same.
    pub presets: &'static [DefaultValue],
    /// Fields for which `null` and absent are the same.
    pub null_is_absent: &'static [&'static str],
    /// Fields that hold the input, as opposed to parameters of the output.
    pub input: &'static [&'static str],
    /// Ids that only say what belongs together within one request, which are compared by position. Nothing else of an
    /// earlier answer is: what is content, and what refers to content that the request does not hold, decides.
    pub echoed: &'static [Echo],
    /// Spellings of one value that the API documents as equal.
    pub forms: &'static Forms,
    /// Headers by which a request chooses the form of its answer and which decide here, each with the values that say no
    /// more than its absence; everywhere else they are cosmetic.
    pub negotiated: &'static [(&'static str, &'static [&'static str])],
    /// The end of an event stream of this endpoint.
    pub terminator: Terminator,
    /// JSON pointers of links to media in the answer, `*` for any array index.
    pub links: &'static [&'static str],
    /// Fields that hold the id of an earlier answer of this endpoint, which stands under `id` there.
    pub earlier: &'static [&'static str],
    /// Other values in an answer of this endpoint that get such ids; `None` where only the answer has one.
    pub items: Option<&'static Items>,
    /// The job that a request of this endpoint submits.
    pub submit: Option<&'static JobRules>,
    /// The job whose state a request of this endpoint asks for; a variable `id` of the path names it, or its
    /// [`JobRules::poll_id`]. Without the latter the table holds for GET.
    pub poll: Option<&'static JobRules>,
    /// Change of a read's answer from one time to the next. The table holds for GET where that is known.
    pub reads: ReadFinality,
    /// Spellings of keys that mean the same; `None` where keys are compared as written.
    pub spelling: Option<&'static Spelling>,
    /// True where model names carry provider prefixes and date suffixes that do not matter.
    pub plain_models: bool,
}

/// Items of an answer that later requests may name by their ids. At the same place of an answer to the same request, equal
/// ones are the same.
#[derive(Debug, PartialEq, Eq)]
pub struct Items {
    /// JSON pointer to their list in the answer.
    pub list: &'static str,
    /// The `type` of those that say all that they are; what is hidden in others may differ.
    pub types: &'static [&'static str],
    /// The keys of an item under which ids of it stand.
    pub ids: &'static [&'static str],
    /// Other keys that differ between equal ones.
    pub volatile: &'static [&'static str],
}

/// The answers to the submit and the polls of a job, in JSON pointers.
#[derive(Debug, PartialEq, Eq)]
pub struct JobRules {
    /// The job's id in the submit's answer.
    pub id: &'static str,
    /// The job's state in both answers.
    pub state: &'static str,
    /// The states after which nothing changes any more.
    pub finals: &'static [&'static str],
    /// The field of a request's body that is true in a submit; `None` where every request is one.
    pub flag: Option<&'static str>,
    /// The field of a poll's body that names the job; `None` where its path does.
    pub poll_id: Option<&'static str>,
}

/// The way in which answers to reads of an endpoint change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadFinality {
    /// An answer tells whether it is the last word.
    #[default]
    ByAnswer,
    /// No change that anybody waits for: lists of models, contents of files.
    Fixed,
    /// No last word: what is read can be changed at any time.
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

/// Spellings of one value that an API documents as equal. All of them are paths of a JSON body.
#[derive(Debug, PartialEq, Eq)]
pub struct Forms {
    /// Fields in which a list of one text block is the same as its text.
    pub lone_text: &'static [&'static str],
    /// The `type` of such a block.
    pub text_block: &'static [&'static str],
    /// Fields in which a text is the same as a list of one message of the user that says it.
    pub lone_message: &'static [&'static str],
    /// Fields in which a text is the same as a list that holds nothing else.
    pub lone_item: &'static [&'static str],
    /// Fields in which an object is the same as a list that holds nothing else.
    pub lone_object: &'static [&'static str],
    /// Fields in which a text that spells a number is that number.
    pub numbers: &'static [&'static str],
    /// Fields in which a text is bytes in base64, in either alphabet, padded or not.
    pub bytes: &'static [&'static str],
}

/// A field that holds an id of the conversation in the same request, or what accompanies content of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// The field.
    pub field: &'static str,
    /// The part that it plays in the conversation.
    pub part: EchoPart,
    /// The `type` beside it must be one of these, where there are any; an empty one stands for no `type`.
    pub types: &'static [&'static str],
    /// One of these must stand beside it and hold something, where there are any.
    pub beside: &'static [&'static str],
}

/// The part that an id plays in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EchoPart {
    /// A name for the object that it stands in.
    Names,
    /// A reference to what another id names. Where none of the request does, it refers to something outside of it, and
    /// decides.
    Refers,
}

/// A documented default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultValue {
    /// The field.
    pub field: &'static str,
    /// The value that counts as absent.
    pub value: PlainValue,
    /// The default holds only for models whose name starts like this.
    pub model: &'static str,
    /// The other field on which the default depends.
    pub given: GivenWhen,
}

/// The condition of a default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenWhen {
    /// No condition.
    Always,
    /// A field that must hold something.
    With(&'static str),
    /// A field that must hold nothing.
    Without(&'static str),
}

/// A plain value in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainValue {
    /// A text.
    Text(&'static str),
    /// A number in canonical form.
    Number(&'static str),
    /// True or false.
    Bool(bool),
    /// An object or array without content.
    Empty,
}

/// The end of an event stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminator {
    /// An unknown end: a clean end of the connection is one.
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
    /// No rules at all: every field is significant.
    pub const NONE: Self = Self {
        cosmetic: &[],
        cosmetic_query: &[],
        presets: &[],
        null_is_absent: &[],
        input: &[],
        echoed: &[],
        forms: &Forms::NONE,
        negotiated: &[],
        terminator: Terminator::Unknown,
        links: &[],
        earlier: &[],
        items: None,
        submit: None,
        poll: None,
        reads: ReadFinality::ByAnswer,
        spelling: None,
        plain_models: false,
    };
}

impl JobRules {
    /// The id in a submit's answer, without the name of the collection that it is in (`models/veo/operations/ID`).
    #[must_use]
    pub fn id<'a>(&self, answer: &'a Value) -> Option<&'a str> {
        answer.pointer(self.id)?.as_str().map(last_segment)
    }

    /// The id of the job that the body of a poll asks for.
    #[must_use]
    pub fn poll_id<'a>(&self, body: &'a Value) -> Option<&'a str> {
        body.pointer(self.poll_id?)?.as_str().map(last_segment)
    }

    /// True for an answer that says that nothing will change any more.
    #[must_use]
    pub fn is_final(&self, answer: &Value) -> bool {
        match answer.pointer(self.state) {
            Some(Value::String(state)) => self.finals.contains(&state.as_str()),
            Some(Value::Bool(done)) => *done,
            _ => false,
        }
    }

    /// True for an answer that says that the job is not done. Google's operations say nothing until they are.
    #[must_use]
    pub fn is_under_way(&self, answer: &Value) -> bool {
        let said = answer.pointer(self.state).is_some() || self.finals.is_empty();
        said && !self.is_final(answer)
    }
}

fn last_segment(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

impl Forms {
    /// Every value has one spelling.
    pub const NONE: Self = Self {
        lone_text: &[],
        text_block: &[],
        lone_message: &[],
        lone_item: &[],
        lone_object: &[],
        numbers: &[],
        bytes: &[],
    };
}

impl Echo {
    /// An id that names what stands beside it.
    #[must_use]
    pub const fn names(field: &'static str) -> Self {
        Self { field, part: EchoPart::Names, types: &[], beside: &[] }
    }

    /// An id that refers to what another one names.
    #[must_use]
    pub const fn refers(field: &'static str) -> Self {
        Self { field, part: EchoPart::Refers, types: &[], beside: &[] }
    }

    /// This rule for values whose `type` beside them is one of these.
    #[must_use]
    pub const fn of(self, types: &'static [&'static str]) -> Self {
        Self { types, ..self }
    }

    /// This rule for values beside which one of these holds something.
    #[must_use]
    pub const fn beside(self, beside: &'static [&'static str]) -> Self {
        Self { beside, ..self }
    }
}

impl DefaultValue {
    /// A default that is a text.
    #[must_use]
    pub const fn text(field: &'static str, value: &'static str) -> Self {
        Self { field, value: PlainValue::Text(value), model: "", given: GivenWhen::Always }
    }

    /// A default that is a number, in canonical form.
    #[must_use]
    pub const fn number(field: &'static str, value: &'static str) -> Self {
        Self { field, value: PlainValue::Number(value), model: "", given: GivenWhen::Always }
    }

    /// A default that is true or false.
    #[must_use]
    pub const fn bool(field: &'static str, value: bool) -> Self {
        Self { field, value: PlainValue::Bool(value), model: "", given: GivenWhen::Always }
    }

    /// A default that is an empty object or list.
    #[must_use]
    pub const fn empty(field: &'static str) -> Self {
        Self { field, value: PlainValue::Empty, model: "", given: GivenWhen::Always }
    }

    /// This default for models whose name starts like this.
    #[must_use]
    pub const fn of(self, model: &'static str) -> Self {
        Self { model, ..self }
    }

    /// This default where `field` holds something.
    #[must_use]
    pub const fn with(self, field: &'static str) -> Self {
        Self { given: GivenWhen::With(field), ..self }
    }

    /// This default where `field` holds nothing.
    #[must_use]
    pub const fn without(self, field: &'static str) -> Self {
        Self { given: GivenWhen::Without(field), ..self }
    }
}
