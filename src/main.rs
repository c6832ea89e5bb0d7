//! The `retake` program: one verb of the command line, shown on the terminal UI where it needs a screen.

use std::process::ExitCode;

use retake::cli::{self, Screens};
use retake::tui;

fn main() -> ExitCode {
    let screens = Screens {
        workbench: |client, start| Box::pin(tui::show(client, start)),
        consent: |file, wanted| {
            let (file, wanted) = (file.to_owned(), wanted.to_vec());
            Box::pin(async move { tui::ask_consent(&file, &wanted).await })
        },
        problems: tui::look_problems,
        keys: tui::key_page,
    };
    cli::run(std::env::args_os(), screens)
}
