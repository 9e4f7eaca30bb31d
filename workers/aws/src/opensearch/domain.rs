//! The managed domain: where its cluster is, and whether it is there.

use aws_config::SdkConfig;
use aws_sdk_opensearch::{Client, error::DisplayErrorContext, types::DomainStatus};
use pipeline::ports::Unavailable;

const WHAT: &str = "finding the OpenSearch domain";

/// A domain, as its service describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Where its cluster is.
    pub url: String,
    /// What keeps it from working, as far as its service knows; `None` if nothing does.
    pub trouble: Option<String>,
}

impl Domain {
    /// Asks for the domain of this name.
    pub async fn find(config: &SdkConfig, name: &str) -> Result<Self, Unavailable> {
        let asked = Client::new(config).describe_domain().domain_name(name).send().await;
        let told = asked.map_err(|error| Unavailable::new(WHAT, DisplayErrorContext(error)))?;
        let status = told.domain_status.ok_or_else(|| Unavailable::new(WHAT, "nothing was told of it"))?;
        Self::of(&status)
    }

    fn of(status: &DomainStatus) -> Result<Self, Unavailable> {
        let inside = || status.endpoints.as_ref().and_then(|endpoints| endpoints.get("vpc"));
        let endpoint = status.endpoint.as_ref().or_else(inside);
        let missing = || Unavailable::new(WHAT, format!("`{}` has no endpoint yet", status.domain_name));
        let trouble = match (status.deleted, status.created) {
            (Some(true), _) => Some("the domain is being deleted".to_owned()),
            (_, Some(false)) => Some("the domain is being created".to_owned()),
            _ => None,
        };
        Ok(Self { url: url(endpoint.ok_or_else(missing)?), trouble })
    }
}

/// The service tells a bare host, which is spoken to in private; what stands in for it has a port.
fn url(endpoint: &str) -> String {
    let host = endpoint.split('/').next().unwrap_or(endpoint);
    if endpoint.contains("://") {
        endpoint.to_owned()
    } else if host.contains(':') {
        format!("http://{endpoint}")
    } else {
        format!("https://{endpoint}")
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_opensearch::types::{ClusterConfig, builders::DomainStatusBuilder};

    use super::*;

    fn status() -> DomainStatusBuilder {
        DomainStatus::builder()
            .domain_id("1/d")
            .domain_name("d")
            .arn("arn:aws:es:::domain/d")
            .cluster_config(ClusterConfig::builder().build())
    }

    #[test]
    fn a_domains_endpoint_gets_its_scheme() {
        let of = |endpoint: &str| Domain::of(&status().endpoint(endpoint).build().unwrap()).unwrap().url;
        assert_eq!(of("search-d-1.eu-west-1.es.amazonaws.com"), "https://search-d-1.eu-west-1.es.amazonaws.com");
        assert_eq!(of("127.0.0.1:4566/opensearch/us-east-1/d"), "http://127.0.0.1:4566/opensearch/us-east-1/d");
        assert_eq!(of("http://localhost:9201"), "http://localhost:9201");
    }

    #[test]
    fn a_domain_within_a_network_has_another_endpoint() {
        let status = status().endpoints("vpc", "vpc-d.eu-west-1.es.amazonaws.com").build().unwrap();
        assert_eq!(Domain::of(&status).unwrap().url, "https://vpc-d.eu-west-1.es.amazonaws.com");
    }

    #[test]
    fn a_domain_that_is_not_there_yet_or_no_more_is_told() {
        assert!(Domain::of(&status().build().unwrap()).is_err());
        let trouble = |built: DomainStatusBuilder| Domain::of(&built.build().unwrap()).unwrap().trouble;
        assert_eq!(trouble(status().endpoint("d").created(true)), None);
        assert!(trouble(status().endpoint("d").created(false)).is_some());
        assert!(trouble(status().endpoint("d").deleted(true)).is_some());
    }
}
