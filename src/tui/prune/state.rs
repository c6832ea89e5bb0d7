//! What can go: the state of the Prune tab.

use std::collections::{BTreeSet, HashMap};

use crate::model::{RecordingId, Row, Timestamp};
use crate::query::last_use;
use crate::reading::human;
use crate::retention::{PrunePlan, Reason, Removal, Spared, Why};
use crate::tui::app::state::App;
use crate::tui::content::text::{sanitize, size};
use crate::tui::listing::list::List;
use crate::tui::overlay::{Menu, MenuChoice, MenuItem, Overlay, QuestionOverlay};
use crate::tui::protocol::mutation::{Mutation, counted};
use crate::tui::protocol::query::RemoteQuery;
use crate::tui::widgets::line::{Tone, Toned, and_more, thousands};
use tui_input::Input;

/// From so many recordings on, their number has to be typed before they go.
const MANY: usize = 50;

/// Queries to begin with.
const PRESETS: [(char, &str, &str); 6] = [
    ('s', "superseded:yes", "older takes that a newer one stands in for"),
    ('d', "dup:yes", "the same answer to the same calls"),
    ('u', "unused:>90d", "nothing was answered for 90 days"),
    ('n', "hits:0", "never answered anything"),
    ('l', "size:>1M age:>30d", "large and old"),
    ('e', "expired:yes", "older than their rule of expiry allows"),
];

/// Where a recording stands in the plan: first what goes or was spared here, then what stays for another reason; the
/// oldest use first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PruneKey(pub bool, pub Timestamp, pub RecordingId);

/// What becomes of a recording.
#[derive(Clone, Copy, Debug)]
pub enum PruneFate<'a> {
    /// It goes.
    Goes(&'a Removal),
    /// It stays.
    Stays(&'a Spared),
}

/// The state of the tab. The query is the list's filter.
#[derive(Debug)]
pub struct PruneTab {
    /// What the query matches.
    pub list: List<PruneKey>,
    /// What somebody spared.
    pub keep: BTreeSet<RecordingId>,
    /// What the plan comes to, in lines.
    pub totals: Vec<Toned>,
    /// Places in the plan: among what goes, or among what stays.
    places: HashMap<RecordingId, (bool, usize)>,
}

impl Default for PruneTab {
    fn default() -> Self {
        Self { list: List::new(false), keep: BTreeSet::new(), totals: Vec::new(), places: HashMap::new() }
    }
}

impl PruneTab {
    /// The query; empty when there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.list.filter.text().trim()
    }

    /// The plan to ask for; none without a query that can be understood.
    #[must_use]
    pub fn ask(&self) -> Option<RemoteQuery> {
        let ready = !self.query().is_empty() && self.list.filter.error().is_none();
        ready.then(|| RemoteQuery::Prune(self.query().to_owned(), self.keep.clone()))
    }

    /// Lists a plan.
    pub fn take(&mut self, plan: &PrunePlan, row: impl Fn(&RecordingId) -> Option<Timestamp>) {
        let goes = plan.remove.iter().enumerate().map(|(at, one)| (&one.id, (true, at)));
        let stays = plan.spared.iter().enumerate().map(|(at, one)| (&one.id, (false, at)));
        let key = |(id, (goes, at)): (&RecordingId, (bool, usize))| {
            let kept = !goes && plan.spared[at].reason == Reason::Kept;
            // What somebody spares stays in its place.
            PruneKey(!goes && !kept, row(id).unwrap_or_default(), id.clone())
        };
        let keys = goes.clone().chain(stays.clone()).map(key).collect();
        self.places = goes.chain(stays).map(|(id, place)| (id.clone(), place)).collect();
        self.list.replace(keys);
        self.totals = totals(plan);
    }

    /// What becomes of a recording.
    #[must_use]
    pub fn fate<'a>(&self, plan: &'a PrunePlan, id: &RecordingId) -> Option<PruneFate<'a>> {
        let (goes, at) = self.places.get(id)?;
        if *goes {
            plan.remove.get(*at).map(PruneFate::Goes)
        } else {
            plan.spared.get(*at).map(PruneFate::Stays)
        }
    }
}

impl App {
    /// The plan in force; none while the query has no answer, or is wrong.
    #[must_use]
    pub fn plan(&self) -> Option<&PrunePlan> {
        self.known.prune.known().map(AsRef::as_ref).filter(|_| self.prune.ask().is_some())
    }

    /// The plan arrived.
    pub(crate) fn plan_arrived(&mut self) {
        if let Some(plan) = self.known.prune.known() {
            let rows = &self.world.rows;
            self.prune.take(plan, |id| rows.get(id).map(|row: &std::sync::Arc<Row>| last_use(row)));
        }
    }

    /// Spares the selected one, or does so no longer.
    pub(crate) fn spare(&mut self, rows: usize) {
        let Some(PruneKey(fixed, _, id)) = self.prune.list.selected().cloned() else { return };
        if fixed {
            self.toasts.info(self.now, "It stays anyway".into());
            return;
        }
        if !self.prune.keep.remove(&id) {
            self.prune.keep.insert(id);
        }
        self.prune.list.step(1, rows);
    }

    /// Queries to begin with.
    pub(crate) fn presets(&mut self) {
        let items = PRESETS.iter().map(|(key, query, note)| MenuItem {
            key: Some(*key),
            label: (*query).to_owned(),
            note: (*note).to_owned(),
            current: self.prune.query() == *query,
            choice: MenuChoice::Query((*query).to_owned()),
        });
        let mut items: Vec<MenuItem> = items.collect();
        items.push(MenuItem {
            key: Some('/'),
            label: "another".into(),
            note: "typed: all that the filter language has".into(),
            current: false,
            choice: MenuChoice::Act(crate::tui::input::action::Action::Filter),
        });
        self.overlay = Some(Overlay::Menu(Menu::new("What can go?", items)));
    }

    /// Takes a query as if it had been typed.
    pub(crate) fn query_chosen(&mut self, query: String) {
        self.prune.list.filter.set(query);
    }

    /// Asks before what the plan shows goes.
    pub(crate) fn ask_prune(&mut self) {
        let Some(plan) = self.plan().filter(|plan| !plan.remove.is_empty()) else {
            let text = if self.prune.query().is_empty() {
                "Choose first what can go: p"
            } else {
                "Nothing would go"
            };
            self.toasts.info(self.now, text.into());
            return;
        };
        if self.known.prune.waiting {
            self.toasts.info(self.now, "The plan is just being made".into());
            return;
        }
        let count = plan.totals.recordings;
        let mut lines = vec![Toned::of(Tone::Strong, sanitize(&plan.query)), Toned::default()];
        lines.extend(totals(plan));
        lines.push(Toned::default());
        let kept = "They lie in the trash for 7 days; u takes it back.";
        lines.push(Toned::of(Tone::Plain, kept));
        lines.push(Toned::default());
        let only = plan.remove.iter().map(|removal| removal.id.clone()).collect();
        let question = QuestionOverlay {
            title: format!("Remove {}?", counted(count)),
            lines,
            yes: format!("Remove {}", thousands(count)),
            typed: (count > MANY).then(|| (count.to_string(), Input::default())),
            deed: Mutation::Prune(plan.query.clone(), self.prune.keep.clone(), only),
        };
        self.overlay = Some(Overlay::Question(Box::new(question)));
    }
}

/// Sums, what would miss, and what stays, in up to three lines.
#[must_use]
pub fn totals(plan: &PrunePlan) -> Vec<Toned> {
    let totals = &plan.totals;
    let mut lines = Vec::new();
    if plan.remove.is_empty() {
        lines.push(Toned::of(Tone::Plain, "Nothing would go."));
    } else {
        let cost = match (totals.recordings - totals.unpriced, totals.unpriced) {
            (0, _) => "to record again: price unknown".to_owned(),
            (_, 0) => format!("to record again about {}", totals.cost),
            (_, unknown) => {
                format!("to record again about {}, {} without a price", totals.cost, thousands(unknown))
            }
        };
        let hits = human::counted(totals.hits, "hit");
        lines.push(
            Toned::of(Tone::Strong, format!("{} would go", thousands(totals.recordings)))
                .and(Tone::Plain, format!(", {}, {hits}; {cost}", size(totals.bytes))),
        );
    }
    let scopes: BTreeSet<&str> = plan
        .remove
        .iter()
        .filter(|removal| removal.instead.is_none())
        .flat_map(|removal| removal.scopes.iter().map(|used| &*used.scope))
        .collect();
    let mut warned = Toned::default();
    if !scopes.is_empty() {
        let named: Vec<_> = scopes.iter().take(4).map(|scope| sanitize(scope)).collect();
        let mut more = and_more(scopes.len() - named.len());
        if plan.remove.iter().any(Removal::has_more_scopes) {
            more += ", and maybe others";
        }
        warned = warned.and(Tone::Warning, format!("Would miss: {}{more}. ", named.join(", ")));
    }
    if totals.in_use > 0 {
        let were =
            if totals.in_use == 1 { "1 was".into() } else { format!("{} were", thousands(totals.in_use)) };
        warned = warned.and(Tone::Warning, format!("{were} hit in the last 15 minutes."));
    }
    lines.extend(Some(warned).filter(|warned| !warned.0.is_empty()));
    if !plan.spared.is_empty() {
        let spared: u64 = plan.spared.iter().map(|one| one.bytes).sum();
        let stay = if plan.spared.len() == 1 { "stays" } else { "stay" };
        lines
            .push(Toned::of(Tone::Dim, format!("{} {stay}, {}", thousands(plan.spared.len()), size(spared))));
    }
    lines
}

/// Why a recording goes, in one line.
#[must_use]
pub fn why(removal: &Removal) -> String {
    let mut said: Vec<String> = removal
        .why
        .iter()
        .map(|why| match why {
            Why::Term(term) => term.clone(),
            Why::DuplicateOf(other) => format!("the same as {other}"),
            Why::SupersededBy(other) => format!("superseded by {other}"),
        })
        .collect();
    if removal.in_use {
        said.insert(0, "hit a moment ago".into());
    }
    said.join(", ")
}

/// Why a recording stays.
#[must_use]
pub fn against(reason: &Reason) -> String {
    match reason {
        Reason::Protected => "protected".into(),
        Reason::Kept => "spared by you".into(),
        Reason::Review { of } => format!("under review with {of}"),
        Reason::UseUnknown { .. } => "its earlier use is not known, which is not unused".into(),
        Reason::PriceUnknown => "its price is not known".into(),
        Reason::Job { with } => format!("part of the same job as {with}"),
    }
}
