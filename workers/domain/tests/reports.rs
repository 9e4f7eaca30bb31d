//! Reports ask views that there are for fields that they have.

use kernel::report::Gives;

#[test]
fn what_a_report_names_is_there() {
    let catalog = domain::catalog();
    for report in catalog.reports() {
        let own = catalog.find_view(report.view()).unwrap_or_else(|| panic!("{}: {}", report.name(), report.view()));
        for (view, gives) in report.parts() {
            let view = catalog.find_view(view).unwrap_or_else(|| panic!("{}: {view}", report.name()));
            if let Gives::Values { of, into } = gives {
                let (of, into) = (view.field(of).unwrap(), own.field(into).unwrap());
                assert!(of.exact && into.exact && of.kind == into.kind, "{}: {of:?}, {into:?}", report.name());
            }
        }
    }
}
