//! The one function that knows what match strategies mean. Comparison and fingerprint both ask it.

use crate::dialect::Dialect;
use crate::matching::fields::field::{Field, FieldPlace};
use crate::matching::fields::header::{CONDITIONS, NEGOTIATED};
use crate::matching::fields::lone_text::covers;
use crate::matching::fields::request_fields::Fields;
use crate::model::Strategy;

/// True if `field` decides under `strategy`, for a request with the dialect and endpoint of `context`.
///
/// It must not look at values, nor at which fields are there: two requests with the same method and endpoint must get
/// the same answers, else equal fingerprints and "no significant change" would come apart.
pub(crate) fn is_significant(strategy: &Strategy, context: &Fields, field: &Field) -> bool {
    let named = |names: &[String]| names.iter().any(|name| covers(context.endpoint.rules, field, name));
    match strategy {
        Strategy::Strict => true,
        _ if is_exact(field) => false,
        _ if is_identity(context, field) => true,
        Strategy::Standard { ignored } => !is_cosmetic(context, field) && !named(ignored),
        Strategy::Specific { fields } => {
            context.is_model(field) || (field.place != FieldPlace::Mount && named(fields))
        }
        Strategy::Pinned => context.is_model(field),
        // The conditions decide, and they are no fields.
        Strategy::Rule(_) => false,
    }
}

/// Test for a field that only `strict` looks at.
fn is_exact(field: &Field) -> bool {
    matches!(field.place, FieldPlace::Target | FieldPlace::Bytes)
        || (field.place == FieldPlace::Header && field.is("content-type"))
}

/// Test for a name of the endpoint or of the API: nothing may ignore that, or fields would lose their meaning.
fn is_identity(context: &Fields, field: &Field) -> bool {
    match field.place {
        FieldPlace::Method => true,
        FieldPlace::Mount => context.dialect == Dialect::Generic,
        FieldPlace::Path => field.steps.is_empty(),
        _ => false,
    }
}

/// Test for a field that does not change the answer, by the dialect's rules.
fn is_cosmetic(context: &Fields, field: &Field) -> bool {
    let rules = context.endpoint.rules;
    if context.ignored.iter().any(|name| covers(rules, field, name)) {
        return true;
    }
    match field.place {
        FieldPlace::Mount => true,
        FieldPlace::Header => {
            let decides = |name: &&str| {
                rules.negotiated.iter().any(|(negotiated, _)| negotiated == name)
                    || context.headers.iter().any(|own| own == name)
            };
            NEGOTIATED.iter().chain(CONDITIONS).any(|name| field.is(name) && !decides(name))
        }
        FieldPlace::Query => rules.cosmetic_query.iter().any(|name| field.below(name)),
        // Next to the one in the path it is a copy that SDKs make.
        FieldPlace::Body | FieldPlace::Part if context.model_in_path() && field.is("model") => true,
        FieldPlace::Body | FieldPlace::Part => {
            rules.cosmetic.iter().copied().flatten().any(|name| field.below(name))
        }
        _ => false,
    }
}
