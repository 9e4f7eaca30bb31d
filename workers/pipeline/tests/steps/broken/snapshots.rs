//! Snapshot stores.

use async_trait::async_trait;
use kernel::{Hash, StreamKey};
use pipeline::{
    memory::commits::MemoryStore,
    ports::{
        Unavailable,
        snapshots::{Snapshot, SnapshotStore},
    },
};

use super::failing;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Bug {
    /// The same number is taken again.
    TakesTheSame,
    /// What lies off the chain stays.
    KeepsTheLost,
    /// Another revision's state is told where there is none.
    MixesRevisions,
    /// A long state is cut off.
    CutsOff,
    /// A member is not kept.
    ForgetsTheTime,
}

struct Broken(MemoryStore, Bug);

#[async_trait]
impl SnapshotStore for Broken {
    async fn get(&self, key: &StreamKey, revision: u32) -> Result<Option<Snapshot>, Unavailable> {
        let revision = if self.1 == Bug::MixesRevisions { 1 } else { revision };
        self.0.get(key, revision).await
    }

    async fn put(&self, key: &StreamKey, snapshot: &Snapshot, over: Option<Hash>) -> Result<bool, Unavailable> {
        let mut snapshot = snapshot.clone();
        let mut over = over;
        match self.1 {
            Bug::TakesTheSame => {
                let kept = self.0.get(key, snapshot.revision).await?.filter(|kept| kept.seq == snapshot.seq);
                over = over.or(kept.map(|kept| kept.hash));
            }
            Bug::KeepsTheLost => over = None,
            Bug::MixesRevisions => {}
            Bug::CutsOff => snapshot.state.truncate(1 << 20),
            Bug::ForgetsTheTime => snapshot.time = jiff::Timestamp::UNIX_EPOCH,
        }
        self.0.put(key, &snapshot, over).await
    }
}

#[tokio::test]
async fn each_broken_snapshot_store_fails_its_own_law() {
    for (bug, laws) in [
        (Bug::TakesTheSame, &["a_snapshot_is_put_only_over_a_lower_commit"][..]),
        (Bug::KeepsTheLost, &["a_snapshot_off_the_chain_is_replaced"]),
        (Bug::MixesRevisions, &["each_stream_and_revision_has_its_own"]),
        (Bug::CutsOff, &["a_state_of_five_megabytes_is_kept"]),
        // every law that looks at the whole
        (
            Bug::ForgetsTheTime,
            &[
                "a_snapshot_is_read_as_it_was_put",
                "a_snapshot_is_put_only_over_a_lower_commit",
                "a_snapshot_off_the_chain_is_replaced",
                "a_state_of_five_megabytes_is_kept",
            ],
        ),
    ] {
        let fresh = || Broken(MemoryStore::default(), bug);
        assert_eq!(pipeline::snapshot_store_laws!([failing] fresh), laws, "{bug:?}");
    }
}
