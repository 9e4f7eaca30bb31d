//! What every function has in common.

use std::time::{Duration, Instant, SystemTime};

use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, service_fn};
use pipeline::steps::{StepError, batch::Batch};
use tracing_subscriber::EnvFilter;

use crate::config::LOG;

/// Writes the log as JSON, a line each.
pub fn log() {
    let filter = EnvFilter::try_from_env(LOG).unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).without_time().json().init();
}

/// When a function has used up so many percent of its time.
pub fn part_of_time(context: &Context, percent: u32) -> Instant {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let left = Duration::from_millis(context.deadline).saturating_sub(now);
    Instant::now() + left * percent / 100
}

/// A step's error under the name that the state machine knows it by.
#[derive(Debug)]
struct Named(StepError);

impl From<Named> for Diagnostic {
    fn from(Named(error): Named) -> Self {
        Self { error_type: error.name().to_owned(), error_message: error.to_string() }
    }
}

/// Serves a task of the state machine: a batch comes, and goes as far as the step takes it.
pub async fn serve_step<F>(step: impl Fn(Batch) -> F) -> Result<(), Error>
where
    F: Future<Output = Result<Batch, StepError>>,
{
    let handle = |event: LambdaEvent<Batch>| {
        let step = step(event.payload);
        async {
            step.await.map_err(|error| {
                tracing::warn!(error = error.name(), "a step failed: {error}");
                Named(error)
            })
        }
    };
    lambda_runtime::run(service_fn(handle)).await
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kernel::Corrupt;
    use pipeline::{ports::Unavailable, steps::ERROR_NAMES};

    use super::*;

    #[test]
    fn a_steps_error_bears_the_name_that_the_state_machine_knows() {
        let errors = [
            StepError::Unavailable(Unavailable::new("read", "as told")),
            StepError::Conflict("count/a".into()),
            StepError::Corrupt(Corrupt("as told".into())),
        ];
        let names: BTreeSet<_> = errors.map(|error| Diagnostic::from(Named(error)).error_type).into();
        assert_eq!(names, ERROR_NAMES.map(str::to_owned).into());
    }

    #[test]
    fn a_part_of_the_time_is_a_part_of_what_is_left() {
        let mut context = Context::default();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        context.deadline = u64::try_from(now.as_millis()).unwrap() + 100_000;
        let left = part_of_time(&context, 80) - Instant::now();
        assert!(left > Duration::from_secs(78) && left <= Duration::from_secs(80), "{left:?}");
        context.deadline = 0;
        assert!(part_of_time(&context, 80) <= Instant::now());
    }
}
