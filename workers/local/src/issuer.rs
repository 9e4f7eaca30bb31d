//! The development issuer: signs tokens with a key that is made on the first run and never leaves the data folder.
//!
//! Whoever can read the key can act as anybody, so its file belongs to its owner alone, and a wider mode is refused.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

/// The `iss` claim of every token from a development issuer.
pub const ISSUER: &str = "factmill-dev";
/// The `aud` claim that factmill asks of every token.
pub const AUDIENCE: &str = "factmill";
/// How long a token lasts unless its claims say otherwise.
pub const LIFETIME: Duration = Duration::from_hours(24);
/// Every role that the reference systems know.
pub const EVERY_ROLE: [&str; 8] =
    ["staff", "guest", "customer", "member", "moderator", "device", "workflow", "operator"];

/// The key's file in the data folder: PKCS#8 in PEM.
const KEY_FILE: &str = "issuer.pem";
/// What precedes the 32 secret bytes in the PKCS#8 form of an Ed25519 key (RFC 8410, section 7).
const PKCS8_PREFIX: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";

/// Why the issuer cannot be had or cannot sign.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// The folder has no key: nothing has run on it yet.
    #[error("`{path}` has no issuer key; start `factmill run` on it first")]
    Missing {
        /// The data folder.
        path: PathBuf,
    },
    /// Others than its owner may read or change the key.
    #[error("`{path}` is open to others (mode {mode:o}); run `chmod 600 {path}`, or delete it to get a new key")]
    Exposed {
        /// The key's file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file holds something else than an Ed25519 key.
    #[error("`{path}` is not an Ed25519 key in PEM; delete it to get a new key")]
    Damaged {
        /// The key's file.
        path: PathBuf,
    },
    /// The key's file could not be read or written.
    #[error("cannot use `{path}`")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system has no random bytes to give.
    #[error("no randomness to make a key from")]
    Random(#[from] getrandom::Error),
    /// The token could not be signed.
    #[error("cannot sign the token")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

/// What a token says about its bearer.
#[derive(Debug, Clone)]
pub struct Claims {
    /// Who acts.
    pub sub: String,
    /// The tenant in which they act.
    pub tenant: String,
    /// What they are there.
    pub roles: Vec<String>,
    /// The one command that the token is good for, if it is bound to one.
    pub cmd: Option<BoundCommand>,
    /// How long from now the token lasts.
    pub lifetime: Duration,
}

/// The command to which a token is bound.
#[derive(Debug, Clone, Serialize)]
pub struct BoundCommand {
    /// The command's id.
    pub id: String,
    /// The command's digest, base64url.
    pub digest: String,
}

#[derive(Serialize)]
struct Payload<'a> {
    iss: &'static str,
    aud: &'static str,
    iat: u64,
    exp: u64,
    sub: &'a str,
    tenant: &'a str,
    roles: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    cmd: Option<&'a BoundCommand>,
}

/// The development issuer of one data folder.
pub struct Issuer {
    key: EncodingKey,
    header: Header,
    jwk: Jwk,
}

impl Issuer {
    /// Opens the issuer whose key lies in the data folder.
    pub fn open(folder: &Path) -> Result<Self, IssuerError> {
        let path = folder.join(KEY_FILE);
        let mut file = File::open(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => IssuerError::Missing { path: folder.to_owned() },
            _ => IssuerError::Io { path: path.clone(), source },
        })?;
        let io = |source| IssuerError::Io { path: path.clone(), source };
        // the mode of the very file that is read, not of what may lie there a moment later
        let mode = file.metadata().map_err(io)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(IssuerError::Exposed { path, mode });
        }
        let mut pem = String::new();
        match file.read_to_string(&mut pem) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(IssuerError::Damaged { path }),
            read => read.map_err(io)?,
        };
        let Some(der) = der_of(&pem) else { return Err(IssuerError::Damaged { path }) };
        Self::from_der(&der).map_err(|_| IssuerError::Damaged { path })
    }

    /// Opens the issuer of the data folder; makes the folder and the key if there are none.
    pub fn create_or_open(folder: &Path) -> Result<Self, IssuerError> {
        match Self::open(folder) {
            Err(IssuerError::Missing { .. }) => {
                create_key(folder)?;
                Self::open(folder)
            }
            opened => opened,
        }
    }

    fn from_der(der: &[u8]) -> Result<Self, jsonwebtoken::errors::Error> {
        let key = EncodingKey::from_ed_der(der);
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::EdDSA)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let header = Header { kid: Some(kid), ..Header::new(Algorithm::EdDSA) };
        Ok(Self { key, header, jwk })
    }

    /// Signs a token, valid from now for the claims' lifetime.
    pub fn mint(&self, claims: &Claims) -> Result<String, IssuerError> {
        let iat = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let payload = Payload {
            iss: ISSUER,
            aud: AUDIENCE,
            iat,
            exp: iat.saturating_add(claims.lifetime.as_secs()),
            sub: &claims.sub,
            tenant: &claims.tenant,
            roles: &claims.roles,
            cmd: claims.cmd.as_ref(),
        };
        Ok(jsonwebtoken::encode(&self.header, &payload, &self.key)?)
    }

    /// The public keys with which this issuer's tokens are verified.
    pub fn jwks(&self) -> JwkSet {
        JwkSet { keys: vec![self.jwk.clone()] }
    }
}

/// Makes a key, and puts it in place whole or not at all; a key that another process put there first stays.
fn create_key(folder: &Path) -> Result<(), IssuerError> {
    let io = |path: &Path, source| IssuerError::Io { path: path.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|source| io(folder, source))?;

    let mut der = PKCS8_PREFIX.to_vec();
    der.resize(48, 0);
    getrandom::fill(&mut der[16..])?;
    let pem = format!("{PEM_BEGIN}\n{}\n{PEM_END}\n", STANDARD.encode(&der));

    let draft = folder.join(format!("{KEY_FILE}.{:016x}", getrandom::u64()?));
    let written = write_private(&draft, pem.as_bytes());
    // a link, unlike a rename, never replaces the key of a process that was quicker
    let linked = written.and_then(|()| match fs::hard_link(&draft, folder.join(KEY_FILE)) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    let removed = fs::remove_file(&draft);
    linked.and(removed).and_then(|()| File::open(folder)?.sync_all()).map_err(|source| io(&draft, source))
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn der_of(pem: &str) -> Option<Vec<u8>> {
    let base64 = pem.trim().strip_prefix(PEM_BEGIN)?.strip_suffix(PEM_END)?;
    let der = STANDARD.decode(base64.split_whitespace().collect::<String>()).ok()?;
    (der.len() == 48 && der.starts_with(&PKCS8_PREFIX)).then_some(der)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use jsonwebtoken::{DecodingKey, Validation};
    use serde_json::Value;

    use super::*;

    fn claims() -> Claims {
        Claims {
            sub: "alice".into(),
            tenant: "acme".into(),
            roles: vec!["guest".into(), "member".into()],
            cmd: None,
            lifetime: LIFETIME,
        }
    }

    fn verified(issuer: &Issuer, token: &str) -> Value {
        let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
        let jwks = issuer.jwks();
        let key = DecodingKey::from_jwk(jwks.find(&kid).unwrap()).unwrap();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[ISSUER]);
        jsonwebtoken::decode(token, &key, &validation).unwrap().claims
    }

    #[test]
    fn a_token_is_verified_by_the_published_key_and_carries_its_claims() {
        let folder = tempfile::tempdir().unwrap();
        let issuer = Issuer::create_or_open(folder.path()).unwrap();
        let payload = verified(&issuer, &issuer.mint(&claims()).unwrap());
        assert_eq!(payload["sub"], "alice");
        assert_eq!(payload["tenant"], "acme");
        assert_eq!(payload["roles"], serde_json::json!(["guest", "member"]));
        assert_eq!(payload["exp"].as_u64().unwrap() - payload["iat"].as_u64().unwrap(), 86_400);
        assert!(payload.get("cmd").is_none());
    }

    #[test]
    fn a_token_can_be_bound_to_one_command() {
        let folder = tempfile::tempdir().unwrap();
        let issuer = Issuer::create_or_open(folder.path()).unwrap();
        let cmd = Some(BoundCommand { id: "c-1".into(), digest: "abc".into() });
        let payload = verified(&issuer, &issuer.mint(&Claims { cmd, ..claims() }).unwrap());
        assert_eq!(payload["cmd"], serde_json::json!({"id": "c-1", "digest": "abc"}));
    }

    #[test]
    fn the_key_is_made_once_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("new/data");
        let first = Issuer::create_or_open(&data).unwrap();
        let again = Issuer::create_or_open(&data).unwrap();
        assert_eq!(first.jwks(), again.jwks());
        assert_eq!(fs::metadata(data.join(KEY_FILE)).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&data).unwrap().count(), 1, "no draft is left behind");
    }

    #[test]
    fn of_many_first_runs_side_by_side_one_key_stays() {
        let folder = tempfile::tempdir().unwrap();
        let keys: Vec<JwkSet> = std::thread::scope(|scope| {
            let first_run = || Issuer::create_or_open(folder.path()).unwrap().jwks();
            let runs: Vec<_> = (0..8).map(|_| scope.spawn(first_run)).collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }

    #[test]
    fn a_folder_without_a_key_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let error = Issuer::open(folder.path()).err().unwrap();
        assert!(matches!(error, IssuerError::Missing { .. }));
        assert!(error.to_string().contains("factmill run"), "{error}");
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        Issuer::create_or_open(folder.path()).unwrap();
        fs::set_permissions(folder.path().join(KEY_FILE), fs::Permissions::from_mode(0o640)).unwrap();
        let error = Issuer::create_or_open(folder.path()).err().unwrap();
        assert!(matches!(error, IssuerError::Exposed { mode: 0o640, .. }), "{error}");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_damaged_key_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        write_private(&folder.path().join(KEY_FILE), b"not a key").unwrap();
        assert!(matches!(Issuer::create_or_open(folder.path()), Err(IssuerError::Damaged { .. })));
        assert_eq!(fs::read(folder.path().join(KEY_FILE)).unwrap(), b"not a key");
    }
}
