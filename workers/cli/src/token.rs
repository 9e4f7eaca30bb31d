//! The bearer's token: the one that is given, else one made with the key in a local server's data folder.

use std::path::Path;

use local::issuer::{Claims, EVERY_ROLE, Issuer, IssuerError, LIFETIME};

use crate::client::Url;
use crate::failure::Failure;

/// Finds the token to act with.
pub fn bearer(given: Option<&str>, url: &Url, folder: &Path) -> Result<String, Failure> {
    if let Some(token) = given.map(str::trim).filter(|token| !token.is_empty()) {
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Failure::Usage("the token is not one: it holds characters that no token has".into()));
        }
        return Ok(token.to_owned());
    }
    if !url.is_local() {
        return Err(Failure::Usage(format!("no token for {url}; set FACTMILL_TOKEN to one from its issuer")));
    }
    let issuer = Issuer::open(folder).map_err(|error| {
        Failure::Usage(format!(
            "no token: {}; set FACTMILL_TOKEN, or FACTMILL_DATA to the data folder of the server",
            explain(&error)
        ))
    })?;
    mint(&issuer, &developer())
}

/// Makes a token with the key in a data folder, for whoever may read it.
pub fn mint_from(folder: &Path, claims: &Claims) -> Result<String, Failure> {
    let issuer = Issuer::open(folder).map_err(|error| match error {
        error @ IssuerError::Missing { .. } => Failure::Usage(explain(&error)),
        error => Failure::Failed(explain(&error)),
    })?;
    mint(&issuer, claims)
}

/// What a developer on their own machine is: `you` in the tenant `demo`, with every role.
pub fn developer() -> Claims {
    Claims {
        sub: "you".into(),
        tenant: "demo".into(),
        roles: EVERY_ROLE.map(str::to_owned).into(),
        cmd: None,
        lifetime: LIFETIME,
    }
}

/// Signs a token.
pub fn mint(issuer: &Issuer, claims: &Claims) -> Result<String, Failure> {
    issuer.mint(claims).map_err(|error| Failure::Failed(explain(&error)))
}

fn explain(error: &IssuerError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
