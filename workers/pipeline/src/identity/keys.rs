//! The issuer's public keys.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, KeyOperations, PublicKeyUse},
};

use crate::ports::{Unavailable, identity::KeySource};

/// Keys that never change.
#[derive(Debug, Clone)]
pub struct FixedKeys(Arc<JwkSet>);

impl FixedKeys {
    /// Serves these keys.
    pub fn new(keys: JwkSet) -> Self {
        Self(Arc::new(keys))
    }
}

#[async_trait]
impl KeySource for FixedKeys {
    async fn keys(&self) -> Result<Arc<JwkSet>, Unavailable> {
        Ok(Arc::clone(&self.0))
    }
}

/// Keys in a file that may be replaced while we run: a JWK set in JSON.
#[derive(Debug, Clone)]
pub struct KeyFile(PathBuf);

impl KeyFile {
    /// Serves the keys of this file, as they are whenever they are asked for.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

#[async_trait]
impl KeySource for KeyFile {
    async fn keys(&self) -> Result<Arc<JwkSet>, Unavailable> {
        let unavailable = |reason: &dyn std::fmt::Display| Unavailable::new("reading the issuer's keys", reason);
        let text = std::fs::read(&self.0).map_err(|error| unavailable(&error))?;
        let keys = serde_json::from_slice(&text).map_err(|error| unavailable(&error))?;
        Ok(Arc::new(keys))
    }
}

/// A key that may verify signatures of one algorithm.
#[derive(Debug)]
pub(super) struct Key {
    kid: String,
    algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
}

/// The usable keys of a set.
///
/// INVARIANT: no key is of a symmetric algorithm, and each is of its algorithm's type, curve and size: a key that is
/// not would be taken for another algorithm, or make the library panic.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<Key>);

impl Keys {
    /// Keeps the keys that can verify our tokens; the others are another application's.
    pub(super) fn of(set: &JwkSet) -> Self {
        let usable = |jwk: &Jwk| {
            let key = Key::of(jwk);
            if let Err(reason) = &key {
                let kid = jwk.common.key_id.as_deref().unwrap_or_default();
                tracing::warn!(kid, reason, "a key of the issuer is not used");
            }
            key.ok()
        };
        Self(set.keys.iter().filter_map(usable).collect())
    }

    pub(super) fn find(&self, kid: &str, algorithm: Algorithm) -> Option<&Key> {
        self.0.iter().find(|key| key.kid == kid && key.algorithm == algorithm)
    }
}

impl Key {
    fn of(jwk: &Jwk) -> Result<Self, &'static str> {
        let kid = jwk.common.key_id.clone().ok_or("it has no `kid`")?;
        let verifies = jwk.common.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify));
        if !verifies || jwk.common.public_key_use.as_ref().is_some_and(|purpose| *purpose != PublicKeyUse::Signature) {
            return Err("it is not for signatures");
        }
        let (algorithm, name) = match &jwk.algorithm {
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 && length(&key.x) == 32 => {
                (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
            }
            AlgorithmParameters::EllipticCurve(key)
                if key.curve == EllipticCurve::P256 && length(&key.x) == 32 && length(&key.y) == 32 =>
            {
                (Algorithm::ES256, KeyAlgorithm::ES256)
            }
            AlgorithmParameters::RSA(key) if (256..=512).contains(&length(&key.n)) => {
                (Algorithm::RS256, KeyAlgorithm::RS256)
            }
            _ => return Err("it is no ed25519, p-256 or rsa key of 2048 to 4096 bits"),
        };
        if jwk.common.key_algorithm.is_some_and(|declared| declared != name) {
            return Err("its `alg` is not EdDSA, ES256 or RS256, or does not fit its type");
        }
        let decoding = DecodingKey::from_jwk(jwk).map_err(|_| "it is not well-formed")?;
        Ok(Self { kid, algorithm, decoding })
    }
}

/// The bytes of a base64url text; 0 if it is none.
fn length(text: &str) -> usize {
    URL_SAFE_NO_PAD.decode(text).map_or(0, |bytes| bytes.len())
}
