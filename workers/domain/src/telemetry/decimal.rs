//! Sums of broken numbers that are the same in any order, as floats' are not: 0.1 + 0.2 + 0.3 has two.
//!
//! A reading is what its shortest decimal form says. Sums are made of these, exactly, and are told as the nearest float,
//! from which the same decimal is read again as long as it has at most 15 digits.

/// How many places behind the point are kept.
const PLACES: usize = 12;

/// The sum of floats, each as its shortest decimal form says.
pub(super) fn sum(floats: impl IntoIterator<Item = f64>) -> f64 {
    float(floats.into_iter().map(scaled).sum())
}

/// A float in units of the last place.
fn scaled(float: f64) -> i128 {
    let mut digits = float.to_string();
    let whole = digits.find('.').unwrap_or(digits.len());
    if whole < digits.len() {
        digits.remove(whole);
    }
    digits.truncate(whole + PLACES);
    digits.extend(std::iter::repeat_n('0', whole + PLACES - digits.len()));
    // readings lie within 10^15: there is always room
    digits.parse().unwrap_or_default()
}

fn float(scaled: i128) -> f64 {
    let sign = if scaled < 0 { "-" } else { "" };
    let digits = format!("{:0width$}", scaled.unsigned_abs(), width = PLACES + 1);
    let (whole, broken) = digits.split_at(digits.len() - PLACES);
    format!("{sign}{whole}.{broken}").parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "exactly these")]
    fn decimals_add_as_on_paper() {
        assert_eq!(sum([0.1, 0.2, 0.3]), 0.6);
        assert_eq!(sum([0.3, 0.2, 0.1]), 0.6);
        assert_eq!(sum([-0.5, 0.25, -3.0]), -3.25);
        assert_eq!(sum([1e15, -1e15, 0.000_000_000_001]), 1e-12);
        assert_eq!(sum([9_007_199_254_740_991.0, -1.0]), 9_007_199_254_740_990.0);
        assert_eq!(sum([1e-13, 0.0]), 0.0);
        assert_eq!(sum([]), 0.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        #[expect(clippy::cast_precision_loss, clippy::float_cmp, reason = "a thousandth of a small number is exact")]
        fn a_sum_is_the_same_in_any_order_and_in_any_grouping(thousandths in prop::collection::vec(-10_000_000..10_000_000_i64, 0..200)) {
            let total = thousandths.iter().sum::<i64>() as f64 / 1_000.0;
            let values: Vec<_> = thousandths.iter().map(|n| *n as f64 / 1_000.0).collect();
            prop_assert_eq!(sum(values.iter().copied()), total);
            prop_assert_eq!(values.iter().rev().fold(0.0, |so_far, value| sum([so_far, *value])), total);
        }
    }
}
