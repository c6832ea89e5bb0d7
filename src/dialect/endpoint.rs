//! One endpoint of a dialect.

use super::rules::Rules;

/// One endpoint of a dialect, as a request's method and path name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// What people say: the path behind the API version, `images/generations`, `videos/{id}`.
    pub name: String,
    /// The whole path with variables in place of ids, `/v1/videos/{id}`.
    pub template: String,
    /// The variables and their values.
    pub vars: Vec<(String, String)>,
    /// What is known of it.
    pub rules: &'static Rules,
}
