//! The fast first level, which knows raw requests, never changes an answer.

use proptest::prelude::*;
use retake::engine::MatchSettings;
use retake::model::{Mode, RecordingId};

use super::chat;
use crate::world::{Upstream, World};

const TARGET: &str = "/v1/chat/completions";
const STRATEGIES: [&str; 6] =
    ["standard", "standard -seed", "strict", "pinned", "specific messages", "rule contains=two priority=1"];

/// Something that happens between calls.
#[derive(Clone, Debug)]
enum Step {
    Ask(usize, usize),
    Record(usize, usize),
    Retag(usize, usize),
    Remove(usize),
    Restore,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (body, scope, nth) = (0..BODIES.len(), 0..SCOPES.len(), 0..8_usize);
    let step = prop_oneof![
        6 => (body.clone(), scope.clone()).prop_map(|(body, scope)| Step::Ask(body, scope)),
        2 => (body, scope).prop_map(|(body, scope)| Step::Record(body, scope)),
        2 => (nth.clone(), 0..STRATEGIES.len()).prop_map(|(nth, strategy)| Step::Retag(nth, strategy)),
        1 => nth.prop_map(Step::Remove),
        1 => Just(Step::Restore),
    ];
    prop::collection::vec(step, 10..30)
}

const SCOPES: [&str; 3] = ["", "one", "two"];
const BODIES: [&str; 5] = [
    r#"{"model":"gpt-5-mini","seed":1,"messages":[{"role":"user","content":"one"}]}"#,
    r#"{"model":"gpt-5-mini","seed":2,"messages":[{"role":"user","content":"one"}]}"#,
    r#"{"seed":1,"model":"gpt-5-mini","messages":[{"role":"user","content":"one"}]}"#,
    r#"{"model":"gpt-5-mini","user":"me","messages":[{"role":"user","content":"two"}]}"#,
    r#"{"model":"gpt-4o","messages":[{"role":"user","content":"two"}]}"#,
];

async fn play(world: &World, steps: Vec<Step>) {
    let (mut made, mut removed, mut fresh) = (Vec::<RecordingId>::new(), Vec::<RecordingId>::new(), 0);
    for step in steps {
        let scoped = |scope: usize| SCOPES[scope];
        match step {
            Step::Ask(body, scope) => {
                let asked = [("x-retake-mode", "replay-or-error"), ("x-retake-scope", scoped(scope))];
                let asked = if scoped(scope).is_empty() { &asked[..1] } else { &asked[..] };
                let mut answers = Vec::new();
                // The third is known by then, if anything is.
                for _ in 0..3 {
                    let reply = world.post(TARGET, asked, BODIES[body]).await;
                    answers
                        .push((reply.status, reply.headers.text("x-retake-recording-id").map(str::to_owned)));
                }
                // No field, but part of the raw request: nobody has seen this one.
                fresh += 1;
                let encoding = "identity, ".repeat(fresh);
                let unseen = [asked, &[("content-encoding", encoding.trim_end_matches([',', ' ']))]].concat();
                let reply = world.post(TARGET, &unseen, BODIES[body]).await;
                answers.push((reply.status, reply.headers.text("x-retake-recording-id").map(str::to_owned)));
                assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{step:?}: {answers:?}");
            }
            Step::Record(body, scope) => {
                let scope = [("x-retake-scope", scoped(scope))];
                let headers = if scope[0].1.is_empty() { &[][..] } else { &scope[..] };
                made.push(world.record(TARGET, headers, BODIES[body]).await.1.id);
            }
            Step::Retag(nth, strategy) if !made.is_empty() => {
                let tag =
                    MatchSettings { strategy: Some(STRATEGIES[strategy].parse().unwrap()), playback: None };
                let id = &made[nth % made.len()];
                // It may be in the trash.
                let _ = world.engine.retag(std::slice::from_ref(id), &tag, false).await;
            }
            Step::Remove(nth) if !made.is_empty() => {
                let id = made[nth % made.len()].clone();
                removed.extend(world.engine.remove(&[id]).await.unwrap());
            }
            Step::Restore => {
                world.engine.restore(&removed).await.unwrap();
                removed.clear();
            }
            Step::Retag(..) | Step::Remove(_) => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_known_is_what_would_be_found(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let upstream = Upstream::start(chat).await;
            let world = World::new(Mode::Record, upstream.address).await;
            play(&world, steps).await;
            world.ended().await;
        });
    }
}
