//! Everything that goes through a door of the program: HTTP, the command line, the terminal, the source tree.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

mod bombs;
mod cli;
mod control;
mod home;
mod layers;
mod proxies;
mod proxy;
mod pty;
mod store_harm;
mod terminal;
mod tls;
mod verbs;
mod world;
