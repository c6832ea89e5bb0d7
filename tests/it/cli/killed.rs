//! kill -9 of the process that owns a store, behind verbs and in the middle of them: what was acknowledged is there, and
//! can be taken back and done again by whoever comes next (law 3).

use std::collections::{BTreeMap, BTreeSet};

use retake::api::{
    CreateRequest, DeriveRequest, DuplicateRequest, EditRequest, PruneRequest, RelabelRequest, RemoveRequest,
    RestoreRequest, RetagRequest, UndoRequest,
};
use retake::client::{Client, ClientError, ControlClient};
use retake::engine::{MatchSettings, Relabel, Revision, Trashed};
use retake::model::{RecordingId, Row, StepRow};
use tokio::sync::mpsc;

use super::*;
use crate::home::{Home, Running};
use crate::verbs::draft;
use crate::world::{PATIENCE, Upstream};

/// All that people can see of a store, but when things went to the trash.
#[derive(Debug, PartialEq)]
struct Picture {
    list: String,
    shown: BTreeMap<RecordingId, String>,
    trash: BTreeSet<RecordingId>,
}

impl Picture {
    fn of(home: &Home) -> Self {
        let (list, trash) = listed(home);
        let rows: Vec<Row> = serde_json::from_str(&list).unwrap();
        let show = |id: &RecordingId| home.fine(&["show", id.as_str(), "--json"]);
        let shown = rows.iter().map(|row| (row.id.clone(), show(&row.id))).collect();
        Self { list, shown, trash }
    }
}

/// The list and the ids in the trash.
fn listed(home: &Home) -> (String, BTreeSet<RecordingId>) {
    let trash: Vec<Trashed> = serde_json::from_str(&home.fine(&["trash", "--json"])).unwrap();
    (home.fine(&["list", "--json"]), trash.into_iter().map(|one| one.row.id.clone()).collect())
}

fn steps(home: &Home) -> Vec<StepRow> {
    serde_json::from_str(&home.fine(&["steps", "--json"])).unwrap()
}

/// The client of the process that owns the store.
fn client(home: &Home) -> Client {
    Client::Remote(ControlClient::of(&home.store()).expect("somebody owns it"))
}

/// One verb of each kind that makes a step, one after the other; `done` is called behind each.
async fn all_kinds(client: &Client, made: &[Row], mut done: impl FnMut()) {
    let one = std::slice::from_ref(&made[0].id);
    let relabel = Relabel { name: Some("hats".into()), tag: vec!["kept".into()], ..Relabel::default() };
    assert_eq!(client.run(RelabelRequest { ids: one.to_vec(), relabel }).await.unwrap().ids, one);
    done();
    let tag = MatchSettings { strategy: Some("specific body/model".parse().unwrap()), playback: None };
    client.run(RetagRequest { ids: one.to_vec(), settings: tag, dry_run: false }).await.unwrap();
    done();
    client
        .run(EditRequest {
            id: made[1].id.clone(),
            revisions: vec![Revision::Status(201), Revision::Text("edited ✓".repeat(4000))],
        })
        .await
        .unwrap();
    done();
    let copies =
        client.run(DuplicateRequest { ids: vec![made[0].id.clone(), made[1].id.clone()] }).await.unwrap().ids;
    done();
    let fault = "429 retry-after=7".parse().unwrap();
    let failing = client
        .run(DeriveRequest { id: made[2].id.clone(), fault, scope: Some("limited".into()) })
        .await
        .unwrap();
    done();
    client.run(CreateRequest(draft("springs", "Hot ones."))).await.unwrap();
    done();
    assert_eq!(
        client
            .run(RemoveRequest { ids: vec![failing, copies[0].clone(), made[2].id.clone()] })
            .await
            .unwrap()
            .ids
            .len(),
        3
    );
    done();
    assert_eq!(
        client.run(RestoreRequest { ids: vec![made[2].id.clone()] }).await.unwrap().ids,
        [made[2].id.clone()]
    );
    done();
    assert_eq!(
        client
            .run(PruneRequest { query: "tag:kept".into(), keep: BTreeSet::new(), only: None, apply: true })
            .await
            .unwrap()
            .remove
            .len(),
        1
    );
    done();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verbs_are_taken_back_one_by_one_by_those_who_come_after() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one", "two", "three"]).await;
    let first = Picture::of(&home);
    let owner = home.serve(&[]);
    let mut stages = vec![listed(&home)];
    all_kinds(&client(&home), &made, || stages.push(listed(&home))).await;
    let last = Picture::of(&home);
    assert_eq!(owner.end("KILL").code, None);
    assert_eq!(Picture::of(&home), last, "nothing that was acknowledged is lost");
    assert_eq!(steps(&home).len(), stages.len() - 1, "each verb is one step");
    for (nth, (list, trash)) in stages.iter().enumerate().rev().skip(1) {
        home.fine(&["undo"]);
        let now = listed(&home);
        assert_eq!(now.0, *list, "step {nth} is undone");
        assert!(trash.is_subset(&now.1), "what was in the trash is there again: {nth}");
    }
    let now = Picture::of(&home);
    assert_eq!((now.list, now.shown), (first.list, first.shown));
    home.run(&["undo"]).refused(1, &["nothing to undo"]);
    for _ in 1..stages.len() {
        home.fine(&["redo"]);
    }
    home.run(&["redo"]).refused(1, &["nothing to redo"]);
    assert_eq!(Picture::of(&home), last);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_that_takes_verbs_back_and_is_killed_has_taken_them_back() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one", "two", "three"]).await;
    let first = Picture::of(&home);
    let owner = home.serve(&[]);
    all_kinds(&client(&home), &made, || ()).await;
    let done = steps(&home).len();
    let half = done / 2;
    for _ in 0..half {
        client(&home).run(UndoRequest {}).await.unwrap();
    }
    let between = Picture::of(&home);
    assert_eq!(owner.end("KILL").code, None);
    assert_eq!(Picture::of(&home), between);
    assert_eq!(steps(&home).iter().filter(|step| step.undone).count(), half);
    // Undone by one process and the rest by the next, in one go.
    let owner = home.serve(&[]);
    home.fine(&["undo", "--steps", &(done - half).to_string()]);
    assert_eq!(owner.end("KILL").code, None);
    let now = Picture::of(&home);
    assert_eq!((now.list, now.shown), (first.list, first.shown));
}

/// Names and copies a recording for as long as somebody answers; each acknowledged tag is told.
async fn burst(client: Client, id: RecordingId, who: usize, told: mpsc::UnboundedSender<String>) {
    for nth in 0.. {
        let tag = format!("{who}-{nth}");
        let relabel = Relabel { tag: vec![tag.clone()], ..Relabel::default() };
        let tagged = client.run(RelabelRequest { ids: vec![id.clone()], relabel }).await;
        match tagged {
            Ok(_) => told.send(tag).unwrap(),
            Err(error) => {
                assert!(matches!(error, ClientError::Unreachable { .. }), "{error:?}");
                return;
            }
        }
    }
}

/// Kills an owner in the middle of verbs from several sides; gives the acknowledged tags.
async fn killed_in_a_burst(home: &Home, owner: Running, made: &[Row]) -> Vec<String> {
    let (tell, mut told) = mpsc::unbounded_channel();
    let at_once: Vec<_> = made
        .iter()
        .enumerate()
        .map(|(who, row)| tokio::spawn(burst(client(home), row.id.clone(), who, tell.clone())))
        .collect();
    drop(tell);
    let mut acknowledged = Vec::new();
    while acknowledged.len() < 25 {
        let next = tokio::time::timeout(PATIENCE, told.recv()).await.expect("verbs go on");
        acknowledged.push(next.expect("somebody is at work"));
    }
    assert_eq!(owner.end("KILL").code, None);
    for one in at_once {
        one.await.unwrap();
    }
    while let Some(tag) = told.recv().await {
        acknowledged.push(tag);
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_of_verbs_is_cut_off_between_two_of_them() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one", "two", "three"]).await;
    let first = Picture::of(&home);
    let acknowledged = killed_in_a_burst(&home, home.serve(&[]), &made).await;
    let (last, made_steps) = (Picture::of(&home), steps(&home));
    let tags: BTreeSet<String> = home.rows().into_iter().flat_map(|row| row.tags).collect();
    assert!(acknowledged.iter().all(|tag| tags.contains(tag)), "{acknowledged:?} in {tags:?}");
    assert_eq!(made_steps.len(), tags.len(), "no step without its change, no change without its step");
    // At most one from each side was under way without an answer.
    assert!(tags.len() <= acknowledged.len() + made.len(), "{tags:?}");
    let all = made_steps.len().to_string();
    home.fine(&["undo", "--steps", &all]);
    let now = Picture::of(&home);
    assert_eq!(now, first);
    home.fine(&["redo", "--steps", &all]);
    assert_eq!(Picture::of(&home), last);
}
