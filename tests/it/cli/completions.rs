//! What shells offer while a command line is typed.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::answer;
use super::generated::verbs;
use crate::home::{Home, PROGRAM};
use crate::terminal::Terminal;
use crate::world::Upstream;

/// The shells that are here, each with what completes `line` in it: the words that come behind it.
fn offered(home: &Home, shell: &str, words: &[&str]) -> Vec<String> {
    let (script, quoted) = (home.fine(&["completions", shell]), |word: &&str| format!("'{word}'"));
    let line = words.iter().map(quoted).collect::<Vec<_>>().join(" ");
    let last = words.len() - 1;
    let ask = match shell {
        "bash" => format!(
            "{script}\nCOMP_WORDS=({line}); COMP_CWORD={last}; _clap_complete_retake retake {} x
             IFS=$'\\n'; printf '%s\\n' \"${{COMPREPLY[*]}}\"",
            quoted(&words[last])
        ),
        // What the scripts of the others run.
        "zsh" => format!("RETAKE_COMPLETE=zsh _CLAP_IFS=$'\\n' _CLAP_COMPLETE_INDEX={last} retake -- {line}"),
        _ => format!("RETAKE_COMPLETE=fish retake -- {line}"),
    };
    let path = format!("{}:/usr/bin:/bin", Path::new(PROGRAM).parent().unwrap().display());
    let mut bash = Command::new("bash");
    bash.env_clear().envs(home.environment()).env("PATH", path).current_dir(home.path());
    bash.args(["-c", &ask]).stdin(Stdio::null());
    let output = bash.output().unwrap();
    assert!(output.stderr.is_empty(), "{words:?}: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let value = |line: &str| match shell {
        "zsh" => {
            let text = line.replace("\\:", "\u{1}");
            text.split(':').next().unwrap_or_default().replace('\u{1}', ":")
        }
        _ => line.split('\t').next().unwrap_or_default().to_owned(),
    };
    // Behind a blank flags are offered, too.
    text.lines().map(value).filter(|word| !word.is_empty() && !word.starts_with("--")).collect()
}

#[test]
fn completions_name_every_verb_and_make_no_store() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let known = offered(&home, shell, &["retake", ""]);
        for verb in &verbs(&home) {
            assert!(known.contains(verb), "{verb} for {shell} in {known:?}");
        }
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(home.fine(&["completions", shell]).contains("RETAKE_COMPLETE"), "{shell}");
    }
    home.run(&["completions", "csh"]).refused(2, &["csh", "bash", "zsh"]);
    for words in
        [&["retake", "rm", ""][..], &["retake", "list", "model:"], &["retake", "tag", "x", "--add", ""]]
    {
        offered(&home, "bash", words);
    }
    assert!(!home.store().exists());
}

#[test]
fn completions_offer_the_values_of_arguments() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        for (words, value) in [
            (&["retake", "serve", "--mode", "replay-or-r"][..], "replay-or-record"),
            (&["retake", "serve", "--preset", ""], "staging"),
            (&["retake", "retag", "--playback", "s"], "sequence"),
            (&["retake", "review", ""], "accept"),
            (&["retake", "edit", "rec_1", "--ending", ""], "stall"),
            (&["retake", "list", "mod"], "model:"),
            (&["retake", "completions", "f"], "fish"),
        ] {
            let known = offered(&home, shell, words);
            assert!(known.iter().any(|known| known == value), "{value} for {shell} in {known:?}");
        }
    }
    home.run(&["serve", "--mode", "rewind"]).refused(2, &["rewind", "replay-or-mock"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completions_know_what_is_in_the_store_alone_and_beside_its_owner() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let rows = home.filled(&upstream, &["one", "two", "three"]).await;
    let id = |nth: usize| rows[nth].id.to_string();
    let (one, gone) = (id(0), id(2));
    home.fine(&["tag", &one, "--add", "nightly"]);
    home.fine(&["derive", &one, "500", "--scope", "checkout"]);
    home.fine(&["rm", &gone, "--yes"]);
    let left = home.rows().len();
    let check = || {
        for shell in ["bash", "zsh", "fish"] {
            let all = |words: &[&str]| offered(&home, shell, words);
            let ids = all(&["retake", "rm", "rec_"]);
            assert_eq!(ids.len(), left, "{shell}: {ids:?}");
            assert!(ids.contains(&one) && !ids.contains(&gone), "{shell}: {ids:?}");
            assert_eq!(all(&["retake", "show", &one[..one.len() - 1]]), [one.as_str()], "{shell}");
            assert_eq!(all(&["retake", "restore", ""]), [gone.as_str()], "{shell}");
            assert_eq!(all(&["retake", "tag", &one, "--remove", "n"]), ["nightly"], "{shell}");
            assert_eq!(all(&["retake", "explain", "--scope", ""]), ["checkout"], "{shell}");
            let models = all(&["retake", "prune", "model:gpt"]);
            assert!(models.iter().any(|known| known.ends_with("gpt-5-mini")), "{shell}: {models:?}");
            let store = home.store();
            let named = ["retake", "--store", store.to_str().unwrap(), "protect", "rec_"];
            assert_eq!(all(&named).len(), left, "{shell}: the store that is named");
        }
        let bash = |words: &[&str]| offered(&home, "bash", words);
        // bash cuts words at colons.
        assert_eq!(bash(&["retake", "list", "scope", ":", "ch"]), ["checkout"]);
        assert_eq!(bash(&["retake", "retag", &one, "pi"]), ["pinned"]);
        let without = bash(&["retake", "retag", &one, "standard -mes"]);
        assert_eq!(without[..2], ["standard -messages", "standard -messages/0/content"]);
        assert_eq!(bash(&["retake", "retag", &one, "specific", "mes"])[0], "messages");
        assert!(bash(&["retake", "derive", &one, ""]).contains(&"malformed".to_owned()));
    };
    check();
    let owner = home.serve(&[]);
    check();
    assert_eq!(owner.end("TERM").code, Some(0));
}

/// Somebody has a finger on Tab: who does not answer is not waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completions_do_not_wait_for_an_owner() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    home.filled(&upstream, &["one"]).await;
    let owner = home.serve(&[]);
    crate::home::signal("STOP", owner.pid());
    // It stands still until this is over: whoever waited for it would wait for good.
    let known = offered(&home, "bash", &["retake", "rm", "rec_"]);
    crate::home::signal("CONT", owner.pid());
    assert!(known.is_empty(), "{known:?}");
    assert_eq!(owner.end("TERM").code, Some(0));
}

#[test]
fn bash_understands_its_completions() {
    let home = Home::new();
    let script = home.fine(&["completions", "bash"]);
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
    bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(bash.wait().unwrap().success());
}

/// In a shell that people type into.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tab_completes_an_id() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let rows = home.filled(&upstream, &["one"]).await;
    let shell = Terminal::shell(&home, (120, 36));
    shell.shows("ready>");
    shell.keys(&format!("PATH={}:$PATH\r", Path::new(PROGRAM).parent().unwrap().display()));
    shell.keys("source <(retake completions bash); echo so\\rted\r");
    shell.shows("sorted");
    shell.keys("retake prot\trec_\t");
    shell.shows(&format!("retake protect {}", rows[0].id));
    shell.keys("\r");
    shell.shows("is protected");
}
