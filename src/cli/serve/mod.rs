//! The verbs that run a proxy or show one.

pub(super) mod attach;
pub(super) mod demo;
pub(super) mod headless;
pub(super) mod running;
pub(super) mod screens;
pub(super) mod traffic;
pub(super) mod workbench;
