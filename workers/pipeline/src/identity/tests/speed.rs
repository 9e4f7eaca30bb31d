//! How long it takes: `cargo test --release -p pipeline speed -- --ignored --nocapture`.

use std::{hint::black_box, sync::Arc, time::Instant};

use jiff::SignedDuration;
use kernel::{Actor, Attribute};

use super::issuer;
use crate::{
    identity::{CedarEngine, FixedKeys, JwtVerifier},
    laws::identity::{policies::POLICIES, tokens::noon},
    ports::identity::{KeySource, PolicyEngine, Resource, TokenVerifier},
};

/// The fastest of 50 turns: what other programs take away doesn't count.
#[expect(clippy::print_stdout, reason = "it is made to be read")]
fn report(what: &str, rounds: u32, mut round: impl FnMut()) {
    let mut turn = || {
        let start = Instant::now();
        (0..rounds).for_each(|_| round());
        start.elapsed() / rounds
    };
    let fastest = (0..50).map(|_| turn()).min().unwrap_or_default();
    println!("{what}: {fastest:?}");
}

#[test]
#[ignore = "measures, in a release build"]
fn speed_of_tokens() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let issuer = issuer();
    let keys = Arc::new(FixedKeys::new(issuer.jwks()));
    let new = || JwtVerifier::new(&issuer.name, Arc::clone(&keys) as Arc<dyn KeySource>);
    for signer in &issuer.signers {
        let token = signer.sign(&issuer.claims(noon() + SignedDuration::from_secs(600)));
        report(&format!("{:?}, {} bytes, new", signer.algorithm, token.len()), 4, || {
            runtime.block_on(new().verify(&token, noon())).unwrap();
        });
        let verifier = new();
        report(&format!("{:?}, known, a thousand times", signer.algorithm), 1, || {
            runtime.block_on(async {
                for _ in 0..1_000 {
                    black_box(verifier.verify(&token, noon()).await.unwrap());
                }
            });
        });
    }
}

#[test]
#[ignore = "measures, in a release build"]
fn speed_of_policies() {
    let engine = CedarEngine::new(&[POLICIES]).unwrap();
    let actor = Actor { sub: "m".into(), roles: ["member", "guest", "customer"].map(str::to_owned).into() };
    report("early, known", 1_000, || {
        black_box(engine.early(black_box(&actor), "work-item", "Open"));
    });
    report("early by subject, known", 1_000, || {
        black_box(engine.early(black_box(&actor), "work-item", "Rename"));
    });
    let attributes =
        vec![("owner", Attribute::from("m")), ("locked", Attribute::Boolean(false)), ("weight", Attribute::Integer(5))];
    let resource = Resource { kind: "WorkItem", id: "work-item/1", attributes };
    report("command on a resource", 200, || {
        black_box(engine.command(black_box(&actor), "work-item", "Rename", &resource));
    });
    let view = Resource { kind: "View", id: "items", attributes: vec![] };
    report("reading a view", 200, || {
        black_box(engine.access(black_box(&actor), "read", &view));
    });
}
