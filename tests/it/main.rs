//! Everything that goes through a door of the program: HTTP, the command line, the terminal, the source tree.

mod layers;
mod program;
mod proxy;
mod serve;
mod world;
