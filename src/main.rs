//! The `retake` program: one verb of the command line, shown on the terminal UI where it needs a screen.

use std::process::ExitCode;

use retake::cli::{self, Screen};
use retake::desk::Desk;
use retake::engine;
use retake::tui::{self, Depth, Look, Options, Theme};

fn main() -> ExitCode {
    cli::run(std::env::args_os(), show)
}

/// Shows the workbench: what the command line knows, in the terms of the screen.
async fn show(desk: Desk, screen: Screen) -> anyhow::Result<()> {
    let look = match screen.theme {
        cli::Theme::Auto => Look::Auto,
        cli::Theme::Dark => Look::Dark,
        cli::Theme::Light => Look::Light,
        cli::Theme::Mono => Look::Mono,
    };
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let variable = |name: &str| std::env::var(name).ok();
    let theme = Theme::choose(look, no_color, variable("COLORFGBG").as_deref());
    let theme = theme.in_depth(Depth::of(variable("TERM_PROGRAM").as_deref()));
    let options = Options {
        address: screen.address,
        upstream: screen.upstream,
        suffix: screen.suffix,
        attached: screen.attached,
        banner: screen.banner,
        theme: if screen.ascii { theme.in_ascii() } else { theme },
        zone: jiff::tz::TimeZone::system(),
        keymap: tui::Keymap::default(),
        copy: screen.copy,
        open: screen.open,
        protocol: None,
        notices: screen.notices,
    };
    let over = async {
        match screen.length {
            Some(length) => tokio::time::sleep(length).await,
            None => std::future::pending().await,
        }
    };
    tui::run(desk, options, engine::now, over).await
}
