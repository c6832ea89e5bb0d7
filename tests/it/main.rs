//! Everything that goes through a door of the program: HTTP, the command line, the terminal, the source tree.

mod cli;
mod home;
mod proxy;
mod pty;
mod terminal;
mod world;
