//! The other verbs: their exit codes, what they print, and what they send.

use std::io::{BufRead, BufReader};
use std::process::Command;

use crate::fake::{Fake, Run, World, factmill};
use serde_json::{Value, json};
use tempfile::TempDir;

fn output(mut command: Command) -> Run {
    Run::of(command.output().unwrap())
}

const CREATE: [&str; 5] = ["submit", "--stream", "comment/c-1", "--type", "CreateComment"];

#[test]
fn a_command_is_built_from_options_and_its_status_printed() {
    let fake = Fake::start(World { settles_at: 1, ..World::default() });
    let run = fake.run(&[&CREATE[..], &["--data", r#"{"n":1.50}"#, "--expected-version", "4"]].concat());
    assert_eq!((run.code, &run.json()["status"]), (0, &json!("queued")), "{run:?}");
    let world = fake.world();
    let sent = &world.taken["comment/c-1"][0];
    assert_eq!((&sent["type"], &sent["expectedVersion"]), (&json!("CreateComment"), &json!(4)));
    assert_eq!(sent["data"], json!({"n": 1.5}));
    assert_eq!(sent["id"].as_str().unwrap().as_bytes()[14], b'7', "a UUIDv7");
    assert!(sent.get("issuedAt").is_none() && sent.get("correlationId").is_none());
}

#[test]
fn an_id_of_ones_own_gets_a_time_that_is_told() {
    let fake = Fake::start(World::default());
    let run = fake.run(&[&CREATE[..], &["--id", "mine"]].concat());
    assert_eq!(run.code, 0, "{run:?}");
    let issued = fake.world().taken["comment/c-1"][0]["issuedAt"].as_str().unwrap().to_owned();
    assert!(run.stderr.contains(&format!("--issued-at {issued}")), "{}", run.stderr);
}

#[test]
fn waiting_goes_on_at_the_location_until_the_command_is_settled() {
    let fake = Fake::start(World { settles_at: 2, ..World::default() });
    let run = fake.run(&[&CREATE[..], &["--wait", "40"]].concat());
    assert_eq!((run.code, &run.json()["status"]), (0, &json!("committed")), "{run:?}");
    let world = fake.world();
    assert_eq!(world.preferences, ["wait=25"]);
    assert!(world.asked[0].contains("?received=5&wait="), "{:?}", world.asked);
}

#[test]
fn what_is_rejected_refused_or_failed_ends_with_1() {
    let fake = Fake::start(World::default());
    for (kind, status) in [("Reject", "rejected"), ("Forbid", "refused"), ("Fail", "failed")] {
        let run = fake.run(&["submit", "--stream", "a/1", "--type", kind, "--wait", "1"]);
        assert_eq!((run.code, &run.json()["status"]), (1, &json!(status)));
    }
    let run = fake.run(&["submit", "--stream", "a/1", "--type", "Bad"]);
    assert_eq!((run.code, &run.json()["code"]), (1, &json!("invalid")));
    assert!(run.stderr.contains("/data/x required: is required"), "{}", run.stderr);
}

#[test]
fn a_check_sends_nothing_on() {
    let fake = Fake::start(World::default());
    let run = fake.run(&[&CREATE[..], &["--check"]].concat());
    assert_eq!((run.code, run.json()), (0, json!({"valid": true})));
    assert_eq!(fake.run(&["submit", "--stream", "a/1", "--type", "Bad", "--check"]).code, 1);
    assert!(fake.world().taken.is_empty());
}

#[test]
fn a_whole_command_is_sent_as_it_is() {
    let fake = Fake::start(World::default());
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("command.json");
    let command = json!({"id": "x", "stream": "a/1", "type": "Do", "extra": [1, 2]});
    std::fs::write(&path, command.to_string()).unwrap();
    assert_eq!(fake.run(&["submit", "--file", path.to_str().unwrap()]).code, 0);
    assert_eq!(fake.world().taken["a/1"][0], command);
}

#[test]
fn the_status_of_one_and_of_many() {
    let fake = Fake::start(World::default());
    fake.run(&["submit", "--stream", "a/1", "--type", "Do", "--id", "one"]);
    fake.run(&["submit", "--stream", "a/1", "--type", "Reject", "--id", "two"]);
    let run = fake.run(&["status", "one"]);
    assert_eq!((run.code, &run.json()["status"]), (0, &json!("committed")));
    assert_eq!(fake.run(&["status", "two"]).code, 1);
    let run = fake.run(&["status", "none"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("unknown-command"), "{}", run.stderr);
    let run = fake.run(&["status", "one", "two", "none"]);
    assert_eq!(run.code, 1);
    assert_eq!(run.json()["statuses"]["two"]["status"], "rejected");
    assert!(run.json()["statuses"]["none"].is_null());
}

#[test]
fn a_search_maps_its_options_onto_the_parameters() {
    let fake = Fake::start(World::default());
    let run = fake.run(&[
        "search",
        "bookings",
        "sea view",
        "--where",
        "status=confirmed",
        "--where",
        "arrival>=2026-12-01",
        "--sort",
        "-arrival",
        "--limit",
        "5",
        "--facets",
        "status",
        "--highlight",
        "--after",
        "room-type/resort:A@7",
        "--wait",
        "3",
    ]);
    assert_eq!((run.code, &run.json()["total"]), (0, &json!(500)));
    assert_eq!(
        fake.world().asked,
        ["/views/bookings?q=sea%20view&status=confirmed&arrival.gte=2026-12-01&sort=-arrival&limit=5&facets=status\
          &highlight=true&after=room-type%2Fresort:A%407&wait=3"]
    );
}

#[test]
fn all_pages_are_streamed_a_document_a_line() {
    let fake = Fake::start(World::default());
    for args in [&["search", "v", "--all"][..], &["search", "v", "--all", "--query", r#"{"text":"x"}"#]] {
        let run = fake.run(args);
        let ids: Vec<Value> =
            run.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone()).collect();
        assert_eq!((run.code, ids.len(), &ids[499]), (0, 500, &json!("d-499")));
    }
    assert_eq!(
        fake.world().asked[3..5],
        [r#"/views/v/search {"text":"x","limit":200}"#, r#"/views/v/search {"text":"x","limit":200,"cursor":"200"}"#]
    );
    let run = fake.run(&["history", "a/1", "--all"]);
    assert_eq!((run.code, run.stdout.lines().count()), (0, 6));
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let fake = Fake::start(World::default());
    let mut child = fake.factmill(&["search", "v", "--all"]).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();
    drop(stdout);
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}

#[test]
fn a_document_is_shown_or_missed() {
    let fake = Fake::start(World::default());
    assert_eq!(fake.run(&["get", "bookings", "b-1"]).json()["doc"]["status"], "confirmed");
    let run = fake.run(&["get", "bookings", "b-1", "--output", "table"]);
    assert!(run.stdout.contains("confirmed") && !run.stdout.contains('{'), "{}", run.stdout);
    assert_eq!(fake.run(&["get", "bookings", "none"]).code, 1);
    let run = fake.run(&["get", "bookings", "late", "--after", "a/1@9"]);
    assert_eq!(run.code, 1, "the server answered, and said not yet");
    assert!(run.stderr.contains("--wait"), "{}", run.stderr);
}

#[test]
fn verification_walks_all_pages_and_names_what_differs() {
    let pages = || {
        vec![
            json!({"checked": 3, "differences": [], "next": "p2"}),
            json!({"checked": 2, "differences": [{"stream": "a/1", "problem": "gap"}], "next": "p3"}),
            json!({"checked": 1, "differences": [{"stream": "a/2", "problem": "hash"}], "next": null}),
        ]
    };
    let fake = Fake::start(World { verify_pages: pages(), ..World::default() });
    let run = fake.run(&["verify"]);
    assert_eq!((run.code, &run.json()["checked"]), (1, &json!(6)));
    assert_eq!(run.json()["differences"].as_array().unwrap().len(), 2);
    assert_eq!(fake.world().asked, ["/verify {}", r#"/verify {"cursor":"p2"}"#, r#"/verify {"cursor":"p3"}"#]);

    fake.world().verify_pages = pages();
    let run = fake.run(&["verify", "a/1", "--output", "table"]);
    assert!(run.stdout.contains("stream a/1, problem gap") && run.stdout.contains("checked 6, 2 differ"), "{run:?}");

    fake.world().verify_pages = vec![json!({"checked": 4, "differences": [], "next": null})];
    let run = fake.run(&["verify"]);
    assert_eq!((run.code, run.json()), (0, json!({"differences": [], "checked": 4})));
}

#[test]
fn a_state_is_shown_as_it_was() {
    let fake = Fake::start(World::default());
    for (args, asked) in [
        (&["state", "a/1"][..], json!(null)),
        (&["state", "a/1", "--version", "2"], json!("version=2")),
        (&["state", "a/1", "--at", "2026-11-21T08:00:00Z"], json!("at=2026-11-21T08:00:00Z")),
    ] {
        assert_eq!(fake.run(args).json()["state"]["asked"], asked, "{args:?}");
    }
}

#[test]
fn a_running_server_is_measured() {
    let fake = Fake::start(World::default());
    let pid = std::process::id().to_string();
    let bench = |args: &[&str]| {
        let place = TempDir::new().unwrap();
        let place = place.path().to_str().unwrap();
        let run = fake.run(&[&["bench", "--running", "--pid", &pid, "--place", place, "--rounds", "2"], args].concat());
        assert_eq!(run.code, 0, "{run:?}");
        run.json()
    };
    let names = |report: &Value| -> Vec<String> {
        let figures = report["figures"].as_array().unwrap();
        figures.iter().map(|figure| figure["name"].as_str().unwrap().to_owned()).collect()
    };
    let report = bench(&["--commands", "300", "--singles", "3"]);
    for load in ["CreateComment", "BookRoom"] {
        for figure in ["accepted→committed", "accepted→searchable", "CPU of the server", "peak anonymous memory"] {
            assert!(names(&report).contains(&format!("{load}, {figure}")), "{report}");
        }
        assert!(names(&report).contains(&format!("one {load}, accepted→searchable p99")), "{report}");
    }
    let limited = report["figures"].as_array().unwrap().iter().find(|figure| !figure["limit"].is_null()).unwrap();
    assert_eq!(limited["samples"].as_array().unwrap().len(), 2, "each round has its sample");
    assert!(limited["limit"]["median"].as_f64().unwrap() > 0.0);
    assert!(report["averageNights"].as_f64().unwrap() > 4.0);

    let folder = TempDir::new().unwrap();
    let file = folder.path().join("commands.ndjson");
    std::fs::write(&file, r#"{"id":"c-1","stream":"a/1","type":"Do"}"#).unwrap();
    let report = bench(&["--import", file.to_str().unwrap()]);
    assert_eq!((&report["committed"], &report["views"]), (&json!(1), &json!(1)), "{report}");
    assert!(names(&report).contains(&"settled and searchable".to_owned()));
}

#[test]
fn an_engine_that_does_not_start_is_told() {
    let run = output(factmill(&["bench", "--place", "/no/such/folder"]));
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("cannot start an engine"), "{}", run.stderr);
}

#[test]
fn a_server_that_is_not_there_ends_with_3() {
    let mut fake = Fake::start(World::default());
    fake.stop();
    for args in [&["views"][..], &["status", "x"], &["import", "/dev/null"], &["verify"], &CREATE] {
        let run = fake.run(args);
        assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{args:?}");
        assert!(run.stderr.contains("factmill run"), "{}", run.stderr);
    }
}

#[test]
fn without_a_token_a_local_servers_key_makes_one() {
    let fake = Fake::start(World::default());
    let folder = TempDir::new().unwrap();
    let tokenless = |args: &[&str]| {
        let mut command = fake.factmill(args);
        command.env_remove("FACTMILL_TOKEN").env("FACTMILL_DATA", folder.path());
        output(command)
    };
    let run = tokenless(&CREATE);
    assert_eq!(run.code, 2, "no key yet: {run:?}");
    assert!(run.stderr.contains("FACTMILL_TOKEN"), "{}", run.stderr);

    local::issuer::Issuer::create_or_open(folder.path()).unwrap();
    assert_eq!(tokenless(&CREATE).code, 0);
    assert!(fake.world().bearers.iter().all(|bearer| bearer.starts_with("Bearer eyJ")));

    let mut elsewhere = factmill(&["views", "--url", "https://factmill.example"]);
    elsewhere.env("FACTMILL_DATA", folder.path());
    let run = output(elsewhere);
    assert_eq!(run.code, 2, "a key of this machine is not for another: {run:?}");
}

#[test]
fn a_token_is_made_from_the_data_folder_alone() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().to_str().unwrap();
    let mint = ["token", "--sub", "alice", "--tenant", "acme", "--role", "guest", "--role", "member", "--data", data];
    assert_eq!(output(factmill(&mint)).code, 2, "there is no key");
    local::issuer::Issuer::create_or_open(folder.path()).unwrap();
    let run = output(factmill(&mint));
    assert_eq!((run.code, run.stdout.trim().split('.').count()), (0, 3), "{run:?}");
    assert_eq!(output(factmill(&["token", "--sub", "a", "--tenant", "b", "--data", data])).code, 2, "no role");
    assert_eq!(output(factmill(&[&mint[..], &["--cmd-id", "c"]].concat())).code, 2, "no digest");
}

#[test]
fn usage_errors_end_with_2_and_help_with_0() {
    for args in [
        &["nonsense"][..],
        &["submit"],
        &["search"],
        &["search", "v", "--where", "nonsense"],
        &["state", "a/1", "--version", "1", "--at", "2026-11-21T08:00:00Z"],
        &["history", "nonsense", "--token", "t"],
        &["views", "--url", "nonsense", "--token", "t"],
        &["submit", "--stream", "a/1", "--type", "T", "--data", "{nonsense", "--token", "t"],
        &["status"],
        &[],
    ] {
        let run = output(factmill(args));
        assert_eq!(run.code, 2, "{args:?}: {run:?}");
        assert!(!run.stderr.is_empty());
    }
    assert!(output(factmill(&["--version"])).stdout.starts_with("factmill "));
    for verb in ["run", "submit", "search", "import", "verify", "bench", "token"] {
        let run = output(factmill(&[verb, "--help"]));
        assert!(run.code == 0 && run.stdout.contains("factmill "), "{verb}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let run = output(factmill(&["completions", shell]));
        assert!(run.code == 0 && run.stdout.contains("import"), "{shell}");
    }
}
