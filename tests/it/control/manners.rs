//! How the control API treats people who try it by hand: what needs no token, ids in short, lists in parts, and refusals in
//! words that say what to do.

use std::collections::BTreeSet;

use serde_json::json;

use super::described::operations;
use super::*;

/// What a refusal says.
async fn refused(world: &World, method: &str, target: &str, body: Option<Value>, status: u16) -> String {
    let reply = ask(world, method, target, body.as_ref()).await;
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    assert_eq!(reply.status, status, "{method} {target}: {text}");
    serde_json::from_str::<Value>(&text).unwrap()["error"]["message"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_landing_page_and_the_description_need_no_token_and_tell_no_secret() {
    let (world, _upstream, recording) = furnished().await;
    for (accept, kind) in [("*/*", "text/plain"), ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html")]
    {
        for target in ["/__retake/", "/__retake"] {
            let reply = world.send(&asking("GET", target, &[("accept", accept)], "")).await;
            assert_eq!(reply.status, 200, "{target} {reply:?}");
            assert!(reply.headers.text("content-type").unwrap().starts_with(kind), "{reply:?}");
            let text = String::from_utf8(reply.body.to_vec()).unwrap();
            for word in
                [env!("CARGO_PKG_VERSION"), "replay-or-record", "/__retake/openapi.json", "retake token"]
            {
                assert!(text.contains(word), "{word}: {text}");
            }
            for secret in [TOKEN, KEY, recording.id.as_str(), "gallery", "gpt-image"] {
                assert!(!text.contains(secret), "{secret}: {text}");
            }
            assert!(reply.headers.iter().all(|(name, _)| !name.starts_with("access-control-")), "{reply:?}");
        }
    }
    let description = world.send(&asking("GET", "/__retake/openapi.json", &[], "")).await;
    assert_eq!((description.status, &description.body[..]), (200, retake::api::openapi().as_bytes()));
    for target in ["/__retake/", "/__retake/openapi.json"] {
        let page = [("origin", "http://evil.example")];
        assert_eq!(world.send(&asking("GET", target, &page, "")).await.status, 403, "{target}");
    }
    for target in ["/__retake/mode", "/__retake/metrics", "/__retake/recordings"] {
        assert_eq!(world.send(&asking("GET", target, &[], "")).await.status, 401, "{target}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_beginning_of_an_id_is_enough_where_it_is_of_no_other() {
    let (world, _upstream, recording) = furnished().await;
    let id = recording.id.as_str();
    let short = |id: &str| {
        let others: Vec<_> = world.engine.rows().values().map(|row| row.id.to_string()).collect();
        let lone = |len: &usize| others.iter().filter(|other| other.starts_with(&id[..*len])).count() == 1;
        id[..(8..id.len()).find(lone).unwrap()].to_owned()
    };
    let begin = short(id);
    for target in [begin.as_str(), begin.strip_prefix("rec_").unwrap()] {
        assert_eq!(get(&world, &format!("/__retake/recordings/{target}")).await["id"], id);
    }
    let diff = get(&world, &format!("/__retake/diff?one={begin}@original&other={begin}")).await;
    assert_eq!(diff["one"], format!("{id}@original"), "{diff}");
    let removed = ask(&world, "POST", "/__retake/recordings/remove", Some(&json!({ "ids": [begin] }))).await;
    assert_eq!(removed.status, 200, "{removed:?}");
    assert_eq!(serde_json::from_slice::<Value>(&removed.body).unwrap(), json!({ "ids": [id] }));
    // It is not among those that are left, so its beginning leads to the trash.
    let trash = get(&world, "/__retake/trash").await;
    let others: Vec<_> =
        trash["items"].as_array().unwrap().iter().filter_map(|one| one["row"]["id"].as_str()).collect();
    let lone = |len: &usize| others.iter().filter(|other| other.starts_with(&id[..*len])).count() == 1;
    let begin = &id[..(8..id.len()).find(lone).unwrap()];
    let restored =
        ask(&world, "POST", "/__retake/recordings/restore", Some(&json!({ "ids": [begin] }))).await;
    assert_eq!(
        serde_json::from_slice::<Value>(&restored.body).unwrap(),
        json!({ "ids": [id] }),
        "{restored:?}"
    );
    for (method, target, body) in [
        ("GET", "/__retake/recordings/rec_", None),
        ("POST", "/__retake/recordings/duplicate", Some(json!({ "ids": ["rec_"] }))),
        ("POST", "/__retake/prune", Some(json!({ "query": "hits:0", "keep": ["rec_"] }))),
    ] {
        let said = refused(&world, method, target, body, 409).await;
        let count = world.engine.rows().len();
        assert!(said.starts_with(&format!("`rec_` is the beginning of {count} ids: rec_")), "{said}");
    }
    refused(&world, "GET", "/__retake/recordings/rec_0000000000", None, 404).await;
}

#[expect(clippy::too_many_lines, reason = "a table of refusals")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_known_is_refused_with_what_is() {
    let (world, _upstream, _) = furnished().await;
    for (method, target, body, expected) in [
        ("GET", "/__retake/recordings?limt=5", None, "unknown parameter `limt`; did you mean `limit`?"),
        (
            "GET",
            "/__retake/recordings?colour=red",
            None,
            "unknown parameter `colour`; known are hash, query, limit, after",
        ),
        ("GET", "/__retake/mode?verbose=1", None, "unknown parameter `verbose`; there are none here"),
        ("GET", "/__retake/calls?limit=few", None, "`limit`: expected a whole number, not \"few\""),
        ("GET", "/__retake/calls?limit=0", None, "`limit`: expected 1 to 1000, not 0; leave it out for all"),
        (
            "GET",
            "/__retake/calls?limit=1&limit=2",
            None,
            "the parameter `limit` is given twice; send it once",
        ),
        (
            "GET",
            "/__retake/calls?after=1",
            None,
            "`after`: expected the `next` of an earlier answer, not `1`; leave it out to begin",
        ),
        ("GET", "/__retake/calls/first", None, "`id`: expected a whole number, not \"first\""),
        (
            "GET",
            "/__retake/diff?one=call_1",
            None,
            "the parameter `other` is missing (The other one); send it as well",
        ),
        (
            "GET",
            "/__retake/v1/requests?outcome=fine",
            None,
            "`outcome`: unknown word `fine`; known are replay, record, live, mock, miss, error",
        ),
        ("PUT", "/__retake/mode", Some(json!("of")), "the body: unknown word `of`; did you mean `off`?"),
        (
            "PUT",
            "/__retake/mode",
            Some(json!({ "mode": "off" })),
            "the body: expected text, not {\"mode\":\"off\"}",
        ),
        (
            "POST",
            "/__retake/recordings/remove",
            Some(json!({})),
            "the field `ids` is missing (The recordings); send it as well",
        ),
        (
            "POST",
            "/__retake/recordings/remove",
            Some(json!({ "id": ["rec_1"] })),
            "unknown field `id`; did you mean `ids`?",
        ),
        (
            "POST",
            "/__retake/recordings/remove",
            Some(json!({ "ids": "rec_1" })),
            "`ids`: expected a list, not \"rec_1\"",
        ),
        ("POST", "/__retake/recordings/remove", Some(json!([])), "the body: expected an object, not []"),
        (
            "POST",
            "/__retake/undo?steps=2",
            None,
            "`steps` stands in the query, and this path has none: send it in the body, as JSON",
        ),
        ("POST", "/__retake/undo", Some(json!({ "steps": 2 })), "unknown field `steps`; there are none here"),
        (
            "POST",
            "/__retake/prune",
            Some(json!({ "query": "hits:0", "dry_run": true })),
            "unknown field `dry_run`; known are query, keep, only, apply",
        ),
        (
            "POST",
            "/__retake/recordings/retag",
            Some(json!({ "ids": [], "tag": { "playback": "oldest" } })),
            "`tag.playback`: unknown word `oldest`; known are newest, sequence, cycle",
        ),
        (
            "POST",
            "/__retake/recordings/rec_1/edit",
            Some(json!({ "revisions": [{ "stats": 201 }] })),
            "`revisions[0]`: unknown field `stats`; did you mean `status`?",
        ),
        (
            "POST",
            "/__retake/recordings/rec_1/edit",
            Some(json!({ "revisions": [{ "status": -1 }] })),
            "`revisions[0].status`: expected at least 0, not -1",
        ),
    ] {
        assert_eq!(refused(&world, method, target, body, 400).await, expected, "{method} {target}");
    }
    let strategy = json!({ "ids": [], "tag": { "strategy": "loose" } });
    let said = refused(&world, "POST", "/__retake/recordings/retag", Some(strategy), 400).await;
    assert!(said.starts_with("`tag.strategy`: `loose` is not a match strategy: "), "{said}");
}

/// Whatever is wrong, nobody reads the words of a parser.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_refusal_says_what_a_parser_says() {
    let (world, _upstream, _) = furnished().await;
    let authorization = format!("Bearer {TOKEN}");
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let mut tried = 0;
    for operation in operations() {
        let target = operation.target();
        let path = target.split('?').next().unwrap();
        let mut requests = vec![(format!("{path}?unheard_of=1"), String::new())];
        if operation.body().is_some() {
            let wrong = [
                "{",
                "nothing",
                "[]",
                "7",
                "\"x\"",
                "null",
                r#"{"ids":[[]]}"#,
                r#"{"unheard_of":1}"#,
                "{\"a\":1}x",
            ];
            requests.extend(wrong.map(|body| (path.to_owned(), body.to_owned())));
        }
        for (target, body) in requests {
            let reply = world.send(&asking(&operation.method, &target, &headers, body.clone())).await;
            if reply.status == 200 {
                continue;
            }
            let text = String::from_utf8_lossy(&reply.body).into_owned();
            assert!((400..500).contains(&reply.status), "{target} {body}: {text}");
            for word in [
                "missing field",
                "invalid type",
                "invalid value",
                "unknown variant",
                "expected struct",
                "expected value",
                "at line",
                "deserializ",
            ] {
                assert!(!text.contains(word), "{} {body}: {text}", operation.name());
            }
            tried += 1;
        }
    }
    assert!(tried > 150, "only {tried}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_list_can_be_had_in_parts() {
    let (world, _upstream, _) = furnished().await;
    let some = world.engine.rows().values().map(|row| row.id.clone()).take(2).collect::<Vec<_>>();
    let copies = world.engine.duplicate(&some).await.unwrap();
    world.engine.remove(&copies).await.unwrap();
    for path in ["recordings", "calls", "trash", "steps", "scopes"] {
        let whole = get(&world, &format!("/__retake/{path}")).await;
        assert_eq!(whole["next"], Value::Null, "{path}");
        let (mut parts, mut after) = (Vec::new(), String::new());
        loop {
            let part = get(&world, &format!("/__retake/{path}?limit=1{after}")).await;
            assert_eq!(part["items"].as_array().unwrap().len(), 1, "{path}");
            parts.extend(part["items"].as_array().unwrap().clone());
            match part["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert!(parts.len() > 1, "{path} has too few items to show anything");
        assert_eq!(whole["items"], Value::from(parts), "{path}");
    }
    let found = json!({ "query": "protected:no", "limit": 1 });
    let found = ask(&world, "POST", "/__retake/recordings/search", Some(&found)).await;
    assert_eq!(serde_json::from_slice::<Value>(&found.body).unwrap()["items"].as_array().unwrap().len(), 1);
    let waiting = get(&world, "/__retake/reviews?limit=1").await;
    assert_eq!((waiting["items"].as_array().unwrap().len(), &waiting["next"]), (1, &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pruning_only_plans_unless_told_to_act() {
    let (world, _upstream, _) = furnished().await;
    let before: BTreeSet<_> = world.engine.rows().values().map(|row| row.id.clone()).collect();
    let plan = ask(&world, "POST", "/__retake/prune", Some(&json!({ "query": "hits:0" }))).await;
    let plan: Value = serde_json::from_slice(&plan.body).unwrap();
    let planned = plan["remove"].as_array().unwrap().len();
    assert!(planned > 0, "{plan}");
    assert_eq!(world.engine.rows().values().map(|row| row.id.clone()).collect::<BTreeSet<_>>(), before);
    let done =
        ask(&world, "POST", "/__retake/prune", Some(&json!({ "query": "hits:0", "apply": true }))).await;
    assert_eq!(done.status, 200);
    assert_eq!(world.engine.rows().len(), before.len() - planned);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measures_name_endpoints_and_models() {
    let (world, _upstream, _) = furnished().await;
    let reply = ask(&world, "GET", "/__retake/metrics", None).await;
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    for line in [
        r#"retake_model_calls_total{endpoint="chat/completions",model="gpt-5-mini",outcome="record"} 2"#,
        r#"retake_model_calls_total{endpoint="images/generations",model="gpt-image-1.5",outcome="miss"} 1"#,
        r#"retake_model_calls_total{endpoint="images/generations",model="gpt-image-1.5",outcome="replay"} 1"#,
    ] {
        assert!(text.lines().any(|known| known == line), "{line} in\n{text}");
    }
    assert!(
        text.contains(r#"retake_model_call_seconds_total{endpoint="chat/completions",model="gpt-5-mini"} "#),
        "{text}"
    );
}

/// A number says its unit or counts things; an outcome is a word.
#[test]
fn money_is_in_dollars_and_outcomes_have_names() {
    let document = super::described::document();
    let fields =
        |name: &str| document["components"]["schemas"][name]["properties"].as_object().unwrap().clone();
    assert!(fields("Removal").contains_key("cost_usd") && fields("Stats").contains_key("saved_usd"));
    assert!(fields("Quantiles").contains_key("p50_us") && fields("AnswerArrival").contains_key("total_us"));
    let outcomes = &fields("Counters")["outcomes"];
    assert_eq!(outcomes["propertyNames"]["enum"][0], "replay", "{outcomes}");
}
