//! Rules: what they see of requests in every dialect, and how they are explained.

use super::{fields, form, json};
use crate::matching::Condition;
use crate::matching::compare;
use crate::matching::nearest::fixes::fixes;
use crate::model::{Request, Strategy};

const CHAT: &str = r#"{"model":"openai/gpt-4o-2024-08-06","messages":[{"role":"system","content":"be kind"},
    {"role":"user","content":"hello"},{"role":"assistant","content":"yes?"},
    {"role":"user","content":[{"type":"text","text":"order 12"},{"type":"text","text":"refund please"}]}],
    "tools":[{"type":"function","function":{"name":"get_weather","parameters":{}}}]}"#;

fn holds(rule: &str, request: &Request) -> bool {
    let Ok(Strategy::Rule(parsed)) = rule.parse() else { panic!("{rule}") };
    let held = Condition::of(&parsed).holds(&fields(request).facts);
    let told =
        compare(&rule.parse().unwrap(), &fields(&json("/v1/chat/completions", "{}")), &fields(request));
    let elsewhere = request.target != "/v1/chat/completions" || request.mount != "openai";
    assert!(elsewhere || told.is_match() == held, "{rule}: {told:#?}");
    held
}

#[test]
fn each_condition_is_asked() {
    let mut chat = json("/v1/chat/completions", CHAT);
    chat.headers.push("openai-beta", "assistants=v2");
    for (rule, wanted) in [
        ("rule", true),
        ("rule model=gpt-4*", true),
        ("rule model=openai/gpt-4o-2024-08-06", true),
        ("rule model=gpt-5*", false),
        (r#"rule contains="refund please" contains=order"#, true),
        ("rule contains=hello", false),
        ("rule contains=Order", false),
        (r#"rule regex="^order \d+ ""#, true),
        (r#"rule regex="please$""#, true),
        ("rule regex=^refund", false),
        ("rule turn=1", true),
        ("rule turn=0", false),
        ("rule tool=get_weather", true),
        ("rule tool=weather", false),
        ("rule header/openai-beta=assistants=*", true),
        ("rule header/openai-beta=v1", false),
        ("rule header/anthropic-beta=*", false),
        ("rule model=gpt-4* turn=1 priority=10", true),
        ("rule model=gpt-4* turn=2", false),
    ] {
        assert_eq!(holds(rule, &chat), wanted, "{rule}");
    }
}

#[test]
fn every_dialect_says_who_said_what_how_often_with_which_tools() {
    let text = |said: &str, turns: u32, tools: &[&str]| {
        let tools = tools.iter().fold(String::new(), |all, tool| all + " tool=" + tool);
        let (rule, other) = (format!("rule regex=\"^{said}$\" turn={turns}"), turns + 1);
        [(format!("{rule}{tools}"), true), (format!("rule turn={other}"), false)]
    };
    for (request, rules) in [
        (
            json(
                "anthropic!/v1/messages",
                r#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"x","name":"f","input":{}}]},
                {"role":"user","content":[{"type":"tool_result","tool_use_id":"x","content":"42"},{"type":"text","text":"b"}]}],"tools":[{"name":"f","input_schema":{}}]}"#,
            ),
            text("b", 1, &["f"]),
        ),
        (
            json(
                "gemini!/v1beta/models/gemini-2.5-pro:generateContent",
                r#"{"contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"b"}]},{"role":"user","parts":[{"text":"c"}]}],
                "tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"}]},{"googleSearch":{}}]}"#,
            ),
            text("c", 1, &["g"]),
        ),
        (
            json(
                "/v1/responses",
                r#"{"input":[{"role":"user","content":"a"},{"type":"reasoning"},{"type":"function_call","name":"f"},{"type":"message","role":"assistant","content":"x"},
                {"type":"function_call_output","output":"1"},{"role":"user","content":[{"type":"input_text","text":"b"}]}],"tools":[{"type":"web_search"}]}"#,
            ),
            text("b", 1, &["web_search"]),
        ),
        (json("/v1/responses", r#"{"input":"a b"}"#), text("a b", 0, &[])),
        (json("/v1/images/generations", r#"{"prompt":"a cat"}"#), text("a cat", 0, &[])),
        (form("/v1/images/edits", "b", &[("prompt", "", "a hat")]), text("a hat", 0, &[])),
        (json("other!/v1/x", r#"{"query":"why"}"#), text("why", 0, &[])),
    ] {
        for (rule, wanted) in rules {
            assert_eq!(holds(&rule, &request), wanted, "{rule} {request:?}");
        }
    }
}

#[test]
fn what_a_rule_misses_is_told_and_can_be_left_out() {
    let (recorded, incoming) =
        (fields(&json("/v1/chat/completions", "{}")), fields(&json("/v1/chat/completions", CHAT)));
    let rule: Strategy =
        "rule model=gpt-5* contains=refund turn=3 tool=f header/openai-beta=a*".parse().unwrap();
    let comparison = compare(&rule, &recorded, &incoming);
    let told: Vec<String> = comparison
        .significant()
        .map(|c| {
            format!(
                "{}: {} {}",
                c.field,
                c.recorded.as_deref().unwrap_or("-"),
                c.incoming.as_deref().unwrap_or("-")
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "header/openai-beta: a* -",
            "body/messages: turn=3 turn=1",
            "body/model: model=gpt-5* gpt-4o",
            "body/tools: tool=f get_weather"
        ]
    );
    assert!(comparison.cosmetic().count() > 5, "fields that differ are told and do not count");
    assert_eq!(fixes(&rule, &recorded, &incoming)[0].to_string(), "rule contains=refund");
    let elsewhere = fields(&json("/v1/completions", "{}"));
    assert!(!compare(&"rule".parse().unwrap(), &recorded, &elsewhere).is_match());
    assert_ne!(
        recorded.fingerprint(&"rule".parse().unwrap()),
        elsewhere.fingerprint(&"rule".parse().unwrap())
    );
}
