//! The loop, the terminal and the workers, which carry effects out. Nothing in here decides.

pub mod exchanges;
pub mod external;
pub mod mutations;
pub mod pictures;
pub mod rows;
pub mod shell;
pub mod temp_files;
pub mod workers;
