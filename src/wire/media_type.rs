//! Media types that several readers ask for.

/// Whether a body of this media type (lower case, without parameters) is JSON in rows.
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
