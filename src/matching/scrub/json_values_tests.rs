use super::*;

/// The values that are credentials by their place, in order of their end.
fn credentials(text: &str) -> Vec<&str> {
    let credential = |item| match item {
        JsonElement::Value(value) if value.class == NameClass::Credential => Some(&text[value.range]),
        _ => None,
    };
    JsonValues::new(text.as_bytes(), &[], &[]).filter_map(credential).collect()
}

#[test]
fn values_are_known_by_their_names_and_surroundings() {
    for (text, wanted) in [
        (r#"{"api_key":"a","b":{"Password" : 7},"c":[{"client-secret":"d"}]}"#, &["a", "7", "d"][..]),
        (r#"{"api_keys":["a",["b"]],"api\u005fkey":"c"}"#, &["a", "b", "c"]),
        (r#"{"authentication":{"type":"api_key","key":"k","key_id":"i"}}"#, &["k"]),
        (r#"{"tools":[{"headers":{"X-Team":"t","Accept":"a"},"authorization":"z"}]}"#, &["t", "z"]),
        (r#"{"headers":{"X-Team":"t","X-Custom-Token":"c"}}"#, &["c"]),
        (r#"{"mcpServers":{"one":{"env":{"A":"b"},"args":["c"]}}}"#, &["b"]),
        (
            r#"{"headers":[{"name":"Authorization","value":"v"},{"value":"w","key":"x-api-key"}]}"#,
            &["v", "w"],
        ),
        (r#"{"args":["-y","--api-key","k","--port","8"],"cmd":["--token","t"]}"#, &["k"]),
        (r#"{"mcpServers":{"one":{"args":["--token","t"]}}}"#, &["t"]),
        (r#"{"dataSources":[{"parameters":{"endpoint":"e","key":"k","indexName":"i"}}]}"#, &["k"]),
        (r#"{"basic_auth":{"user":"u","pass":"p"}}"#, &["p"]),
        (r#"{"client_secret":{"value":"ek","expires_at":5}}"#, &["ek"]),
        (r#"{"properties":{"api_key":{"type":"string"},"headers":{"type":"object"}}}"#, &[]),
        (r#"{"required":["api_key"],"dependentRequired":{"password":["user"]}}"#, &[]),
        (r#"{"key":"k","token":"t","max_tokens":5,"name":"api_key","description":"the key"}"#, &[]),
        (r#"{"a":{"password":"p"#, &["p"]),
        (r#"{"a" "password":"p"}"#, &["p"]),
    ] {
        assert_eq!(credentials(text), wanted, "{text}");
    }
    let deep = format!("{}{{\"secret\":\"s\"}}", "[".repeat(5000));
    assert_eq!(credentials(&deep), ["s"]);
}

#[test]
fn slots_tell_texts_apart_and_keep_their_pieces_together() {
    let slot = |text: &str| {
        let mut values = JsonValues::new(text.as_bytes(), &[], &[]);
        let mut found = None;
        for item in values.by_ref() {
            if let JsonElement::Value(value) = item
                && text[value.range.clone()].starts_with('x')
            {
                found = Some(value);
            }
        }
        values.close_slots();
        values.slot(&found.unwrap(), 0)
    };
    let one = slot(r#"{"id":"1","choices":[{"index":0,"delta":{"content":"x"}}]}"#);
    for (same, text) in [
        (true, r#"{"choices":[{"index":0,"delta":{"content":"xyz"}}],"id":"2"}"#),
        (true, r#"{"choices":[{"delta":{"content":"x"},"index":0}]}"#),
        (true, r#"{"choices":[{"index":1,"delta":{}},{"index":0,"delta":{"content":"x"}}]}"#),
        (false, r#"{"choices":[{"index":1,"delta":{"content":"x"}}]}"#),
        (false, r#"{"choices":[{"index":0,"delta":{"refusal":"x"}}]}"#),
        (false, r#"{"type":"t","choices":[{"index":0,"delta":{"content":"x"}}]}"#),
    ] {
        assert_eq!(slot(text) == one, same, "{text}");
    }
    let line = r#"{"candidates":[{"content":{"parts":[{"text":"x"}]}}]}"#;
    assert_eq!(slot(&format!("[{line}]")), slot(&format!("[{{}},\n{line}]")));
}
