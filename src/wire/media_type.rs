//! Media types that several readers ask for.

/// Test for a media type (lower case, without parameters) of bodies that are one JSON text.
pub(crate) fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type.ends_with("+json")
}

/// Test for a media type (lower case, without parameters) of bodies that are JSON in rows.
pub(crate) fn is_rows(media_type: &str) -> bool {
    matches!(
        media_type,
        "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines"
            | "application/stream+json"
    )
}
