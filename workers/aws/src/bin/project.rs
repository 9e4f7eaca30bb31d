//! From a projector's queue into its view.

use std::sync::Arc;

use aws::{clients, config, lambda, opensearch::OpenSearchIndex, project::Projector, wiring};
use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};

/// The view of the statuses of commands.
const STATUSES: &str = "statuses";
/// After so many percent of its time it gives the rest back.
const WORKS: u32 = 80;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda::log();
    let sdk = clients::load().await;
    let name = config::required(config::VIEW)?;
    let search = wiring::search(&sdk).await?;
    let projector = if name == STATUSES {
        Projector::Statuses(Box::new(search.statuses()))
    } else {
        let catalog = domain::catalog();
        let view = catalog.find_view(&name).ok_or_else(|| format!("there is no view `{name}`"))?.clone();
        let index = Arc::new(OpenSearchIndex::new(search.client, search.naming));
        Projector::View { view, commits: Arc::new(wiring::commits(&sdk)?), index }
    };
    let projector = &projector;
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| async move {
        let until = lambda::part_of_time(&event.context, WORKS);
        Ok::<_, Error>(projector.project(event.payload, until).await)
    }))
    .await
}
