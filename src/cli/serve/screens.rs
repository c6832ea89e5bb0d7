//! The screen as a value that is handed in: the command line knows none.

use std::io::IsTerminal as _;
use std::path::Path;
use std::pin::Pin;

use crate::cli::exit::UsageError;
use crate::client::Client;
use crate::config::{
    Config, ConfigError, ConfigInputs, ConfigProblem, Consent, LookProblem, Privilege, ScreenLook,
    WorkbenchStart,
};

/// A screen that somebody looks at until it ends.
pub type ScreenFuture<T> = Pin<Box<dyn Future<Output = anyhow::Result<T>>>>;

/// The screens that there are.
#[derive(Clone, Copy)]
pub struct Screens {
    /// Shows the workbench until somebody leaves it.
    pub workbench: fn(Client, WorkbenchStart) -> ScreenFuture<()>,
    /// Asks whether a project's file may do these things.
    pub consent: fn(&Path, &[Privilege]) -> ScreenFuture<Consent>,
    /// The problems of a look.
    pub problems: fn(&ScreenLook) -> Vec<LookProblem>,
    /// All keys of the workbench that a look has, on one page.
    pub keys: fn(&ScreenLook) -> Result<String, Vec<LookProblem>>,
}

impl Screens {
    /// The problems of the look that a configuration asks for.
    pub(crate) fn look_problems(&self, inputs: &ConfigInputs, look: &ScreenLook) -> Vec<ConfigProblem> {
        let problem = |(at, text): LookProblem| {
            let (file, line) =
                at.map_or_else(|| (inputs.path().display().to_string(), None), |at| (at.file, Some(at.line)));
            ConfigProblem { file, line, key: None, text, warning: false }
        };
        (self.problems)(look).into_iter().map(problem).collect()
    }

    /// Refuses a look that cannot be shown.
    pub(crate) fn refuse_wrong_look(
        &self,
        inputs: &ConfigInputs,
        look: &ScreenLook,
    ) -> Result<(), ConfigError> {
        let problems: Vec<_> = self.look_problems(inputs, look).iter().map(ToString::to_string).collect();
        if problems.is_empty() { Ok(()) } else { Err(ConfigError(problems.join("\n"))) }
    }

    /// The configuration, after somebody said whether the file may do what only a trusted one may; `None` when they leave.
    pub(crate) async fn consented(&self, inputs: &ConfigInputs) -> anyhow::Result<Option<Config>> {
        loop {
            let config = Config::read(inputs)?;
            let (Some(trusted), [_, ..]) = (&config.trusted, config.withheld()) else {
                return Ok(Some(config));
            };
            match (self.consent)(trusted.path(), config.withheld()).await? {
                // What is read next may be another content already, which is asked about, too.
                Consent::Given => trusted.grant()?,
                Consent::Withheld => return Ok(Some(config)),
                Consent::Leave => return Ok(None),
            }
        }
    }
}

/// A screen without anybody before it is no use.
pub(crate) fn refuse_without_terminal() -> Result<(), UsageError> {
    if terminal_at_hand() {
        return Ok(());
    }
    Err(UsageError(
        "the workbench needs a terminal on stdin and stdout; without one use `retake serve`".into(),
    ))
}

/// True if there is somebody to look and to type.
pub(crate) fn terminal_at_hand() -> bool {
    let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && !dumb
}
