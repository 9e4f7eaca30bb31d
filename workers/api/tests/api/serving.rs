//! The listening socket: connections are bounded in number and in patience, and end in order.

use std::{net::SocketAddr, time::Duration};

use api::{Bounds, Limits, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

use crate::support::{STAFF, World, committed, world, world_within, write_note};

/// Longer than anything that is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
/// Nothing of it ends by itself within a test.
const LONG: Duration = Duration::from_mins(10);

const ROOMY: Bounds = Bounds { connections: 8, head: LONG, last: LONG };

/// A server; it ends when it is told to.
struct Server {
    address: SocketAddr,
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    async fn of(world: &World, bounds: Bounds) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = oneshot::channel();
        let task = tokio::spawn(serve(listener, world.router.clone(), bounds, async { ended.await.unwrap() }));
        Self { address, end, task }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

async fn say(client: &mut TcpStream, text: &str) {
    client.write_all(text.as_bytes()).await.unwrap();
}

fn health() -> &'static str {
    "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
}

/// What comes, until there is so much of it that it tells enough.
async fn hear(client: &mut TcpStream, enough: &str) -> String {
    let mut heard = Vec::new();
    let listen = async {
        while !String::from_utf8_lossy(&heard).contains(enough) {
            let mut some = [0; 4_096];
            let count = client.read(&mut some).await.unwrap();
            assert!(count > 0, "closed after {:?}", String::from_utf8_lossy(&heard));
            heard.extend_from_slice(&some[..count]);
        }
    };
    timeout(PATIENCE, listen).await.unwrap();
    String::from_utf8(heard).unwrap()
}

/// All that comes until the connection is closed.
async fn hear_out(client: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    // a reset is an end, too
    let _end = timeout(PATIENCE, client.read_to_end(&mut heard)).await.unwrap();
    String::from_utf8(heard).unwrap()
}

#[tokio::test]
async fn whoever_sends_half_a_head_or_nothing_is_closed() {
    let server = Server::of(&world(), Bounds { head: Duration::from_millis(100), ..ROOMY }).await;
    let (mut silent, mut half, mut idle) = (server.connect().await, server.connect().await, server.connect().await);
    say(&mut half, "GET /health HTTP/1.1\r\nHos").await;
    say(&mut idle, health()).await;
    assert!(hear_out(&mut idle).await.starts_with("HTTP/1.1 200"), "answered, and closed when no more came");
    assert!(!hear_out(&mut half).await.contains("200"));
    assert_eq!(hear_out(&mut silent).await, "");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let world = world_within(Limits { request: Duration::from_millis(200) });
    let server = Server::of(&world, ROOMY).await;
    let mut client = server.connect().await;
    let head =
        format!("POST /commands HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {STAFF}\r\nContent-Length: 1000\r\n");
    say(&mut client, &format!("{head}\r\n{{\"id\":")).await;
    let answer = hear_out(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("unavailable"), "answered, and closed: {answer}");
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_for_one_to_end() {
    let server = Server::of(&world(), Bounds { connections: 2, ..ROOMY }).await;
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    for client in [&mut one, &mut two] {
        say(client, health()).await;
        hear(client, "\"ok\"").await;
    }
    let mut more = Vec::new();
    for _ in 0..10 {
        let mut client = server.connect().await;
        say(&mut client, &health().replacen("Host", "Connection: close\r\nHost", 1)).await;
        more.push(client);
    }
    // both go on while the others wait
    for _ in 0..3 {
        say(&mut one, health()).await;
        hear(&mut one, "\"ok\"").await;
    }
    let mut byte = [0];
    let early = timeout(Duration::from_millis(100), more[0].peek(&mut byte)).await;
    assert!(early.is_err(), "answered beyond the bound");
    drop(two);
    for client in &mut more {
        assert!(hear_out(client).await.starts_with("HTTP/1.1 200"), "each in its turn");
    }
}

#[tokio::test]
async fn at_the_end_what_is_in_hand_is_answered_and_nothing_more_is_taken() {
    let world = world();
    let server = Server::of(&world, ROOMY).await;
    let (mut idle, mut waiting) = (server.connect().await, server.connect().await);
    say(&mut idle, health()).await;
    hear(&mut idle, "\"ok\"").await;
    let ask = format!("GET /commands/c-1?wait=20 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {STAFF}\r\n\r\n");
    say(&mut waiting, &ask).await;
    // it is in hand as soon as another request behind it was answered
    say(&mut idle, health()).await;
    hear(&mut idle, "\"ok\"").await;
    server.end.send(()).unwrap();
    assert_eq!(hear_out(&mut idle).await, "", "an idle connection is closed");
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody listens any more");
    world.statuses.settle("demo", committed(&write_note("c-1", "note/1"), "alice"));
    let heard = hear_out(&mut waiting).await;
    assert!(heard.starts_with("HTTP/1.1 200") && heard.contains("committed"), "{heard}");
    timeout(PATIENCE, server.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn at_the_end_nobody_is_waited_for_too_long() {
    let server = Server::of(&world(), Bounds { last: Duration::from_millis(100), ..ROOMY }).await;
    let mut waiting = server.connect().await;
    say(&mut waiting, "POST /commands HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n").await;
    server.end.send(()).unwrap();
    timeout(PATIENCE, server.task).await.unwrap().unwrap();
    hear_out(&mut waiting).await;
}
