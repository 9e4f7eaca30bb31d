//! Tokens: signature and claims are verified once for each token text; time is judged at every call.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, jwk::JwkSet};
use kernel::Actor;
use quick_cache::{Weighter, sync::Cache};
use serde_json::{Map, Value};
use tokio::{sync::Mutex, time::Instant};

use super::keys::Keys;
use crate::ports::{
    Unavailable,
    identity::{Bound, Claims, KeySource, TokenError, TokenVerifier},
};

/// The audience that tokens must name.
pub const AUDIENCE: &str = "factmill";
/// How far the clocks of issuer and verifier may differ, for `exp` and `nbf`.
pub const LEEWAY: SignedDuration = SignedDuration::from_secs(60);
/// The longest token, in bytes.
pub const TOKEN_LENGTH: usize = 8 * 1024;
/// The longest `sub`, in characters.
pub const SUBJECT_LENGTH: usize = 256;
/// An unknown `kid` makes the keys be read again, but not more often than this.
pub const REFRESH_AFTER: Duration = Duration::from_secs(5);
/// A key that the issuer withdrew is noticed after this long.
pub const RECHECK_AFTER: Duration = Duration::from_mins(1);
/// Memory for verified tokens, in bytes.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;
/// About how many tokens fit in.
const CACHE_TOKENS: usize = 16 * 1024;

/// Verifies tokens of one issuer.
pub struct JwtVerifier {
    issuer: String,
    source: Arc<dyn KeySource>,
    held: RwLock<Held>,
    /// Held while the keys are read, so that they are read once.
    reading: Mutex<()>,
    verified: Cache<Box<str>, Verified, ByBytes>,
}

/// The keys as last read.
#[derive(Default, Clone)]
struct Held {
    set: Arc<JwkSet>,
    keys: Arc<Keys>,
    /// When they were last asked for.
    asked: Option<Instant>,
    /// Why they could not be read then.
    failure: Option<Unavailable>,
}

/// A token whose signature and claims are good, whenever.
#[derive(Clone)]
struct Verified {
    claims: Arc<Claims>,
    not_before: Option<Timestamp>,
    /// The keys that it was verified with: with other keys it is verified again.
    keys: Arc<Keys>,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Box<str>, Verified> for ByBytes {
    fn weight(&self, token: &Box<str>, _: &Verified) -> u64 {
        // its claims are a part of its text
        2 * token.len() as u64 + 256
    }
}

impl JwtVerifier {
    /// Verifies the tokens of `issuer`, signed with the keys of `source`.
    pub fn new(issuer: impl Into<String>, source: Arc<dyn KeySource>) -> Self {
        Self {
            issuer: issuer.into(),
            source,
            held: RwLock::default(),
            reading: Mutex::default(),
            verified: Cache::with_weighter(CACHE_TOKENS, CACHE_BYTES, ByBytes),
        }
    }

    async fn signed(&self, token: &str) -> Result<Verified, TokenError> {
        let asked = self.with_held(|held| held.asked);
        if asked.is_some_and(|asked| asked.elapsed() >= RECHECK_AFTER) && self.reading.try_lock().is_ok() {
            self.read_keys(RECHECK_AFTER).await;
        }
        if let Some(known) = self.verified.get(token)
            && self.with_held(|held| Arc::ptr_eq(&known.keys, &held.keys))
        {
            return Ok(known);
        }
        let verified = self.check(token).await?;
        self.verified.insert(token.into(), verified.clone());
        Ok(verified)
    }

    /// Verifies what does not depend on the time.
    async fn check(&self, token: &str) -> Result<Verified, TokenError> {
        if token.len() > TOKEN_LENGTH {
            return Err(invalid(format!("the token is longer than {TOKEN_LENGTH} bytes")));
        }
        let parts = token.rsplit_once('.').and_then(|(message, signature)| {
            let (header, payload) = message.split_once('.')?;
            Some((message, header, payload, signature))
        });
        let (message, header, payload, signature) =
            parts.ok_or_else(|| invalid("the token is not `<header>.<claims>.<signature>`"))?;
        let (algorithm, kid) = header_of(header)?;
        let keys = self.keys_with(&kid, algorithm).await?;
        let key = keys.find(&kid, algorithm).ok_or_else(|| unknown_key(&kid))?;
        match jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key.decoding, algorithm) {
            Ok(true) => {}
            Ok(false) | Err(_) => return Err(invalid("the token's signature is wrong")),
        }
        let (claims, not_before) = claims_of(&object(payload, "claims")?, &self.issuer)?;
        Ok(Verified { claims: Arc::new(claims), not_before, keys })
    }

    /// The keys, with the one that is asked for.
    async fn keys_with(&self, kid: &str, algorithm: Algorithm) -> Result<Arc<Keys>, TokenError> {
        let keys = self.with_held(|held| Arc::clone(&held.keys));
        if keys.find(kid, algorithm).is_some() {
            return Ok(keys);
        }
        self.read_keys(REFRESH_AFTER).await;
        let (keys, failure) = self.with_held(|held| (Arc::clone(&held.keys), held.failure.clone()));
        match failure {
            _ if keys.find(kid, algorithm).is_some() => Ok(keys),
            Some(failure) => Err(failure.into()),
            None => Err(unknown_key(kid)),
        }
    }

    /// Reads the keys, unless they were asked for a moment ago.
    async fn read_keys(&self, at_most_every: Duration) {
        let _reading = self.reading.lock().await;
        if self.with_held(|held| held.asked.is_some_and(|asked| asked.elapsed() < at_most_every)) {
            return;
        }
        let read = self.source.keys().await;
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.asked = Some(Instant::now());
        match read {
            Ok(set) => {
                held.failure = None;
                if *set != *held.set {
                    held.keys = Arc::new(Keys::of(&set));
                    held.set = set;
                }
            }
            Err(failure) => {
                tracing::warn!(%failure, "the issuer's keys can't be read; those we have go on");
                held.failure = Some(failure);
            }
        }
    }

    fn with_held<T>(&self, look: impl FnOnce(&Held) -> T) -> T {
        look(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl TokenVerifier for JwtVerifier {
    async fn verify(&self, token: &str, at: Timestamp) -> Result<Arc<Claims>, TokenError> {
        let Verified { claims, not_before, .. } = self.signed(token).await?;
        if not_before.is_some_and(|start| at < start.saturating_sub(LEEWAY).unwrap_or(start)) {
            return Err(invalid("the token is not valid yet"));
        }
        if at >= claims.expires.saturating_add(LEEWAY).unwrap_or(claims.expires) {
            return Err(TokenError::Expired(Box::new((*claims).clone())));
        }
        Ok(claims)
    }
}

fn invalid(message: impl Into<String>) -> TokenError {
    TokenError::Invalid(message.into())
}

fn unknown_key(kid: &str) -> TokenError {
    let kid: String = kid.chars().take(64).collect();
    invalid(format!("the token's key `{kid}` is not one of the issuer's for its `alg`"))
}

/// A part of the token, as strict JSON: no duplicate keys, which two readers would read differently.
fn object(part: &str, what: &str) -> Result<Map<String, Value>, TokenError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| invalid(format!("the token's {what} are not base64url")))?;
    match kernel::json::parse(&bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(invalid(format!("the token's {what} are not an object"))),
        Err(error) => Err(invalid(format!("the token's {what} are not json: {error}"))),
    }
}

fn header_of(part: &str) -> Result<(Algorithm, String), TokenError> {
    let header = object(part, "headers")?;
    let algorithm = match header.get("alg").and_then(Value::as_str) {
        Some("EdDSA") => Algorithm::EdDSA,
        Some("ES256") => Algorithm::ES256,
        Some("RS256") => Algorithm::RS256,
        _ => return Err(invalid("the token's `alg` must be EdDSA, ES256 or RS256")),
    };
    if header.contains_key("crit") {
        return Err(invalid("the token has critical headers, and none is known"));
    }
    match header.get("kid") {
        Some(Value::String(kid)) => Ok((algorithm, kid.clone())),
        _ => Err(invalid("the token names no key: `kid` is missing")),
    }
}

fn claims_of(claims: &Map<String, Value>, issuer: &str) -> Result<(Claims, Option<Timestamp>), TokenError> {
    let text = |name: &str| {
        claims.get(name).and_then(Value::as_str).ok_or_else(|| invalid(format!("the claim `{name}` must be a text")))
    };
    if text("iss")? != issuer {
        return Err(invalid("the token is of another issuer"));
    }
    let for_us = match claims.get("aud") {
        Some(Value::String(audience)) => audience == AUDIENCE,
        Some(Value::Array(all)) => all.iter().any(|audience| audience == AUDIENCE),
        _ => false,
    };
    if !for_us {
        return Err(invalid(format!("the token's audience is not `{AUDIENCE}`")));
    }
    let sub = text("sub")?;
    if sub.is_empty() || sub.chars().nth(SUBJECT_LENGTH).is_some() {
        return Err(invalid(format!("the claim `sub` must have 1 to {SUBJECT_LENGTH} characters")));
    }
    let tenant = text("tenant")?.parse().map_err(|error| invalid(format!("the claim `tenant` {error}")))?;
    let roles = claims.get("roles").and_then(Value::as_array).and_then(|roles| {
        let role = |role: &Value| role.as_str().filter(|role| !role.is_empty()).map(str::to_owned);
        roles.iter().map(role).collect::<Option<BTreeSet<_>>>()
    });
    let roles = roles.ok_or_else(|| invalid("the claim `roles` must be an array of texts"))?;
    let expires = time(claims, "exp")?.ok_or_else(|| invalid("the claim `exp` is missing"))?;
    let actor = Arc::new(Actor { sub: sub.to_owned(), roles });
    Ok((Claims { tenant, actor, bound: bound(claims)?, expires }, time(claims, "nbf")?))
}

/// Seconds since 1970, whole or not.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, TokenError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = match (value.as_i64(), value.as_f64()) {
        (Some(whole), _) => Some(SignedDuration::from_secs(whole)),
        (None, Some(parts)) => SignedDuration::try_from_secs_f64(parts).ok(),
        (None, None) => None,
    };
    match seconds.and_then(|seconds| Timestamp::from_duration(seconds).ok()) {
        Some(time) => Ok(Some(time)),
        None => Err(invalid(format!("the claim `{name}` must be a time in seconds since 1970"))),
    }
}

fn bound(claims: &Map<String, Value>) -> Result<Option<Bound>, TokenError> {
    let Some(command) = claims.get("cmd") else { return Ok(None) };
    let text = |name: &str| command.get(name).and_then(Value::as_str).map(str::to_owned);
    match (text("id"), text("digest")) {
        (Some(id), Some(digest)) => Ok(Some(Bound { id, digest })),
        _ => Err(invalid("the claim `cmd` must be `{id, digest}`")),
    }
}
