//! The view `devices`: what stands where, what it measures, and when it last did.

use std::collections::BTreeSet;

use events::device::Event;
use jiff::Timestamp;
use kernel::{Field, Recorded, View};
use serde::{Deserialize, Serialize};

/// One document for each device.
pub struct Devices;

/// A device as it is found.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    model: String,
    site: String,
    metrics: BTreeSet<String>,
    last_at: Option<Timestamp>,
}

impl View for Devices {
    type Event = Event;
    type Memo = ();
    type Doc = Document;

    const NAME: &'static str = "devices";
    const AGGREGATE: &'static str = "device";
    const REVISION: u32 = 1;
    const CURSOR: bool = false;

    fn fields() -> Vec<Field> {
        vec![Field::keyword("model"), Field::keyword("site"), Field::keyword("metrics"), Field::date_time("lastAt")]
    }

    fn touches((): &(), recorded: &Recorded<'_, Event>) -> Vec<String> {
        vec![recorded.stream.id().to_owned()]
    }

    fn evolve((): &(), _: &str, doc: Option<Document>, recorded: &Recorded<'_, Event>) -> Option<Document> {
        match recorded.event {
            Event::DeviceRegistered(e) => {
                let (model, site) = (e.model.clone(), e.site.clone());
                Some(Document { model, site, metrics: BTreeSet::new(), last_at: None })
            }
            Event::ReadingsRecorded(e) => doc.map(|mut doc| {
                for reading in &e.readings {
                    if !doc.metrics.contains(&reading.metric) {
                        doc.metrics.insert(reading.metric.clone());
                    }
                    doc.last_at = doc.last_at.max(Some(reading.at));
                }
                doc
            }),
            Event::ThresholdSet(_) | Event::ThresholdCrossed(_) => doc,
        }
    }
}
