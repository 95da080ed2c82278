//! What other carriers cost beside UPS: an authorization, and a request through the data plane.

use super::gate::Counts;
use anyhow::{Context as _, Result, bail};

/// Groups of cases, with the most that a carrier may cost in per cent of UPS.
const GROUPS: [(&str, u64); 2] = [
    ("authorization", 200),
    // The data plane reads the carrier from data, so its work must not depend on it.
    ("request", 105),
];
/// The carrier that the others are compared with.
const STANDARD: &str = "UPS";

pub(super) fn compare(counts: &Counts) -> Result<()> {
    let mut above = Vec::new();
    for (group, most) in GROUPS {
        let of = |carrier: &str| format!("{group}, {carrier}");
        let standard = counts.get(&of(STANDARD));
        let standard = *standard.with_context(|| format!("there is no case {:?}", of(STANDARD)))?;
        let others = counts.iter().filter(|(name, _)| name.starts_with(&of("")));
        for (name, count) in others.filter(|(_, count)| **count * 100 > standard * most) {
            let share = count * 100 / standard.max(1);
            above.push(format!("{name}: {share} % of {STANDARD}, at most {most} %"));
        }
    }
    if above.is_empty() {
        return Ok(());
    }
    bail!("carriers cost too much: {}", above.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(fedex: u64, request: u64) -> Counts {
        [
            ("authorization, UPS", 1_000),
            ("authorization, FedEx", fedex),
            ("request, UPS", 1_000),
            ("request, FedEx", request),
            ("another path", 9_000),
        ]
        .map(|(name, count)| (name.to_owned(), count))
        .into()
    }

    #[test]
    fn carrier_above_its_share_fails_and_is_named() {
        assert!(compare(&counts(2_000, 1_050)).is_ok());
        let error = compare(&counts(2_010, 1_000)).expect_err("above");
        assert!(
            error.to_string().contains("authorization, FedEx: 201 %"),
            "{error}"
        );
        let error = compare(&counts(10, 1_060)).expect_err("above");
        assert!(
            error.to_string().contains("request, FedEx: 106 %"),
            "{error}"
        );
        assert!(compare(&Counts::new()).is_err(), "nothing was compared");
    }
}
