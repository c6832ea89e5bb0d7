//! The verbs on the selection, on whatever tab it is: the dialogs that ask, and the changes they ask for.

pub mod act;
pub mod actions_menu;
pub mod compare;
pub mod consent;
pub mod delete;
pub mod edit;
pub mod external;
pub mod fault;
pub mod labels;
pub mod rerecord;
pub mod selection;
pub mod store;
