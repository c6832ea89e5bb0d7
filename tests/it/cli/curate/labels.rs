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
    insta::assert_snapshot!(said, @r#"
    $ retake rename rec_1 images/cats
    rec_1 is called images/cats
    $ retake rename rec_1… images/dogs --json
    {"ids":["rec_1"]}
    $ retake tag rec_1 rec_2 rec_1 --add ci,slow
    rec_1 tagged +ci +slow
    rec_2 tagged +ci +slow
    $ retake tag rec_1 --add ci --remove slow
    rec_1 tagged +ci -slow
    $ retake tag --where tag:ci --remove ci --json
    {"ids":["rec_2","rec_1"]}
    $ retake tag rec_1 --remove never
    ! 1 was so already
    $ retake protect rec_1 rec_3
    rec_1 is protected
    rec_3 is protected
    $ retake protect --where protected:yes --off
    rec_3 is no longer protected
    rec_1 is no longer protected
    $ retake rename rec_1 --clear
    rec_1 has no name any more
    $ retake rename rec_1 --clear
    ! 1 was so already
    $ retake retag rec_1 rec_2 'standard -seed'
    ! error: rec_1: the request has no field `seed`
    = 2
    $ retake retag rec_1 standard --dry-run
    rec_1 would change: standard → standard, plays newest
      of 3 past calls: nothing would change
    $ retake retag rec_1 --playback cycle
    rec_1 changed: standard → standard, plays cycle
      of 3 past calls: nothing would change
    $ retake retag rec_3 pinned --json
    [{"recording":"rec_3","before":"standard","after":"pinned","playback":"newest","radius":{"calls":3,"miss_to_hit":0,"from_others":0,"to_others":0,"hit_to_miss":0,"indistinguishable":[]},"ambiguous":[]}]
    "#);
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
    insta::assert_snapshot!(said, @r#"
    $ retake rename rec_1 cats
    rec_1 is called cats
    $ retake rename rec_2 CATS
    ! error: the name `CATS` is that of rec_1; a name is also a path in an export
    = 1
    $ retake rename rec_2 ../cats
    ! error: `../cats` cannot be a name: a part begins with a dot, a dash or a space, or ends with a dot or a space
    = 2
    $ retake rename rec_2 ''
    ! error: the name is empty; --clear takes a name away
    = 2
    $ retake rename rec_2
    ! error: the following required arguments were not provided:
    !   <NAME>
    ! 
    ! Usage: retake rename <ID> <NAME>
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake rename rec_2 x --clear
    ! error: the argument '[NAME]' cannot be used with '--clear'
    ! 
    ! Usage: retake rename <ID> <NAME>
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake rename nothing cats
    ! error: there is no recording `nothing`; see `retake list`
    = 1
    $ retake rename rec_ cats
    ! error: `rec_` is the beginning of 2 ids: rec_2, rec_1
    = 1
    $ retake tag rec_2 --add 'two words'
    ! error: `two words` cannot be a tag: a tag is one word without " ( ) , : * ? and does not begin with - or +
    = 2
    $ retake tag rec_2 --add ''
    ! error: `` cannot be a tag: it is empty
    = 2
    $ retake tag rec_2 --add a --remove a
    ! error: `a` is both added and taken away
    = 2
    $ retake tag rec_2
    ! error: the following required arguments were not provided:
    !   --add <TAG>
    ! 
    ! Usage: retake tag --add <TAG> <ID>...
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake tag --add a
    ! error: the following required arguments were not provided:
    !   <ID>...
    ! 
    ! Usage: retake tag --add <TAG> <ID>...
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake tag nothing --add a
    ! error: there is no recording `nothing`; see `retake list`
    = 1
    $ retake tag --hash zz --add a
    ! error: --hash zz: expected 1 to 64 hexadecimal digits
    = 2
    $ retake tag --hash 0000000000000000 --add a
    ! error: no recording's hash begins with 0000000000000000
    = 1
    $ retake tag --where model:none --add a
    ! error: no recording is shown by model:none
    = 1
    $ retake tag --where 'hits:many' --add a
    ! error: `many` is no value of `hits`
    !   hits:many
    !        ^^^^
    ! expected: a whole number such as `404`, `>=400` or `400..499`
    = 2
    $ retake tag --where ' ' --add a
    ! error: --where: an empty filter means everything; say which
    = 2
    $ retake protect rec_2 nothing
    ! error: there is no recording `nothing`; see `retake list`
    = 1
    $ retake protect
    ! error: the following required arguments were not provided:
    !   <ID>...
    ! 
    ! Usage: retake protect <ID>...
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake retag rec_2 loose
    ! error: `loose` is not a match strategy: the first word is unknown; use standard, standard -FIELD…, strict, specific FIELD,FIELD, pinned or rule CONDITION…
    = 2
    $ retake retag rec_2 'specific sizee'
    ! error: rec_2: the request has no field `sizee`
    = 2
    $ retake retag rec_2 nothing pinned
    ! error: there is no recording `nothing`; see `retake list`
    = 1
    $ retake retag rec_2 --playback backwards
    ! error: --playback: `backwards` is not a playback; use newest, sequence or cycle
    = 2
    $ retake steps | grep -c rename
    1
    "#);
}
