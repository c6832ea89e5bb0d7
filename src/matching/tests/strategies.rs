//! Strategies that name what nobody has.

use crate::matching::{
    Fields, StrategyCheck, StrategyProblem, check_strategy, check_strategy_form, narrowed,
};
use crate::model::{Headers, Request, Strategy};

const CHAT: &str = r#"{"model":"gpt-5-mini","messages":[{"role":"user","content":"hi"}],"top_p":null,"metadata":{"team":"a"}}"#;
const IMAGE: &str = r#"{"model":"gpt-image-1.5","prompt":"a cat","size":"1024x1024"}"#;

fn fields(mount: &str, target: &str, body: &str) -> Fields {
    Fields::of(&Request {
        method: "POST".into(),
        mount: mount.into(),
        target: target.into(),
        headers: Headers::from_iter([("content-type", "application/json")]),
        body: body.to_owned().into(),
    })
}

fn chat() -> Fields {
    fields("openai", "/v1/chat/completions?trace=1", CHAT)
}

fn image() -> Fields {
    fields("openai", "/v1/images/generations", IMAGE)
}

fn strategy(text: &str) -> Strategy {
    text.parse().unwrap()
}

/// Each of these was accepted, and `specific` with it answered everything.
#[test]
fn a_name_that_nobody_has_is_refused_with_near_ones() {
    for (text, told) in [
        ("specific nofield", "no field `nofield`; it has `query/trace`, `messages/0/content`"),
        ("specific mesages", "did you mean `messages"),
        ("specific sed", "did you mean `seed`"),
        ("specific Seed", "did you mean `seed`"),
        ("specific top-p", "did you mean `top_p`"),
        ("specific temprature", "did you mean `temperature`"),
        ("specific body/tempertaure", "did you mean `temperature`"),
        ("specific messages/9/content", "did you mean `messages/0/content`"),
        ("specific metadata/taem", "did you mean `metadata/team`"),
        ("specific model,nofield", "`nofield`"),
        ("specific part/size", "no field `part/size`"),
        ("specific part/seed", "no field `part/seed`; did you mean `seed`"),
        ("specific query/tracé", "no field `query/tracé`"),
        ("specific path/id", "no field `path/id`"),
        ("specific seed/x", "no field `seed/x`"),
        ("specific header/x", "of the headers only header/accept"),
        ("specific header/authorization", "of the headers only header/accept"),
        ("specific header/openai-betta", "did you mean `header/openai-beta`"),
        ("specific header/content-type", "of the headers only"),
        ("specific bytes", "counts under strict alone"),
        ("specific target", "counts under strict alone"),
        ("specific mount", "does not count under specific"),
        ("specific method/x", "nothing stands below it"),
        ("specific /", "is no field"),
        ("specific", "use pinned"),
        ("standard -nofield", "no field `nofield`"),
        ("standard -header/x-request-id", "of the headers only"),
        ("standard -method", "cannot be left out"),
        ("standard -path", "cannot be left out"),
        ("standard -bytes", "counts under strict alone"),
    ] {
        let problem = check_strategy(&strategy(text), &chat()).expect_err(text).to_string();
        assert!(problem.contains(told), "{text}: {problem}");
    }
}

#[test]
fn what_a_request_has_or_can_have_is_accepted() {
    for (text, absent) in [
        ("specific messages", &[][..]),
        ("specific body/messages/0/content", &[]),
        ("specific messages/*/content", &[]),
        ("specific model", &[]),
        ("specific method,path", &[]),
        ("specific top_p", &[]),
        ("specific metadata/team", &[]),
        ("specific query/trace", &[]),
        ("specific seed", &["seed"]),
        ("specific body/seed,messages", &["body/seed"]),
        ("specific stream_options/include_usage", &["stream_options/include_usage"]),
        ("specific header/OpenAI-Beta", &["header/OpenAI-Beta"]),
        ("standard -seed -metadata", &["seed"]),
        ("standard -mount", &[]),
        ("standard", &[]),
        ("strict", &[]),
        ("pinned", &[]),
        ("rule contains=hi", &[]),
    ] {
        let told = check_strategy(&strategy(text), &chat()).unwrap();
        assert_eq!(told, absent, "{text}");
    }
    let other = fields("other", "/v1/chat/completions", CHAT);
    assert!(check_strategy(&strategy("specific seed"), &other).is_err(), "nothing is known of its endpoints");
}

#[test]
fn a_name_for_two_fields_is_refused() {
    let twice = fields("openai", "/v1/x?size=1", r#"{"size":2}"#);
    for text in ["specific size", "standard -size"] {
        let problem = check_strategy(&strategy(text), &twice).unwrap_err();
        assert_eq!(problem.to_string(), "`size` may mean query/size or body/size");
        assert!(matches!(problem, StrategyProblem::Ambiguous { .. }));
    }
    assert!(check_strategy(&strategy("specific body/size"), &twice).is_ok());
}

/// A field that one recording of each endpoint must have: the others would answer whatever they are asked.
#[test]
fn several_recordings_are_judged_together() {
    let verdict = |text: &str, set: &[&Fields]| {
        let strategy = strategy(text);
        let mut check = StrategyCheck::new(&strategy)?;
        let absent: Vec<usize> = set
            .iter()
            .map(|fields| check.look(fields).map(|absent| absent.len()))
            .collect::<Result<_, _>>()?;
        check.finish().map(|()| absent)
    };
    let traced = fields("openai", "/v1/chat/completions", &CHAT.replace("top_p", "trace"));
    assert_eq!(
        verdict("specific trace", &[&chat(), &traced, &chat()]),
        Ok(vec![0, 0, 0]),
        "a parameter, too"
    );
    let tagged = fields("openai", "/v1/chat/completions", r#"{"tagged":1}"#);
    assert_eq!(verdict("specific tagged", &[&chat(), &tagged, &chat()]), Ok(vec![1, 0, 1]));
    assert_eq!(verdict("specific tagged", &[&tagged, &chat()]), Ok(vec![0, 1]));
    assert!(verdict("specific tagged", &[&chat(), &chat()]).is_err());
    assert!(verdict("specific size", &[&image(), &chat()]).is_err(), "the chat would answer everything");
    assert_eq!(verdict("standard -size", &[&image(), &chat()]), Ok(vec![0, 1]), "to ignore it harms nobody");
    assert!(verdict("standard -nosize", &[&image(), &chat()]).is_err());
}

#[test]
fn what_no_request_can_have_is_refused_without_one() {
    for (text, told) in [
        ("specific header/x", "of the headers only"),
        ("specific headers/openai-beta", "did you mean `header/openai-beta`"),
        ("standard -headr/openai-beta", "did you mean `header/openai-beta`"),
        ("specific parts/image", "did you mean `part/image`"),
        ("specific boddy/size", "did you mean `body/size`"),
        ("specific bytes", "strict alone"),
        ("specific", "use pinned"),
        ("standard -method", "cannot be left out"),
    ] {
        let problem = check_strategy_form(&strategy(text), &[]).expect_err(text).to_string();
        assert!(problem.contains(told), "{text}: {problem}");
    }
    for text in ["specific size,seed", "standard -anything/below", "specific body/x", "strict", "pinned"] {
        assert_eq!(check_strategy_form(&strategy(text), &[]), Ok(()), "{text}");
    }
}

#[test]
fn an_old_strategy_that_looks_at_nothing_is_narrowed() {
    for text in ["specific nofield", "specific header/x", "specific nofield,header/y", "specific bytes"] {
        assert_eq!(narrowed(&strategy(text), &chat()), Some(Strategy::STANDARD), "{text}");
    }
    for text in ["specific messages,nofield", "specific seed", "standard -nofield", "pinned", "strict"] {
        assert_eq!(narrowed(&strategy(text), &chat()), None, "{text}");
    }
    let twice = fields("openai", "/v1/x?size=1", r#"{"size":2}"#);
    assert_eq!(narrowed(&strategy("specific size"), &twice), None, "it looks at both");
}
