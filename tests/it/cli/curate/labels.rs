//! `retag`, `tag`, `rename` and `protect`.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recordings_are_named_tagged_and_protected() {
    let said = both(&chats(&["one", "two", "three"]), async |stage| {
        stage.play(
            "
            retake rename rec_1 images/cats
            retake rename rec_1… images/dogs --json
            retake tag rec_1 rec_2 rec_1 --add ci,slow
            retake tag rec_1 --add ci --remove slow
            retake tag --where tag:ci --remove ci --json
            retake tag rec_1 --remove never
            retake protect rec_1 rec_3
            retake protect --where protected:yes --off
            retake rename rec_1 --clear
            retake rename rec_1 --clear
            retake retag rec_1 rec_2 'standard -seed'
            retake retag rec_1 standard --dry-run
            retake retag rec_1 --playback cycle
            retake retag rec_3 pinned --json
            ",
        );
    })
    .await;
    insta::assert_snapshot!(said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn labels_that_cannot_be_change_nothing() {
    let said = both(&chats(&["one", "two"]), async |stage| {
        stage.play(
            "
            retake rename rec_1 cats
            retake rename rec_2 CATS
            retake rename rec_2 ../cats
            retake rename rec_2 ''
            retake rename rec_2
            retake rename rec_2 x --clear
            retake rename nothing cats
            retake rename rec_ cats
            retake tag rec_2 --add 'two words'
            retake tag rec_2 --add ''
            retake tag rec_2 --add a --remove a
            retake tag rec_2
            retake tag --add a
            retake tag nothing --add a
            retake tag --hash zz --add a
            retake tag --hash 0000000000000000 --add a
            retake tag --where model:none --add a
            retake tag --where 'hits:many' --add a
            retake tag --where ' ' --add a
            retake protect rec_2 nothing
            retake protect
            retake retag rec_2 loose
            retake retag rec_2 'specific sizee'
            retake retag rec_2 nothing pinned
            retake retag rec_2 --playback backwards
            retake steps | grep -c rename
            ",
        );
    })
    .await;
    insta::assert_snapshot!(said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_are_retagged_at_once_and_every_dry_run_changes_nothing() {
    both(&chats(&["one", "two"]), async |stage| {
        let said = |line: &str| {
            let said = stage.said(line);
            assert_eq!(said.code, Some(0), "{line}: {said:?}");
            said.out
        };
        assert!(said("retake tag rec_1 --add ci -n").contains("would be tagged +ci"));
        assert!(said("retake rename rec_1 cats -n").contains("would be called cats"));
        assert!(said("retake protect rec_1 -n").contains("would be protected"));
        assert!(said("retake duplicate rec_1 -n").contains("would be copied"));
        assert_eq!(said("retake list tag:ci --json").trim(), "[]");
        assert_eq!(said("retake list protected:yes --json").trim(), "[]");
        assert_eq!(said("retake list --json").matches("\"id\"").count(), 2);
        assert_eq!(said("retake retag --where hits:0 'standard -seed'").matches(" changed: ").count(), 2);
        assert_eq!(
            said("retake retag --where hits:0 --playback cycle --json").matches("\"recording\"").count(),
            2
        );
        for (line, words) in [
            ("retake retag rec_1 pinned --where hits:0", "not both"),
            ("retake retag pinned", "no recording is named"),
            ("retake retag --where hits:0", "required"),
        ] {
            let said = stage.said(line);
            assert_eq!(said.code, Some(2), "{line}: {said:?}");
            assert!(said.err.contains(words), "{line}: {said:?}");
        }
    })
    .await;
}
