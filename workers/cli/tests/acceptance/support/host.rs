//! Where the checks run, and who acts there.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey};
use local::issuer::{AUDIENCE, ISSUER, Issuer};
use serde_json::{Value, json};

use super::Actor;

/// A host of the contract: where it listens, and the issuer that it trusts.
pub(crate) struct Host {
    pub(crate) url: String,
    key: EncodingKey,
    pub(crate) kid: String,
    /// While its pipe is open, the embedded engine lives.
    engine: Option<Child>,
}

/// The host under test.
pub(crate) fn host() -> &'static Host {
    static HOST: LazyLock<Host> = LazyLock::new(|| match std::env::var("FACTMILL_ACCEPTANCE_URL") {
        Ok(url) => {
            let folder = std::env::var("FACTMILL_ACCEPTANCE_ISSUER").unwrap();
            Host::new(url, Path::new(&folder), None)
        }
        Err(_) => Host::embedded(),
    });
    &HOST
}

/// Runs the engine until the tests' process ends, however it ends: then its end of the pipe closes.
const RUN: &str = r#""$0" run --data "$1" --listen 127.0.0.1:0 2>"$1.log" & engine=$!
exec >&- 2>/dev/null; read -r never; kill -9 "$engine"; wait "$engine"; rm -rf "$1""#;

impl Host {
    fn new(url: String, folder: &Path, engine: Option<Child>) -> Self {
        let issuer = Issuer::open(folder).unwrap();
        let kid = issuer.jwks().keys[0].common.key_id.clone().unwrap();
        let pem = std::fs::read_to_string(folder.join("issuer.pem")).unwrap();
        let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        Self { url, key: EncodingKey::from_ed_der(&STANDARD.decode(der).unwrap()), kid, engine }
    }

    /// Whether it is a deployment, and not the embedded engine: where the contract lets them differ.
    pub(crate) fn is_deployed(&self) -> bool {
        self.engine.is_none()
    }

    fn embedded() -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("acceptance-{}", std::process::id()));
        std::fs::create_dir_all(folder.parent().unwrap()).unwrap();
        let mut child = Command::new("sh")
            .args(["-c", RUN, env!("CARGO_BIN_EXE_factmill")])
            .arg(&folder)
            .env("FACTMILL_LOG", "warn")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap_or_else(|| panic!("the engine did not start: see {}.log", folder.display()));
        let url = first.unwrap().strip_prefix("listening on ").unwrap().to_owned();
        let token = lines.next().unwrap().unwrap();
        assert!(token.starts_with("token "), "{token}");
        Self::new(url, &folder, Some(child))
    }
}

/// What a token says.
#[derive(Debug, Clone)]
pub(crate) struct Claims(pub(crate) Value);

impl Claims {
    /// Good claims, for an hour.
    pub(crate) fn of(tenant: &str, sub: &str, roles: &[&str]) -> Self {
        let exp = now() + 3_600;
        Self(json!({ "iss": ISSUER, "aud": AUDIENCE, "exp": exp, "sub": sub, "tenant": tenant, "roles": roles }))
    }

    /// The same, with another claim; null takes it away.
    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        let claims = self.0.as_object_mut().unwrap();
        if value.is_null() {
            claims.remove(name)
        } else {
            claims.insert(name.to_owned(), value)
        };
        self
    }

    /// A token of the trusted issuer.
    pub(crate) fn token(&self) -> String {
        forge(&json!({ "alg": "EdDSA", "typ": "JWT", "kid": host().kid }), &self.0, None)
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A token with these headers and claims, signed by a key for its algorithm, or else by the trusted issuer's.
pub(crate) fn forge(header: &Value, claims: &Value, key: Option<&EncodingKey>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let (key, algorithm) = match key {
        Some(key) => (key, serde_json::from_value(header["alg"].clone()).unwrap()),
        None => (&host().key, Algorithm::EdDSA),
    };
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

/// A tenant that nobody used before.
#[derive(Debug, Clone)]
pub(crate) struct Tenant(pub(crate) String);

impl Tenant {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let run = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        Self(format!("t{run:x}-{:x}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)))
    }

    /// Somebody with these roles.
    pub(crate) fn actor(&self, sub: &str, roles: &[&str]) -> Actor {
        Actor::new(&self.0, Claims::of(&self.0, sub, roles).token())
    }

    pub(crate) fn staff(&self) -> Actor {
        self.actor("sam", &["staff"])
    }

    pub(crate) fn guest(&self, sub: &str) -> Actor {
        self.actor(sub, &["guest"])
    }

    pub(crate) fn member(&self, sub: &str) -> Actor {
        self.actor(sub, &["member"])
    }

    pub(crate) fn customer(&self, sub: &str) -> Actor {
        self.actor(sub, &["customer"])
    }

    /// The checkout.
    pub(crate) fn checkout(&self) -> Actor {
        self.actor("checkout", &["workflow"])
    }

    pub(crate) fn operator(&self) -> Actor {
        self.actor("olga", &["operator"])
    }
}
