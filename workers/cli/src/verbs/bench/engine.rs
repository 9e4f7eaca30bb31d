//! The engine that is measured: one that is running, or one that is started for it and stopped after it.

use std::fs::{File, read_to_string};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

use super::broken;
use crate::client::{Client, Url};
use crate::failure::Failure;

/// An engine to measure.
pub(super) struct Engine {
    /// A client of it.
    pub(super) client: Client,
    /// Its process, if that is known.
    pub(super) pid: Option<u32>,
    own: Option<Own>,
    place: PathBuf,
}

/// What goes when the measuring ends.
struct Own {
    child: Child,
    // closed, it would stop an engine that still prints
    _stdout: BufReader<ChildStdout>,
    folder: TempDir,
}

impl Engine {
    /// An engine that is running elsewhere.
    pub(super) fn running(client: Client, pid: Option<u32>, place: &Path) -> Result<Self, Failure> {
        client.ask(crate::client::Ask::get("/health"))?;
        Ok(Self { client, pid, own: None, place: place.to_owned() })
    }

    /// Starts an engine of our own on a new folder.
    pub(super) fn start(place: &Path) -> Result<Self, Failure> {
        let cannot = |error| broken("cannot start an engine", error);
        let folder = tempfile::Builder::new().prefix(".factmill-bench-").tempdir_in(place).map_err(cannot)?;
        // what it says to people is of use only if it does not start
        let log = folder.path().join("log");
        let mut child = Command::new(std::env::current_exe().map_err(cannot)?)
            .args(["run", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.path().join("data"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).map_err(cannot)?)
            .spawn()
            .map_err(cannot)?;
        let Some(stdout) = child.stdout.take() else {
            return Err(broken("cannot start an engine", "it has no output"));
        };
        let mut stdout = BufReader::new(stdout);
        let mut word = |start: &str| {
            let mut line = String::new();
            stdout.read_line(&mut line).map_err(cannot)?;
            let said = || {
                format!("it printed `{}`, not `{start}…`\n{}", line.trim(), read_to_string(&log).unwrap_or_default())
            };
            line.strip_prefix(start)
                .map(|rest| rest.trim().to_owned())
                .ok_or_else(|| broken("the engine did not start", said().trim()))
        };
        let printed = word("listening on ").and_then(|url| Ok((url, word("token ")?)));
        let (url, token) = match printed {
            Ok(printed) => printed,
            Err(failure) => {
                stop(&mut child);
                return Err(failure);
            }
        };
        let client = Client::new(Url::parse(&url)?, &token);
        let pid = Some(child.id());
        Ok(Self { client, pid, own: Some(Own { child, _stdout: stdout, folder }), place: place.to_owned() })
    }

    /// The data folder, of an engine of our own.
    pub(super) fn data(&self) -> Option<PathBuf> {
        self.own.as_ref().map(|own| own.folder.path().join("data"))
    }

    /// How many durable transactions an engine of our own has made.
    pub(super) fn transactions(&self) -> Result<Option<f64>, Failure> {
        const NAME: &str = "factmill_transactions_total ";
        if self.own.is_none() {
            return Ok(None);
        }
        let text = self.client.ask(crate::client::Ask::get("/metrics"))?;
        let text = String::from_utf8_lossy(&text.body);
        let value = text.lines().find_map(|line| line.strip_prefix(NAME)?.trim().parse().ok());
        value.map(Some).ok_or_else(|| broken("the engine's metrics lack", NAME))
    }

    /// Where limits are measured: on the disk of the engine's folder.
    pub(super) fn place(&self) -> &Path {
        self.own.as_ref().map_or(&self.place, |own| own.folder.path())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(own) = &mut self.own {
            stop(&mut own.child);
        }
    }
}

fn stop(child: &mut Child) {
    // a process that has ended by itself cannot be stopped, which is as well
    let _ = child.kill();
    let _ = child.wait();
}
