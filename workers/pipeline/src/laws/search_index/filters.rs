//! Filters: each operator, on every kind.

#![expect(clippy::missing_panics_doc, reason = "a law that is broken panics")]

use kernel::query::{Bound, Condition, Filter, Range, Scalar};
use serde_json::json;

use super::toy::{date, field, given, matching, time};
use crate::{laws::Law, ports::search::SearchIndex};

async fn four(index: &dyn SearchIndex) -> Law {
    given(
        index,
        &[
            (
                "a",
                json!({ "title": "Sea View", "status": "new", "tags": ["x", "y"], "guests": -1, "total": 0.5,
                "arrival": "2026-12-01", "at": "2026-12-01T00:00:00Z", "open": true }),
            ),
            (
                "b",
                json!({ "title": "sea view", "status": "newer", "tags": ["y"], "guests": 2, "total": -1,
                "arrival": "2026-12-31", "at": "2026-12-31T23:59:59.5Z", "open": false }),
            ),
            (
                "c",
                json!({ "title": "Sea", "status": "New", "tags": ["z", "zz"], "guests": 3, "total": 12.25,
                "arrival": "1969-02-28", "at": "1969-02-28T12:00:00+02:00" }),
            ),
            ("d", json!({})),
        ],
    )
    .await
}

/// Case and every character count.
pub async fn equality_is_of_the_exact_value(index: &dyn SearchIndex) -> Law {
    four(index).await?;
    let cases = [
        ("title", "Sea View".into(), "a"),
        ("title", "Sea".into(), "c"),
        ("title", "view".into(), ""),
        ("status", "new".into(), "a"),
        ("status", "ne".into(), ""),
        ("id", "b".into(), "b"),
        ("guests", Scalar::Integer(-1), "a"),
        ("guests", Scalar::Integer(0), ""),
        ("total", Scalar::Number(-1.0), "b"),
        ("total", Scalar::Number(0.25), ""),
        ("arrival", date("2026-12-31")?, "b"),
        ("at", time("2026-12-31T23:59:59.500Z")?, "b"),
        ("at", time("1969-02-28T10:00:00Z")?, "c"),
        ("open", Scalar::Boolean(true), "a"),
        ("open", Scalar::Boolean(false), "b"),
    ];
    for (name, value, expected) in cases {
        let what = format!("{name} {value:?}");
        assert_eq!(matching(index, field(name, Condition::Equal(value.clone()))).await?, expected, "{what}");
        let one = Condition::In(vec![value.clone(), value]);
        assert_eq!(matching(index, field(name, one)).await?, expected, "in: {what}");
    }
    let two = Condition::In(vec!["new".into(), "New".into(), "none".into()]);
    assert_eq!(matching(index, field("status", two)).await?, "a c");
    assert_eq!(matching(index, field("status", Condition::In(Vec::new()))).await?, "");
    let two = Condition::In(vec![Scalar::Integer(3), Scalar::Integer(2)]);
    assert_eq!(matching(index, field("guests", two)).await?, "b c");
    Ok(())
}

/// A document without the field matches `ne` and `not`.
pub async fn a_missing_value_is_not_equal_to_any(index: &dyn SearchIndex) -> Law {
    four(index).await?;
    assert_eq!(matching(index, field("status", Condition::NotEqual("new".into()))).await?, "b c d");
    assert_eq!(matching(index, field("guests", Condition::NotEqual(Scalar::Integer(2)))).await?, "a c d");
    assert_eq!(matching(index, field("tags", Condition::NotEqual("y".into()))).await?, "c d");
    assert_eq!(matching(index, Filter::Not(Box::new(Filter::equals("open", Scalar::Boolean(true))))).await?, "b c d");
    Ok(())
}

fn range(from: Option<(Scalar, bool)>, to: Option<(Scalar, bool)>) -> Condition {
    let bound = |side: Option<(Scalar, bool)>| side.map(|(value, inclusive)| Bound { value, inclusive });
    Condition::Range(Range { from: bound(from), to: bound(to) })
}

/// `gte` and `lte` include their bound, `gt` and `lt` don't; a document without the field is in no range.
pub async fn ranges_include_or_exclude_their_bounds(index: &dyn SearchIndex) -> Law {
    four(index).await?;
    let fields = [
        ("guests", [Scalar::Integer(-1), Scalar::Integer(2), Scalar::Integer(3)], "abc"),
        ("total", [Scalar::Number(-1.0), Scalar::Number(0.5), Scalar::Number(12.25)], "bac"),
        ("arrival", [date("1969-02-28")?, date("2026-12-01")?, date("2026-12-31")?], "cab"),
        ("at", [time("1969-02-28T10:00:00Z")?, time("2026-12-01T00:00:00Z")?, time("2026-12-31T23:59:59.5Z")?], "cab"),
        ("status", ["New".into(), "new".into(), "newer".into()], "cab"),
        ("title", ["Sea".into(), "Sea View".into(), "sea view".into()], "cab"),
    ];
    for (name, [low, middle, high], order) in fields {
        let ids: Vec<char> = order.chars().collect();
        let check = async |condition: Condition, wanted: &[char]| -> Law {
            let mut wanted: Vec<String> = wanted.iter().map(char::to_string).collect();
            wanted.sort();
            let what = format!("{name} {condition:?}");
            assert_eq!(matching(index, field(name, condition)).await?, wanted.join(" "), "{what}");
            Ok(())
        };
        check(range(Some((low.clone(), true)), None), &ids).await?;
        check(range(Some((low.clone(), false)), None), &ids[1..]).await?;
        check(range(None, Some((high.clone(), true))), &ids).await?;
        check(range(None, Some((high.clone(), false))), &ids[..2]).await?;
        check(range(Some((middle.clone(), true)), Some((middle.clone(), true))), &ids[1..2]).await?;
        check(range(Some((middle.clone(), false)), Some((middle.clone(), true))), &[]).await?;
        check(range(Some((low.clone(), false)), Some((high.clone(), false))), &ids[1..2]).await?;
        check(range(Some((high.clone(), true)), Some((low.clone(), true))), &[]).await?;
        check(range(Some((high.clone(), false)), None), &[]).await?;
        check(range(None, Some((low.clone(), false))), &[]).await?;
    }
    let text = |from: &str, to: &str| range(Some((from.into(), true)), Some((to.into(), false)));
    assert_eq!(matching(index, field("status", text("a", "newe"))).await?, "a");
    assert_eq!(matching(index, field("status", text("o", "z"))).await?, "");
    assert_eq!(matching(index, field("status", text("A", "B"))).await?, "");
    Ok(())
}

/// The beginning of the exact value, case and all.
pub async fn prefixes_are_of_the_exact_value(index: &dyn SearchIndex) -> Law {
    four(index).await?;
    let cases = [
        ("status", "new", "a b"),
        ("status", "N", "c"),
        ("status", "newest", ""),
        ("title", "Sea", "a c"),
        ("title", "View", ""),
        ("tags", "z", "c"),
        ("id", "a", "a"),
    ];
    for (name, prefix, expected) in cases {
        assert_eq!(matching(index, field(name, Condition::Prefix(prefix.into()))).await?, expected, "{name} {prefix}");
    }
    given(index, &[("p", json!({ "status": "\u{10ffff}x" })), ("q", json!({ "status": "a\u{d7ff}" }))]).await?;
    assert_eq!(matching(index, field("status", Condition::Prefix("\u{10ffff}".into()))).await?, "p");
    assert_eq!(matching(index, field("status", Condition::Prefix("a\u{d7ff}".into()))).await?, "q");
    Ok(())
}

/// Null and an empty array are no values.
pub async fn existence_is_having_a_value(index: &dyn SearchIndex) -> Law {
    four(index).await?;
    given(index, &[("e", json!({ "tags": [], "status": null, "guests": [null] }))]).await?;
    for name in ["title", "status", "tags", "guests", "total", "arrival", "at"] {
        assert_eq!(matching(index, field(name, Condition::Exists(true))).await?, "a b c", "{name}");
        assert_eq!(matching(index, field(name, Condition::Exists(false))).await?, "d e", "{name}");
    }
    assert_eq!(matching(index, field("open", Condition::Exists(true))).await?, "a b");
    Ok(())
}

/// A field of many values matches by any of them.
pub async fn one_of_many_values_suffices(index: &dyn SearchIndex) -> Law {
    four(index).await?;
    given(index, &[("m", json!({ "guests": [10, 20, 30], "arrival": ["2030-01-01", "2031-01-01"] }))]).await?;
    assert_eq!(matching(index, Filter::equals("tags", "y")).await?, "a b");
    assert_eq!(matching(index, Filter::equals("guests", Scalar::Integer(20))).await?, "m");
    let within = range(Some((Scalar::Integer(25), true)), Some((Scalar::Integer(35), true)));
    assert_eq!(matching(index, field("guests", within)).await?, "m");
    let between = range(Some((Scalar::Integer(11), true)), Some((Scalar::Integer(19), true)));
    assert_eq!(matching(index, field("guests", between)).await?, "");
    assert_eq!(matching(index, Filter::equals("arrival", date("2031-01-01")?)).await?, "m");
    Ok(())
}

/// All, any, not, and nothing given.
pub async fn filters_combine(index: &dyn SearchIndex) -> Law {
    four(index).await?;
    let (y, new) = (Filter::equals("tags", "y"), Filter::equals("status", "new"));
    let (none, all) = (Filter::Or(Vec::new()), Filter::And(Vec::new()));
    let not = |filter: &Filter| Filter::Not(Box::new(filter.clone()));
    let cases = [
        (Filter::And(vec![y.clone(), new.clone()]), "a"),
        (Filter::And(vec![y.clone(), not(&new)]), "b"),
        (Filter::Or(vec![new.clone(), Filter::equals("id", "d")]), "a d"),
        (not(&Filter::Or(vec![y.clone(), new.clone()])), "c d"),
        (not(&Filter::And(vec![y.clone(), new.clone()])), "b c d"),
        (not(&not(&y)), "a b"),
        (all.clone(), "a b c d"),
        (none.clone(), ""),
        (not(&none), "a b c d"),
        (not(&all), ""),
        (Filter::And(vec![Filter::Or(vec![y, none]), all]), "a b"),
    ];
    for (filter, expected) in cases {
        let what = format!("{filter:?}");
        assert_eq!(matching(index, filter).await?, expected, "{what}");
    }
    Ok(())
}

/// Two times that differ by a nanosecond differ.
pub async fn times_are_exact_to_the_nanosecond(index: &dyn SearchIndex) -> Law {
    let (one, two) = ("2026-12-01T10:00:00.000000001Z", "2026-12-01T10:00:00.000000002Z");
    given(index, &[("a", json!({ "at": one })), ("b", json!({ "at": two }))]).await?;
    assert_eq!(matching(index, Filter::equals("at", time(one)?)).await?, "a");
    assert_eq!(matching(index, field("at", range(Some((time(one)?, false)), None))).await?, "b");
    assert_eq!(matching(index, field("at", range(None, Some((time("9999-01-01T00:00:00Z")?, true))))).await?, "a b");
    assert_eq!(matching(index, field("at", range(Some((time("9999-01-01T00:00:00Z")?, true)), None))).await?, "");
    Ok(())
}
