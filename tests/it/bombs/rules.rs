//! Expressions that cost every later call seconds.

use super::*;
use crate::cli::answer;
use crate::world::Upstream;

const SLOW: &str = "a{0,1000}a{0,1000}a{0,1000}b";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expression_that_is_slow_is_refused_where_it_is_given() {
    let (home, upstream) = (home(), Upstream::start(answer).await);
    let rows = home.filled(&upstream, &["hello"]).await;
    let rule = format!("rule regex={SLOW}");
    home.run(&["retag", rows[0].id.as_str(), &rule]).refused(2, &["too large", SLOW, "500"]);
    assert_eq!(home.rows()[0].strategy, rows[0].strategy);
    for (table, key) in [("ignore", "pattern = "), ("scrub", "name = \"own\"\npattern = ")] {
        std::fs::write(home.path().join("retake.toml"), format!("[[{table}]]\n{key}'{SLOW}'\n")).unwrap();
        home.run(&["serve", "--listen", "127.0.0.1:0"]).refused(2, &["retake.toml", "too large", SLOW]);
    }
}
