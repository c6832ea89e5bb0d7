//! Ctrl-Z and `fg`, under a shell that knows them.

use super::*;

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
        assert!(terminal.look(|screen| screen.hide_cursor() && screen.bracketed_paste() && mouse(screen)));
        terminal.keys("2");
        terminal.shows("[2 Recordings]");
        terminal.keys("1");
        terminal.shows("[1 Live]");
    }
    terminal.keys("q");
    terminal.shows("no calls; 0 recordings");
    terminal.until("the shell", |screen| !screen.alternate_screen() && !screen.hide_cursor());
}
