//! Places where a test may kill the process, to see what survives.

use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};

/// The point that `FACTMILL_FAILPOINT=<name>[:n]` names, and how many hits it still lets pass.
struct Point {
    name: String,
    left: AtomicU64,
}

static POINT: LazyLock<Option<Point>> = LazyLock::new(|| {
    let text = std::env::var("FACTMILL_FAILPOINT").ok().filter(|text| !text.is_empty())?;
    let (name, nth) = text.split_once(':').unwrap_or((&text, "1"));
    let nth: u64 = nth.parse().unwrap_or(1);
    Some(Point { name: name.to_owned(), left: AtomicU64::new(nth.saturating_sub(1)) })
});

/// Aborts the process, as `kill -9` would, if the environment names this point and this is the n-th hit.
pub fn failpoint(name: &str) {
    let Some(point) = &*POINT else { return };
    if point.name != name {
        return;
    }
    let passed = point.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
    if passed.is_err() {
        tracing::error!(name, "fail-point reached");
        std::process::abort();
    }
}
