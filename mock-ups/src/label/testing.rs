//! A label for the tests of this folder.

use std::sync::LazyLock;

use super::content::{Destination, Label};

static LINES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let lines = [
        "Jane \"<O'Neil>\" ^XZ (x)\\",
        "1 Main Street",
        "Orlando FL 32821",
    ];
    lines.map(str::to_owned).to_vec()
});

pub(super) fn label() -> Label<'static> {
    Label {
        tracking_number: "1Z999AA10123456784",
        service: "UPS Next Day Air",
        weight: ("5.0".to_owned(), "LBS"),
        position: (1, 2),
        from: &LINES,
        to: &LINES,
        destination: Destination {
            street: "1 Main Street",
            city: "Orlando",
            state: "FL",
            postal_code: "32821",
            country: "US",
        },
        day_of_year: 333,
        references: &[],
    }
}
