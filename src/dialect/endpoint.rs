//! One endpoint of a dialect.

use super::rules::Rules;

/// One endpoint of a dialect, as a request's method and path name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The name that people use: the path behind the API version, `images/generations`, `videos/{id}`.
    pub name: String,
    /// The whole path with variables in place of ids, `/v1/videos/{id}`.
    pub template: String,
    /// The variables and their values.
    pub vars: Vec<(String, String)>,
    /// The rules that hold for it.
    pub rules: &'static Rules,
}
