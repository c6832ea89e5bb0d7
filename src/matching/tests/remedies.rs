//! The help for a call that missed: another input is recorded before anything is loosened.

use super::{fields, form, json};
use crate::matching::compare;
use crate::matching::{Fields, Remedy, remedies};
use crate::model::{Request, Strategy};

fn said(strategy: &str, recorded: &Request, incoming: &Request) -> Vec<String> {
    let (strategy, recorded, incoming) = (strategy.parse().unwrap(), fields(recorded), fields(incoming));
    let told = remedies(&strategy, &recorded, &incoming);
    for remedy in &told {
        helps(remedy, &recorded, &incoming);
    }
    let word = |remedy: &Remedy| match remedy {
        Remedy::Record => "record".to_owned(),
        Remedy::Retag(strategy) => strategy.to_string(),
        Remedy::Loosen(strategy) => format!("loosen {strategy}"),
    };
    told.iter().map(word).collect()
}

fn helps(remedy: &Remedy, recorded: &Fields, incoming: &Fields) {
    if let Remedy::Retag(strategy) | Remedy::Loosen(strategy) = remedy {
        assert!(compare(strategy, recorded, incoming).is_match(), "{strategy}");
    }
}

const CHAT: &str = r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"seed":1}"#;

/// Requests, and a piece of their input with what stands there in another one.
const INPUTS: [(&str, &str, &str, &str); 14] = [
    ("/v1/chat/completions", CHAT, "hi", "bye"),
    ("/v1/responses", r#"{"model":"m","input":"hi"}"#, "hi", "bye"),
    ("/v1/responses", r#"{"model":"m","input":"a","instructions":"hi"}"#, "hi", "bye"),
    ("/v1/responses", r#"{"model":"m","input":"a","previous_response_id":"resp_hi"}"#, "resp_hi", "resp_x"),
    ("/v1/completions", r#"{"model":"m","prompt":"hi"}"#, "hi", "bye"),
    ("/v1/embeddings", r#"{"model":"m","input":["hi"]}"#, "hi", "bye"),
    ("/v1/moderations", r#"{"model":"m","input":"hi"}"#, "hi", "bye"),
    ("/v1/audio/speech", r#"{"model":"m","voice":"v","input":"hi"}"#, "hi", "bye"),
    ("anthropic!/v1/messages", r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#, "hi", "bye"),
    ("anthropic!/v1/messages", r#"{"model":"m","system":"hi","messages":[]}"#, "hi", "bye"),
    ("gemini!/v1beta/models/m:generateContent", r#"{"contents":[{"parts":[{"text":"hi"}]}]}"#, "hi", "bye"),
    (
        "gemini!/v1beta/models/m:generateContent",
        r#"{"contents":[],"systemInstruction":{"parts":[{"text":"hi"}]}}"#,
        "hi",
        "bye",
    ),
    ("azure!/openai/deployments/d/chat/completions", CHAT, "hi", "bye"),
    ("other!/x", r#"{"prompt":"hi","steps":4}"#, "hi", "bye"),
];

/// The first and often the only advice was to ignore what was asked.
#[test]
fn another_input_is_recorded_first_and_loosening_is_marked() {
    for (target, body, before, after) in INPUTS {
        let (recorded, incoming) = (json(target, body), json(target, &body.replace(before, after)));
        for strategy in ["standard", "strict", "standard -seed"] {
            let told = said(strategy, &recorded, &incoming);
            assert_eq!(told[0], "record", "{target} {strategy}: {told:?}");
            assert!(told[1..].iter().all(|one| one.starts_with("loosen ")), "{target}: {told:?}");
        }
    }
    let told = said(
        "specific messages",
        &json("/v1/chat/completions", CHAT),
        &json("/v1/chat/completions", &CHAT.replace("hi", "bye")),
    );
    assert_eq!(told[0], "record", "{told:?}");
    // With a parameter, too; and a conversation that went on.
    let both = CHAT.replace("hi", "bye").replace("\"seed\":1", "\"seed\":2");
    assert_eq!(
        said("standard", &json("/v1/chat/completions", CHAT), &json("/v1/chat/completions", &both))[0],
        "record"
    );
    let longer = CHAT.replace("}],", "},{\"role\":\"assistant\",\"content\":\"hi\"}],");
    assert_eq!(
        said("standard", &json("/v1/chat/completions", CHAT), &json("/v1/chat/completions", &longer))[0],
        "record"
    );
    let picture =
        |content| form("/v1/images/edits", "b", &[("image", "a.png", content), ("prompt", "", "hat")]);
    assert_eq!(said("standard", &picture("one"), &picture("two"))[0], "record");
    let told = said(
        "rule contains=hi",
        &json("/v1/chat/completions", CHAT),
        &json("/v1/chat/completions", &CHAT.replace("hi", "bye")),
    );
    assert_eq!(told[..2], ["record", "loosen rule"], "{told:?}");
}

#[test]
fn a_parameter_is_left_out_first_as_ever() {
    let chat = |seed: &str| json("/v1/chat/completions", &CHAT.replace("\"seed\":1", seed));
    assert_eq!(
        said("standard", &chat("\"seed\":1"), &chat("\"seed\":2")),
        ["standard -seed", "specific messages", "loosen pinned"]
    );
    let image = |body: &str| json("/v1/images/generations", body);
    let (small, large) = (
        image(r#"{"model":"m","prompt":"a","size":"1"}"#),
        image(r#"{"model":"m","prompt":"b","size":"2"}"#),
    );
    assert_eq!(said("standard", &small, &large), ["standard -size", "pinned"], "its prompt decides nothing");
    let spaced = CHAT.replace(':', ": ");
    assert_eq!(said("strict", &chat("\"seed\":1"), &json("/v1/chat/completions", &spaced))[0], "standard");
}

#[test]
fn where_no_strategy_helps_the_call_is_recorded() {
    let chat = |model: &str| json("/v1/chat/completions", &CHAT.replace("\"m\"", model));
    assert_eq!(said(&Strategy::Pinned.to_string(), &chat("\"m\""), &chat("\"n\"")), ["record"]);
}
