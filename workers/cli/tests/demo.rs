//! `factmill demo` against the real engine: every command ends as the story tells, and once only.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the lints exempt test functions, but not their helpers")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// An engine on a folder of its own.
struct Engine {
    child: Child,
    url: String,
    folder: TempDir,
}

impl Engine {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_factmill"))
            .args(["run", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("it said `{line}`")).to_owned();
        Self { child, url, folder }
    }

    fn factmill(&self, args: &[&str], folder: &Path) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_factmill"));
        command.args(args).args(["--url", &self.url, "--output", "json"]).env_remove("FACTMILL_TOKEN");
        command.env("FACTMILL_DATA", folder).output().unwrap()
    }

    fn ask(&self, args: &[&str]) -> Value {
        let output = self.factmill(args, self.folder.path());
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Plays, and returns the counts.
    fn play(&self, args: &[&str]) -> Value {
        let mut told = self.ask(&[&["demo", "--rate", "100000"], args].concat());
        assert!(told.as_object_mut().unwrap().remove("seconds").unwrap().as_f64().unwrap() > 0.0);
        told
    }

    /// Where streams of each system stand.
    fn versions(&self) -> Vec<Value> {
        let streams = [
            "room-type/seaview.s7:double",
            "room-type/seaview.s7:suite",
            "stock/mug.s7",
            "customer/ada.s7",
            "order/o-1.s7",
            "profile/ada.s7",
            "post/p-1.s7",
            "device/cold-store-2.s7",
        ];
        streams.map(|stream| self.ask(&["state", stream])["version"].clone()).into()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sum(of: &Value) -> u64 {
    of.as_u64().unwrap_or_else(|| of.as_object().map_or(0, |parts| parts.values().map(sum).sum()))
}

#[test]
fn a_story_ends_as_it_tells_and_a_second_time_has_no_second_effect() {
    let engine = Engine::start();
    let told = engine.play(&[]);
    for system in ["hotel", "shop", "network", "sensors"] {
        assert!(sum(&told[system]["committed"]) > 100, "{told}");
        assert!(sum(&told[system]["rejected"]) > 0, "{told}");
        assert!(told[system].get("failed").is_none() && told[system].get("unsettled").is_none(), "{told}");
    }
    assert!(sum(&told["hotel"]["rejected"]["no-rooms-left"]) > 0, "{told}");
    assert_eq!(told["shop"]["rejected"]["email-taken"], 2, "{told}");
    assert!(sum(&told["hotel"]["refused"]["forbidden"]) > 0, "{told}");

    let versions = engine.versions();
    assert!(versions[0].as_u64() > Some(100), "{versions:?}");
    assert_eq!(engine.play(&[]), told, "each command gets its first outcome");
    assert_eq!(engine.versions(), versions, "nothing happened twice");

    let after = format!("room-type/seaview.s7:double@{}", versions[0]);
    let found = engine.ask(&["search", "bookings", "sea view", "--where", "hotel=seaview.s7", "--after", &after]);
    assert!(sum(&found["total"]) > 0, "{found}");
    let checked = engine.factmill(&["verify"], engine.folder.path());
    assert_eq!(checked.status.code(), Some(0), "{}", String::from_utf8_lossy(&checked.stdout));
}

#[test]
fn only_the_chosen_systems_play_and_a_fresh_story_plays_anew() {
    let engine = Engine::start();
    let told = engine.play(&["--only", "sensors"]);
    assert_eq!(told.as_object().unwrap().keys().collect::<Vec<_>>(), ["sensors"]);
    let devices = |count: u64| {
        let found = engine.ask(&["search", "devices", "--after", "device/cold-store-3.s7@5"]);
        assert_eq!(sum(&found["total"]), count, "{found}");
    };
    devices(3);
    assert_eq!(engine.play(&["--only", "sensors", "--fresh"]), told, "it is the same story, of others");
    assert_eq!(engine.play(&["--only", "sensors", "--seed", "8"])["sensors"]["refused"], told["sensors"]["refused"]);
}

#[test]
fn without_the_servers_key_nobody_can_act() {
    let engine = Engine::start();
    let elsewhere = TempDir::new().unwrap();
    let output = engine.factmill(&["demo"], elsewhere.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("issuer key"), "{output:?}");
}
