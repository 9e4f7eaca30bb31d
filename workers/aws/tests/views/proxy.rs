//! What stands before the node and turns items of bulk requests away, as a cluster does that has no room for them.

use std::{
    io::{BufRead, BufReader, Result, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::{Value, json};

/// A proxy; it ends with the process.
pub(crate) struct Proxy {
    pub(crate) url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    node: String,
    /// In how many more bulk requests items are turned away.
    requests: AtomicUsize,
    turned_away: AtomicUsize,
}

struct Request {
    line: String,
    body: Vec<u8>,
}

impl Proxy {
    pub(crate) fn start(node: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let node = node.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let state = Arc::new(State { node, ..State::default() });
        let shared = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = shared.clone();
                // who is cut off sees an outage
                thread::spawn(move || drop(state.serve(&stream)));
            }
        });
        Self { url, state }
    }

    /// Turns away every second item, or the only one, of this many bulk requests.
    pub(crate) fn turn_away(&self, requests: usize) {
        self.state.requests.store(requests, Ordering::SeqCst);
    }

    /// How many items were turned away.
    pub(crate) fn turned_away(&self) -> usize {
        self.state.turned_away.load(Ordering::SeqCst)
    }
}

impl State {
    fn serve(&self, stream: &TcpStream) -> Result<()> {
        let mut reader = BufReader::new(stream);
        while let Some(request) = read(&mut reader)? {
            let less = |left: usize| left.checked_sub(1);
            let meddle = request.line.contains("/_bulk")
                && self.requests.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok();
            let (status, body) =
                if meddle { self.some(&request)? } else { self.forward(&request.line, &request.body)? };
            let mut stream = stream;
            write!(
                stream,
                "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                body.len()
            )?;
            stream.write_all(&body)?;
        }
        Ok(())
    }

    /// Forwards every second item, and says of the others that there was no room.
    fn some(&self, request: &Request) -> Result<(u16, Vec<u8>)> {
        let lines: Vec<&[u8]> = request.body.split_inclusive(|byte| *byte == b'\n').collect();
        let items: Vec<&[&[u8]]> = lines.chunks(2).collect();
        let busy = json!({ "index": { "status": 429, "error": { "type": "rejected_execution_exception", "reason": "full" } } });
        self.turned_away.fetch_add(items.len().div_ceil(2), Ordering::SeqCst);
        let taken: Vec<u8> = items.iter().skip(1).step_by(2).flat_map(|item| item.concat()).collect();
        if taken.is_empty() {
            return Ok((429, json!({ "error": busy["index"]["error"], "status": 429 }).to_string().into_bytes()));
        }
        let (status, body) = self.forward(&request.line, &taken)?;
        let mut told: Value = serde_json::from_slice(&body)?;
        let mut taken = told["items"].as_array_mut().map(std::mem::take).unwrap_or_default().into_iter();
        let all = (0..items.len()).map(|at| if at % 2 == 1 { taken.next() } else { Some(busy.clone()) });
        told["items"] = all.collect::<Option<Vec<Value>>>().into();
        Ok((status, told.to_string().into_bytes()))
    }

    fn forward(&self, line: &str, body: &[u8]) -> Result<(u16, Vec<u8>)> {
        let mut node = TcpStream::connect(&self.node)?;
        let (host, length) = (&self.node, body.len());
        write!(
            node,
            "{line}\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        )?;
        node.write_all(body)?;
        let mut reader = BufReader::new(node);
        let answer = read(&mut reader)?.ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let status = answer.line.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok((status.ok_or(std::io::ErrorKind::InvalidData)?, answer.body))
    }
}

/// Reads a request or an answer; `None` at the end.
fn read(reader: &mut impl BufRead) -> Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        if header.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(Request { line: line.trim_end().to_owned(), body }))
}
