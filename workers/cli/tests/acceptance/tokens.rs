//! Who calls: tokens that are not what they should be are refused alike, everywhere.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};

use crate::support::{Actor, Ask, Claims, Table, Tenant, command, comment, forge, host, id, now};

fn good() -> Claims {
    Claims::of("acme", "alice", &["member", "operator"])
}

fn header() -> Value {
    json!({ "alg": "EdDSA", "typ": "JWT", "kid": host().kid })
}

/// Another issuer's key, in PKCS#8.
fn stranger() -> EncodingKey {
    let mut der = vec![0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    der.extend([7; 32]);
    EncodingKey::from_ed_der(&der)
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// Tokens by what is wrong with them.
fn bad_tokens() -> Vec<(&'static str, String)> {
    let claims = |name, value| good().with(name, value).token();
    let headers = |name: &str, value: Value| {
        let mut header = header();
        header[name] = value;
        if header[name].is_null() {
            header.as_object_mut().unwrap().remove(name);
        }
        forge(&header, &good().0, None)
    };
    let token = good().token();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (head, payload) = message.split_once('.').unwrap();
    let other = part(&good().with("tenant", json!("other")).0);
    let unsigned = |alg: &str| format!("{}.{}", part(&json!({ "alg": alg, "kid": host().kid })), part(&good().0));
    let secret = EncodingKey::from_secret(b"factmill");
    let kid = EncodingKey::from_secret(host().kid.as_bytes());
    let hs = |alg: &str, key: &EncodingKey| {
        forge(&json!({ "alg": alg, "typ": "JWT", "kid": host().kid }), &good().0, Some(key))
    };
    let twice = format!("{{\"sub\":\"bob\",{}", &good().0.to_string()[1..]);
    let twice = format!("{head}.{}.{signature}", URL_SAFE_NO_PAD.encode(twice));
    vec![
        ("expired", claims("exp", json!(now() - 120))),
        ("long expired", claims("exp", json!(1))),
        ("expiry is no number", claims("exp", json!("tomorrow"))),
        ("without expiry", claims("exp", json!(null))),
        ("not yet valid", claims("nbf", json!(now() + 120))),
        ("another issuer", claims("iss", json!("evil"))),
        ("no issuer", claims("iss", json!(null))),
        ("another audience", claims("aud", json!("other"))),
        ("other audiences", claims("aud", json!(["a", "b"]))),
        ("no audience", claims("aud", json!(null))),
        ("no subject", claims("sub", json!(null))),
        ("an empty subject", claims("sub", json!(""))),
        ("a subject that is a number", claims("sub", json!(7))),
        ("no tenant", claims("tenant", json!(null))),
        ("an empty tenant", claims("tenant", json!(""))),
        ("a tenant that is no id", claims("tenant", json!("a/b"))),
        ("a tenant of 32 characters", claims("tenant", json!("x".repeat(32)))),
        ("a tenant that is dots", claims("tenant", json!(".."))),
        ("no roles", claims("roles", json!(null))),
        ("roles that are a text", claims("roles", json!("operator"))),
        ("roles that are numbers", claims("roles", json!([1]))),
        ("a binding that is none", claims("cmd", json!("any"))),
        ("alg none", format!("{}.", unsigned("none"))),
        ("alg NONE", format!("{}.", unsigned("NONE"))),
        ("alg none with a signature", format!("{}.{signature}", unsigned("none"))),
        ("HS256", hs("HS256", &secret)),
        ("HS256 with what is public", hs("HS256", &kid)),
        ("HS384", hs("HS384", &secret)),
        ("HS512", hs("HS512", &secret)),
        ("another algorithm than the key's", format!("{}.{signature}", unsigned("RS256"))),
        ("ES256 under an Ed25519 key", format!("{}.{signature}", unsigned("ES256"))),
        ("another key's signature", forge(&header(), &good().0, Some(&stranger()))),
        ("an unknown kid", headers("kid", json!("nobody"))),
        ("no kid", headers("kid", json!(null))),
        ("a kid that is a path", headers("kid", json!("../../etc/passwd"))),
        ("critical headers", headers("crit", json!(["exp"]))),
        ("another payload", format!("{head}.{other}.{signature}")),
        ("a claim that stands twice", twice),
        ("a cut signature", format!("{head}.{payload}.{}", &signature[..signature.len() - 4])),
        ("an empty signature", format!("{head}.{payload}.")),
        ("two parts", message.to_owned()),
        ("four parts", format!("{token}.x")),
        ("no token at all", "hello".into()),
        ("dots", "..".into()),
        ("a long one", "x".repeat(9_000)),
    ]
}

#[test]
fn a_token_that_is_not_authentic_is_refused_everywhere() {
    let mut table = Table::default();
    let one = command("comment/t-1", "CreateComment", comment("a"));
    for (name, token) in bad_tokens() {
        let asks = [Ask::post("/commands").json(&one), Ask::get("/views/comments"), Ask::get("/streams/comment/t-1")];
        for ask in asks {
            table.row(name, ask.bearer(&token).send().check_problem(401, "unauthenticated"));
        }
    }
    table.end();
}

#[test]
fn what_is_no_bearer_token_is_refused() {
    let mut table = Table::default();
    let token = good().token();
    table.row("none", Ask::get("/views").send().check_problem(401, "unauthenticated"));
    for value in ["Bearer", "Bearer ", "Basic YTpi", &token, &format!("Token {token}"), &format!("Bearer{token}")] {
        let answer = Ask::get("/views").header("authorization", value).send();
        table.row(value, answer.check_problem(401, "unauthenticated"));
    }
    table.end();
    Ask::get("/views").header("authorization", &format!("bearer {token}")).send().is(200);
}

#[test]
fn every_route_but_three_asks_for_a_token() {
    let mut table = Table::default();
    let body = json!({});
    for (method, path) in [
        ("POST", "/commands"),
        ("POST", "/commands/check"),
        ("GET", "/commands/x"),
        ("POST", "/commands/status"),
        ("GET", "/views"),
        ("GET", "/views/comments"),
        ("GET", "/views/nothing"),
        ("GET", "/views/comments/x"),
        ("POST", "/views/comments/search"),
        ("GET", "/reports"),
        ("GET", "/reports/occupancy"),
        ("GET", "/streams/comment/x"),
        ("GET", "/streams/comment/x/state"),
        ("POST", "/verify"),
    ] {
        let ask = Ask::new(method, path);
        let ask = if method == "POST" { ask.json(&body) } else { ask };
        table.row(format!("{method} {path}"), ask.send().check_problem(401, "unauthenticated"));
    }
    table.end();
    for path in ["/health", "/openapi.json", "/docs"] {
        assert_eq!(Ask::get(path).send().status, 200, "{path}");
    }
}

#[test]
fn clocks_may_differ_by_a_minute() {
    for (name, value) in [("exp", now() - 30), ("nbf", now() + 30)] {
        Ask::get("/views").bearer(&good().with(name, json!(value)).token()).send().is(200);
    }
    Ask::get("/views").bearer(&good().with("aud", json!(["other", "factmill"])).token()).send().is(200);
}

#[test]
fn a_claim_that_is_not_known_is_ignored() {
    Ask::get("/views").bearer(&good().with("email", json!("a@b.example")).token()).send().is(200);
}

/// The digest of a command's content, by the contract's words.
fn digest_of(canonical: &str) -> String {
    use sha2::Digest as _;
    URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(canonical))
}

#[test]
fn a_bound_token_is_good_for_its_command_and_for_reading() {
    let tenant = Tenant::new();
    let canonical = r#"{"data":{"subject":"picture/42","text":"é 1"},"stream":"comment/b-1","type":"CreateComment"}"#;
    let bound = |id: &str, digest: &str| {
        let claims = Claims::of(&tenant.0, "alice", &["member"]).with("cmd", json!({ "id": id, "digest": digest }));
        Actor::new(&tenant.0, claims.token())
    };
    let mut one = command("comment/b-1", "CreateComment", comment("é 1"));
    let mine = bound(one["id"].as_str().unwrap(), &digest_of(canonical));
    // null and absent are the same, before and after
    one["data"]["text"] = json!("é 1");
    one["correlationId"] = json!("not-a-part-of-it");
    one["expectedVersion"] = json!(null);

    let mut table = Table::default();
    let mut other_id = one.clone();
    other_id["id"] = json!(id());
    let mut other_text = one.clone();
    other_text["data"]["text"] = json!("other");
    let mut other_stream = one.clone();
    other_stream["stream"] = json!("comment/b-2");
    let mut expecting = one.clone();
    expecting["expectedVersion"] = json!(0);
    for other in [&other_id, &other_text, &other_stream, &expecting] {
        for path in ["/commands", "/commands/check"] {
            table.row(other, mine.post(path, other).check_problem(403, "forbidden"));
        }
    }
    let batch = mine.post("/commands", &json!([other_id])).is(202);
    assert_eq!(batch["refused"][0]["refusal"]["code"], "forbidden", "{batch}");
    let wrong = bound(one["id"].as_str().unwrap(), "AAAA");
    table.row("digest", wrong.post("/commands", &one).check_problem(403, "forbidden"));
    table.end();

    assert_eq!(mine.settle(&one)["status"], "committed");
    mine.get("/views/comments").is(200);
    mine.get(format!("/commands/{}", one["id"].as_str().unwrap())).is(200);
}

#[test]
fn an_invalid_command_is_invalid_before_its_token_binds() {
    let claims = good().with("cmd", json!({ "id": "x", "digest": "y" }));
    let bad = command("comment/b-3", "CreateComment", json!({}));
    let answer = Ask::post("/commands").bearer(&claims.token()).json(&bad).send();
    answer.invalid(&["/data/subject required", "/data/text required"]);
}
