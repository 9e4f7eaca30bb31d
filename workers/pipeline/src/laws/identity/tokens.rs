//! What every verifier of tokens must do. Each law takes a verifier that trusts the issuer it is given.

#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "a law fails by panicking")]

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{
    Algorithm, EncodingKey,
    jwk::{Jwk, JwkSet},
};
use serde_json::{Value, json};

use crate::ports::identity::{Bound, Claims, TokenError, TokenVerifier};

/// What `$each` makes of the list of all laws.
#[macro_export]
macro_rules! token_verifier_laws {
    ([$($each:tt)+]) => {
        $($each)+! {
            takes_good_tokens,
            takes_the_forms_that_claims_may_have,
            takes_a_token_again,
            refuses_other_algorithms,
            refuses_a_key_of_another_type,
            refuses_headers_that_it_does_not_know,
            refuses_wrong_claims,
            refuses_tampered_tokens,
            refuses_garbage,
            judges_the_time_it_is_given,
            believes_no_expired_forgery,
        }
    };
}

/// An issuer that can also sign what no issuer should.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// Its `iss`.
    pub name: String,
    /// Its keys: one for each of `EdDSA`, ES256 and RS256.
    pub signers: Vec<Signer>,
}

/// A private key of an issuer.
#[derive(Debug, Clone)]
pub struct Signer {
    /// The key's id.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// The key.
    pub key: EncodingKey,
}

impl Issuer {
    /// The public keys.
    pub fn jwks(&self) -> JwkSet {
        JwkSet { keys: self.signers.iter().map(Signer::jwk).collect() }
    }

    /// Claims that are good until `expires`.
    pub fn claims(&self, expires: Timestamp) -> Value {
        json!({
            "iss": self.name, "aud": "factmill", "exp": expires.as_second(),
            "sub": "alice", "tenant": "acme", "roles": ["guest", "member"],
        })
    }

    /// A good token.
    pub fn token(&self, expires: Timestamp) -> String {
        self.first().sign(&self.claims(expires))
    }

    fn first(&self) -> &Signer {
        self.signers.first().expect("an issuer has keys")
    }
}

impl Signer {
    /// The public key.
    pub fn jwk(&self) -> Jwk {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).expect("the key fits its algorithm");
        jwk.common.key_id = Some(self.kid.clone());
        jwk
    }

    /// Signs claims.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_under(&json!({ "alg": self.algorithm, "kid": self.kid }), claims.to_string().as_bytes())
    }

    /// Signs anything under any header.
    pub fn sign_under(&self, header: &Value, payload: &[u8]) -> String {
        sealed(header, payload, &self.key, self.algorithm)
    }
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn sealed(header: &Value, payload: &[u8], key: &EncodingKey, algorithm: Algorithm) -> String {
    let message = format!("{}.{}", encoded(header.to_string().as_bytes()), encoded(payload));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).expect("it can be signed");
    format!("{message}.{signature}")
}

/// A time for the laws: what is asked is judged as of then, whenever a law runs.
pub fn noon() -> Timestamp {
    Timestamp::from_second(1_795_262_400).expect("a time")
}

fn seconds(number: i64) -> SignedDuration {
    SignedDuration::from_secs(number)
}

async fn refuse(verifier: &dyn TokenVerifier, token: &str, why: &str) {
    let answer = verifier.verify(token, noon()).await;
    assert!(matches!(answer, Err(TokenError::Invalid(_))), "{why}: {answer:?}");
}

/// A token of each algorithm is taken, and says who asks.
pub async fn takes_good_tokens(verifier: &dyn TokenVerifier, issuer: &Issuer) {
    let expires = noon() + seconds(600);
    for signer in &issuer.signers {
        let claims: Arc<Claims> =
            verifier.verify(&signer.sign(&issuer.claims(expires)), noon()).await.expect("a good token");
        assert_eq!((claims.tenant.as_str(), claims.actor.sub.as_str()), ("acme", "alice"), "{:?}", signer.algorithm);
        assert_eq!(claims.actor.roles, ["guest", "member"].map(str::to_owned).into());
        assert_eq!((claims.expires, &claims.bound), (expires, &None));
    }
}

/// An audience may be one of several, roles may be none, times may have fractions, and a token may be bound.
pub async fn takes_the_forms_that_claims_may_have(verifier: &dyn TokenVerifier, issuer: &Issuer) {
    let mut claims = issuer.claims(noon());
    claims["aud"] = json!(["another", "factmill"]);
    claims["roles"] = json!([]);
    claims["exp"] = json!(1_795_262_700.5);
    claims["nbf"] = json!(1_795_262_399.25);
    claims["cmd"] = json!({ "id": "c-1", "digest": "d" });
    claims["jti"] = json!({ "whatever": ["it", 1] });
    let claims = verifier.verify(&issuer.first().sign(&claims), noon()).await.expect("a good token");
    assert!(claims.actor.roles.is_empty());
    assert_eq!(claims.bound, Some(Bound { id: "c-1".into(), digest: "d".into() }));
    assert_eq!(claims.expires.as_millisecond(), 1_795_262_700_500);
}

/// The same token is taken again, as the same claims.
pub async fn takes_a_token_again(verifier: &dyn TokenVerifier, issuer: &Issuer) {
    let token = issuer.token(noon() + seconds(600));
    let first = verifier.verify(&token, noon()).await.expect("a good token");
    assert_eq!(verifier.verify(&token, noon()).await.expect("the same token"), first);
}

/// Only `EdDSA`, ES256 and RS256: no unsigned token, and none that takes a public key for a shared secret.
pub async fn refuses_other_algorithms(verifier: &dyn TokenVerifier, issuer: &Issuer) {
    let claims = issuer.claims(noon() + seconds(600)).to_string();
    for signer in &issuer.signers {
        let jwk = serde_json::to_value(signer.jwk()).expect("a key is json");
        let public = jwk["x"].as_str().or(jwk["n"].as_str()).expect("a public key");
        let public = URL_SAFE_NO_PAD.decode(public).expect("base64url");
        for secret in [public, jwk.to_string().into_bytes()] {
            let header = json!({ "alg": "HS256", "kid": signer.kid });
            let token = sealed(&header, claims.as_bytes(), &EncodingKey::from_secret(&secret), Algorithm::HS256);
            refuse(verifier, &token, "a shared secret").await;
        }
        for name in ["none", "None", "HS256", "HS512", "ES384", "RS512", "PS256", "eddsa", ""] {
            let token = signer.sign_under(&json!({ "alg": name, "kid": signer.kid }), claims.as_bytes());
            refuse(verifier, &token, name).await;
            let unsigned = token.rsplit_once('.').map_or("", |(message, _)| message);
            refuse(verifier, &format!("{unsigned}."), "no signature").await;
        }
    }
}

/// A key verifies its own algorithm only.
pub async fn refuses_a_key_of_another_type(verifier: &dyn TokenVerifier, issuer: &Issuer) {
    let claims = issuer.claims(noon() + seconds(600)).to_string();
    for signer in &issuer.signers {
        for other in issuer.signers.iter().filter(|other| other.kid != signer.kid) {
            for header in [
                json!({ "alg": signer.algorithm, "kid": other.kid }),
                json!({ "alg": other.algorithm, "kid": signer.kid }),
                json!({ "alg": other.algorithm, "kid": other.kid }),
            ] {
                refuse(verifier, &signer.sign_under(&header, claims.as_bytes()), &header.to_string()).await;
            }
        }
    }
}

/// Keys are the issuer's, by `kid`, never what the token itself brings; critical headers are not understood.
pub async fn refuses_headers_that_it_does_not_know(verifier: &dyn TokenVerifier, issuer: &Issuer) {
    let signer = issuer.first();
    let claims = issuer.claims(noon() + seconds(600)).to_string();
    let own = signer.jwk();
    for header in [
        json!({ "alg": signer.algorithm }),
        json!({ "alg": signer.algorithm, "kid": null }),
        json!({ "alg": signer.algorithm, "kid": "unknown" }),
        json!({ "alg": signer.algorithm, "kid": "unknown", "jwk": own }),
        json!({ "alg": signer.algorithm, "kid": 5 }),
        json!({ "alg": signer.algorithm, "kid": signer.kid, "crit": ["exp"] }),
        json!({ "alg": signer.algorithm, "kid": signer.kid, "crit": [] }),
        json!({ "kid": signer.kid }),
        json!([]),
    ] {
        refuse(verifier, &signer.sign_under(&header, claims.as_bytes()), &header.to_string()).await;
    }
}

/// Every claim must be there, and be what it should be.
pub async fn refuses_wrong_claims(verifier: &dyn TokenVerifier, issuer: &Issuer) {
    let good = issuer.claims(noon() + seconds(600));
    for name in ["iss", "aud", "exp", "sub", "tenant", "roles"] {
        let mut claims = good.clone();
        claims.as_object_mut().expect("an object").remove(name);
        refuse(verifier, &issuer.first().sign(&claims), &format!("no {name}")).await;
    }
    for (name, value) in [
        ("iss", json!("another")),
        ("iss", json!([issuer.name])),
        ("aud", json!("another")),
        ("aud", json!([])),
        ("aud", json!({ "factmill": true })),
        ("exp", json!("1795263000")),
        ("exp", json!(1e300)),
        ("exp", json!(u64::MAX)),
        ("exp", json!(i64::MIN)),
        ("exp", json!(9_007_199_254_740_992_i64)),
        ("exp", json!(true)),
        ("nbf", json!("soon")),
        ("nbf", json!(1e17)),
        ("sub", json!("")),
        ("sub", json!("a".repeat(257))),
        ("sub", json!(5)),
        ("tenant", json!("")),
        ("tenant", json!("a/b")),
        ("tenant", json!("a".repeat(32))),
        ("roles", json!("guest")),
        ("roles", json!(["guest", 5])),
        ("roles", json!([""])),
        ("cmd", json!("c-1")),
        ("cmd", json!({ "id": "c-1" })),
    ] {
        let mut claims = good.clone();
        claims[name] = value;
        refuse(verifier, &issuer.first().sign(&claims), &claims.to_string()).await;
    }
    let twice = good.to_string().replacen('{', r#"{"tenant":"another","#, 1);
    let signer = issuer.first();
    let header = json!({ "alg": signer.algorithm, "kid": signer.kid });
    refuse(verifier, &signer.sign_under(&header, twice.as_bytes()), "a claim twice").await;
    refuse(verifier, &signer.sign_under(&header, b"[]"), "no object").await;
    refuse(verifier, &signer.sign_under(&header, b""), "no claims").await;
}

/// A token that was changed is not the issuer's.
pub async fn refuses_tampered_tokens(verifier: &dyn TokenVerifier, issuer: &Issuer) {
    for signer in &issuer.signers {
        let token = signer.sign(&issuer.claims(noon() + seconds(600)));
        let mut parts = token.split('.').map(str::to_owned).collect::<Vec<_>>();
        let mut claims = issuer.claims(noon() + seconds(600));
        claims["roles"] = json!(["operator"]);
        parts[1] = encoded(claims.to_string().as_bytes());
        refuse(verifier, &parts.join("."), "other claims").await;
        parts[2] = encoded(&[0; 64]);
        refuse(verifier, &parts.join("."), "a signature of zeros").await;
        parts[2] = String::new();
        refuse(verifier, &parts.join("."), "no signature").await;
    }
}

/// Whatever else comes is refused too.
pub async fn refuses_garbage(verifier: &dyn TokenVerifier, issuer: &Issuer) {
    let mut long = issuer.claims(noon() + seconds(600));
    long["padding"] = json!("x".repeat(9_000));
    let token = issuer.token(noon() + seconds(600));
    for garbage in [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "Bearer",
        "\u{0}",
        "ä.ö.ü",
        &"x".repeat(1 << 20),
        &".".repeat(9_000),
        &issuer.first().sign(&long),
        &format!("{token}."),
        &format!(" {token}"),
        &format!("{token}="),
        &token[1..],
    ] {
        refuse(verifier, garbage, &garbage.chars().take(40).collect::<String>()).await;
    }
}

/// A token that has expired says whose it was; another 60 seconds are given, and not one more.
pub async fn judges_the_time_it_is_given(verifier: &dyn TokenVerifier, issuer: &Issuer) {
    let mut claims = issuer.claims(noon());
    claims["nbf"] = json!((noon() - seconds(600)).as_second());
    let token = issuer.first().sign(&claims);
    for (at, good) in [(-661, false), (-660, true), (-600, true), (0, true), (59, true), (60, false), (86_400, false)] {
        let answer = verifier.verify(&token, noon() + seconds(at)).await;
        match answer {
            Ok(_) => assert!(good, "{at}"),
            Err(TokenError::Expired(claims)) => {
                assert!(at >= 60, "{at}");
                assert_eq!((claims.tenant.as_str(), claims.actor.sub.as_str()), ("acme", "alice"));
            }
            Err(error) => assert!(matches!(error, TokenError::Invalid(_)) && at < -660, "{at}: {error:?}"),
        }
    }
}

/// An expired token of another's signing names nobody.
pub async fn believes_no_expired_forgery(verifier: &dyn TokenVerifier, issuer: &Issuer) {
    let token = issuer.token(noon() - seconds(3_600));
    let (message, _) = token.rsplit_once('.').expect("three parts");
    refuse(verifier, &format!("{message}.{}", encoded(&[1; 64])), "an expired forgery").await;
}
