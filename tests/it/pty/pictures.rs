//! A picture on the whole screen, on terminals of all kinds: the bytes of each one's protocol, and a clean end.

use retake::model::RecordingId;

use super::*;
use crate::terminal::Manners;

/// A terminal: how it answers, what its environment says, and the first bytes of a picture in its protocol.
type Kind = (Manners, &'static [(&'static str, &'static str)], &'static str);

const IN_PIXELS: [Kind; 3] = [
    (Manners::Kitty, &[], "\x1b_Gf=32,a=T"),
    (Manners::Answers, &[("TERM_PROGRAM", "iTerm.app")], "\x1b]1337;File=inline=1"),
    (Manners::Sixel, &[], "\x1bP"),
];

const IN_CELLS: [Kind; 4] = [
    (Manners::Answers, &[], ""),
    (Manners::OnlyAttributes, &[], ""),
    (Manners::Silent, &[], ""),
    // A multiplexer swallows what it does not know.
    (Manners::Kitty, &[("TMUX", "/tmp/x"), ("LC_TERMINAL", "iTerm2")], ""),
];

fn opened(home: &Home, (manners, variables, _): Kind) -> Terminal {
    let terminal = Terminal::with(home, LARGE, manners, variables, &["--listen", "127.0.0.1:0"]);
    terminal.shows("1 rec");
    terminal.keys("2");
    terminal.shows("64x64 png");
    terminal
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_fills_the_screen_in_pixels_where_the_terminal_has_them() {
    let home = Home::new();
    pictured(&home).await;
    for kind in IN_PIXELS {
        let mut terminal = opened(&home, kind);
        assert!(!terminal.written().contains(kind.2), "{kind:?}: not before it is asked for");
        terminal.keys("i");
        terminal.writes(kind.2);
        terminal.shows("any key returns");
        terminal.keys("j");
        // The key only returned, and the picture is taken off the terminal.
        if kind.0 == Manners::Kitty {
            terminal.writes("\x1b_Ga=d,d=A");
        }
        terminal.shows("Recordings 1");
        terminal.keys("q");
        terminal.ends(0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn elsewhere_it_fills_the_screen_in_cells_and_no_key_is_lost() {
    let home = Home::new();
    pictured(&home).await;
    for kind in IN_CELLS {
        let mut terminal = opened(&home, kind);
        terminal.keys("i");
        terminal.until("the picture", |screen| !screen.contents().contains("Recordings 1"));
        assert!(terminal.contents().contains(['\u{2580}', '\u{2584}']), "{kind:?}: {}", terminal.contents());
        for bytes in ["\x1b_Gf", "\x1b]1337", "\x1bP"] {
            assert!(!terminal.written().contains(bytes), "{kind:?}");
        }
        terminal.keys("q1");
        terminal.shows("[1 Live]");
        terminal.keys("q");
        terminal.ends(0);
    }
}

/// The beginning of a film: what kind of one it is.
const FILM: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x08mdat";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_is_shown_by_the_thumbnail_that_was_recorded_with_it() {
    let home = Home::new();
    let mut picture = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(64, 64).write_to(&mut picture, image::ImageFormat::Png).unwrap();
    let picture = picture.into_inner();
    let upstream = Upstream::start(move |seen| {
        let thumbnail = seen.target.contains("variant=thumbnail");
        let kind = if thumbnail { "image/png" } else { "video/mp4" };
        let body = if thumbnail { picture.clone() } else { FILM.to_vec() };
        Response::builder().header("content-type", kind).body(axum::body::Body::from(body)).unwrap()
    })
    .await;
    let running = home.record(&upstream);
    for target in ["/content?variant=thumbnail", "/content"] {
        let target = format!("/openai/v1/videos/video_1{target}");
        assert_eq!(crate::home::fetch(running.address, &target).await.status, 200);
        running.json();
    }
    assert_eq!(running.end("TERM").code, Some(0));
    let mut terminal = Terminal::start(&home, LARGE, &["--listen", "127.0.0.1:0"]);
    terminal.shows("2 rec");
    terminal.keys("2/videos -image:yes");
    terminal.shows("1 of 2");
    terminal.keys("\r]]");
    terminal.shows("[Image 1]");
    terminal.line(&["o opens", "mp4"]);
    terminal.shows("of rec_");
    terminal.keys("q");
    terminal.ends(0);
}

/// Makes a recording that holds a picture.
pub(super) async fn pictured(home: &Home) -> RecordingId {
    let running = home.serve(&["--mode", "mock"]);
    let body = r#"{"model":"gpt-image-1.5","prompt":"a cat","size":"64x64"}"#;
    let mocked = running.call("/openai/v1/images/generations", &[], body).await;
    assert_eq!(running.end("TERM").code, Some(0));
    let picture = String::from_utf8(mocked.body.to_vec()).unwrap();
    let painter = Upstream::start(move |_| json(&picture)).await;
    let running = home.record(&painter);
    assert_eq!(running.call("/openai/v1/images/generations", &[], body).await.status, 200);
    let id = running.json().recording.unwrap();
    assert_eq!(running.end("TERM").code, Some(0));
    id
}
