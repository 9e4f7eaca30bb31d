//! The inbox of given-up commands.

use async_trait::async_trait;
use pipeline::FailPoint;
use pipeline::ports::{
    Unavailable,
    queue::{Failed, FailureInbox},
};
use rusqlite::{Connection, params};

use super::Store;

#[async_trait]
impl FailureInbox for Store {
    async fn keep(&self, failed: &Failed) -> Result<(), Unavailable> {
        let body = serde_json::to_string(failed).map_err(|error| Unavailable::new("keep a failure", error))?;
        let failed = failed.clone();
        let write = move |db: &Connection| {
            let sql = "INSERT OR IGNORE INTO inbox (tenant, stream, id, received_at, failed)
                       VALUES (?1, ?2, ?3, ?4, ?5)";
            let received_at = failed.received_at.as_millisecond();
            let key = params![failed.tenant.as_str(), failed.stream.as_str(), failed.id.as_str(), received_at, body];
            db.prepare_cached(sql)?.execute(key).map(drop)
        };
        self.inner.writer.write((FailPoint::Keep, FailPoint::Kept), write, |_| ()).await
    }
}
