//! The search index's laws, and what is OpenSearch's own.

use aws::opensearch::OpenSearchIndex;

use crate::node::{Place, client};

fn fresh() -> (OpenSearchIndex, Place) {
    let place = Place::new();
    (OpenSearchIndex::new(client(), place.0.clone()), place)
}

pipeline::search_index_laws!(fresh());
