//! Verifiers of tokens.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey};
use kernel::Actor;
use pipeline::{
    identity::{FixedKeys, JwtVerifier},
    laws::identity::tokens::{Issuer, Signer},
    ports::identity::{Claims, TokenError, TokenVerifier},
};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Bug {
    /// It takes what has expired.
    IgnoresExpiry,
    /// It gives a minute more.
    MoreLeeway,
    /// It forgets the binding.
    Unbinds,
    /// It takes the header's word for the algorithm.
    BelievesTheClaims,
}

struct Broken(JwtVerifier, Bug);

#[async_trait]
impl TokenVerifier for Broken {
    async fn verify(&self, token: &str, at: Timestamp) -> Result<Arc<Claims>, TokenError> {
        let told = self.0.verify(token, at).await;
        match (self.1, told) {
            (Bug::IgnoresExpiry, Err(TokenError::Expired(claims))) => Ok(Arc::new(*claims)),
            (Bug::MoreLeeway, Err(TokenError::Expired(_))) => {
                self.0.verify(token, at - SignedDuration::from_mins(1)).await
            }
            (Bug::Unbinds, Ok(claims)) => Ok(Arc::new(Claims { bound: None, ..(*claims).clone() })),
            (Bug::BelievesTheClaims, Err(TokenError::Invalid(_)))
                if token.ends_with(
                    ".AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ",
                ) =>
            {
                Err(TokenError::Expired(Box::new(Claims {
                    tenant: "acme".parse().unwrap(),
                    actor: Arc::new(Actor { sub: "alice".into(), roles: std::collections::BTreeSet::new() }),
                    bound: None,
                    expires: at,
                })))
            }
            (_, told) => told,
        }
    }
}

/// An issuer of one key: its PKCS #8 form is a fixed head and 32 bytes.
fn one_issuer() -> Issuer {
    let mut der = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
    der.extend_from_slice(&[7; 32]);
    let signer = Signer { kid: "ed".into(), algorithm: Algorithm::EdDSA, key: EncodingKey::from_ed_der(&der) };
    Issuer { name: "https://issuer.example".into(), signers: vec![signer] }
}

macro_rules! failing {
    ($($law:ident),+ $(,)?) => {
        async fn failing(bug: Bug) -> Vec<&'static str> {
            let mut failed = Vec::new();
            $(
                let issuer = one_issuer();
                let verifier = Broken(JwtVerifier::new(&issuer.name, Arc::new(FixedKeys::new(issuer.jwks()))), bug);
                if super::fails(pipeline::laws::identity::tokens::$law(&verifier, &issuer)).await {
                    failed.push(stringify!($law));
                }
            )+
            failed
        }
    };
}

pipeline::token_verifier_laws! { [failing] }

#[tokio::test]
async fn each_broken_verifier_fails_its_own_law() {
    for (bug, laws) in [
        (Bug::IgnoresExpiry, ["judges_the_time_it_is_given"]),
        (Bug::MoreLeeway, ["judges_the_time_it_is_given"]),
        (Bug::Unbinds, ["takes_the_forms_that_claims_may_have"]),
        (Bug::BelievesTheClaims, ["believes_no_expired_forgery"]),
    ] {
        assert_eq!(failing(bug).await, laws, "{bug:?}");
    }
}
