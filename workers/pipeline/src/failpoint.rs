//! Named points at which a test lets the process die, to see that nothing is lost or done twice.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

/// The environment variable: `<name>` dies at the first hit, `<name>:<n>` at the n-th.
const VARIABLE: &str = "FACTMILL_FAILPOINT";

struct Armed {
    name: String,
    at: u64,
    hits: AtomicU64,
}

/// Dies here, as by `kill -9`, if the environment says so. Costs one comparison otherwise.
pub fn failpoint(name: &str) {
    static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
    let armed = ARMED.get_or_init(|| {
        let text = std::env::var(VARIABLE).ok()?;
        let (name, at) = text.split_once(':').unwrap_or((&text, "1"));
        Some(Armed { name: name.to_owned(), at: at.parse().ok()?, hits: AtomicU64::new(0) })
    });
    if let Some(armed) = armed
        && armed.name == name
        && armed.hits.fetch_add(1, Ordering::SeqCst) + 1 == armed.at
    {
        std::process::abort();
    }
}
