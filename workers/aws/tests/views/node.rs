//! The node of the tests, and a place of one's own on it.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process,
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use aws::opensearch::{Client, Naming};

const ENDPOINT: &str = "FACTMILL_TEST_OPENSEARCH";

/// The node's URL.
pub(crate) fn url() -> String {
    std::env::var(ENDPOINT)
        .unwrap_or_else(|_| panic!("{ENDPOINT} must be the URL of an OpenSearch node: `make aws-up` starts one"))
}

/// A client of the node.
pub(crate) fn client() -> Client {
    Client::connect(&url(), None).unwrap()
}

/// Names that no other test uses; their indexes are removed with it.
pub(crate) struct Place(pub(crate) Naming);

impl Place {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(Naming { prefix: format!("test-{started}-{}-{number}-", process::id()), generation: 1 })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // left-overs of a node that is gone go with its data
        drop(delete(&format!("{}*", self.0.prefix)));
    }
}

/// Removes indexes.
pub(crate) fn delete(indexes: &str) -> std::io::Result<()> {
    let url = url();
    let (host, path) =
        url.trim_start_matches("http://").split_once('/').unwrap_or((url.trim_start_matches("http://"), ""));
    let mut stream = TcpStream::connect(host)?;
    let path = path.trim_end_matches('/');
    let slash = if path.is_empty() { "" } else { "/" };
    write!(stream, "DELETE {slash}{path}/{indexes} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    stream.read_to_end(&mut Vec::new())?;
    Ok(())
}
