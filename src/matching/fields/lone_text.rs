//! Names that mean the same text: that of a lone block, and that of the text which is as good.

use super::field::{Field, FieldPlace, stands_at};
use crate::dialect::Rules;

/// True if `name`, as a person writes it, means this field on an endpoint with these rules: the name of the text in a
/// lone block means the text that it is the same as.
pub(crate) fn covers(rules: &Rules, field: &Field, name: &str) -> bool {
    field.covered_by(name) || is_text_of_block(rules, field, name)
}

fn is_text_of_block(rules: &Rules, field: &Field, name: &str) -> bool {
    if rules.forms.lone_text.is_empty() || field.place != FieldPlace::Body {
        return false;
    }
    let name = name.trim_start_matches('/');
    let name = name.strip_prefix("body/").unwrap_or(name);
    let list = name.strip_suffix("/0/text").or_else(|| name.strip_suffix("/*/text"));
    list.is_some_and(|list| field.is(list))
        && rules.forms.lone_text.iter().any(|place| stands_at(&field.steps, place))
}
