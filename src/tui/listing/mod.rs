//! Lists of very many rows: sorted keys, filters, orders and searches, none of which draws anything.

pub mod filter;
pub mod fuzzy_find;
pub mod input_history;
pub mod list;
pub mod list_query;
pub mod marks;
pub mod order;
pub mod ranked_set;
