//! Model names across providers: the same model is called `gpt-4o`, `openai/gpt-4o` and `gpt-4o-2024-08-06`.

/// Prefixes that name a provider. `meta-llama/` and the like name whose model it is and stay.
const PROVIDERS: &[&str] = &[
    "anthropic",
    "azure",
    "azure_ai",
    "bedrock",
    "cerebras",
    "cohere",
    "deepinfra",
    "fal",
    "fal-ai",
    "fireworks",
    "fireworks_ai",
    "gemini",
    "google",
    "groq",
    "lumenfall",
    "mistral",
    "models",
    "ollama",
    "openai",
    "openrouter",
    "perplexity",
    "replicate",
    "runware",
    "together",
    "together_ai",
    "vertex",
    "vertex_ai",
    "x-ai",
    "xai",
];

/// The name without provider prefixes and without the date at its end.
pub(crate) fn canonical(name: &str) -> &str {
    without_date(without_provider(name))
}

/// The name without provider prefixes.
pub(crate) fn without_provider(name: &str) -> &str {
    let mut rest = name.trim();
    while let Some((provider, model)) = rest.split_once('/') {
        if model.is_empty() || !PROVIDERS.iter().any(|known| known.eq_ignore_ascii_case(provider)) {
            break;
        }
        rest = model;
    }
    rest
}

/// Cuts `-20241022` or `-2024-08-06` and a revision behind it (`-v1:0`).
fn without_date(name: &str) -> &str {
    for (at, _) in name.match_indices(['-', '@']).filter(|(at, _)| *at > 0) {
        let rest = &name[at + 1..];
        let length = [8, 10].into_iter().find(|length| rest.get(..*length).is_some_and(is_date));
        let behind = length.and_then(|length| rest.get(length..));
        if behind.is_some_and(|behind| behind.is_empty() || behind.starts_with("-v")) {
            return &name[..at];
        }
    }
    name
}

/// Test for `YYYYMMDD` or `YYYY-MM-DD` of this century.
fn is_date(text: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let shape = match text.len() {
        8 => true,
        10 => text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-',
        _ => false,
    };
    let within =
        |part: &str, range: std::ops::RangeInclusive<u32>| part.parse().is_ok_and(|n| range.contains(&n));
    shape
        && digits.len() == 8
        && within(&digits[..4], 2015..=2099)
        && within(&digits[4..6], 1..=12)
        && within(&digits[6..], 1..=31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edge_39_prefixes_and_dates_go_and_all_else_stays() {
        for (name, wanted) in [
            ("gpt-4o", "gpt-4o"),
            ("openai/gpt-4o-2024-08-06", "gpt-4o"),
            ("openrouter/anthropic/claude-3-5-sonnet-20241022", "claude-3-5-sonnet"),
            ("claude-3-5-sonnet-20241022-v1:0", "claude-3-5-sonnet"),
            ("claude-3-5-sonnet@20241022", "claude-3-5-sonnet"),
            ("meta-llama/llama-3", "meta-llama/llama-3"),
            ("gpt-4-0613", "gpt-4-0613"),
            ("model-12345678", "model-12345678"),
            ("model-20241399", "model-20241399"),
            ("openai/", "openai/"),
            ("ä-2024-08-06é", "ä-2024-08-06é"),
            ("-2024-08-06", "-2024-08-06"),
            ("", ""),
        ] {
            assert_eq!(canonical(name), wanted, "{name}");
            assert_eq!(canonical(wanted), wanted, "idempotent");
        }
    }
}
