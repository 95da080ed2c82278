//! What an answer looks like by version, in tables: a recording that shows something else is one line.
//!
//! The version is that of the path; `SubVersion` of the body decides where it is named.

use super::super::mode::Mode;

/// A member at the head of a rated shipment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeadMember {
    Disclaimer,
    Service,
    RateChart,
    Zone,
    Alerts,
    RatingMethod,
    BillableWeightMethod,
}

use HeadMember::{
    Alerts, BillableWeightMethod, Disclaimer, RateChart, RatingMethod, Service, Zone,
};

/// From which version on, and the members in their order. The first line that fits counts.
const HEADS: [(u32, [HeadMember; 7]); 2] = [
    (
        // `Zone` came with v2409 and stands before the alerts from there on.
        2409,
        [
            Disclaimer,
            Service,
            RateChart,
            Zone,
            Alerts,
            RatingMethod,
            BillableWeightMethod,
        ],
    ),
    (
        0,
        [
            Disclaimer,
            Service,
            RateChart,
            Alerts,
            BillableWeightMethod,
            RatingMethod,
            Zone,
        ],
    ),
];

/// Versions whose answers itemise the residential surcharge and the declared value without a `SubVersion`.
// Recorded: v2205 lists both lines although the client named no sub-version.
const ITEMISED_UNASKED: [u32; 1] = [2205];

/// Versions of which `Rate` without a service answers as `Shop` does.
const RATE_WITHOUT_SERVICE: [u32; 1] = [2205];

/// How much of `ItemizedCharges` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Itemised {
    No,
    /// The residential surcharge and the declared value.
    Unasked,
    Full,
}

impl Mode {
    /// Whether lists of one are lists.
    pub(crate) const fn lists_are_arrays(self) -> bool {
        // Before v2403 a list of one is written as an object, which breaks clients that expect either.
        self.version >= 2403
    }

    /// Whether one rated shipment is a list.
    pub(super) const fn shipments_are_arrays(self) -> bool {
        // `RatedShipment` became a list one version later than the other members.
        self.version >= 2409
    }

    /// Whether a rated package has charges and a billed weight of its own.
    pub(super) const fn packages_have_charges(self) -> bool {
        self.version < 2409
    }

    /// Whether `GuaranteedIndicator` stands before `EstimatedArrival`.
    pub(super) const fn guarantee_comes_first(self) -> bool {
        self.version < 2409
    }

    /// Whether a shipment (not a rate) shows base charges.
    pub(super) const fn shipping_shows_base(self) -> bool {
        self.version >= 2403
    }

    pub(super) fn head(self) -> &'static [HeadMember; 7] {
        let fits = HEADS.iter().find(|(from, _)| self.version >= *from);
        fits.map_or(&HEADS[1].1, |(_, members)| members)
    }

    pub(crate) fn itemised(self, sub_version: u32) -> Itemised {
        // Itemised charges came with sub-version 1601.
        // A sub-version wins over the path's own, as clients ask for new members on old paths.
        if sub_version >= 1601 {
            Itemised::Full
        } else if sub_version == 0 && ITEMISED_UNASKED.contains(&self.version) {
            Itemised::Unasked
        } else {
            Itemised::No
        }
    }

    pub(crate) fn rates_all_without_service(self) -> bool {
        RATE_WITHOUT_SERVICE.contains(&self.version)
    }
}
