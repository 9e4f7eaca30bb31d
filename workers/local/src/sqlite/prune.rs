//! Forgetting what is past the contract's horizon: refusals, failures, and the inbox of given-up commands.

use jiff::Timestamp;
use pipeline::ports::Unavailable;
use rusqlite::{Connection, params};

use super::Store;

impl Store {
    /// Forgets up to so many refusals and failures, and so many given-up commands, that were received before a time, the
    /// oldest first; how many of both there were. Fewer than the limit of each: none is left.
    pub async fn prune(&self, before: Timestamp, limit: usize) -> Result<Pruned, Unavailable> {
        let (before, limit) = (before.as_millisecond(), limit.cast_signed());
        let write = move |db: &Connection| {
            let forget = |sql| db.prepare_cached(sql)?.execute(params![before, limit]);
            Ok(Pruned {
                refusals: forget(
                    "DELETE FROM refusals WHERE (tenant, id, stream) IN
                     (SELECT tenant, id, stream FROM refusals WHERE received_at < ?1 ORDER BY received_at LIMIT ?2)",
                )?,
                failures: forget(
                    "DELETE FROM inbox WHERE (tenant, stream, id, received_at) IN
                     (SELECT tenant, stream, id, received_at FROM inbox WHERE received_at < ?1
                      ORDER BY received_at LIMIT ?2)",
                )?,
            })
        };
        let kept = self.inner.failures.clone();
        let done = move |pruned: Option<&mut Pruned>| kept.forget(pruned.map_or(0, |pruned| pruned.failures));
        self.inner.writer.write(None, write, done).await
    }
}

/// How much was forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruned {
    /// Refusals and failures.
    pub refusals: usize,
    /// Given-up commands.
    pub failures: usize,
}
