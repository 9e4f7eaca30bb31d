//! Bodies that are no JSON as it should be, too large, or of another kind.

use serde_json::{Value, json};

use crate::support::{Ask, Table, Tenant, command, comment, id};

const LARGEST: usize = 65_536;

fn create() -> Value {
    command("comment/e-1", "CreateComment", comment("a"))
}

/// A valid command whose text begins anew with `head`.
fn raw(data: &str) -> String {
    format!(r#"{{"id":"{}","stream":"comment/e-1","type":"CreateComment","data":{data}}}"#, id())
}

/// Bodies that are not JSON as it should be, or no command at all.
fn malformed() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: &str| raw(&format!(r#"{{"subject":"p","text":{text}}}"#)).into_bytes();
    let deep = |open: &str, close: &str, depth| text(&format!("{}1{}", open.repeat(depth), close.repeat(depth)));
    let mut bytes = text("\"?\"");
    let at = bytes.iter().position(|byte| *byte == b'?').unwrap();
    bytes[at] = 0xff;
    let mut surrogate = text("\"???\"");
    let at = surrogate.iter().position(|byte| *byte == b'?').unwrap();
    surrogate.splice(at..at + 3, [0xed, 0xa0, 0x80]);
    let envelope = |name: &str, value: Value| {
        let mut command = create();
        command[name] = value;
        command.to_string().into_bytes()
    };
    vec![
        ("nothing", vec![]),
        ("blank", b"  \n".to_vec()),
        ("no json", b"hello".to_vec()),
        ("cut", b"{\"id\":".to_vec()),
        ("a comma too many", text("\"a\",")),
        ("a comment", text("\"a\" /* b */")),
        ("single quotes", text("'a'")),
        ("more behind it", [text("\"a\""), b" {}".to_vec()].concat()),
        ("null", b"null".to_vec()),
        ("a number", b"7".to_vec()),
        ("a text", b"\"a\"".to_vec()),
        ("true", b"true".to_vec()),
        ("not UTF-8", bytes),
        ("a surrogate in UTF-8", surrogate),
        ("a lone high surrogate", text(r#""\ud800""#)),
        ("a lone low surrogate", text(r#""\udc00 a""#)),
        ("a reversed pair", text(r#""\udc00\ud800""#)),
        ("a control character", text("\"\n\"")),
        ("a bad escape", text(r#""\x""#)),
        ("NaN", text("NaN")),
        ("Infinity", text("Infinity")),
        ("-Infinity", text("-Infinity")),
        ("beyond 2^53", text("9007199254740993")),
        ("beyond -2^53", text("-9007199254740993")),
        ("beyond 2^64", text("99999999999999999999")),
        ("1e999", text("1e999")),
        ("1e300", text("1e300")),
        ("a leading zero", text("01")),
        ("hex", text("0x10")),
        ("a key twice in the data", raw(r#"{"subject":"p","text":"a","text":"a"}"#).into_bytes()),
        ("a key twice, escaped", raw(r#"{"subject":"p","text":"a","te\u0078t":"a"}"#).into_bytes()),
        ("a key twice, one null", raw(r#"{"subject":"p","text":"a","text":null}"#).into_bytes()),
        ("a key twice in the envelope", format!("{{\"id\":\"a\",{}", &create().to_string()[1..]).into_bytes()),
        ("deep arrays", deep("[", "]", 10_000)),
        ("deep objects", deep(r#"{"a":"#, "}", 5_000)),
        ("an id that is a number", envelope("id", json!(7))),
        ("a stream that is an array", envelope("stream", json!(["comment/1"]))),
        ("a type that is an object", envelope("type", json!({}))),
        ("data that is a text", envelope("data", json!("a"))),
        ("data that is an array", envelope("data", json!([]))),
        ("a time that is a number", envelope("issuedAt", json!(1_700_000_000))),
        ("an expected version that is a text", envelope("expectedVersion", json!("4"))),
        ("an expected version that is true", envelope("expectedVersion", json!(true))),
        ("a correlation that is a number", envelope("correlationId", json!(1))),
        ("a causation that is an object", envelope("causationId", json!({}))),
        ("a traceparent that is a number", envelope("traceparent", json!(1))),
    ]
}

#[test]
fn what_is_no_command_is_malformed() {
    let member = Tenant::new().member("alice");
    let mut table = Table::default();
    for (name, body) in malformed() {
        for path in ["/commands", "/commands/check"] {
            let answer = Ask::post(path).by(&member).body(body.clone()).send();
            table.row(format!("{name} {path}"), answer.check_problem(400, "malformed"));
        }
    }
    table.end();
}

#[test]
fn a_command_has_at_most_64_kilobytes_as_sent() {
    let member = Tenant::new().member("alice");
    let sized = |length: usize| {
        let body = create().to_string();
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    Ask::post("/commands").by(&member).body(sized(LARGEST)).send().is(202);
    for path in ["/commands", "/commands/check"] {
        Ask::post(path).by(&member).body(sized(LARGEST + 1)).send().problem(413, "too-large");
    }
    // within an array or a line each counts by itself
    let padded = |length: usize| {
        let body = create().to_string();
        format!("{}{}}}", &body[..body.len() - 1], " ".repeat(length - body.len()))
    };
    let (good, bad) = (padded(LARGEST), padded(LARGEST + 1));
    let answers = [
        Ask::post("/commands").by(&member).body(format!("[{good},{bad}]")).send(),
        Ask::post("/commands").by(&member).lines(&format!("{good}\n{bad}\n")).send(),
    ];
    for answer in answers {
        let told = answer.is(202);
        assert_eq!(told["queued"], 1, "{told}");
        assert_eq!(
            (&told["refused"][0]["index"], &told["refused"][0]["refusal"]["code"]),
            (&json!(1), &json!("too-large"))
        );
    }
}

#[test]
fn a_body_has_at_most_4_megabytes() {
    let member = Tenant::new().member("alice");
    let sized = |length: usize| format!("[{}{}]", create(), " ".repeat(length - 2 - create().to_string().len()));
    Ask::post("/commands").by(&member).body(sized(4 << 20)).send().is(202);
    let mut table = Table::default();
    let body = sized((4 << 20) + 1);
    table.row("array", Ask::post("/commands").by(&member).body(body.clone()).send().check_problem(413, "too-large"));
    table.row("lines", Ask::post("/commands").by(&member).lines(&body).send().check_problem(413, "too-large"));
    for path in ["/commands/check", "/commands/status", "/views/comments/search"] {
        table.row(path, Ask::post(path).by(&member).body(body.clone()).send().check_problem(413, "too-large"));
    }
    table.end();
}

#[test]
fn other_media_are_not_taken() {
    let member = Tenant::new().member("alice");
    let body = create().to_string();
    let mut table = Table::default();
    // a gateway may read a form before we do, so it is one
    let form = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n";
    for (media, body) in [
        ("text/plain", body.as_str()),
        ("application/xml", &body),
        ("application/x-www-form-urlencoded", &body),
        ("multipart/form-data; boundary=b", form),
    ] {
        for path in ["/commands", "/commands/check", "/commands/status", "/views/comments/search"] {
            let answer = Ask::post(path).by(&member).typed(media, body).send();
            table.row(format!("{media} {path}"), answer.check_problem(415, "unsupported-media-type"));
        }
    }
    for path in ["/commands/check", "/commands/status", "/views/comments/search"] {
        let answer = Ask::post(path).by(&member).lines(&body).send();
        table.row(format!("lines {path}"), answer.check_problem(415, "unsupported-media-type"));
    }
    table.end();
    Ask::post("/commands").by(&member).typed("application/json; charset=utf-8", body).send().is(202);
}
