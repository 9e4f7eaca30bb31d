//! Tests of the embedded store.

use std::{sync::Arc, time::Duration};

use pipeline::ports::{
    clock::SystemClock,
    queue::{CommandQueue, Message},
};

use super::{
    Store,
    queue::{Limits, Most},
};

const MOST: Most = Most { messages: 10, bytes: 1 << 20 };
const LEASE: Duration = Duration::from_secs(30);

fn open(folder: &std::path::Path) -> Store {
    Store::open(folder, Arc::new(SystemClock), Limits::default()).unwrap()
}

fn message(stream: &str, id: &str) -> Message {
    Message {
        group: format!("acme/{stream}"),
        body: format!(r#"{{"id":"{id}","stream":"{stream}","type":"Do"}}"#),
        authorization: "e30.eyJzdWIiOiJhbGljZSJ9.sig".into(),
        traceparent: None,
        task_token: None,
    }
}

#[tokio::test]
async fn a_message_survives_until_it_is_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.queue().send(vec![message("a/1", "c1")]).await.remove(0).unwrap();
    assert_eq!(store.queue().receive(MOST, LEASE).await[0].receives, 1);
    drop(store);

    let store = open(folder.path());
    let again = store.queue().receive(MOST, LEASE).await.remove(0);
    assert_eq!((again.receives, &*again.message), (2, &message("a/1", "c1")));
    store.queue().acknowledge(&[again.receipt]);
    drop(store);

    assert_eq!(open(folder.path()).queue().depth(), 0);
}
