//! Where a server is, and how paths and values are written into a URL.

use std::fmt;

use ureq::http::Uri;

use crate::failure::Failure;

/// A server's address, which may have a path of its own.
#[derive(Debug, Clone)]
pub struct Url {
    /// Scheme and authority.
    origin: String,
    /// The path above the contract's, empty or like `/prod`.
    prefix: String,
    host: String,
}

impl Url {
    /// Reads an `http` or `https` address.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let usage =
            || Failure::Usage(format!("`{text}` is no address of a server; use one like http://127.0.0.1:8080"));
        let uri: Uri = text.parse().map_err(|_| usage())?;
        let (Some(scheme @ ("http" | "https")), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(usage());
        };
        if uri.query().is_some() {
            return Err(usage());
        }
        Ok(Self {
            origin: format!("{scheme}://{authority}"),
            prefix: uri.path().trim_end_matches('/').to_owned(),
            host: authority.host().to_owned(),
        })
    }

    /// The address of a path of the contract, which starts with `/`.
    pub fn to(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.prefix)
    }

    /// The path of the contract that a `Location` names, if it is on this server.
    pub fn path_of<'a>(&self, location: &'a str) -> Option<&'a str> {
        let path = location.strip_prefix(&self.origin).unwrap_or(location);
        path.strip_prefix(&self.prefix).or(Some(path)).filter(|path| path.starts_with('/') && !path.starts_with("//"))
    }

    /// Whether the server is on this machine.
    pub fn is_local(&self) -> bool {
        let host = self.host.trim_matches(['[', ']']);
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.prefix)
    }
}

/// Writes a value so that it can stand in a path or a query.
pub fn encode(value: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(HEX[usize::from(byte >> 4)]));
            encoded.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_have_a_path_and_a_slash_at_its_end() {
        assert_eq!(Url::parse("http://localhost:8080/").unwrap().to("/views"), "http://localhost:8080/views");
        assert_eq!(Url::parse("https://x.example/prod/").unwrap().to("/views"), "https://x.example/prod/views");
    }

    #[test]
    fn what_is_no_address_is_a_usage_error() {
        for text in ["", "localhost:8080", "ftp://x", "http://", "http://x?y=1", "/x"] {
            assert!(matches!(Url::parse(text), Err(Failure::Usage(_))), "{text}");
        }
    }

    #[test]
    fn a_local_server_is_told_from_another() {
        for local in ["http://localhost", "http://127.0.0.1:1", "http://[::1]:8080", "http://127.9.9.9"] {
            assert!(Url::parse(local).unwrap().is_local(), "{local}");
        }
        assert!(!Url::parse("https://localhost.example").unwrap().is_local());
        assert!(!Url::parse("http://10.0.0.1").unwrap().is_local());
    }

    #[test]
    fn a_location_is_followed_on_this_server_only() {
        let url = Url::parse("https://x.example/prod").unwrap();
        assert_eq!(url.path_of("/commands/c-1?received=5"), Some("/commands/c-1?received=5"));
        assert_eq!(url.path_of("/prod/commands/c-1"), Some("/commands/c-1"));
        assert_eq!(url.path_of("https://x.example/prod/commands/c-1"), Some("/commands/c-1"));
        assert_eq!(url.path_of("https://y.example/commands/c-1"), None);
        assert_eq!(url.path_of("//y.example/commands/c-1"), None);
    }

    #[test]
    fn values_are_encoded_byte_by_byte() {
        assert_eq!(encode("room-type/resort:A@7 é&=+"), "room-type%2Fresort:A%407%20%C3%A9%26%3D%2B");
    }
}
