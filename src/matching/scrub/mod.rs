//! Requests and answers as they may be stored: credentials and personal data are found in their places, and replaced
//! there. Nothing is found by search for short words.

pub(crate) mod effort;
pub(crate) mod identity;
pub(crate) mod json_values;
pub(crate) mod parameters;
pub(crate) mod scrub_answer;
pub(crate) mod scrub_request;
pub(crate) mod scrubber;
pub(crate) mod search;
pub(crate) mod secret;
pub(crate) mod secret_name;
pub(crate) mod split_keys;
pub(crate) mod withheld;
