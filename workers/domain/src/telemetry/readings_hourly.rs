//! The view `readings-hourly`: what a device measured in an hour, computed as the readings arrive.

use std::collections::BTreeSet;

use events::device::{Event, Reading};
use jiff::Timestamp;
use kernel::{Field, Recorded, View};
use serde::{Deserialize, Serialize};

use super::decimal;

/// One document for each device, metric and hour, its id `<device>:<metric>:<hour>`.
pub struct ReadingsHourly;

/// The figures of an hour, which begins at `hour`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    device: String,
    site: String,
    metric: String,
    hour: Timestamp,
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
}

/// Where the device stands.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Memo {
    site: String,
}

impl View for ReadingsHourly {
    type Event = Event;
    type Memo = Memo;
    type Doc = Document;

    const NAME: &'static str = "readings-hourly";
    const AGGREGATE: &'static str = "device";
    const REVISION: u32 = 1;

    fn fields() -> Vec<Field> {
        vec![
            Field::keyword("device"),
            Field::keyword("site"),
            Field::keyword("metric"),
            Field::date_time("hour"),
            Field::integer("count"),
            Field::number("sum"),
            Field::number("min"),
            Field::number("max"),
        ]
    }

    fn remember(memo: &mut Memo, recorded: &Recorded<'_, Event>) {
        if let Event::DeviceRegistered(e) = recorded.event {
            memo.site.clone_from(&e.site);
        }
    }

    fn touches(_: &Memo, recorded: &Recorded<'_, Event>) -> Vec<String> {
        let Event::ReadingsRecorded(e) = recorded.event else { return Vec::new() };
        let hours: BTreeSet<_> = e.readings.iter().map(|reading| (&reading.metric, hour(reading.at))).collect();
        hours.into_iter().map(|(metric, hour)| format!("{}:{metric}:{hour}", recorded.stream.id())).collect()
    }

    fn evolve(memo: &Memo, id: &str, doc: Option<Document>, recorded: &Recorded<'_, Event>) -> Option<Document> {
        let Event::ReadingsRecorded(e) = recorded.event else { return doc };
        let device = recorded.stream.id();
        let (metric, hour) = parts(id, device)?;
        let of_hour = |reading: &&Reading| reading.metric == metric && self::hour(reading.at) == hour;
        let values: Vec<f64> = e.readings.iter().filter(of_hour).map(|reading| reading.value).collect();
        let low = values.iter().copied().reduce(f64::min)?;
        let high = values.iter().copied().reduce(f64::max)?;
        let count = values.len() as u64;
        Some(match doc {
            Some(doc) => Document {
                count: doc.count + count,
                sum: decimal::sum(values.into_iter().chain([doc.sum])),
                min: doc.min.min(low),
                max: doc.max.max(high),
                ..doc
            },
            None => Document {
                device: device.to_owned(),
                site: memo.site.clone(),
                metric: metric.to_owned(),
                hour,
                count,
                sum: decimal::sum(values),
                min: low,
                max: high,
            },
        })
    }
}

/// The metric and the hour that an id names: the metric may hold colons, the hour does too.
fn parts<'a>(id: &'a str, device: &str) -> Option<(&'a str, Timestamp)> {
    const HOUR: usize = "2026-12-01T08:00:00Z".len();
    let rest = id.strip_prefix(device)?.strip_prefix(':')?;
    let (metric, hour) = rest.split_at_checked(rest.len().checked_sub(HOUR)?)?;
    Some((metric.strip_suffix(':')?, hour.parse().ok()?))
}

/// Where the hour of an instant begins.
fn hour(at: Timestamp) -> Timestamp {
    const SECONDS: i64 = 3_600;
    let second = if at.subsec_nanosecond() < 0 { at.as_second() - 1 } else { at.as_second() };
    Timestamp::from_second(second.div_euclid(SECONDS) * SECONDS).unwrap_or(at)
}
