//! Differences as lines.

use crate::engine::ExchangeRef;
use crate::model::CallId;
use crate::reading::contrast::{CONTEXT, contrast};
use crate::tui::diff::diff_view::{DiffShape, DiffView};
use crate::tui::diff::page::DiffPage;
use crate::tui::tests::world;

fn said(before: &str, after: &str, beside: bool) -> Vec<String> {
    let answer = |text: &str| {
        let mut recording = world::streamed();
        let body = serde_json::json!({ "choices": [{ "message": { "content": text } }] }).to_string();
        recording.response.headers = [("content-type", "application/json")].into_iter().collect();
        recording.response.log = crate::model::ByteLog::whole(body, std::time::Duration::ZERO);
        recording
    };
    let (one, other) = (answer(before), answer(after));
    let mut diff = world::diff(ExchangeRef::Call(CallId(1)), ExchangeRef::Call(CallId(2)));
    diff.contrast = contrast(&(&one).into(), &(&other).into(), CONTEXT);
    let sheet =
        DiffView::of(&diff, DiffPage::Text, DiffShape { width: 60, beside, ascii: true, no_blanks: false });
    sheet.lines.iter().map(|line| line.text().trim_end().to_owned()).collect()
}

#[test]
fn words_that_differ_stand_in_brackets() {
    let (before, after) = ("A red hat sits\non a capybara.", "A blue hat sits\non a capybara.");
    let below = said(before, after, false);
    assert!(below.contains(&"  A [-red-]{+blue+} hat sits".to_owned()), "{below:#?}");
    let beside = said(before, after, true);
    let row = format!("{:28} | {}", "  A [-red-] hat sits", "  A {+blue+} hat sits");
    assert!(beside.contains(&row), "{beside:#?}");
}

#[test]
fn texts_that_share_nothing_stand_line_by_line() {
    let below = said("one", "four", false);
    assert!(below.contains(&"- one".to_owned()) && below.contains(&"+ four".to_owned()));
    assert!(said("same", "same", false).iter().any(|line| line.starts_with("Both say the same")));
}

#[test]
fn blanks_make_a_difference_or_none() {
    let mut diff = world::diff(ExchangeRef::Call(CallId(1)), ExchangeRef::Call(CallId(2)));
    let answer = |text: &str| {
        let mut recording = world::streamed();
        recording.response.headers = [("content-type", "text/plain")].into_iter().collect();
        recording.response.log = crate::model::ByteLog::whole(text.to_owned(), std::time::Duration::ZERO);
        recording
    };
    let (one, other) = (answer("a\n  b c\nd\n"), answer("a\nb  c\nD\n"));
    diff.contrast = contrast(&(&one).into(), &(&other).into(), CONTEXT);
    for (no_blanks, changed) in [(false, ["-   b c", "- d"]), (true, ["  b  c", "- d"])] {
        let sheet = DiffView::of(
            &diff,
            DiffPage::Response,
            DiffShape { width: 60, beside: false, ascii: true, no_blanks },
        );
        let lines: Vec<_> = sheet.lines.iter().map(|line| line.text().trim_end().to_owned()).collect();
        for line in changed {
            assert!(lines.iter().any(|known| known == line), "{no_blanks} {line}: {lines:#?}");
        }
    }
}
