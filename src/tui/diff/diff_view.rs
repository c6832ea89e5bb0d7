//! A difference as lines: both sides beside each other, or one below the other.

use unicode_width::UnicodeWidthStr;

use super::page::{DiffPage, same};
use crate::engine::{Diff, Fix, FixKind};
use crate::reading::contrast::{AnswerArrival, BodyContrast, DiffLines, DiffTag, HeaderChange, Run};
use crate::reading::human::{duration, size};
use crate::reading::sanitize;
use crate::tui::overlay::fix_items::radius;
use crate::tui::widgets::line::{Tone, Toned, fit, thousands};

/// A sub-tab's lines.
#[derive(Debug, Default, PartialEq)]
pub struct DiffView {
    /// The lines.
    pub lines: Vec<Toned>,
    /// The lines at which changes begin.
    pub changes: Vec<usize>,
    shape: DiffShape,
}

/// The shape of the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiffShape {
    /// Columns.
    pub width: usize,
    /// True if both sides stand beside each other, where there is room.
    pub beside: bool,
    /// True if frames are ASCII.
    pub ascii: bool,
    /// True if lines of bodies that differ in blanks only are equal.
    pub no_blanks: bool,
}

const SIGNIFICANT: (Tone, &str) = (Tone::Warning, "significant");
const COSMETIC: (Tone, &str) = (Tone::Dim, "cosmetic");

impl DiffView {
    /// The lines of a sub-tab.
    #[must_use]
    pub fn of(diff: &Diff, page: DiffPage, shape: DiffShape) -> Self {
        let shape = DiffShape { beside: shape.beside && shape.width >= 20, ..shape };
        let mut sheet = Self { shape, ..Self::default() };
        match page {
            DiffPage::Request => sheet.request(diff),
            DiffPage::Response => sheet.response(diff),
            DiffPage::Headers => sheet.headers(diff),
            DiffPage::Text => sheet.text(diff),
            DiffPage::Image => {}
        }
        sheet
    }

    fn request(&mut self, diff: &Diff) {
        let strategy = sanitize(&diff.strategy.to_string()).into_owned();
        let (tone, verdict) = if diff.matches {
            (Tone::Good, "they match: one recording answers both")
        } else {
            (Tone::Warning, "they do not match")
        };
        self.both(
            &Toned::of(Tone::Dim, "under ").and(Tone::Strong, strategy).and(tone, format!("  {verdict}")),
        );
        if diff.changes.is_empty() {
            self.both(&Toned::of(Tone::Dim, "All fields are equal."));
        }
        for change in &diff.changes {
            let word = if change.significant { SIGNIFICANT } else { COSMETIC };
            self.change(&change.field.to_string(), word);
            self.values(change.recorded.as_deref(), change.incoming.as_deref());
        }
        if !diff.fixes.is_empty() {
            self.both(&Toned::default());
            let heading = Toned::of(Tone::Strong, "What would make these match");
            self.both(&heading.and(Tone::Accent, "  t").and(Tone::Dim, " does one of them"));
            diff.fixes.iter().for_each(|fix| self.fix(fix));
        }
    }

    fn fix(&mut self, fix: &Fix) {
        let (what, command) = match fix.kind {
            FixKind::Record => ("record it".to_owned(), &fix.command),
            FixKind::Retag | FixKind::Loosen => (fix.strategy.to_string(), &fix.command),
        };
        let command = format!("  {}", sanitize(command));
        let what = sanitize(&what).into_owned();
        self.both(&Toned::of(Tone::Plain, "  ").and(Tone::Strong, what).and(Tone::Dim, command));
        let caution = fix.caution().map(|caution| format!("{caution}; ")).unwrap_or_default();
        let line = Toned::of(Tone::Dim, "    ").and(Tone::Warning, caution);
        self.both(&line.and(Tone::Dim, radius(&fix.radius)));
    }

    fn response(&mut self, diff: &Diff) {
        if let Some((before, after)) = diff.contrast.status {
            self.change("status", SIGNIFICANT);
            self.values(Some(&before.to_string()), Some(&after.to_string()));
        } else {
            self.both(&Toned::of(Tone::Dim, "The status is the same."));
        }
        match &diff.contrast.body {
            BodyContrast::Same(blob) => {
                self.both(&Toned::of(Tone::Dim, format!("The bodies are the same {}.", size(blob.size))));
            }
            BodyContrast::Binary { before, after } => {
                self.change("body", SIGNIFICANT);
                let said = |blob: &crate::reading::contrast::Blob| {
                    format!("{} of {}, sha256 {}", size(blob.size), blob.content_type, blob.hash.short())
                };
                self.values(Some(&said(before)), Some(&said(after)));
            }
            BodyContrast::Text(lines) => {
                self.both(&Toned::default());
                self.body(lines);
            }
        }
    }

    fn headers(&mut self, diff: &Diff) {
        let contrast = &diff.contrast;
        let decides = |change: &HeaderChange| {
            let field = format!("header/{}", change.name);
            diff.changes.iter().any(|known| known.significant && known.field.to_string() == field)
        };
        let asked = contrast.request_headers.iter().map(|change| (change, decides(change)));
        self.some_headers("of the requests", asked.collect());
        self.both(&Toned::default());
        let said = contrast.response_headers.iter().map(|change| (change, !change.volatile));
        self.some_headers("of the responses", said.collect());
    }

    fn some_headers(&mut self, which: &str, changes: Vec<(&HeaderChange, bool)>) {
        let count = if changes.is_empty() {
            "none differs".into()
        } else {
            format!("{} differ", thousands(changes.len()))
        };
        self.both(&Toned::of(Tone::Dim, format!("-- {which}: {count} --")));
        for (change, significant) in changes {
            let word = match significant {
                true => SIGNIFICANT,
                false if change.volatile => (Tone::Dim, "cosmetic: another one in every answer"),
                false => COSMETIC,
            };
            self.change(&change.name, word);
            self.values(change.before.as_deref(), change.after.as_deref());
        }
    }

    fn text(&mut self, diff: &Diff) {
        let contrast = &diff.contrast;
        let (before, after) = contrast.arrival;
        if before == after {
            self.both(&Toned::of(Tone::Dim, format!("Both came alike: {}.", arrival(before))));
        } else {
            self.change("arrival", COSMETIC);
            self.values(Some(&arrival(before)), Some(&arrival(after)));
        }
        self.both(&Toned::default());
        let Some(said) = &contrast.text else {
            self.both(&Toned::of(Tone::Dim, "Both say the same, or neither says anything."));
            return;
        };
        self.change("text", SIGNIFICANT);
        // Where nothing or not all is compared word by word, lines are.
        let skipped = said.cut || said.runs.iter().any(|run| run.tag == DiffTag::Skipped);
        if skipped || said.runs.iter().all(|run| run.tag != DiffTag::Same) {
            return self.body(said);
        }
        let side = |left_out: DiffTag| {
            let runs = said.runs.iter().filter(move |run| run.tag != left_out);
            lines_of(runs)
        };
        if self.shape.beside {
            let (left, right) = (side(DiffTag::Added), side(DiffTag::Removed));
            self.columns(&left, &right);
        } else {
            for line in &lines_of(said.runs.iter()) {
                self.both(line);
            }
        }
    }

    /// Lines that differ, with some around them.
    fn body(&mut self, lines: &DiffLines) {
        let runs = lines.runs.iter().flat_map(|run| {
            let lines: Vec<&str> = if run.text.is_empty() { vec![""] } else { run.text.lines().collect() };
            lines.into_iter().map(move |line| (run.tag, line))
        });
        let (mut removed, mut added) = (Vec::new(), Vec::new());
        for (tag, line) in runs {
            match tag {
                DiffTag::Removed if added.is_empty() => removed.push(line),
                DiffTag::Removed => {
                    self.block(&mut removed, &mut added);
                    removed.push(line);
                }
                DiffTag::Added => added.push(line),
                DiffTag::Same | DiffTag::Skipped => {
                    self.block(&mut removed, &mut added);
                    let equal = tag == DiffTag::Same;
                    let text = if equal {
                        format!("  {}", sanitize(line))
                    } else {
                        format!("  … {}", sanitize(line))
                    };
                    let toned = Toned::of(if equal { Tone::Plain } else { Tone::Dim }, text);
                    if equal && self.shape.beside {
                        self.columns(std::slice::from_ref(&toned), std::slice::from_ref(&toned));
                    } else {
                        self.both(&toned);
                    }
                }
            }
        }
        self.block(&mut removed, &mut added);
        if lines.cut {
            self.both(&Toned::of(Tone::Dim, "  … the rest is too long and was not compared"));
        }
    }

    /// Lines that stand in the place of others; those at both ends that differ in blanks only, where that is no difference,
    /// are none of them.
    fn block(&mut self, removed: &mut Vec<&str>, added: &mut Vec<&str>) {
        let (before, after) = (std::mem::take(removed), std::mem::take(added));
        let dense = |line: &str| line.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let alike = |(one, other): &(&&str, &&str)| self.shape.no_blanks && dense(one) == dense(other);
        let head = before.iter().zip(&after).take_while(alike).count();
        let (first, last) = (&before[head..], &after[head..]);
        let tail = first.iter().rev().zip(last.iter().rev()).take_while(alike).count();
        self.equal(&before[..head], &after[..head]);
        self.replaced(&first[..first.len() - tail], &last[..last.len() - tail]);
        self.equal(&first[first.len() - tail..], &last[last.len() - tail..]);
    }

    /// Lines that are the same but for blanks.
    fn equal(&mut self, before: &[&str], after: &[&str]) {
        let plain = |line: &&str| Toned::of(Tone::Plain, format!("  {}", sanitize(line)));
        for (one, other) in before.iter().zip(after) {
            if self.shape.beside {
                self.columns(&[plain(one)], &[plain(other)]);
            } else {
                self.both(&plain(other));
            }
        }
    }

    fn replaced(&mut self, removed: &[&str], added: &[&str]) {
        if removed.is_empty() && added.is_empty() {
            return;
        }
        self.changes.push(self.lines.len());
        let toned = |lines: &[&str], tone, mark: &str| -> Vec<Toned> {
            lines.iter().map(|line| Toned::of(tone, format!("{mark} {}", sanitize(line)))).collect()
        };
        let (left, right) = (toned(removed, Tone::Bad, "-"), toned(added, Tone::Good, "+"));
        if self.shape.beside {
            for row in 0..left.len().max(right.len()) {
                let cell = |side: &[Toned]| side.get(row).cloned().into_iter().collect::<Vec<_>>();
                self.columns(&cell(&left), &cell(&right));
            }
        } else {
            left.iter().chain(&right).for_each(|line| self.both(line));
        }
    }

    /// The beginning of a change: what differs, and whether it means anything.
    fn change(&mut self, name: &str, (tone, word): (Tone, &str)) {
        self.changes.push(self.lines.len());
        self.both(&Toned::of(Tone::Key, format!("{}  ", sanitize(name))).and(tone, word));
    }

    /// Both values of what differs.
    fn values(&mut self, before: Option<&str>, after: Option<&str>) {
        let line = |value: Option<&str>, tone, mark: &str| match value {
            Some(value) => Toned::of(tone, format!("  {mark} {}", sanitize(value))),
            None => Toned::of(Tone::Dim, format!("  {mark} absent")),
        };
        let (before, after) = (line(before, Tone::Bad, "-"), line(after, Tone::Good, "+"));
        if self.shape.beside {
            self.columns(&[before], &[after]);
        } else {
            self.both(&before);
            self.both(&after);
        }
    }

    /// A line over both sides.
    fn both(&mut self, line: &Toned) {
        self.lines.extend(line.wrapped(self.shape.width));
    }

    /// Lines beside each other.
    fn columns(&mut self, left: &[Toned], right: &[Toned]) {
        let half = self.shape.width.saturating_sub(3) / 2;
        let wrapped = |side: &[Toned]| side.iter().flat_map(|line| line.wrapped(half)).collect::<Vec<_>>();
        let (left, right) = (wrapped(left), wrapped(right));
        let bar = if self.shape.ascii { " | " } else { " │ " };
        for row in 0..left.len().max(right.len()) {
            let mut line = left.get(row).cloned().unwrap_or_default();
            let used = line.text().width();
            line = line.and(Tone::Plain, " ".repeat(half.saturating_sub(used))).and(Tone::Dim, bar);
            line.0.extend(right.get(row).into_iter().flat_map(|line| line.0.clone()));
            self.lines.push(line);
        }
    }
}

/// Words as lines; what differs stands in brackets, so that it is seen without colours.
fn lines_of<'a>(runs: impl Iterator<Item = &'a Run>) -> Vec<Toned> {
    let mut lines = vec![Toned::of(Tone::Plain, "  ")];
    for run in runs {
        let (tone, open, close) = match run.tag {
            DiffTag::Removed => (Tone::Bad, "[-", "-]"),
            DiffTag::Added => (Tone::Good, "{+", "+}"),
            DiffTag::Same | DiffTag::Skipped => (Tone::Plain, "", ""),
        };
        for (nth, text) in run.text.split('\n').enumerate() {
            if nth > 0 {
                lines.push(Toned::of(Tone::Plain, "  "));
            }
            let text = sanitize(text);
            if let Some(line) = lines.last_mut().filter(|_| !text.is_empty()) {
                line.0.push((tone, format!("{open}{text}{close}")));
            }
        }
    }
    lines
}

fn arrival(arrival: AnswerArrival) -> String {
    let events = match arrival.events {
        0 => "no stream, ".to_owned(),
        count => format!("{} events, ", thousands(count as u64)),
    };
    format!("{events}{} to the first byte, {} in all", duration(arrival.first_byte), duration(arrival.total))
}

/// The line under a pair of pictures: how much alike they are, and what each is.
#[must_use]
pub fn measure(diff: &Diff, nth: usize) -> Toned {
    let Some(pair) = diff.contrast.pictures.get(nth) else {
        return Toned::of(Tone::Dim, "There are no pictures in these answers.");
    };
    let line = match (&pair.before, &pair.after, &pair.likeness, &pair.problem) {
        (Some(_), Some(_), ..) if same(pair) => Toned::of(Tone::Good, "the same picture, byte for byte"),
        (.., Some(likeness), _) => {
            let motif = if likeness.hash_distance <= 10 { "the same motif" } else { "another motif" };
            Toned::of(Tone::Strong, format!("{:.1}% alike", likeness.structure.max(0.0) * 100.0))
                .and(Tone::Plain, format!(", {motif}"))
                .and(Tone::Dim, format!(", brightness differs by {:.1}%", likeness.difference * 100.0))
        }
        (.., Some(problem)) => Toned::of(Tone::Bad, sanitize(problem).into_owned()),
        (None, ..) => Toned::of(Tone::Good, "only B has this picture"),
        (_, None, ..) => Toned::of(Tone::Bad, "only A has this picture"),
        _ => Toned::of(Tone::Dim, "not compared"),
    };
    let count = diff.contrast.pictures.len();
    let line = if count > 1 { line.and(Tone::Dim, format!("  {} of {count}", nth + 1)) } else { line };
    match diff.contrast.pictures_left_out {
        0 => line,
        more => line.and(Tone::Dim, format!("  {more} more not compared")),
    }
}

/// Two texts as the headings of two columns.
#[must_use]
pub fn headings(one: &str, other: &str, width: usize, ascii: bool) -> Toned {
    let half = width.saturating_sub(3) / 2;
    let bar = if ascii { " | " } else { " │ " };
    Toned::of(Tone::Strong, fit(one, half, false))
        .and(Tone::Dim, bar)
        .and(Tone::Strong, fit(other, half, false))
}
