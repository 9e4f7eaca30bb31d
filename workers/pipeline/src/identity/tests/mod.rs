mod policies;
mod sources;
mod speed;
mod tokens;

use std::sync::LazyLock;

use jsonwebtoken::{Algorithm, EncodingKey};
use p256::pkcs8::EncodePrivateKey;
use rsa::{pkcs1::EncodeRsaPrivateKey, rand_core::OsRng};

use crate::laws::identity::tokens::{Issuer, Signer};

/// An issuer with a key of each algorithm, made for this run.
fn issuer() -> Issuer {
    static RSA: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let key = rsa::RsaPrivateKey::new(&mut OsRng, 2048).unwrap();
        key.to_pkcs1_der().unwrap().as_bytes().to_vec()
    });
    let p256 = p256::SecretKey::random(&mut OsRng).to_pkcs8_der().unwrap();
    let signer = |kid: &str, algorithm, key| Signer { kid: kid.into(), algorithm, key };
    Issuer {
        name: "https://issuer.example".into(),
        signers: vec![
            signer("ed", Algorithm::EdDSA, ed25519()),
            signer("ec", Algorithm::ES256, EncodingKey::from_ec_der(p256.as_bytes())),
            signer("rsa", Algorithm::RS256, EncodingKey::from_rsa_der(&RSA)),
        ],
    }
}

/// A new key: its PKCS #8 form is a fixed head and 32 random bytes.
fn ed25519() -> EncodingKey {
    let mut der = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
    der.extend_from_slice(uuid::Uuid::now_v7().as_bytes());
    der.extend_from_slice(uuid::Uuid::now_v7().as_bytes());
    EncodingKey::from_ed_der(&der)
}
