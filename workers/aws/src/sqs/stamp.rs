//! When the queue first accepted a message, as only this deployment can have said.
//!
//! Tokens and ages are judged as of that time. SQS forgets it when a message is sent back from the dead-letter queue, so
//! it travels with the message, with a MAC over the time and the message: no producer can make an old token valid.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use pipeline::ports::queue::Message;
use sha2::Sha256;

/// Makes and reads stamps.
#[derive(Clone)]
pub struct Stamps(Hmac<Sha256>);

impl std::fmt::Debug for Stamps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stamps")
    }
}

/// A key that is too short to be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key of acceptance stamps must have at least 32 bytes")]
pub struct WeakKey;

impl Stamps {
    /// Stamps by a secret key of the deployment.
    pub fn new(key: &[u8]) -> Result<Self, WeakKey> {
        if key.len() < 32 {
            return Err(WeakKey);
        }
        Hmac::new_from_slice(key).map(Self).map_err(|_| WeakKey)
    }

    /// The stamp of a message that is accepted at this time.
    pub(super) fn stamp(&self, message: &Message, at: Timestamp) -> String {
        let millis = at.as_millisecond();
        let mac = self.mac(message, millis).finalize().into_bytes();
        format!("{millis}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    /// The time that a stamp says, if it is this message's.
    pub(super) fn read(&self, message: &Message, stamp: &str) -> Option<Timestamp> {
        let (millis, mac) = stamp.split_once('.')?;
        let millis = millis.parse().ok()?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        self.mac(message, millis).verify_slice(&mac).ok()?;
        Timestamp::from_millisecond(millis).ok()
    }

    fn mac(&self, message: &Message, millis: i64) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(&millis.to_be_bytes());
        for part in [&message.group, &message.authorization, &message.body] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac
    }
}
