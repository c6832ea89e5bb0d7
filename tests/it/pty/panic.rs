//! A panic beside the screen leaves the screen up.

use std::path::Path;

use retake::client::Client;
use retake::config::{ScreenLook, WorkbenchStart};
use retake::engine;
use retake::model::Mode;
use retake::tui::{self, Keymap, Theme, ThemeChoice, WorkbenchOptions};
use tracing::{Event, Metadata, Subscriber, span};

use super::*;
use crate::home::{CHAT_PATH, call, chat};
use crate::world::{World, settings};

/// Where the program below writes its address.
const ADDRESS: &str = "address";

/// A log that panics in the middle of answering a call: when an unreadable recording is told of.
struct Panicking;

impl Subscriber for Panicking {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "retake::engine::call::replay"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, _: &Event<'_>) {
        panic!("the log fell over");
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// Spoils every body that is stored as a file.
fn spoil(dir: &Path) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { spoil(&path) } else { std::fs::write(path, "spoilt").unwrap() }
    }
}

fn long(_: Seen) -> Response {
    json(&format!("{{\"choices\":[],\"padding\":\"{}\"}}", "x".repeat(40_000)))
}

/// Run by the test below in a terminal: a workbench with a recording that cannot be read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "only the next test runs it"]
async fn a_workbench_whose_log_panics() {
    let upstream = Upstream::start(long).await;
    let world = World::new(Mode::Record, upstream.address).await;
    world.record(CHAT_PATH, &[], &chat("spoilt")).await;
    let dir = world.ended().await;
    spoil(&dir.path().join("bodies"));
    let world = World::with(settings(Mode::ReplayOrMock, upstream.address), dir).await;
    tracing::subscriber::set_global_default(Panicking).unwrap();
    std::fs::write(ADDRESS, world.address.to_string()).unwrap();
    let start = WorkbenchStart {
        address: world.address.to_string(),
        upstream: String::new(),
        suffix: None,
        attached: false,
        banner: Vec::new(),
        look: ScreenLook::default(),
        notices: Vec::new(),
        length: None,
    };
    let options = WorkbenchOptions {
        start,
        theme: Theme::choose(ThemeChoice::Dark, false, None),
        zone: jiff::tz::TimeZone::UTC,
        keymap: Keymap::default(),
        protocol: None,
    };
    tui::run(Client::Local(world.engine.clone()), options, engine::now, std::future::pending())
        .await
        .unwrap();
    world.ended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_the_proxy_is_one_failed_call_and_the_screen_stays() {
    let home = Home::new();
    let mut terminal = Terminal::test(&home, LARGE, "pty::panic::a_workbench_whose_log_panics");
    terminal.shows("q quit");
    let address = std::fs::read_to_string(home.path().join(ADDRESS)).unwrap().parse().unwrap();
    for _ in 0..2 {
        let reply = call(address, CHAT_PATH, &[], &chat("spoilt")).await;
        assert_eq!((reply.status, reply.headers.text("x-should-retry")), (500, Some("false")));
        terminal.shows("internal error: the log fell over");
        assert!(terminal.look(vt100::Screen::alternate_screen));
        terminal.keys("\x1b");
        terminal.hides("the log fell over");
    }
    terminal.line(&["ERR", "500", "chat/completions"]);
    terminal.shows("retake failed to answer this call");
    // The proxy answers the next call, and keys do what they did.
    assert_eq!(call(address, CHAT_PATH, &[], &chat("afterwards")).await.status, 200);
    terminal.line(&["MOCK", "200", "chat/completions"]);
    terminal.shows("0 in flight");
    terminal.keys("2");
    terminal.selects(&["spoilt"]);
    terminal.keys("q");
    terminal.ends(0);
}
