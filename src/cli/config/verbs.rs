//! `retake config init|check|path`

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::{Config, FILE, Look, Place, Privilege, Problem, Source, Trust, file_of, look, settled, source};
use crate::cli::exit::{Exit, Usage};
use crate::cli::flags::Layers;
use crate::cli::{Common, Show, print};

/// A file with every key, at its default or as an example.
pub(super) const EXAMPLE: &str = include_str!("example.toml");

/// What is done with the configuration.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// Write a retake.toml with every key explained
    Init {
        /// Overwrite one that is there
        #[arg(long)]
        force: bool,
    },
    /// Say what is wrong with a configuration; exit status 2 if something is
    Check {
        /// The file; the one that would be read without it
        file: Option<PathBuf>,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Say which file is read
    Path,
}

pub(crate) fn run(common: &Common, verb: Verb, show: &impl Show) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Init { force } => init(common, force),
        Verb::Check { file, json } => check(common, file, json, show),
        Verb::Path => {
            let (path, _) = file_of(common);
            let whole = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
            print::line(&whole.display().to_string());
            if !path.exists() {
                print::note("there is no such file: the defaults hold; `retake config init` writes one");
            }
            if let Some(own) = look::own_path() {
                print::note(&format!("colours, keys and programs of your own: {}", own.display()));
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn init(common: &Common, force: bool) -> anyhow::Result<ExitCode> {
    // A new one is for this folder, whatever lies above.
    let path = common.config.clone().unwrap_or_else(|| FILE.into());
    let mut open = std::fs::OpenOptions::new();
    open.write(true).create(true).create_new(!force).truncate(force);
    let written =
        open.open(&path).and_then(|mut file| std::io::Write::write_all(&mut file, EXAMPLE.as_bytes()));
    match written {
        Ok(()) => {
            print::line(&format!("wrote {}", path.display()));
            Ok(ExitCode::SUCCESS)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(Usage(format!("{} is there already; --force overwrites it", path.display())).into())
        }
        Err(error) => Err(Usage(format!("{} cannot be written: {error}", path.display())).into()),
    }
}

/// A configuration, and what is wrong with it.
pub(crate) struct Checked {
    /// The file's name.
    pub(crate) file: String,
    /// Whether it is there.
    pub(crate) exists: bool,
    pub(crate) problems: Vec<Problem>,
    /// Who vouches for it.
    pub(crate) trust: Trust,
    /// What only a trusted file may hold.
    pub(crate) privileges: Vec<Privilege>,
}

impl Checked {
    /// Whether it can be used.
    pub(crate) fn usable(&self) -> bool {
        self.problems.iter().all(|problem| problem.warning)
    }
}

/// Why a value is not in force.
fn untrusted(privilege: &Privilege) -> String {
    format!("{}: not in force until `retake trust`, as {}", privilege.value, privilege.does)
}

/// Looks a configuration through: this file, or the one that would be read.
pub(crate) fn checked(common: &Common, file: Option<PathBuf>) -> Result<Checked, Usage> {
    let (path, must) = file.map_or_else(|| file_of(common), |path| (path, true));
    let found = source(&path, must)?;
    let real = found.trust;
    // Nothing of it is carried out here, and all of it is looked at.
    let source = Source { trust: Trust::Named, ..found };
    let mut problems: Vec<Problem> = Vec::new();
    let mut privileges = Vec::new();
    match source.parsed() {
        Ok(parsed) => {
            drop(settled(&source, &parsed.file, &mut problems));
            privileges = parsed.privileges;
        }
        Err(wrong) => problems = wrong,
    }
    if problems.iter().all(|problem| problem.warning) {
        let own = look::own()?;
        match look::parsed(&own) {
            Err(wrong) => problems.extend(wrong),
            // What only all of it together can show: an address that is none, an upstream that is the proxy itself.
            Ok(_) => match Config::from(&source, &own, &path, &Layers::default()) {
                Ok(config) => problems = config.warnings,
                Err(error) => problems.push(source.problem(None, "", error)),
            },
        }
    }
    let trust = if common.layers.flags.trust && !real.is_given() { Trust::ThisRun } else { real };
    if !trust.is_given() {
        problems.extend(privileges.iter().map(|one| Problem {
            line: Some(one.line),
            warning: true,
            ..source.problem(None, &one.key, untrusted(one))
        }));
    }
    Ok(Checked { file: source.name(), exists: source.path.is_some(), problems, trust, privileges })
}

/// What is wrong with the look that a configuration asks for.
pub(crate) fn of_look(common: &Common, look: &Look, show: &impl Show) -> Vec<Problem> {
    let (file, _) = file_of(common);
    let problem = |(place, text): (Option<Place>, String)| {
        let (file, line) =
            place.map_or((file.display().to_string(), None), |place| (place.file, Some(place.line)));
        Problem { file, line, key: None, text, warning: false }
    };
    show.wrong(look).into_iter().map(problem).collect()
}

fn check(
    common: &Common,
    file: Option<PathBuf>,
    as_json: bool,
    show: &impl Show,
) -> anyhow::Result<ExitCode> {
    let mut checked = checked(common, file.clone())?;
    if checked.usable() {
        let mut common = Common { config: file.or_else(|| common.config.clone()), ..common.clone() };
        common.layers.flags.trust = true;
        let config = Config::read(&common)?;
        checked.problems.extend(of_look(&common, &config.look, show));
    }
    let usable = checked.usable();
    if as_json {
        let said = json!({ "file": checked.file, "fine": usable, "problems": checked.problems });
        print::json(&said)?;
    } else {
        for problem in &checked.problems {
            print::line(&problem.to_string());
        }
        match (checked.exists, usable) {
            (false, _) => print::note(&format!("there is no {FILE} here: the defaults hold")),
            (true, true) => print::note(&format!("{} is fine", checked.file)),
            (true, false) => {}
        }
    }
    Ok(if usable { ExitCode::SUCCESS } else { Exit::Usage.into() })
}
