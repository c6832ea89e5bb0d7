//! Requests that name an earlier answer by its id: what counts is what was asked then.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use retake::model::Mode;
use serde_json::{Value, json};

use crate::world::{Upstream, World, json as answer, settings};

const TARGET: &str = "/v1/responses";

fn body(input: &str, previous: Option<&str>) -> String {
    let mut body = json!({ "model": "gpt-5-mini", "input": input });
    if let Some(id) = previous {
        body["previous_response_id"] = json!(id);
    }
    body.to_string()
}

fn id(reply: &crate::world::Reply) -> String {
    serde_json::from_slice::<Value>(&reply.body).unwrap()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_conversation_goes_on_from_another_take_of_its_beginning() {
    let count = Arc::new(AtomicUsize::new(0));
    let upstream = Upstream::start(move |_| {
        let nth = count.fetch_add(1, Ordering::SeqCst);
        answer(
            &json!({ "id": format!("resp_{nth}"), "object": "response", "status": "completed" }).to_string(),
        )
    })
    .await;
    let world = World::new(Mode::Record, upstream.address).await;
    let (first, _) = world.record(TARGET, &[], &body("Name a river.", None)).await;
    let (second, _) = world.record(TARGET, &[], &body("And its length?", Some(&id(&first)))).await;
    let (_, last) = world.record(TARGET, &[], &body("In miles?", Some(&id(&second)))).await;
    let (again, _) = world.record(TARGET, &[], &body("Name a river.", None)).await;
    assert_ne!(id(&first), id(&again));

    let mut world = world;
    for restarted in [false, true] {
        if restarted {
            world = world.restarted(settings(Mode::ReplayOrError, upstream.address)).await;
        }
        let replay = [("x-retake-mode", "replay-or-error")];
        let begun = world.post(TARGET, &replay, &body("Name a river.", None)).await;
        assert_eq!(id(&begun), id(&again), "the newest take begins");
        let goes_on = world.post(TARGET, &replay, &body("And its length?", Some(&id(&begun)))).await;
        assert_eq!((goes_on.status, id(&goes_on)), (200, id(&second)));
        let answered = world.post(TARGET, &replay, &body("In miles?", Some(&id(&goes_on)))).await;
        assert_eq!(answered.headers.text("x-retake-recording-id"), Some(last.id.as_str()));
        // An unknown id is a value like any other, and so is the id of another conversation.
        for other in ["resp_unknown", &id(&goes_on)] {
            let missed = world.post(TARGET, &replay, &body("And its length?", Some(other))).await;
            assert_eq!(missed.status, 404, "{other}");
        }
    }
}

/// An answer that calls a tool twice, or an answer to what the tool said; the ids are new ones every time.
fn calling(nth: usize, body: &[u8], streamed: bool) -> String {
    let asked: Value = serde_json::from_slice(body).unwrap();
    let call = |which: u32| {
        json!({ "type": "function_call", "id": format!("fc_{nth}_{which}"), "call_id": format!("call_{nth}_{which}"),
                "name": "length", "arguments": json!({ "n": which }).to_string(), "status": "completed" })
    };
    let output = if asked["input"].is_string() { json!([call(1), call(2)]) } else { json!([]) };
    let whole =
        json!({ "id": format!("resp_{nth}"), "object": "response", "status": "completed", "output": output });
    if !streamed {
        return whole.to_string();
    }
    let begun =
        json!({ "type": "response.created", "response": { "id": format!("resp_{nth}"), "output": [] } });
    let ended = json!({ "type": "response.completed", "response": whole });
    format!("event: response.created\ndata: {begun}\n\nevent: response.completed\ndata: {ended}\n\n")
}

#[tokio::test]
async fn results_of_calls_that_stand_in_an_earlier_answer_follow_it_to_another_take() {
    for streamed in [false, true] {
        let count = Arc::new(AtomicUsize::new(0));
        let upstream = Upstream::start(move |seen| {
            let text = calling(count.fetch_add(1, Ordering::SeqCst), &seen.body, streamed);
            let kind = if streamed { "text/event-stream" } else { "application/json" };
            axum::response::Response::builder().header("content-type", kind).body(text.into()).unwrap()
        })
        .await;
        let mut world = World::new(Mode::Record, upstream.address).await;
        let begin = json!({ "model": "m", "input": "How long are they?", "stream": streamed }).to_string();
        let goes_on = |take: usize, ids: [&str; 2]| {
            let result = |id: &str, output: &str| json!({ "type": "function_call_output", "call_id": id, "output": output });
            let input = json!([result(ids[0], "5"), result(ids[1], "7")]);
            let previous = format!("resp_{take}");
            json!({ "model": "m", "previous_response_id": previous, "input": input, "stream": streamed })
                .to_string()
        };
        world.record(TARGET, &[], &begin).await;
        let (_, second) = world.record(TARGET, &[], &goes_on(0, ["call_0_1", "call_0_2"])).await;
        world.record(TARGET, &[], &begin).await;
        for restarted in [false, true] {
            if restarted {
                world = world.restarted(settings(Mode::ReplayOrError, upstream.address)).await;
            }
            let replay = [("x-retake-mode", "replay-or-error")];
            for (take, ids, wanted) in [
                (0, ["call_0_1", "call_0_2"], 200),
                (2, ["call_2_1", "call_2_2"], 200),
                (2, ["call_2_2", "call_2_1"], 404),
                (2, ["call_2_1", "call_2_1"], 404),
                (2, ["call_2_1", "call_9_2"], 404),
            ] {
                let answered = world.post(TARGET, &replay, &goes_on(take, ids)).await;
                assert_eq!(answered.status, wanted, "{ids:?} {streamed} {restarted}");
                let id = answered.headers.text("x-retake-recording-id");
                assert!(wanted != 200 || id == Some(second.id.as_str()), "{answered:?}");
            }
        }
    }
}

#[tokio::test]
async fn references_follow_what_can_be_read_and_nothing_that_is_hidden() {
    let count = Arc::new(AtomicUsize::new(0));
    let upstream = Upstream::start(move |_| {
        let nth = count.fetch_add(1, Ordering::SeqCst);
        let said = if nth == 4 { "another river" } else { "the Elbe" };
        let message = json!({ "type": "message", "id": format!("msg_{nth}"), "role": "assistant", "status": "completed",
                              "content": [{ "type": "output_text", "text": said, "annotations": [] }] });
        let thought = json!({ "type": "reasoning", "id": format!("rs_{nth}"), "summary": [] });
        answer(&json!({ "id": format!("resp_{nth}"), "output": [thought, message] }).to_string())
    })
    .await;
    let world = World::new(Mode::Record, upstream.address).await;
    let begin = body("Name a river.", None);
    let refers = |id: &str| {
        let input =
            json!([{ "type": "item_reference", "id": id }, { "role": "user", "content": "And its length?" }]);
        json!({ "model": "gpt-5-mini", "input": input }).to_string()
    };
    world.record(TARGET, &[], &begin).await;
    for id in ["msg_0", "rs_0"] {
        world.record(TARGET, &[], &refers(id)).await;
    }
    for _ in 3..5 {
        world.record(TARGET, &[], &begin).await;
    }
    for (id, wanted, why) in [
        ("msg_0", 200, "the same"),
        ("msg_3", 200, "another take that says the same"),
        ("msg_4", 404, "another take that says something else"),
        ("msg_9", 404, "nobody knows it"),
        ("rs_0", 200, "the same"),
        ("rs_3", 404, "what is hidden may differ"),
    ] {
        let replayed = world.post(TARGET, &[("x-retake-mode", "replay-or-error")], &refers(id)).await;
        assert_eq!(replayed.status, wanted, "{id}: {why}");
    }
}
