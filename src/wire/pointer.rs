//! JSON pointers (RFC 6901) in which `*` stands for any index of an array.

use std::borrow::Cow;

use serde_json::Value;

/// Test for a value other than `null` at the pointer.
pub(crate) fn holds(value: &Value, pointer: &str) -> bool {
    let Some((name, rest)) = pointer.strip_prefix('/').map(|p| p.split_at(p.find('/').unwrap_or(p.len())))
    else {
        return !value.is_null();
    };
    match value {
        Value::Array(items) if name == "*" => items.iter().any(|item| holds(item, rest)),
        _ => value.get(name).is_some_and(|inner| holds(inner, rest)),
    }
}

/// Test for a pointer among those that a pattern means.
pub(crate) fn is_meant_by(pointer: &str, pattern: &str) -> bool {
    let (mut pattern, mut pointer) = (pattern.split('/'), pointer.split('/'));
    loop {
        match (pattern.next(), pointer.next()) {
            (None, None) => return true,
            (Some("*"), Some(_)) => {}
            (Some(wanted), Some(step)) if wanted == step => {}
            _ => return false,
        }
    }
}

/// A key as one step of a pointer.
pub(crate) fn escaped(key: &str) -> Cow<'_, str> {
    if key.contains(['~', '/']) { key.replace('~', "~0").replace('/', "~1").into() } else { key.into() }
}

/// The key that one step of a pointer names.
pub(crate) fn unescaped(step: &str) -> Cow<'_, str> {
    if step.contains('~') { step.replace("~1", "/").replace("~0", "~").into() } else { step.into() }
}
