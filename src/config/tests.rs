use crate::config::*;
use crate::engine::UpstreamKey;
use crate::matching::DatedModels;
use crate::model::{Hash, Mode, Strategy};

/// A file that somebody named.
pub(crate) fn file(path: &str, text: &str) -> ConfigSource {
    ConfigSource {
        path: Some(path.into()),
        text: text.into(),
        trust: Trust::Named,
        ..ConfigSource::default()
    }
}

pub(crate) fn read(text: &str) -> Result<Config, String> {
    let source = file("retake.toml", text);
    Config::from(&source, &ConfigSource::default(), Path::new("retake.toml"), &Layers::default())
        .map_err(|error| error.to_string())
}

pub(crate) fn wrong(text: &str, hints: &[&str]) {
    let error = read(text).err().expect(text);
    assert!(hints.iter().all(|hint| error.contains(hint)), "{text}: {error}");
}

#[test]
fn a_wrong_file_is_answered_with_the_line_and_what_is_known() {
    wrong("mode = \"mock\"\nmodel = 1\n", &["retake.toml", "line 2", "did you mean `mode`?"]);
    wrong("[upstream]\nopenai = \"x\"", &["line 1", "did you mean `upstreams`?"]);
    wrong("\n\n[[profile]]\nname = \"a\"\nkeys = \"b\"", &["line 5", "`profile.keys`", "`key`"]);
    wrong("a = 1\nb = 2\n", &["line 1", "line 2"]);
    // A key that is unknown hides nothing else that is wrong.
    wrong("modle = 1\nmiss_status = 200", &["line 1", "did you mean `mode`?", "line 2", "400 to 599"]);
    wrong("modle = 1\nmouse = \"no\"", &["line 1", "did you mean `mode`?", "line 2", "boolean"]);
    wrong(
        "[[route]]\nmodel = \"x\"\nmodes = \"off\"\n[limits]\nhead = \"x\"",
        &["line 3", "`route.modes`", "line 5"],
    );
    wrong("mode = \"rewind\"", &["line 1", "replay-or-mock"]);
    wrong("x\n[", &["line 1"]);
    wrong("preset = \"prod\"", &["production (off)", "ci (replay-or-error and nothing is forwarded)"]);
    wrong("\nlatency = \"fast\"", &["line 2", "`latency`", "recorded"]);
    wrong("miss_status = 200", &["`miss_status`", "400 to 599"]);
    wrong("origins = [\"localhost\"]", &["http://localhost:3000"]);
    wrong("[upstreams]\nopenai = \"nothing\"", &["line 2", "`upstreams.openai`", "https://"]);
    for host in ["127.0.0.1", "127.1", "2130706433", "[::ffff:127.0.0.1]", "LOCALHOST", "x.localhost"] {
        let text =
            format!("listen = \"127.0.0.1:4010\"\n[upstreams]\nopenai = \"http://{host}:4010/openai\"");
        wrong(&text, &["is this proxy itself", "--listen"]);
    }
    wrong("\npublic_url = \"retake.test\"", &["line 2", "`public_url`", "scheme"]);
    wrong("[[route]]\nmode = \"off\"", &["line 1", "neither an endpoint nor a model"]);
    wrong("[[route]]\nmodel = \"x\"", &["sets nothing"]);
    wrong("\nmatch = \"specific header/x\"", &["line 2", "`match`", "header/openai-beta"]);
    wrong("match = \"specific\"", &["line 1", "use pinned"]);
    wrong("[[route]]\nmodel = \"x\"\nmatch = \"standard -headers/openai-beta\"", &["did you mean `header/"]);
    wrong("[[profile]]\nname = \"a\"\nkey = \"b\"\nmatch = \"specific bytes\"", &["strict alone"]);
    wrong("[[ignore]]\nfield = \"a\"\n[[ignore]]\npattern = \"(\"", &["line 3", "uuid"]);
    wrong(
        "\nmatch_headers = [\"x-fine\",\n\"Authorization\"]",
        &["line 3", "`match_headers`", "credentials"],
    );
    wrong("match_headers = [\"x-retake-mode\"]", &["line 1", "retake itself"]);
    wrong(
        "keep_headers = [\n\"OpenAI-Organization\",\n\"set-cookie\"]",
        &["line 3", "`set-cookie`", "who called"],
    );
    wrong("dated_models = \"never\"", &["line 1", "same", "exact"]);
    wrong("[[scrub]]\nname = \"a\"\npattern = \"[\"", &["line 1", "`scrub`"]);
    wrong("[record]\nfailure = \"keep\"", &["line 2", "did you mean `failures`?"]);
    wrong("[record]\nfailures = \"ask\"", &["line 2", "keep, retry or drop"]);
    wrong("[record]\nfailures = { 200 = \"keep\" }", &["line 2", "`200`", "429, 4xx, 5xx"]);
    wrong("[[profile]]\nname = \"a\"\nkey = \"sha256:12\"", &["64 hexadecimal"]);
    wrong("[[profile]]\nname = \"a\"\nkey = \"b\"\nupstream_key = \"sk-real\"", &["env:NAME"]);
    let unset = "[[profile]]\nname = \"a\"\nkey = \"b\"\nupstream_key = \"env:RETAKE_SURELY_UNSET\"";
    let config = read(unset).unwrap();
    let said = config.warnings[0].to_string();
    for word in
        ["line 1", "`profile.upstream_key`", "RETAKE_SURELY_UNSET is not set", "profile a is forwarded"]
    {
        assert!(said.contains(word), "{said}");
    }
    let missing = UpstreamKey::Missing("the environment variable RETAKE_SURELY_UNSET is not set".into());
    assert_eq!(config.settings.profiles[0].upstream_key, Some(missing));
}

/// The mode, the ceiling and the decider of flags, environment and a file.
fn decided(flags: &[&str], environment: &[&str], file: &str) -> (Mode, bool, String) {
    let said = |words: &[&str]| {
        let word = |name: &str| words.iter().find_map(|word| word.strip_prefix(name)).map(str::to_owned);
        let never_forward = words.contains(&"never-forward");
        FlagValues { mode: word("mode "), preset: word("preset "), never_forward, ..FlagValues::default() }
    };
    let layers = Layers { flags: said(flags), environment: said(environment) };
    let source = ConfigSource {
        path: Some("retake.toml".into()),
        text: file.into(),
        trust: Trust::Named,
        ..ConfigSource::default()
    };
    let config = Config::from(&source, &ConfigSource::default(), Path::new("retake.toml"), &layers).unwrap();
    let settings = &config.settings;
    assert_eq!(settings.never_forward, config.deciders.ceiling.is_some());
    (settings.mode, settings.never_forward, config.deciders.words(settings.mode))
}

#[test]
fn layers_decide_in_their_order_and_a_preset_is_of_its_layer() {
    let file = "mode = \"replay-or-live\"\nnever_forward = false\n";
    for (flags, environment, file, words) in [
        (&[][..], &[][..], "", "mode replay-or-mock (the default)"),
        (&[], &[], file, "mode replay-or-live (`mode` in retake.toml)"),
        (&[], &["mode off"], file, "mode off (RETAKE_MODE)"),
        (&["mode mock"], &["mode off"], file, "mode mock (--mode)"),
        (&["preset dev"], &["mode off"], file, "mode replay-or-record (--preset dev)"),
        (
            &["preset ci"],
            &["mode off"],
            file,
            "mode replay-or-error (--preset ci); nothing is forwarded (--preset ci)",
        ),
        (
            &[],
            &["preset ci"],
            file,
            "mode replay-or-error (RETAKE_PRESET=ci); nothing is forwarded (RETAKE_PRESET=ci)",
        ),
        (&["preset ci", "mode mock"], &[], file, "mode mock (--mode); nothing is forwarded (--preset ci)"),
        (
            &["preset dev"],
            &["preset ci"],
            file,
            "mode replay-or-record (--preset dev); nothing is forwarded (RETAKE_PRESET=ci)",
        ),
        (
            &["mode record"],
            &[],
            "preset = \"ci\"",
            "mode record (--mode); nothing is forwarded (`preset = \"ci\"` in retake.toml)",
        ),
        (
            &[],
            &[],
            "preset = \"ci\"\nmode = \"off\"\nnever_forward = false",
            "mode off (`mode` in retake.toml); nothing is forwarded (`preset = \"ci\"` in retake.toml)",
        ),
    ] {
        assert_eq!(decided(flags, environment, file).2, words, "{flags:?} {environment:?} {file}");
    }
}

#[test]
fn clients_are_granted_times_within_a_range() {
    use std::time::Duration;

    let usual = read("").unwrap().limits;
    assert_eq!((usual.head, usual.body), (Duration::from_secs(30), Duration::from_secs(30)));
    let own = read("[limits]\nhead = \"250ms\"\nbody = \"5m\"").unwrap().limits;
    assert_eq!((own.head, own.body), (Duration::from_millis(250), Duration::from_secs(300)));
    for time in ["99ms", "61m", "-1s", "soon", "30", ""] {
        wrong(
            &format!("mode = \"mock\"\n[limits]\nbody = \"{time}\""),
            &["retake.toml", "line 3", "`limits.body`", &format!("`{time}`"), "100ms to 1h"],
        );
    }
    wrong("[limits]\nhead = 30", &["line 2", "string"]);
    wrong("[limits]\nheads = \"1s\"", &["limits.heads", "did you mean `head`?"]);
}

/// Law 12.
#[test]
fn a_ceiling_is_lowered_by_any_layer_and_lifted_by_none() {
    let says = |ceiling: bool, by: &'static str, other: &'static str| if ceiling { by } else { other };
    for by in ["never-forward", "preset ci"] {
        for other in ["mode off", "preset production", ""] {
            for (flags, environment, file) in (0..8).map(|bits| (bits & 1 > 0, bits & 2 > 0, bits & 4 > 0)) {
                let text = match (file, by) {
                    (true, "preset ci") => "preset = \"ci\"\nnever_forward = false\nmode = \"off\"",
                    (true, _) => "preset = \"dev\"\nnever_forward = true",
                    (false, _) => "preset = \"dev\"\nnever_forward = false",
                };
                let (_, ceiling, words) =
                    decided(&[says(flags, by, other)], &[says(environment, by, other)], text);
                assert_eq!(ceiling, flags || environment || file, "{by} {other} {words}");
            }
        }
    }
}

#[test]
fn a_wrong_word_is_blamed_on_its_layer() {
    let wrong = |flags: FlagValues, environment: FlagValues| {
        let layers = Layers { flags, environment };
        let none = ConfigSource::default();
        Config::from(&none, &none, Path::new("retake.toml"), &layers).err().unwrap().to_string()
    };
    let said = |mode: &str| FlagValues { mode: Some(mode.into()), ..FlagValues::default() };
    assert!(wrong(said("rewind"), FlagValues::default()).starts_with("--mode: `rewind`"));
    assert!(wrong(said("mock"), said("rewind")).starts_with("RETAKE_MODE: `rewind`"));
    let upstream = FlagValues { upstreams: vec!["openai".into()], ..FlagValues::default() };
    assert!(
        wrong(FlagValues::default(), upstream.clone())
            .starts_with("RETAKE_UPSTREAM=openai: expected NAME=URL")
    );
    assert!(wrong(upstream, FlagValues::default()).starts_with("--upstream openai: expected NAME=URL"));
    let strategy = FlagValues { strategy: Some("loose".into()), ..FlagValues::default() };
    assert!(wrong(strategy, FlagValues::default()).starts_with("--match: "));
}

#[test]
fn failures_are_kept_asked_again_or_dropped_by_kind() {
    use crate::engine::{FailureKind, OnFailure};

    let failures = read("[record]\nfailures = { 404 = \"keep\", 5xx = \"drop\" }").unwrap().settings.failures;
    let kinds = [(FailureKind::Status(404), OnFailure::Keep), (FailureKind::Class(5), OnFailure::Drop)];
    assert_eq!(failures.kinds, kinds.into());
    let all = read("[record]\nfailures = \"keep\"").unwrap().settings.failures;
    assert_eq!(all.passing, Some(OnFailure::Keep));
}

#[test]
fn profiles_routes_and_names_are_taken_over() {
    let config = read(
        r#"
        [[profile]]
        name = "tests"
        key = "sk-dummy"
        mode = "replay-or-record"
        match = "standard -seed"
        [[profile]]
        name = "unset"
        key = "env:RETAKE_SURELY_UNSET"
        [[route]]
        endpoint = "images/*"
        mode = "mock"
        [aliases]
        fast = "gpt-5-mini"
        "#,
    )
    .unwrap();
    let settings = config.settings;
    assert_eq!(settings.profiles.len(), 1);
    assert_eq!(settings.profiles[0].key, Hash::of(b"sk-dummy"));
    assert_eq!(settings.profiles[0].strategy, Some(Strategy::Standard { ignored: vec!["seed".into()] }));
    assert!(settings.routes[0].endpoint.as_ref().unwrap().matches("images/edits"));
    assert_eq!(settings.aliases["fast"], "gpt-5-mini");
    let chosen = read("match_headers = [\"X-Tenant\"]\ndated_models = \"exact\"").unwrap().settings;
    assert_eq!(
        (&chosen.match_headers[..], chosen.dated_models),
        (&["X-Tenant".into()][..], DatedModels::Exact)
    );
    assert!(config.warnings[0].to_string().contains("RETAKE_SURELY_UNSET"));
}

#[test]
fn the_example_is_a_configuration() {
    let plain = read(EXAMPLE).unwrap().settings;
    assert_eq!(plain.mode, Settings::default().mode);
    // Every line that is commented out can be used as it stands.
    let keys = EXAMPLE.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest)
            if rest.starts_with('[') || rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')) =>
        {
            rest
        }
        _ => line,
    });
    let text = keys
        .collect::<Vec<_>>()
        .join("\n")
        .replace("key = \"env:", "key = \"")
        .replace("upstream_key", "# upstream_key");
    let all = read(&text).unwrap();
    assert_eq!((all.look.copy, all.look.open), (vec!["wl-copy".to_owned()], vec!["xdg-open".to_owned()]));
    let all = all.settings;
    assert!(!all.routes.is_empty() && !all.ignores.is_empty() && !all.scrub.is_empty());
}

#[test]
fn an_upstream_that_is_the_proxy_itself_is_refused() {
    let mut settings = Settings::default();
    add_upstream(&mut settings, "own", "http://localhost:4010").unwrap();
    assert!(refuse_itself(&settings, "127.0.0.1:4010".parse().unwrap()).is_err());
    assert!(refuse_itself(&settings, "127.0.0.1:4011".parse().unwrap()).is_ok());
    assert!(add_upstream(&mut settings, "No", "http://x").is_err());
}

#[test]
fn programs_are_started_for_those_who_vouch_for_the_file() {
    let text = "\ncopy = \"wl-copy -n\"\nopen = \"evil\"\ntheme = \"dark\"";
    let look = |trust: Trust, own: &str| {
        let source = ConfigSource { trust, ..file("retake.toml", text) };
        let own = file("/home/me/retake.toml", own);
        let config = Config::from(&source, &own, Path::new("retake.toml"), &Layers::default())?;
        let told = config.notices().into_iter().map(|notice| notice.text).collect::<Vec<_>>().join("\n");
        Ok::<_, anyhow::Error>((config.look.copy, config.look.open, told))
    };
    let nothing: [String; 0] = [];
    let (copy, open, told) = look(Trust::Named, "").unwrap();
    assert_eq!((copy, open, told.as_str()), (vec!["wl-copy".into(), "-n".into()], vec!["evil".into()], ""));
    let (copy, open, told) = look(Trust::Nobody, "open = \"mine\"").unwrap();
    assert_eq!((&copy[..], &open[..]), (&nothing[..], &["mine".to_owned()][..]));
    for words in ["line 2: copy = \"wl-copy -n\"", "line 3: open = \"evil\"", "starts this program"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let error = look(Trust::Nobody, "\nmode = \"off\"").unwrap_err().to_string();
    assert!(
        error.contains("/home/me/retake.toml, line 2, key `mode`") && error.contains("project"),
        "{error}"
    );
}

#[test]
fn programs_are_written_as_for_a_shell() {
    let look = |text: &str, own: &str| {
        let (source, own) = (file("retake.toml", text), file("/home/me/retake.toml", own));
        Config::from(&source, &own, Path::new("retake.toml"), &Layers::default())
    };
    for (written, words) in [
        ("'\"/path with blanks/copy\" -n'", &["/path with blanks/copy", "-n"][..]),
        ("\"'/path with blanks/copy' --title 'a  b'\"", &["/path with blanks/copy", "--title", "a  b"]),
        ("'wl-copy   -n '", &["wl-copy", "-n"]),
        ("'  '", &["mine"]),
    ] {
        let config = look(&format!("copy = {written}\nopen = {written}"), "copy = 'mine'\nopen = 'mine'");
        let look = config.unwrap().look;
        assert_eq!(look.copy, words, "{written}");
        assert_eq!(look.open, words, "{written}");
    }
    for key in ["copy", "open"] {
        let wrong = format!("\n{key} = \"'/path with blanks/x\"");
        let error = look(&wrong, "").err().unwrap().to_string();
        for words in ["retake.toml, line 2", &format!("key `{key}`"), "a quote or a backslash is left open"] {
            assert!(error.contains(words), "{words}: {error}");
        }
        let error = look("", &wrong).err().unwrap().to_string();
        assert!(error.contains("/home/me/retake.toml, line 2") && error.contains(key), "{error}");
    }
}

#[test]
fn the_project_goes_before_what_is_ones_own() {
    let source = file("retake.toml", "theme = \"dark\"\n[keymap]\nundo = \"U\"");
    let text = "theme = \"light\"\nicons = \"ascii\"\nmouse = false\n[keymap]\nundo = \"z\"\nquit = \"Q\"";
    let own = file("/home/me/retake.toml", text);
    let look = |source: &ConfigSource, own: &ConfigSource| {
        Config::from(source, own, Path::new("x"), &Layers::default()).unwrap().look
    };
    let both = look(&source, &own);
    assert_eq!((both.theme, both.ascii, both.mouse), (ThemeChoice::Dark, true, false));
    let keys: Vec<_> = both.keymap.iter().map(|keys| (&*keys.action, &*keys.keys[0], keys.at.line)).collect();
    assert_eq!(keys, [("quit", "Q", 6), ("undo", "U", 3)]);
    let own = file("/home/me/retake.toml", "theme = \"mine.toml\"");
    assert_eq!(look(&ConfigSource::default(), &own).colors, Some("/home/me/mine.toml".into()));
}
