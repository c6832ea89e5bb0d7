//! Stopped and going on, under a shell that knows such things.

use super::*;
use crate::home::signal;
use crate::terminal::owned;

fn taken(screen: &vt100::Screen) -> bool {
    screen.alternate_screen()
        && screen.hide_cursor()
        && screen.bracketed_paste()
        && screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None
}

#[test]
fn ctrl_z_goes_back_to_the_shell_and_fg_returns() {
    let home = Home::new();
    let terminal = Terminal::shell(&home, SMALL);
    terminal.shows("ready>");
    terminal.keys(&format!("{} --listen 127.0.0.1:0\r", env!("CARGO_BIN_EXE_retake")));
    terminal.shows("q quit");
    for _ in 0..2 {
        terminal.keys("\x1a");
        terminal.until("the shell", |screen| !screen.alternate_screen());
        terminal.shows("Stopped");
        let mouse = |screen: &vt100::Screen| screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None;
        assert!(terminal.look(|screen| !screen.hide_cursor() && !mouse(screen)));
        terminal.keys("fg\r");
        terminal.until("the workbench", vt100::Screen::alternate_screen);
        terminal.shows("q quit");
        terminal.shows("goes on");
        assert!(terminal.look(taken));
        terminal.keys("2");
        terminal.shows("[2 Recordings]");
        terminal.keys("1");
        terminal.shows("[1 Live]");
    }
    terminal.keys("q");
    terminal.shows("no calls; 0 recordings");
    terminal.until("the shell", |screen| !screen.alternate_screen() && !screen.hide_cursor());
}

#[test]
fn stopped_by_somebody_else_it_sets_the_terminal_up_again_when_it_goes_on() {
    let home = Home::new();
    let terminal = Terminal::shell(&home, SMALL);
    terminal.shows("ready>");
    terminal.keys(&format!("{} --listen 127.0.0.1:0\r", env!("CARGO_BIN_EXE_retake")));
    terminal.shows("q quit");
    let pid = owned(&home).0.pid;
    for (tab, name) in [("2", "[2 Recordings]"), ("1", "[1 Live]")] {
        signal("STOP", pid);
        terminal.shows("Stopped");
        // Somebody tidies up after it: the terminal is an ordinary one again.
        terminal.keys(
            "stty sane; printf '\\033[?1049l\\033[?1000l\\033[?1002l\\033[?1003l\\033[?2004l\\033[?25h'\r",
        );
        terminal.until("the shell", |screen| !screen.alternate_screen() && !screen.hide_cursor());
        terminal.keys("fg\r");
        terminal.until("the workbench", taken);
        terminal.shows("goes on");
        terminal.shows("q quit");
        terminal.keys(tab);
        terminal.shows(name);
        assert!(!terminal.contents().contains("Stopped"), "all is drawn anew: {}", terminal.contents());
    }
    terminal.keys("q");
    terminal.shows("no calls; 0 recordings");
    terminal.until("the shell", |screen| !screen.alternate_screen() && !screen.hide_cursor());
}
