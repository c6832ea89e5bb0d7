//! `retake token`.

use crate::home::{Home, Running};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_of_the_running_retake_opens_its_control_api() {
    let home = Home::new();
    home.run(&["token"]).refused(1, &["no retake runs on", "`retake serve`", "--store DIR"]);
    let serving = Running::start(home.command(&["serve", "--listen", "127.0.0.1:0"]));
    let token = home.fine(&["token"]);
    let url = format!("http://{}/__retake/mode", serving.address);
    let asked = std::process::Command::new("curl")
        .args(["-sS", "-H", &format!("authorization: Bearer {}", token.trim()), &url])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&asked.stdout), "\"replay-or-mock\"", "{asked:?}");
    assert_eq!(token.lines().count(), 1);
    assert_eq!(serving.end("TERM").code, Some(0));
}
