//! The values that a stranger's file may hold.

use super::file::shape;
use super::file::{ConfigFile, ExpiryEntry, ProfileEntry, RouteEntry};
use super::tests::{file, read, wrong};
use super::*;
use crate::matching::MountNames;
use crate::model::Mode;

/// The names of the fields that a type reads.
fn fields<'de, T: serde::Deserialize<'de>>() -> Vec<&'static str> {
    struct Asks<'a>(&'a mut Vec<&'static str>);
    impl<'de> serde::Deserializer<'de> for Asks<'_> {
        type Error = serde::de::value::Error;
        fn deserialize_any<V: serde::de::Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(serde::de::Error::custom("no struct"))
        }
        fn deserialize_struct<V: serde::de::Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Self::Error> {
            self.0.extend(fields);
            Err(serde::de::Error::custom("asked"))
        }
        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }
    let mut names = Vec::new();
    assert!(T::deserialize(Asks(&mut names)).is_err());
    assert!(!names.is_empty());
    names
}

#[test]
fn every_key_of_the_file_stands_in_the_table() {
    for (table, mut read) in [
        ("", fields::<ConfigFile>()),
        ("record", fields::<file::RecordTable>()),
        ("limits", fields::<file::LimitsTable>()),
        ("profile", fields::<ProfileEntry>()),
        ("expiry", fields::<ExpiryEntry>()),
        ("route", fields::<RouteEntry>()),
        ("ignore", fields::<crate::matching::Ignore>()),
        ("scrub", fields::<crate::matching::ScrubPattern>()),
        ("mounts.*", fields::<MountNames>()),
    ] {
        let mut known: Vec<_> = shape::names(table).collect();
        known.sort_unstable();
        read.sort_unstable();
        assert_eq!(known, read, "[{table}]");
    }
    // What is not in the table cannot be written at all, whoever vouches for the file.
    wrong("new_key = 1", &["`new_key`", "unknown"]);
    wrong("[mounts.x]\nnew = 1", &["mounts.x.new", "unknown"]);
}

/// The keys of a stranger's file that need trust, with what they do.
fn wanted(text: &str) -> Vec<(String, String)> {
    let source = ConfigSource { trust: Trust::Nobody, ..file("retake.toml", text) };
    let config =
        Config::from(&source, &ConfigSource::default(), Path::new("retake.toml"), &Layers::default());
    let config = config.unwrap_or_else(|error| panic!("{text}: {error}"));
    config.withheld().iter().map(|one| (one.key.clone(), one.does.clone())).collect()
}

#[test]
fn a_stranger_says_how_calls_are_answered() {
    for free in [
        "listen = \"127.0.0.1:0\"",
        "listen = \"[::1]:4010\"",
        "listen = \"localhost:4010\"",
        "mode = \"record\"\npreset = \"dev\"\nmatch = \"strict\"\nmatch_headers = [\"x-tenant\"]",
        "never_forward = false\nscrub_personal = true\nscrub_answers = true\nmiss_status = 503",
        "public_url = \"http://127.0.0.1:4010\"\norigins = [\"http://localhost:3000\"]",
        "theme = \"dark\"\nicons = \"ascii\"\nmouse = false\ncopy = \"\"",
        "[upstreams]\nopenai = \"https://api.openai.com/v1\"\nanthropic = \"https://api.anthropic.com/\"",
        "[keys]\nopenai = \"env:OPENAI_API_KEY\"\ngemini = \"env:GOOGLE_API_KEY\"",
        "[[profile]]\nname = \"a\"\nkey = \"sk-dummy\"\nmode = \"mock\"",
        "[[expiry]]\nmax_age = \"9d\"\n[[ignore]]\nfield = \"a\"\n[[scrub]]\nname = \"c\"\npattern = \"x\"",
        "[mounts.openai]\nsecret = [\"member\"]\npublic = []",
        "[limits]\nhead = \"5s\"\nbody = \"5m\"",
        "[aliases]\nfast = \"gpt-5\"\n[record]\nfailures = \"keep\"\n[prices]\nx = { input = 1.0 }",
    ] {
        assert_eq!(wanted(free), [], "{free}");
    }
}

#[test]
fn what_leads_elsewhere_or_keeps_more_needs_trust() {
    for (text, key, does) in [
        ("listen = \"0.0.0.0:1\"", "listen", "other machines"),
        ("listen = \"[::]:1\"", "listen", "other machines"),
        ("listen = \"localhost.evil.example:1\"", "listen", "other machines"),
        ("scrub_personal = false", "scrub_personal", "personal data"),
        ("scrub_answers = false", "scrub_answers", "looks like a key"),
        ("public_url = \"http://evil.example\"", "public_url", "links"),
        ("public_url = \"http://localhost@evil.example\"", "public_url", "links"),
        ("origins = [\"http://localhost:1\", \"https://evil.example\"]", "origins", "web pages"),
        ("origins = [\"http://localhost.evil.example\"]", "origins", "web pages"),
        ("hosts = [\"evil.example\"]", "hosts", "web pages under these names"),
        ("[upstreams]\nopenai = \"https://evil.example\"", "upstreams.openai", "OPENAI_API_KEY"),
        ("[upstreams]\nopenai = \"http://api.openai.com\"", "upstreams.openai", "keys that clients send"),
        ("[upstreams]\nopenai = \"https://api.openai.com:8443\"", "upstreams.openai", "go there"),
        ("[upstreams]\nfal = \"https://queue.fal.run/evil\"", "upstreams.fal", "go there"),
        ("[upstreams]\nmine = \"https://api.openai.com\"", "upstreams.mine", "go there"),
        ("upstreams = { mine = \"http://127.0.0.1:2375\" }", "upstreams.mine", "go there"),
        ("upstreams.mine = \"http://169.254.169.254\"", "upstreams.mine", "go there"),
        (
            "[keys]\nopenai = \"env:AWS_SECRET_ACCESS_KEY\"",
            "keys.openai",
            "the value of AWS_SECRET_ACCESS_KEY",
        ),
        ("[keys]\nfal = \"env:OPENAI_API_KEY\"", "keys.fal", "goes to the upstream of /fal"),
        ("[[profile]]\nname = \"a\"\nkey = \"env:HOME\"", "profile.key", "the value of HOME"),
        (
            "[[profile]]\nname = \"a\"\nkey = \"b\"\nupstream_key = \"env:OPENAI_API_KEY\"",
            "profile.upstream_key",
            "whichever upstream",
        ),
        (
            "profile = [{ name = \"a\", key = \"b\", upstream_key = \"env:HOME\" }]",
            "profile.upstream_key",
            "the value of HOME",
        ),
        ("[mounts.openai]\npublic = [\"api_key\"]", "mounts.openai.public", "credentials or not"),
        ("mounts = { openai = { public = [\"api_key\"] } }", "mounts.openai.public", "credentials or not"),
        ("[limits]\nhead = \"1h\"", "limits.head", "given up"),
        ("[limits]\nbody = \"4999ms\"", "limits.body", "given up"),
        ("limits.body = \"301s\"", "limits.body", "given up"),
        ("theme = \"/etc/passwd\"", "theme", "is read"),
        ("copy = \"rm -rf\"", "copy", "starts"),
        ("open = \"rm -rf\"", "open", "starts"),
        ("[keymap]\nundo = \"j\"", "keymap.undo", "something else"),
    ] {
        let found = wanted(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].0 == key && found[0].1.contains(does), "{text}: {found:?}");
    }
}

#[test]
fn a_list_is_not_taken_for_a_table() {
    for text in [
        "profile = [[\"a\", \"b\", \"record\", \"standard\", \"env:HOME\"]]",
        "mounts = { openai = [[\"api_key\"], []] }",
        "[mounts]\nopenai = [{ public = [\"api_key\"] }]",
        "upstreams = [{ openai = \"http://x\" }]",
        "record = [\"keep\"]",
    ] {
        wrong(text, &["line", "a table is expected"]);
    }
}

#[test]
fn nothing_of_what_nobody_vouches_for_is_in_force() {
    let text = "listen = \"0.0.0.0:4011\"\npublic_url = \"http://evil.example\"\norigins = [\"http://evil.example\"]\n\
        scrub_personal = false\nscrub_answers = false\nmode = \"mock\"\ncopy = \"evil\"\ntheme = \"/etc/passwd\"\n\
        [upstreams]\nopenai = \"http://evil.example\"\nmine = \"http://evil.example\"\n[keys]\nmine = \"env:PATH\"\n\
        [keymap]\nundo = \"j\"\n[mounts.openai]\npublic = [\"key\"]\nsecret = [\"member\"]\n\
        [[profile]]\nname = \"a\"\nkey = \"b\"\nupstream_key = \"env:PATH\"\n[[profile]]\nname = \"c\"\nkey = \"d\"";
    let source = ConfigSource { trust: Trust::Nobody, ..file("retake.toml", text) };
    let read = |source: &ConfigSource| {
        Config::from(source, &ConfigSource::default(), Path::new("retake.toml"), &Layers::default()).unwrap()
    };
    let config = read(&source);
    let (settings, usual) = (&config.settings, Settings::default());
    assert_eq!(settings.mode, Mode::Mock, "what anybody may say is");
    assert_eq!(config.listen.to_string(), LISTEN);
    assert_eq!((&config.public_url, &config.look), (&None, &ScreenLook::default()));
    assert_eq!((&settings.upstreams, &settings.origins), (&usual.upstreams, &usual.origins));
    assert!(!settings.keep_personal && !settings.keep_answers && !settings.keys.contains_key("mine"));
    let names: Vec<_> = settings.profiles.iter().map(|profile| &*profile.name).collect();
    assert_eq!(names, ["c"]);
    let of_mount = &settings.names["openai"];
    assert!(of_mount.public.is_empty() && of_mount.secret == ["member"]);
    assert!(config.refuse_withheld().unwrap_err().to_string().contains("retake trust"));
    // All of it is, once somebody vouches for it.
    let trusted = read(&ConfigSource { trust: Trust::Granted, ..file("retake.toml", text) });
    assert!(trusted.withheld().is_empty() && trusted.refuse_withheld().is_ok());
    assert_eq!(trusted.privileges, config.privileges);
    assert_eq!((trusted.settings.profiles.len(), trusted.look.copy), (2, vec!["evil".to_owned()]));
    assert!(trusted.settings.keep_personal && trusted.settings.upstreams.contains_key("mine"));
}

#[test]
fn passwords_and_escapes_of_a_file_are_not_said() {
    for (text, told) in [
        ("[upstreams]\nmine = \"https://me:hidden@gateway.example/x\"", "https://…@gateway.example"),
        ("public_url = \"http://me:hidden@gateway.example\"", "http://…@gateway.example"),
        ("mode = \"a\\u001b]0;x\\u0007b\"", "a␛]0;x␇b"),
        ("\"a\\u001b[31m\" = 1", "a␛[31m"),
        ("[keymap]\n\"a\\u009b31m\" = 1", "line 2"),
        ("latency = \"\\u001b[2J\"", "␛[2J"),
        ("[[ignore]]\npattern = \"(\\u001b[2J\"", "␛[2J"),
        ("[upstreams]\n\"\\u202e\" = \"http://x\"", "·"),
    ] {
        let error = read(text).err().expect(text);
        assert!(error.contains(told), "{text}: {error}");
        assert!(
            !error.contains("hid") && !error.contains(|c: char| c.is_control() && c != '\n'),
            "{text}: {error:?}"
        );
        let source = ConfigSource { trust: Trust::Nobody, ..file("retake.toml", text) };
        if let Ok(parsed) = source.parsed() {
            for one in parsed.privileges {
                let shown = one.to_string();
                assert!(!shown.contains("hid") && !shown.contains(char::is_control), "{shown}");
            }
        }
    }
    let flags = FlagValues { upstreams: vec!["mine=https://me:hidden@x".into()], ..FlagValues::default() };
    let layers = Layers { flags, ..Layers::default() };
    let config = Config::from(&file("x", ""), &ConfigSource::default(), Path::new("x"), &layers);
    let error = config.err().unwrap().to_string();
    assert!(error.contains("mine=https://…@x") || error.contains("…@x"), "{error}");
    assert!(!error.contains("hidden"), "{error}");
}
