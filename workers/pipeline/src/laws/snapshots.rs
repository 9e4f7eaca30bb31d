//! What every snapshot store must do.

#![expect(clippy::unwrap_used, reason = "a store that doesn't answer has failed")]
#![expect(clippy::missing_panics_doc, reason = "a law that doesn't hold panics")]

use kernel::Hash;

use super::sample::{second, stream};
use crate::ports::snapshots::{Snapshot, SnapshotStore};

/// One test for each law; `$fresh` is an async function that makes an empty store, and what must outlive it.
#[macro_export]
macro_rules! snapshot_store_laws {
    ($fresh:path) => {
        $crate::snapshot_store_laws! { [$crate::laws_of] $fresh }
    };
    // what `$each` makes of the list of all laws
    ([$($each:tt)+] $fresh:path) => {
        $($each)+! { snapshots, $fresh:
            a_snapshot_is_read_as_it_was_put,
            a_snapshot_is_put_only_over_a_lower_commit,
            a_snapshot_off_the_chain_is_replaced,
            each_stream_and_revision_has_its_own,
            a_state_of_five_megabytes_is_kept,
        }
    };
}

fn snapshot(revision: u32, seq: u64, state: &[u8]) -> Snapshot {
    let hash = Hash::of(format!("{seq}").as_bytes());
    Snapshot { revision, seq, hash, version: seq * 2, time: second(3), state: state.to_vec() }
}

/// Every field comes back.
pub async fn a_snapshot_is_read_as_it_was_put(store: &dyn SnapshotStore) {
    let (key, put) = (stream("count/a"), snapshot(1, 7, b"\0state\xff"));
    assert_eq!(store.get(&key, 1).await.unwrap(), None);
    assert!(store.put(&key, &put, None).await.unwrap());
    assert_eq!(store.get(&key, 1).await.unwrap(), Some(put));
}

/// A slow writer doesn't put an old state over a new one.
pub async fn a_snapshot_is_put_only_over_a_lower_commit(store: &dyn SnapshotStore) {
    let key = stream("count/a");
    assert!(store.put(&key, &snapshot(1, 7, b"seven"), None).await.unwrap());
    assert!(!store.put(&key, &snapshot(1, 7, b"again"), None).await.unwrap());
    assert!(!store.put(&key, &snapshot(1, 6, b"six"), None).await.unwrap());
    assert_eq!(store.get(&key, 1).await.unwrap().unwrap().state, b"seven");
    assert!(store.put(&key, &snapshot(1, 8, b"eight"), None).await.unwrap());
    assert_eq!(store.get(&key, 1).await.unwrap(), Some(snapshot(1, 8, b"eight")));
}

/// A snapshot of another history gives way, whatever its number; only the one that was named does.
pub async fn a_snapshot_off_the_chain_is_replaced(store: &dyn SnapshotStore) {
    let key = stream("count/a");
    let lost = snapshot(1, 9, b"lost");
    assert!(store.put(&key, &lost, None).await.unwrap());
    assert!(!store.put(&key, &snapshot(1, 3, b"three"), Some(Hash::of(b"another"))).await.unwrap());
    assert!(store.put(&key, &snapshot(1, 3, b"three"), Some(lost.hash)).await.unwrap());
    assert_eq!(store.get(&key, 1).await.unwrap(), Some(snapshot(1, 3, b"three")));
}

/// A new revision of the decider doesn't read, nor overwrite, the old one's states.
pub async fn each_stream_and_revision_has_its_own(store: &dyn SnapshotStore) {
    let (a, b) = (stream("count/a"), stream("count/b"));
    assert!(store.put(&a, &snapshot(1, 7, b"one"), None).await.unwrap());
    assert!(store.put(&a, &snapshot(2, 4, b"two"), None).await.unwrap());
    assert_eq!(store.get(&a, 1).await.unwrap().unwrap().state, b"one");
    assert_eq!(store.get(&a, 2).await.unwrap().unwrap().state, b"two");
    assert_eq!(store.get(&b, 1).await.unwrap(), None);
}

/// A big state is not refused, nor cut off; a shorter one leaves nothing of it behind.
pub async fn a_state_of_five_megabytes_is_kept(store: &dyn SnapshotStore) {
    let key = stream("count/a");
    let mut noise = 1_u32;
    let mut byte = || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.to_be_bytes()[0]
    };
    let state: Vec<u8> = std::iter::repeat_with(&mut byte).take(5 << 20).collect();
    let big = snapshot(1, 7, &state);
    assert!(store.put(&key, &big, None).await.unwrap());
    assert!(store.get(&key, 1).await.unwrap() == Some(big), "a big state differs");
    assert!(store.put(&key, &snapshot(1, 8, b"small"), None).await.unwrap());
    assert_eq!(store.get(&key, 1).await.unwrap().unwrap().state, b"small");
}
