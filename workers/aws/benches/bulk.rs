//! How much of the node's own speed the search index leaves: encoding and sending against raw `_bulk` of the same
//! bodies, on the same node, in turns.
//!
//! ```sh
//! FACTMILL_TEST_OPENSEARCH=$(opensearch/node up) cargo bench -p aws --features engines --bench bulk
//! ```
//! `BENCH_DOCUMENTS` (20000) a round and `BENCH_ROUNDS` (7) change what they say.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process,
    time::Instant,
};

use aws::opensearch::{Client, Naming, OpenSearchIndex, encode};
use kernel::{StreamId, Tenant, catalog::ViewSpec};
use pipeline::{
    laws::search_index::toy::view,
    ports::search::{Content, Entry, Key, Put, SearchIndex},
};
use serde_json::json;

/// How many entries a request has, in both.
const BATCH: usize = 1_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(measure());
}

fn number(name: &str, usual: usize) -> usize {
    env::var(name).map_or(usual, |text| text.parse().unwrap())
}

async fn measure() {
    let url = env::var("FACTMILL_TEST_OPENSEARCH").unwrap_or_else(|_| {
        println!("FACTMILL_TEST_OPENSEARCH must be the URL of an OpenSearch node");
        process::exit(2)
    });
    let (documents, rounds) = (number("BENCH_DOCUMENTS", 20_000), number("BENCH_ROUNDS", 7));
    let client = Client::connect(&url, None).unwrap();
    let mut raw = Raw::connect(&url);
    let view = view();
    let entries: Vec<Entry> = (0..documents).map(entry).collect();
    let bodies: Vec<Vec<u8>> = entries.chunks(BATCH).map(|batch| encode(&view, batch).unwrap()).collect();
    let bytes: usize = bodies.iter().map(Vec::len).sum();
    println!("{documents} documents a round in requests of {BATCH}, {} bytes each on average", bytes / documents);
    println!("{:>6} {:>14} {:>14} {:>7}", "round", "ours, docs/s", "raw, docs/s", "ratio");

    let (mut ours, mut raws, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    // the first round warms the node up and does not count
    for round in 0..=rounds {
        let mut rates = [0.0; 2];
        for turn in 0..2 {
            let is_raw = (turn + round) % 2 == 1;
            let prefix = format!("bench-{}-{round}-{turn}-", process::id());
            let naming = Naming { prefix: prefix.clone(), ..Naming::default() };
            let alias = naming.alias_of(&view);
            let index = OpenSearchIndex::new(client.clone(), naming);
            index.prepare(&view).await.unwrap();
            // copies that the port takes are made before the clock starts
            let batches: Vec<Vec<Entry>> = entries.chunks(BATCH).map(<[Entry]>::to_vec).collect();
            let started = Instant::now();
            if is_raw {
                for body in &bodies {
                    raw.bulk(&alias, body);
                }
            } else {
                put(&index, &view, batches).await;
            }
            #[expect(clippy::cast_precision_loss, reason = "a rate is a rough number")]
            let rate = documents as f64 / started.elapsed().as_secs_f64();
            rates[usize::from(is_raw)] = rate;
            raw.ask("DELETE", &format!("{prefix}*"), b"");
        }
        if round > 0 {
            println!("{round:>6} {:>14.0} {:>14.0} {:>7.3}", rates[0], rates[1], rates[0] / rates[1]);
            ours.push(rates[0]);
            raws.push(rates[1]);
            ratios.push(rates[0] / rates[1]);
        }
    }
    for (name, mut values) in [("ours", ours), ("raw", raws), ("ratio", ratios)] {
        values.sort_by(f64::total_cmp);
        let (least, middle, most) = (values[0], values[values.len() / 2], values[values.len() - 1]);
        println!("{name}: median {middle:.3}, from {least:.3} to {most:.3}");
    }
}

async fn put(index: &OpenSearchIndex, view: &ViewSpec, batches: Vec<Vec<Entry>>) {
    for batch in batches {
        let told = index.put(view, batch).await.unwrap();
        assert!(told.iter().all(|put| *put == Put::Accepted));
    }
}

/// A document of some 500 bytes with a field of each kind.
fn entry(number: usize) -> Entry {
    let (tenant, stream): (Tenant, StreamId) = ("acme".parse().unwrap(), format!("toy/{number}").parse().unwrap());
    let status = ["confirmed", "waiting", "cancelled"][number % 3];
    let body = json!({
        "title": format!("Booking {number} of a double room"),
        "notes": "a quiet room with a view of the sea, if there is one, and a late arrival by the night train",
        "status": status,
        "tags": [format!("t{}", number % 17), "summer"],
        "guests": number % 5,
        "total": f64::from(u32::try_from(number % 900).unwrap()) + 0.5,
        "arrival": format!("2026-{:02}-{:02}", number % 12 + 1, number % 28 + 1),
        "at": "2026-11-21T08:00:00.123456Z",
        "open": number.is_multiple_of(2),
    });
    let id = format!("b-{number}");
    let content = Content::Shown(std::sync::Arc::new(body.as_object().unwrap().clone()));
    Entry { key: Key::document(&tenant, &stream, &id), tenant, stream, id, version: 3, content }
}

/// One connection that sends bytes and reads answers, and nothing else.
struct Raw {
    host: String,
    stream: BufReader<TcpStream>,
}

impl Raw {
    fn connect(url: &str) -> Self {
        let host = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let stream = TcpStream::connect(&host).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { host, stream: BufReader::new(stream) }
    }

    fn bulk(&mut self, alias: &str, body: &[u8]) {
        let answer = self.ask("POST", &format!("{alias}/_bulk"), body);
        let head = &answer[..answer.len().min(100)];
        assert!(String::from_utf8_lossy(head).contains(r#""errors":false"#));
    }

    fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        let stream = self.stream.get_mut();
        let (host, length) = (&self.host, body.len());
        let head = format!(
            "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut length = 0;
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            if let Some(("content-length", value)) = line.to_ascii_lowercase().split_once(':') {
                length = value.trim().parse().unwrap();
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).unwrap();
        answer
    }
}
