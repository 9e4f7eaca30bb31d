//! The engine as a process.

use std::{
    io::{BufRead as _, BufReader, Read},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::client::Client;

/// How long a process may take to start or to end.
const PATIENCE: Duration = Duration::from_mins(1);

/// A data folder; a test that failed leaves it to be looked at.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.disable_cleanup(true);
            eprintln!("the data folder is kept: {}", self.path().display());
        }
    }
}

/// A process that was started, and perhaps is ready.
pub(crate) struct Process {
    child: Child,
    said: Arc<Mutex<String>>,
    listeners: Vec<JoinHandle<()>>,
    out: Arc<Mutex<String>>,
}

/// A process that is ready, and how to talk to it.
pub(crate) struct Engine {
    pub(crate) process: Process,
    pub(crate) client: Client,
}

impl Process {
    /// Starts `factmill run` on a folder, with more in its environment.
    pub(crate) fn spawn(data: &Path, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_factmill"))
            .args(["run", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env_remove("FACTMILL_FAILPOINT")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (said, out) = (Arc::default(), Arc::default());
        let listeners = vec![
            listen(child.stderr.take().unwrap(), Arc::clone(&said)),
            listen(child.stdout.take().unwrap(), Arc::clone(&out)),
        ];
        Self { child, said, listeners, out }
    }

    /// Waits until it is ready; `None` if it ended before.
    pub(crate) fn ready(&mut self) -> Option<Client> {
        let start = Instant::now();
        loop {
            let ended = self.child.try_wait().unwrap().is_some();
            if let Some(client) = greeting(&self.out.lock().unwrap()) {
                return Some(client);
            }
            if ended {
                return None;
            }
            assert!(start.elapsed() < PATIENCE, "the engine is not ready: {}", self.said());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// What it wrote on stderr so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.ended();
    }

    /// Asks it to end, as an operator does, and waits until it has.
    pub(crate) fn terminate(self) -> (ExitStatus, String) {
        let status = Command::new("kill").arg(self.id().to_string()).status().unwrap();
        assert!(status.success());
        self.ended()
    }

    /// Waits until it ends by itself; how, and what it said.
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < PATIENCE, "the engine does not end: {}", self.said());
            std::thread::sleep(Duration::from_millis(2));
        };
        for listener in self.listeners.drain(..) {
            listener.join().unwrap();
        }
        (status, self.said())
    }
}

impl Drop for Process {
    /// A test that failed leaves no process behind, and tells what the process said.
    fn drop(&mut self) {
        if self.runs() {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
        if std::thread::panicking() {
            eprintln!("--- the engine said\n{}---", self.said());
        }
    }
}

impl Engine {
    /// Starts the engine on a folder and waits until it is ready.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// The same with more in its environment.
    pub(crate) fn start_with(data: &Path, environment: &[(&str, &str)]) -> Self {
        let mut process = Process::spawn(data, environment);
        let client = process.ready().unwrap_or_else(|| panic!("the engine ended at its start"));
        Self { process, client }
    }

    /// Ends it in order, which it must.
    pub(crate) fn stop(self) -> String {
        let (status, said) = self.process.terminate();
        assert_eq!(status.code(), Some(0), "{said}");
        said
    }
}

fn listen(from: impl Read + Send + 'static, into: Arc<Mutex<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut lines = BufReader::new(from);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
            into.lock().unwrap().push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    })
}

/// The address and the token, once both lines are there.
fn greeting(out: &str) -> Option<Client> {
    let (lines, _) = out.rsplit_once('\n')?;
    let of = |prefix: &str| lines.lines().find_map(|line| line.strip_prefix(prefix)).map(str::to_owned);
    Some(Client { url: of("listening on ")?, token: of("token ")? })
}
