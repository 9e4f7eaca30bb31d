//! The verifier keeps the laws; its keys come and go as they should.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use jiff::SignedDuration;
use jsonwebtoken::jwk::JwkSet;
use serde_json::json;

use super::issuer;
use crate::{
    identity::{FixedKeys, JwtVerifier, KeyFile},
    laws::identity::tokens::{self as laws, Issuer, noon},
    ports::{
        Unavailable,
        identity::{KeySource, TokenError, TokenVerifier},
    },
};

macro_rules! laws {
    ($($law:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $law() {
            let issuer = issuer();
            let verifier = JwtVerifier::new(&issuer.name, Arc::new(FixedKeys::new(issuer.jwks())));
            laws::$law(&verifier, &issuer).await;
        })+
    };
}

crate::token_verifier_laws! { [laws] }

/// Keys that can change and go away, and that count how often they are read.
#[derive(Default)]
struct Keys {
    set: Mutex<Option<JwkSet>>,
    read: AtomicUsize,
}

impl Keys {
    fn of(issuer: &Issuer) -> Arc<Self> {
        Arc::new(Self { set: Mutex::new(Some(issuer.jwks())), read: AtomicUsize::new(0) })
    }

    fn change_to(&self, set: Option<JwkSet>) {
        *self.set.lock().unwrap() = set;
    }

    fn read(&self) -> usize {
        self.read.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl KeySource for Keys {
    async fn keys(&self) -> Result<Arc<JwkSet>, Unavailable> {
        self.read.fetch_add(1, Ordering::SeqCst);
        let set = self.set.lock().unwrap().clone();
        set.map(Arc::new).ok_or_else(|| Unavailable::new("reading the issuer's keys", "they are away"))
    }
}

fn good(issuer: &Issuer) -> String {
    issuer.token(noon() + SignedDuration::from_secs(600))
}

fn is_unavailable<T: std::fmt::Debug>(answer: &Result<T, TokenError>) -> bool {
    matches!(answer, Err(TokenError::Unavailable(_)))
}

#[tokio::test]
async fn the_same_claims_are_shared() {
    let issuer = issuer();
    let verifier = JwtVerifier::new(&issuer.name, Keys::of(&issuer));
    let token = good(&issuer);
    let first = verifier.verify(&token, noon()).await.unwrap();
    assert!(Arc::ptr_eq(&first, &verifier.verify(&token, noon()).await.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_key_makes_the_keys_be_read_again_but_not_often() {
    let (old, new) = (issuer(), issuer());
    let keys = Keys::of(&old);
    let verifier = JwtVerifier::new(&old.name, Arc::clone(&keys) as Arc<dyn KeySource>);
    let mut unknown = new.signers[0].clone();
    unknown.kid = "new".into();
    let token = unknown.sign(&new.claims(noon() + SignedDuration::from_secs(600)));

    verifier.verify(&good(&old), noon()).await.unwrap();
    assert_eq!(keys.read(), 1);
    for _ in 0..10 {
        assert!(matches!(verifier.verify(&token, noon()).await, Err(TokenError::Invalid(_))));
    }
    assert_eq!(keys.read(), 1, "they were read a moment ago");

    keys.change_to(Some(JwkSet { keys: vec![old.signers[0].jwk(), unknown.jwk()] }));
    tokio::time::advance(Duration::from_secs(5)).await;
    verifier.verify(&token, noon()).await.unwrap();
    verifier.verify(&good(&old), noon()).await.unwrap();
    assert_eq!(keys.read(), 2);
}

#[tokio::test(start_paused = true)]
async fn keys_that_can_not_be_reached_are_an_outage_and_known_tokens_go_on() {
    let issuer = issuer();
    let keys = Keys::of(&issuer);
    keys.change_to(None);
    let verifier = JwtVerifier::new(&issuer.name, Arc::clone(&keys) as Arc<dyn KeySource>);
    for _ in 0..3 {
        assert!(is_unavailable(&verifier.verify(&good(&issuer), noon()).await));
    }
    assert_eq!(keys.read(), 1);
    assert!(matches!(verifier.verify("garbage", noon()).await, Err(TokenError::Invalid(_))));

    keys.change_to(Some(issuer.jwks()));
    tokio::time::advance(Duration::from_secs(5)).await;
    verifier.verify(&good(&issuer), noon()).await.unwrap();

    keys.change_to(None);
    tokio::time::advance(Duration::from_hours(1)).await;
    verifier.verify(&good(&issuer), noon()).await.unwrap();
    let fresh = issuer.token(noon() + SignedDuration::from_secs(601));
    verifier.verify(&fresh, noon()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_token_of_a_key_that_was_withdrawn_is_refused_within_a_minute() {
    let issuer = issuer();
    let keys = Keys::of(&issuer);
    let verifier = JwtVerifier::new(&issuer.name, Arc::clone(&keys) as Arc<dyn KeySource>);
    verifier.verify(&good(&issuer), noon()).await.unwrap();
    keys.change_to(Some(JwkSet { keys: vec![issuer.signers[1].jwk()] }));
    verifier.verify(&good(&issuer), noon()).await.unwrap();
    tokio::time::advance(Duration::from_mins(1)).await;
    assert!(matches!(verifier.verify(&good(&issuer), noon()).await, Err(TokenError::Invalid(_))));
}

#[tokio::test(start_paused = true)]
async fn a_key_file_may_be_replaced() {
    let (old, new) = (issuer(), issuer());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let verifier = JwtVerifier::new(&old.name, Arc::new(KeyFile::new(&path)));
    assert!(is_unavailable(&verifier.verify(&good(&old), noon()).await));
    std::fs::write(&path, "{").unwrap();
    tokio::time::advance(Duration::from_secs(5)).await;
    assert!(is_unavailable(&verifier.verify(&good(&old), noon()).await));
    for issuer in [old, new] {
        std::fs::write(&path, serde_json::to_vec(&issuer.jwks()).unwrap()).unwrap();
        tokio::time::advance(Duration::from_mins(1)).await;
        let token = good(&issuer);
        // the first asks with the keys there are, and makes them be read
        verifier.verify(&token, noon()).await.unwrap();
    }
}

#[tokio::test]
async fn keys_that_do_not_fit_are_not_used_and_spoil_no_other() {
    let issuer = issuer();
    let good_set = serde_json::to_value(issuer.jwks()).unwrap();
    for (name, value) in [
        ("use", json!("enc")),
        ("key_ops", json!(["encrypt"])),
        ("alg", json!("ES256")),
        ("alg", json!("HS256")),
        ("x", json!("AAAA")),
        ("x", json!("***")),
        ("crv", json!("P-256")),
        ("crv", json!("Ed448")),
        ("kty", json!("AKP")),
        ("kid", json!("another")),
    ] {
        let mut set = good_set.clone();
        set["keys"][0][name] = value;
        let verifier =
            JwtVerifier::new(&issuer.name, Arc::new(FixedKeys::new(serde_json::from_value(set.clone()).unwrap())));
        assert!(matches!(verifier.verify(&good(&issuer), noon()).await, Err(TokenError::Invalid(_))), "{set}");
        let other = issuer.signers[1].sign(&issuer.claims(noon()));
        verifier.verify(&other, noon()).await.unwrap();
    }
}
