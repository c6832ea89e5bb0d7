//! Every verb of `api` can be had by a command and by a key, or here stands why not.

use std::collections::BTreeSet;

use retake::api::{Verb, Visitor, visit_all};

use super::Sources;

/// What asks for a verb without naming it: the client has words of its own for some.
const WORDS: &[(&str, &str)] = &[
    ("FireRequest", "client.fire("),
    ("FireCallRequest", "client.fire("),
    ("CallsRequest", "client.calls("),
    ("CallRequest", "client.exchange("),
];

/// Verbs that no command carries out.
const NO_COMMAND: &[(&str, &str)] = &[
    ("HealthRequest", "the client asks it before it says the token to anybody"),
    ("FieldsRequest", "`retake explain` shows the fields with what they decide"),
    ("DecidingRequest", "`retake explain` says which fields decide"),
    ("FireRequest", "`retake explain` says the same without a call"),
    ("FireCallRequest", "`retake explain --call` says the same without a call"),
    ("ModeRequest", "who starts a proxy chose its mode, and `retake run` says it"),
    ("SetModeRequest", "it changes what somebody else's calls get: that is for who watches them"),
    ("ScopesRequest", "a harness asks it over HTTP, between its tests"),
    ("ResetScopesRequest", "a harness asks it over HTTP, between its tests"),
    ("LogPageRequest", "it is `retake calls` in the shape of another program"),
    ("LogEntryRequest", "it is `retake calls` in the shape of another program"),
];

/// Verbs that no key carries out.
const NO_KEY: &[(&str, &str)] = &[
    ("HealthRequest", "the client asks it before it says the token to anybody"),
    ("ListRequest", "the snapshot that the screen begins with has all rows"),
    ("FieldsRequest", "the screen asks for those of all that are selected"),
    ("CreateRequest", "it needs a request in a file"),
    ("AmbiguousRequest", "the dialog of strategies warns before it comes to that"),
    (
        "ExplainRequest",
        "a request that was not made has no row; calls and recordings have their own explanation",
    ),
    ("SuggestionsRequest", "what it says is for a configuration file"),
    ("ScopesRequest", "a harness asks it over HTTP, between its tests"),
    ("ResetScopesRequest", "a harness asks it over HTTP, between its tests"),
    ("CallsRequest", "the snapshot that the screen begins with has them"),
    ("ModeRequest", "the snapshot that the screen begins with has it"),
    ("LogPageRequest", "the tab Live is the same for people"),
    ("LogEntryRequest", "the tab Live is the same for people"),
    ("ScrubRequest", "nothing takes it back, so it is asked for by its name"),
    ("UsageRequest", "it carries files from one machine to another"),
    ("MergeUsageRequest", "it carries files from one machine to another"),
];

/// The names of all verbs.
struct Names(Vec<String>);

impl Visitor for Names {
    fn visit<V: Verb>(&mut self) {
        self.0.push(V::schema_name().into_owned());
    }
}

/// Verbs without a way to them that no reason is given for, and reasons that are none any more.
pub(super) fn unreached(sources: &Sources) -> Vec<String> {
    let mut names = Names(Vec::new());
    visit_all(&mut names);
    let mut wrong = of_face(sources, &names.0, "cli/", "command", NO_COMMAND);
    wrong.extend(of_face(sources, &names.0, "tui/", "key", NO_KEY));
    wrong
}

fn of_face(
    sources: &Sources,
    verbs: &[String],
    folder: &str,
    way: &str,
    reasons: &[(&str, &str)],
) -> Vec<String> {
    let own = |name: &str| name.starts_with(folder) && !name.contains("tests");
    let text: Vec<&str> =
        sources.iter().filter(|(name, _)| own(name)).map(|(_, text)| text.as_str()).collect();
    let is_asked = |verb: &str| {
        let other = WORDS.iter().filter(|(name, _)| *name == verb).map(|(_, word)| *word);
        let mut words = other.chain([verb]);
        words.any(|word| text.iter().any(|text| holds(text, word)))
    };
    let excused: BTreeSet<_> = reasons.iter().map(|(verb, _)| *verb).collect();
    let mut wrong = Vec::new();
    for verb in verbs {
        match (is_asked(verb), excused.contains(verb.as_str())) {
            (false, false) => wrong.push(format!("{verb} has no {way}, and no reason is given")),
            (true, true) => wrong.push(format!("{verb} has a {way}: the reason why not is out of date")),
            _ => {}
        }
    }
    let unknown = excused.into_iter().filter(|excused| verbs.iter().all(|verb| verb != excused));
    wrong.extend(unknown.map(|verb| format!("{verb} is no verb")));
    wrong
}

/// Whether a word stands in a text, and not as a part of another one.
fn holds(text: &str, word: &str) -> bool {
    let apart = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word).any(|(at, _)| {
        word.ends_with('(')
            || apart(text[..at].chars().next_back()) && apart(text[at + word.len()..].chars().next())
    })
}

#[test]
fn a_verb_without_a_way_or_a_reason_is_found() {
    let faces = |cli: &str, tui: &str| {
        Sources::from([("cli/a.rs".to_owned(), cli.to_owned()), ("tui/b.rs".to_owned(), tui.to_owned())])
    };
    let found = |cli: &str, tui: &str| unreached(&faces(cli, tui));
    let nothing = found("", "");
    assert!(nothing.contains(&"RetagRequest has no command, and no reason is given".to_owned()));
    assert!(nothing.contains(&"RetagRequest has no key, and no reason is given".to_owned()));
    assert!(!nothing.iter().any(|line| line.starts_with("HealthRequest")));
    let some = found("client.run(RetagRequest { ids })", "let RetagRequests = 1; HealthRequest {}");
    assert!(!some.contains(&"RetagRequest has no command, and no reason is given".to_owned()));
    assert!(some.contains(&"RetagRequest has no key, and no reason is given".to_owned()));
    assert!(some.contains(&"HealthRequest has a key: the reason why not is out of date".to_owned()));
}
