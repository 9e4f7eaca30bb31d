//! Figures: a sample a round, shown as median and spread, beside their limit.

use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::output::Output;

/// Everything that was measured.
pub(super) struct Figures {
    conditions: Map<String, Value>,
    figures: Vec<Figure>,
}

struct Figure {
    name: String,
    unit: &'static str,
    samples: Vec<f64>,
    /// What bounds it, and that limit's samples of the same rounds.
    limit: Option<(&'static str, Vec<f64>)>,
}

impl Figures {
    /// Nothing measured yet, under these conditions.
    pub(super) fn new(conditions: &[(&str, u32)]) -> Self {
        let conditions = conditions.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        Self { conditions, figures: Vec::new() }
    }

    /// Adds something that must be known to read the figures.
    pub(super) fn note(&mut self, name: &str, value: Value) {
        self.conditions.insert(name.to_owned(), value);
    }

    /// Adds a round's sample of a figure.
    pub(super) fn add(&mut self, name: &str, unit: &'static str, sample: f64) {
        match self.figures.iter_mut().find(|figure| figure.name == name) {
            Some(figure) => figure.samples.push(sample),
            None => {
                self.figures.push(Figure { name: name.to_owned(), unit, samples: vec![sample], limit: None });
            }
        }
    }

    /// Adds a round's sample of the limit of a figure that was measured in the same round.
    pub(super) fn add_limit(&mut self, name: &str, limit: &'static str, sample: f64) {
        if let Some(figure) = self.figures.iter_mut().find(|figure| figure.name == name) {
            figure.limit.get_or_insert_with(|| (limit, Vec::new())).1.push(sample);
        }
    }

    /// Prints them.
    pub(super) fn print(mut self, output: Output) -> Result<(), Failure> {
        if output.is_json() {
            let figures: Vec<Value> = self.figures.iter_mut().map(Figure::json).collect();
            self.conditions.insert("figures".into(), figures.into());
            return output.line(Value::Object(self.conditions).to_string());
        }
        let rows = self.figures.iter_mut().map(Figure::row).collect();
        output.rows(&["figure", "median", "unit", "spread", "limit", "ratio"], rows)?;
        output.object(Value::Object(self.conditions).to_string().as_bytes())
    }
}

impl Figure {
    fn json(&mut self) -> Value {
        let (low, median, high) = spread(&mut self.samples);
        let limit = self.limit.as_mut().map(|(name, samples)| {
            let (_, bound, _) = spread(samples);
            json!({"name": name, "median": rounded(bound), "ratio": rounded(median / bound)})
        });
        json!({"name": self.name, "unit": self.unit, "median": rounded(median), "min": rounded(low), "max": rounded(high),
            "samples": self.samples.iter().copied().map(rounded).collect::<Vec<_>>(), "limit": limit})
    }

    fn row(&mut self) -> Vec<String> {
        let (low, median, high) = spread(&mut self.samples);
        let (limit, ratio) = match &mut self.limit {
            Some((name, samples)) => {
                let (_, bound, _) = spread(samples);
                (format!("{name}: {}", rounded(bound)), rounded(median / bound).to_string())
            }
            None => Default::default(),
        };
        let spread = format!("{}–{}", rounded(low), rounded(high));
        vec![self.name.clone(), rounded(median).to_string(), self.unit.to_owned(), spread, limit, ratio]
    }
}

/// The value below which so many percent of the samples lie; 0 of none.
pub(super) fn percentile(samples: &mut [f64], percent: usize) -> f64 {
    samples.sort_unstable_by(f64::total_cmp);
    let last = samples.len().saturating_sub(1);
    samples.get((last * percent).div_ceil(100)).copied().unwrap_or(0.0)
}

fn spread(samples: &mut [f64]) -> (f64, f64, f64) {
    (percentile(samples, 0), percentile(samples, 50), percentile(samples, 100))
}

/// Three significant places, more is noise.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let places = value.abs().log10().floor() - 2.0;
    let scale = 10_f64.powf(-places.min(0.0));
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let mut samples = [3.0, 1.0, 2.0, 5.0, 4.0];
        assert!((percentile(&mut samples, 50) - 3.0).abs() < 1e-9);
        assert!((percentile(&mut samples, 99) - 5.0).abs() < 1e-9);
        assert!(percentile(&mut [], 50).abs() < 1e-9);
    }

    #[test]
    fn a_figure_is_shown_with_its_spread_and_its_limit() {
        let mut figures = Figures::new(&[("rounds", 3)]);
        for (figure, limit) in [(10.0, 5.0), (30.0, 5.0), (20.0, 4.0)] {
            figures.add("x", "ms", figure);
            figures.add_limit("x", "raw", limit);
        }
        let shown = figures.figures[0].json();
        assert_eq!(shown["median"], 20.0);
        assert_eq!((&shown["min"], &shown["max"]), (&json!(10.0), &json!(30.0)));
        assert_eq!(shown["limit"], json!({"name": "raw", "median": 5.0, "ratio": 4.0}));
    }

    #[test]
    fn rounding_keeps_three_places() {
        for (value, shown) in [(0.012_345, "0.0123"), (1.234_5, "1.23"), (12_345.6, "12346"), (0.0, "0")] {
            assert_eq!(rounded(value).to_string(), shown);
        }
    }
}
