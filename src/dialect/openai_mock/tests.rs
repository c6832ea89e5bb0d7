use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::*;

const BASE: &str = "http://127.0.0.1:4010";

fn ask(endpoint: &str, body: &Value) -> Response {
    let request = Request { method: "POST".into(), body: body.to_string().into(), ..Request::default() };
    mock(endpoint, &request, BASE).unwrap()
}

fn answer(endpoint: &str, body: &Value) -> Value {
    let response = ask(endpoint, body);
    assert_eq!(response.status, 200, "{:?}", response.log.bytes);
    serde_json::from_slice(&response.log.bytes).unwrap()
}

fn image(body: &Value) -> Value {
    answer("images/generations", body)
}

fn chat(mut body: Value) -> Value {
    body["messages"] = json!([{ "role": "user", "content": "What is a capybara?" }]);
    answer("chat/completions", &body)
}

/// The `data` of a stream's events that is JSON.
fn events(response: &Response) -> Vec<Value> {
    let text = std::str::from_utf8(&response.log.bytes).unwrap();
    text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect()
}

#[test]
fn equal_requests_get_equal_bytes_whatever_the_order_of_their_keys() {
    let one = json!({ "model": "m", "prompt": "a", "size": "64x64" });
    let same = json!({ "size": "64x64", "prompt": "a", "model": "m" });
    let other = json!({ "model": "m", "prompt": "b", "size": "64x64" });
    assert_eq!(ask("images/generations", &one), ask("images/generations", &same));
    assert_ne!(image(&one)["data"], image(&other)["data"]);
    assert_eq!(mock("embeddings", &Request::default(), BASE), None);
    let response = ask("images/generations", &one);
    assert!((2.0..=6.0).contains(&response.log.ended().as_secs_f32()));
    assert!(response.headers.text("x-request-id").unwrap().starts_with("req_"));
}

#[test]
fn pictures_have_the_form_that_was_asked_for() {
    for (format, size, clear) in [("png", "80x48", true), ("jpeg", "33x77", false), ("webp", "64x64", true)] {
        let background = if clear { "transparent" } else { "auto" };
        let body = json!({
            "model": "gpt-image-1.5", "prompt": "hills", "n": 3, "size": size, "quality": "auto",
            "output_format": format, "background": background, "output_compression": 80,
        });
        let answer = image(&body);
        assert_eq!((&answer["size"], &answer["output_format"]), (&json!(size), &json!(format)));
        assert_eq!(
            (answer["quality"].as_str(), answer["background"] == "transparent"),
            (Some("medium"), clear)
        );
        let usage = &answer["usage"];
        assert_eq!(
            usage["total_tokens"].as_u64(),
            Some(usage["input_tokens"].as_u64().unwrap() + usage["output_tokens"].as_u64().unwrap())
        );
        let files: Vec<_> = answer["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|d| STANDARD.decode(d["b64_json"].as_str().unwrap()).unwrap())
            .collect();
        assert!(files.len() == 3 && files[0] != files[1] && files[1] != files[2]);
        for file in files {
            assert_eq!(image::guess_format(&file).unwrap().to_mime_type(), format!("image/{format}"));
            let picture = image::load_from_memory(&file).unwrap();
            assert_eq!(format!("{}x{}", picture.width(), picture.height()), size);
        }
    }
    assert_eq!(image(&json!({ "prompt": "a" }))["size"], "1024x1024");
    let huge = image(&json!({ "prompt": "a", "size": "90000x30", "output_format": "jpeg" }));
    assert_eq!(huge["size"], "2812x1");
}

#[test]
fn a_link_leads_to_the_same_picture_for_ever() {
    let body = json!({ "prompt": "hills", "n": 2, "size": "64x40", "output_format": "webp", "response_format": "url" });
    let answer = image(&body);
    let link = answer["data"][1]["url"].as_str().unwrap();
    let id = link.strip_prefix("http://127.0.0.1:4010/__retake/media/").unwrap();
    let (content_type, file) = picture(id).unwrap();
    assert_eq!(content_type, "image/webp");
    assert_eq!(image::load_from_memory(&file).unwrap().width(), 64);
    assert_eq!(picture(id), Some((content_type, file)));
    for wrong in [
        "",
        "mock-1-64x40-q100.png",
        "mock-0000000000000001-9999x9999-q100.png",
        "../etc",
        "mock-+000000000000001-4x4-q1.png",
    ] {
        assert_eq!(picture(wrong), None, "{wrong}");
    }
}

#[test]
fn streamed_pictures_come_in_steps() {
    let body = json!({ "prompt": "hills", "size": "64x64", "stream": true, "partial_images": 2 });
    let response = ask("images/generations", &body);
    assert_eq!(response.headers.media_type(), "text/event-stream");
    let events = events(&response);
    let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let partial = "image_generation.partial_image";
    assert_eq!(kinds, [partial, partial, "image_generation.completed"]);
    assert_eq!((&events[1]["partial_image_index"], events[2]["usage"].is_object()), (&json!(1), true));
    for event in &events {
        let file = STANDARD.decode(event["b64_json"].as_str().unwrap()).unwrap();
        assert_eq!(image::load_from_memory(&file).unwrap().width(), 64);
        assert_eq!(event["size"], "64x64");
    }
    let whole = image(&json!({ "prompt": "hills", "size": "64x64", "n": 1 }));
    assert!(whole["data"][0]["b64_json"].is_string());
    assert_eq!(response.log.pieces.len(), 3);
}

#[test]
fn what_the_api_would_refuse_is_refused_in_its_form() {
    let bad = Request { body: "{".into(), ..Request::default() };
    assert_eq!(mock("chat/completions", &bad, BASE).unwrap().status, 400);
    for (endpoint, body, param) in [
        ("images/generations", json!({}), json!("prompt")),
        ("images/generations", json!({ "prompt": "a", "n": 11 }), json!("n")),
        ("images/generations", json!({ "prompt": "a", "size": "big" }), json!("size")),
        ("images/generations", json!({ "prompt": "a", "size": "0x5" }), json!("size")),
        ("images/generations", json!({ "prompt": "a", "output_format": "tiff" }), json!("output_format")),
        (
            "images/generations",
            json!({ "prompt": "a", "output_format": "jpeg", "background": "transparent" }),
            json!("background"),
        ),
        ("chat/completions", json!({}), json!("messages")),
        ("chat/completions", json!({ "messages": [{}], "tool_choice": "required" }), json!("tool_choice")),
        ("chat/completions", json!({ "messages": [{}], "max_tokens": 0 }), json!("max_tokens")),
        ("chat/completions", json!([]), Value::Null),
    ] {
        let response = ask(endpoint, &body);
        let error: Value = serde_json::from_slice(&response.log.bytes).unwrap();
        assert_eq!((response.status, &error["error"]["param"]), (400, &param), "{body}");
        let keys: Vec<_> = error["error"].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["message", "type", "param", "code"]);
    }
}

#[test]
fn odd_requests_get_some_answer() {
    let values = [
        json!(-1),
        json!(1.5),
        json!("auto"),
        json!([[]]),
        json!({ "type": "json_schema" }),
        json!(u64::MAX),
        json!("x"),
    ];
    let fields = [
        "n",
        "size",
        "quality",
        "background",
        "response_format",
        "stream_options",
        "tools",
        "tool_choice",
        "partial_images",
    ];
    for (field, value) in fields.into_iter().flat_map(|field| values.iter().map(move |value| (field, value)))
    {
        for stream in [true, false] {
            let mut body = json!({ "prompt": "a", "size": "8x8", "messages": [7, null, { "content": [null] }], "stream": stream });
            body[field] = value.clone();
            assert!(ask("chat/completions", &body).status < 500);
            if (field, value) != ("size", &json!("auto")) {
                assert!(ask("images/generations", &body).status < 500);
            }
        }
    }
}

#[test]
fn a_chat_is_answered_with_what_was_said() {
    let answer = chat(json!({ "model": "gpt-5.2", "n": 2 }));
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(text.contains("mock") && text.contains("What is a capybara?"), "{text}");
    assert!(answer["id"].as_str().unwrap().starts_with("chatcmpl-"));
    assert_eq!((&answer["model"], &answer["choices"][1]["index"]), (&json!("gpt-5.2"), &json!(1)));
    let short = chat(json!({ "max_completion_tokens": 3 }));
    assert_eq!(
        (&short["choices"][0]["finish_reason"], &short["usage"]["completion_tokens"]),
        (&json!("length"), &json!(3))
    );
    let object = chat(json!({ "response_format": { "type": "json_object" } }));
    let content: Value =
        serde_json::from_str(object["choices"][0]["message"]["content"].as_str().unwrap()).unwrap();
    assert_eq!(content["mock"], true);
}

#[test]
fn a_stream_says_what_the_whole_answer_says() {
    let mut body = json!({ "model": "m", "stream": true, "stream_options": { "include_usage": true } });
    body["messages"] = json!([{ "role": "user", "content": [{ "type": "text", "text": "Guten Tag!" }] }]);
    let response = ask("chat/completions", &body);
    let chunks = events(&response);
    assert_eq!(
        chunks[0]["choices"][0]["delta"],
        json!({ "role": "assistant", "content": "", "refusal": null })
    );
    assert!(chunks.iter().all(|chunk| chunk["id"] == chunks[0]["id"] && chunk.get("usage").is_some()));
    let last = &chunks[chunks.len() - 1];
    assert_eq!((&last["choices"], last["usage"]["completion_tokens"].as_u64() > Some(5)), (&json!([]), true));
    assert_eq!(chunks[chunks.len() - 2]["choices"][0]["finish_reason"], "stop");
    assert!(response.log.bytes.ends_with(b"data: [DONE]\n\n"));
    let text: String =
        chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
    assert!(text.contains("Guten Tag") && text.contains("mock"), "{text}");
    let first = response.log.pieces[0].at;
    assert!((180_000..=400_000).contains(&first));
    assert!(response.log.pieces.windows(2).all(|pair| pair[1].at - pair[0].at <= 40_000));
}

#[test]
fn a_demanded_tool_is_called() {
    let tool = |name: &str| {
        let parameters =
            json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
        json!({ "type": "function", "function": { "name": name, "parameters": parameters } })
    };
    let choice = json!({ "type": "function", "function": { "name": "weather" } });
    let mut body = json!({ "tools": [tool("clock"), tool("weather")], "tool_choice": choice });
    let answer = chat(body.clone());
    let choice = &answer["choices"][0];
    let call = &choice["message"]["tool_calls"][0];
    assert_eq!(
        (&choice["finish_reason"], &call["function"]["name"]),
        (&json!("tool_calls"), &json!("weather"))
    );
    let arguments = call["function"]["arguments"].as_str().unwrap();
    assert!(serde_json::from_str::<Value>(arguments).unwrap()["city"].is_string());
    body["messages"] = json!([{ "role": "user", "content": "?" }]);
    body["stream"] = true.into();
    let chunks = events(&ask("chat/completions", &body));
    let calls = chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]["tool_calls"][0]);
    let streamed: String = calls.filter_map(|call| call["function"]["arguments"].as_str()).collect();
    assert!(serde_json::from_str::<Value>(&streamed).unwrap()["city"].is_string());
}

#[test]
fn structured_answers_fit_their_schema() {
    let schema = json!({
        "type": "object", "required": ["id", "kind", "tags", "price", "tree", "who"], "additionalProperties": false,
        "properties": {
            "id": { "type": "string", "minLength": 3, "maxLength": 5 },
            "kind": { "enum": ["a", "b"] },
            "tags": { "type": "array", "items": { "type": "string" }, "minItems": 2, "maxItems": 3, "uniqueItems": true },
            "price": { "type": "number", "minimum": 0.5, "exclusiveMaximum": 1.5 },
            "count": { "type": "integer", "minimum": 10, "maximum": 20, "multipleOf": 5 },
            "fixed": { "const": null },
            "maybe": { "type": ["null", "boolean"] },
            "tree": { "$ref": "#/$defs/tree" },
            "who": { "allOf": [{ "type": "object", "properties": { "x": { "type": "integer" } }, "required": ["x"] }, { "properties": { "y": { "type": "string", "format": "uuid" } }, "required": ["y"] }] },
        },
        "$defs": { "tree": { "type": "object", "properties": {
            "next": { "anyOf": [{ "$ref": "#/$defs/tree" }, { "type": "null" }] },
            "all": { "type": "array", "items": { "$ref": "#/$defs/tree" } },
        }, "required": ["next", "all"] } },
    });
    for number in 0..60 {
        let format = json!({ "type": "json_schema", "json_schema": { "name": "x", "strict": true, "schema": schema } });
        let answer = chat(json!({ "seed": number, "response_format": format }));
        let content: Value =
            serde_json::from_str(answer["choices"][0]["message"]["content"].as_str().unwrap()).unwrap();
        assert!(fits(&content, &schema, &schema), "{content}");
    }
    let endless = json!({ "type": "object", "properties": { "x": { "$ref": "#" } }, "required": ["x"] });
    assert!(schema::fitting(&endless, &mut SeededRng::new([0; 32])).is_object());
    for odd in [
        json!(true),
        json!([]),
        json!({ "$ref": "#/none" }),
        json!({ "type": 3, "minimum": "x", "enum": [] }),
    ] {
        schema::fitting(&odd, &mut SeededRng::new([0; 32]));
    }
}

/// Enough of JSON schema to check the above.
fn fits(value: &Value, schema: &Value, root: &Value) -> bool {
    let each = |key: &str| schema[key].as_array().cloned().unwrap_or_default();
    let number = |key: &str| schema[key].as_f64();
    let kinds = if schema["type"].is_array() { each("type") } else { vec![schema["type"].clone()] };
    let kind = |kind: &Value| match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => true,
    };
    let length: Option<u32> = value
        .as_str()
        .map(|text| text.chars().count())
        .or(value.as_array().map(Vec::len))
        .map(|length| length.try_into().unwrap());
    let length_fits = |low: &str, high: &str| {
        length.is_none_or(|l| {
            number(low).is_none_or(|n| f64::from(l) >= n) && number(high).is_none_or(|n| f64::from(l) <= n)
        })
    };
    let number_fits = value.as_f64().is_none_or(|v| {
        number("minimum").is_none_or(|n| v >= n)
            && number("maximum").is_none_or(|n| v <= n)
            && number("exclusiveMaximum").is_none_or(|n| v < n)
            && number("multipleOf").is_none_or(|n| (v / n).fract() == 0.0)
    });
    let known =
        |name: &str| schema["additionalProperties"] != false || schema["properties"].get(name).is_some();
    kinds.iter().any(kind)
        && schema.get("const").is_none_or(|constant| constant == value)
        && schema.get("enum").is_none_or(|allowed| allowed.as_array().unwrap().contains(value))
        && schema["$ref"].as_str().is_none_or(|target| fits(value, root.pointer(&target[1..]).unwrap(), root))
        && (each("anyOf").is_empty() || each("anyOf").iter().any(|schema| fits(value, schema, root)))
        && each("allOf").iter().all(|schema| fits(value, schema, root))
        && each("required").iter().all(|name| value.get(name.as_str().unwrap()).is_some())
        && value.as_object().into_iter().flatten().all(|(name, field)| {
            known(name) && schema["properties"].get(name).is_none_or(|schema| fits(field, schema, root))
        })
        && value
            .as_array()
            .into_iter()
            .flatten()
            .all(|item| schema.get("items").is_none_or(|s| fits(item, s, root)))
        && (!value.is_string() || length_fits("minLength", "maxLength"))
        && (!value.is_array() || length_fits("minItems", "maxItems"))
        && number_fits
}
