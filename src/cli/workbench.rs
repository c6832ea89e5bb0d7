//! `retake` and `retake tui`: the workbench, with the proxy inside.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use super::config::Config;
use super::exit::Usage;
use super::proxy::{Running, log_to_file};
use super::{Common, ProxyArgs, print};
use crate::desk::Desk;
use crate::engine::{self, Engine};
use crate::model::Outcome;
use crate::tui::{self, Look as Colours, Options, Theme};

/// How the screen presents itself.
pub(super) struct Look {
    suffix: Option<String>,
    banner: Vec<String>,
    upstream: String,
    theme: Colours,
    ascii: bool,
}

pub(super) async fn run(common: &Common, args: ProxyArgs) -> anyhow::Result<ExitCode> {
    if !terminal_at_hand() {
        let text = "the workbench needs a terminal on stdin and stdout; without one use `retake serve`";
        return Err(Usage(text.into()).into());
    }
    let config = Config::read(common, &args)?;
    let look = Look::of(&config)?;
    log_to_file();
    let running = Running::start(&common.store, &config).await?;
    let shown = show(&running, look, None).await;
    let summary = summary(&running.engine);
    running.stop().await?;
    shown?;
    print::note(&summary);
    Ok(ExitCode::SUCCESS)
}

/// Whether there is somebody to look and to type.
pub(super) fn terminal_at_hand() -> bool {
    let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && !dumb
}

/// Shows the screen until somebody leaves it, or `length` is over.
pub(super) async fn show(running: &Running, look: Look, length: Option<Duration>) -> anyhow::Result<()> {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let background = std::env::var("COLORFGBG").ok();
    let theme = Theme::choose(look.theme, no_color, background.as_deref());
    let options = Options {
        address: running.address.to_string(),
        upstream: look.upstream,
        suffix: look.suffix,
        banner: look.banner,
        theme: if look.ascii { theme.in_ascii() } else { theme },
        zone: jiff::tz::TimeZone::system(),
        pixels: false,
        notices: running.notices.clone(),
    };
    let desk = Desk::Here(running.engine.clone());
    let over = async {
        match length {
            Some(length) => tokio::time::sleep(length).await,
            None => std::future::pending().await,
        }
    };
    tui::run(desk, options, engine::now, over).await
}

fn summary(engine: &Engine) -> String {
    let snapshot = engine.snapshot();
    let counted = Outcome::ALL.into_iter().map(|outcome| (snapshot.counters.of(outcome), outcome.label()));
    let counted: Vec<_> =
        counted.filter(|(count, _)| *count > 0).map(|(count, label)| format!("{count} {label}")).collect();
    let calls = if counted.is_empty() { "no calls".to_owned() } else { counted.join(", ") };
    format!("{calls}; {} recordings", snapshot.rows.len())
}

// === impl Look ===

impl Look {
    fn of(config: &Config) -> anyhow::Result<Self> {
        let theme = config.theme.as_deref().unwrap_or("auto");
        let theme = match theme {
            "auto" => Colours::Auto,
            "dark" => Colours::Dark,
            "light" => Colours::Light,
            "mono" => Colours::Mono,
            other => {
                return Err(
                    Usage(format!("theme `{other}` is unknown; use auto, dark, light or mono")).into()
                );
            }
        };
        Ok(Self { suffix: None, banner: Vec::new(), upstream: upstream(config), theme, ascii: config.ascii })
    }

    /// The demo's: it says what is going on and how to take part.
    pub(super) fn demo(address: SocketAddr) -> Self {
        let banner = vec![
            "This is a demo: a temporary store, a stand-in upstream, made-up traffic. Nothing leaves this machine.".into(),
            format!("Take part: export OPENAI_BASE_URL=http://{address}/openai/v1 OPENAI_API_KEY=any"),
        ];
        Self {
            suffix: Some("demo".into()),
            banner,
            upstream: "stand-in upstream".into(),
            theme: Colours::Auto,
            ascii: false,
        }
    }
}

/// Where forwarded calls go, in a few words.
fn upstream(config: &Config) -> String {
    let settings = &config.settings;
    match settings.upstreams.get("openai") {
        _ if settings.never_forward => "nowhere (never forward)".into(),
        Some(openai) => format!("{} +{}", openai.host(), settings.upstreams.len() - 1),
        None => format!("{} upstreams", settings.upstreams.len()),
    }
}
