//! Upstreams that mean harm, or are broken: where their links and redirects lead, and what they send instead of answers.

mod answers;
mod links;
mod loops;
