//! What can be done with the selected recordings: the dialogs that ask, and the changes they ask for.

pub mod curate;
pub mod edit;
pub mod external;
pub mod open_overlay;
