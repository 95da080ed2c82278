//! One `RatedShipment`.

use crate::config::NegotiatedBase;
use crate::json::Json;
use crate::places::Region;
use crate::products::rating::charges::{PackageCharges, ServicePrices, ShipmentCharges};
use crate::products::rating::job::{Parcel, SIMPLE_RATE_SIZES, Units};
use crate::products::rating::tariff::{Cents, RateModifier};
use crate::products::rating::transit::commitment;

use super::shape::{HeadMember, Itemised};
use super::{ResponseContext, transit};

/// Writes the members of one rated shipment.
pub(super) fn write(
    json: &mut Json,
    sheet: &ResponseContext<'_>,
    basis: &ServicePrices<'_>,
    packages: &[PackageCharges],
) {
    let job = sheet.job;
    let charges = basis.shipment(job, packages);
    let arrays = sheet.mode.lists_are_arrays();
    let commitment = commitment(basis.service, job.lane, basis.zone());

    heading(json, sheet, basis);
    let billed = job.parcels.iter().map(|parcel| parcel.billed).sum();
    billing_weight(json, job.units, billed);
    let transportation = charges.packages.transportation();
    money(json, sheet, "TransportationCharges", transportation);
    let by_package = job.lane.is_rated_by_package();
    // With packages rated one by one UPS shows the base at each package and 0.00 here.
    let base = if by_package { 0 } else { charges.packages.base };
    money(json, sheet, "BaseServiceCharge", base);
    itemised(json, sheet, || {
        Items::of_shipment(sheet, basis, &charges, charges.packages.fuel)
    });
    // The order of members is that of recorded answers; some strict clients depend on it.
    money(json, sheet, "ServiceOptionsCharges", charges.options());
    taxes(json, sheet, charges.total());
    money(json, sheet, "TotalCharges", charges.total());
    total_with_taxes(json, sheet, charges.total());
    if basis.is_negotiated() {
        json.object("NegotiatedRateCharges", |json| {
            negotiated(json, sheet, basis, &charges);
        });
    }
    // Ground has no `GuaranteedDelivery` at all, not an empty one.
    if commitment.guaranteed {
        transit::guaranteed(json, commitment);
    }
    let pairs = job.parcels.iter().zip(packages);
    json.list("RatedPackage", arrays, pairs, |json, (parcel, charges)| {
        package(json, sheet, basis, parcel, charges);
    });
    let wanted = job.shows.time_in_transit.as_ref();
    // A service without dates has alert 111598 in place of `TimeInTransit`.
    if let Some(wanted) = wanted.filter(|_| !sheet.is_untimed(basis)) {
        transit::write(json, sheet, basis, commitment, wanted);
    }
}

/// What stands before the weights and prices.
fn heading(json: &mut Json, sheet: &ResponseContext<'_>, basis: &ServicePrices<'_>) {
    let shows = &sheet.job.shows;
    let arrays = sheet.mode.lists_are_arrays();
    let by_package = sheet.job.lane.is_rated_by_package();
    // 01 is by shipment and 02 by package.
    let method = if by_package { "02" } else { "01" };
    for member in sheet.mode.head() {
        match member {
            HeadMember::Disclaimer if shows.taxes && sheet.tax.is_some() => {
                json.list("Disclaimer", arrays, [()].iter(), |json, ()| {
                    json.word("Code", "01");
                    json.word("Description", TAXES_INCLUDED);
                });
            }
            // UPS leaves the description empty; clients look services up by code.
            HeadMember::Service => json.prepared_around(
                r#""Service":{"Code":""#,
                basis.service.code(),
                r#"", "Description":""}"#,
            ),
            HeadMember::RateChart if shows.rate_chart => {
                json.text("RateChart", rate_chart(sheet));
            }
            HeadMember::Zone if shows.sub_version >= 2409 => {
                json.integer_text("Zone", basis.zone().number(basis.service));
            }
            HeadMember::Alerts => {
                let modified = sheet.modifier(basis).is_some();
                let (alerts, count) = sheet.alerts(modified, sheet.is_untimed(basis));
                let alerts = alerts[..count].iter().copied();
                json.list("RatedShipmentAlert", arrays, alerts, |json, alert| {
                    json.prepared(alert.at_shipment);
                });
            }
            HeadMember::RatingMethod if shows.rating_method => json.word("RatingMethod", method),
            HeadMember::BillableWeightMethod if shows.rating_method => {
                json.word("BillableWeightCalculationMethod", method);
            }
            HeadMember::Disclaimer
            | HeadMember::RateChart
            | HeadMember::Zone
            | HeadMember::RatingMethod
            | HeadMember::BillableWeightMethod => {}
        }
    }
}

const TAXES_INCLUDED: &str = "Taxes are included in the shipment cost and apply to the transportation \
charges but additional duties/taxes may apply and are not reflected in the total amount due.";

/// 48 states: standard list; elsewhere: the plain rates.
pub(super) fn rate_chart(sheet: &ResponseContext<'_>) -> &'static str {
    match sheet.job.lane.from.1 {
        // 1 is the daily rate of an account, 3 the standard list for all who have none.
        Region::UnitedStates if sheet.job.shipper_number.is_some() => "1",
        Region::UnitedStates => "3",
        Region::PuertoRico
        | Region::Canada
        | Region::Mexico
        | Region::Poland
        | Region::EuropeanUnion
        | Region::Elsewhere => "1",
    }
}

fn negotiated(
    json: &mut Json,
    sheet: &ResponseContext<'_>,
    basis: &ServicePrices<'_>,
    charges: &ShipmentCharges,
) {
    let by_package = sheet.job.lane.is_rated_by_package();
    let modifier = sheet.modifier(basis);
    // Sub-version 2205 brought the base and the modifier; older answers start with the items.
    if sheet.job.shows.sub_version >= 2205 {
        let base = if by_package {
            0
        } else {
            charges.packages.net_base
        };
        // The file says list, recordings show an object, and both break some client.
        match sheet.negotiated_base {
            NegotiatedBase::Object => money(json, sheet, "BaseServiceCharge", base),
            NegotiatedBase::List => json.array("BaseServiceCharge", [base], |json, base| {
                json.word("CurrencyCode", sheet.currency);
                json.hundredths("MonetaryValue", base);
            }),
            NegotiatedBase::Absent => {}
        }
    }
    rate_modifier(json, sheet, modifier);
    itemised(json, sheet, || {
        Items::of_shipment(sheet, basis, charges, charges.packages.net_fuel)
    });
    let total = charges.net_total() + modifier.map_or(0, |modifier| modifier.amount);
    // A fixed modifier can exceed a small total, and no charge is negative.
    let total = total.max(0);
    taxes(json, sheet, total);
    money(json, sheet, "TotalCharge", total);
    total_with_taxes(json, sheet, total);
}

pub(super) fn rate_modifier(
    json: &mut Json,
    sheet: &ResponseContext<'_>,
    modifier: Option<&RateModifier>,
) {
    let arrays = sheet.mode.lists_are_arrays();
    json.list("RateModifier", arrays, modifier.iter(), |json, modifier| {
        json.text("ModifierType", &modifier.kind);
        json.text("ModifierDesc", &modifier.description);
        json.hundredths("Amount", modifier.amount);
    });
}

fn package(
    json: &mut Json,
    sheet: &ResponseContext<'_>,
    basis: &ServicePrices<'_>,
    parcel: &Parcel<'_>,
    charges: &PackageCharges,
) {
    let by_package = sheet.job.lane.is_rated_by_package();
    // Rated as a whole, a package shows 0.00: its amounts are in the shipment's.
    let shown = |amount: Cents| if by_package { amount } else { 0 };
    if sheet.mode.packages_have_charges() {
        let transportation = shown(charges.transportation());
        money(json, sheet, "TransportationCharges", transportation);
        money(json, sheet, "BaseServiceCharge", shown(charges.base));
        let options = shown(charges.options());
        money(json, sheet, "ServiceOptionsCharges", options);
        if by_package {
            itemised(json, sheet, || {
                Items::of_package(sheet, basis, parcel, charges, charges.fuel)
            });
        }
        money(json, sheet, "TotalCharges", shown(charges.total()));
        package_negotiated(json, sheet, basis, parcel, charges);
    // From v2409 on a rated package has no charges of its own, only items and negotiated charges.
    } else {
        package_negotiated(json, sheet, basis, parcel, charges);
        if by_package {
            itemised(json, sheet, || {
                Items::of_package(sheet, basis, parcel, charges, charges.fuel)
            });
        }
    }
    // The weight as it was sent, with one decimal at least; it was read as a number.
    let weight = parcel.weight;
    // Texts of a weight are short, and a search made ready for long ones costs more.
    if weight.bytes().any(|byte| byte == b'.') {
        json.word("Weight", weight);
    } else {
        json.word_with("Weight", weight, ".0");
    }
    if sheet.mode.packages_have_charges() {
        billing_weight(json, sheet.job.units, shown(parcel.billed));
    }
    // A Shop rates all services normally, so only a Rate shows the simple rate.
    if let Some(size) = parcel.simple_rate.filter(|_| sheet.job.service.is_some()) {
        json.object("SimpleRate", |json| {
            json.text(
                "Code",
                SIMPLE_RATE_SIZES.get(size).copied().unwrap_or_default(),
            );
        });
    }
}

/// `NegotiatedCharges` of a package that is rated for itself.
fn package_negotiated(
    json: &mut Json,
    sheet: &ResponseContext<'_>,
    basis: &ServicePrices<'_>,
    parcel: &Parcel<'_>,
    charges: &PackageCharges,
) {
    // Only packages that are rated one by one have negotiated amounts.
    if !sheet.job.lane.is_rated_by_package() || !basis.is_negotiated() {
        return;
    }
    json.object("NegotiatedCharges", |json| {
        money(json, sheet, "BaseServiceCharge", charges.net_base);
        let transportation = charges.net_transportation();
        money(json, sheet, "TransportationCharges", transportation);
        itemised(json, sheet, || {
            Items::of_package(sheet, basis, parcel, charges, charges.net_fuel)
        });
        money(json, sheet, "ServiceOptionsCharges", charges.options());
        money(json, sheet, "TotalCharge", charges.net_total());
    });
}

pub(super) fn billing_weight(json: &mut Json, units: Units, tenths: i64) {
    // Written in one piece: the member stands at every shipment and package.
    const POUNDS: &str = concat!(
        r#""BillingWeight":{"UnitOfMeasurement":{"Code":"LBS", "Description":"Pounds"}"#,
        r#", "Weight":""#
    );
    const KILOGRAMS: &str = concat!(
        r#""BillingWeight":{"UnitOfMeasurement":{"Code":"KGS", "Description":"Kilograms"}"#,
        r#", "Weight":""#
    );
    match units {
        Units::Imperial => json.prepared_tenths(POUNDS, tenths),
        Units::Metric => json.prepared_tenths(KILOGRAMS, tenths),
    }
}

#[inline(always)]
pub(super) fn money(json: &mut Json, sheet: &ResponseContext<'_>, key: &str, amount: Cents) {
    json.money(key, sheet.currency, amount);
}

/// The tax on an amount, when the request asks for it and the origin has one.
fn tax_on(sheet: &ResponseContext<'_>, amount: Cents) -> Option<Cents> {
    let percent = sheet.tax.filter(|_| sheet.job.shows.taxes)?;
    // Half a hundredth of a percent is added, so that the tax is rounded half up.
    Some((amount * percent + 5_000) / 10_000)
}

pub(super) fn taxes(json: &mut Json, sheet: &ResponseContext<'_>, amount: Cents) {
    let arrays = sheet.mode.lists_are_arrays();
    // Canada's tax has its own name.
    let kind = if sheet.currency == "CAD" {
        "GST"
    } else {
        "VAT"
    };
    json.list(
        "TaxCharges",
        arrays,
        tax_on(sheet, amount).iter(),
        |json, tax| {
            json.text("Type", kind);
            json.hundredths("MonetaryValue", *tax);
        },
    );
}

pub(super) fn total_with_taxes(json: &mut Json, sheet: &ResponseContext<'_>, amount: Cents) {
    if let Some(tax) = tax_on(sheet, amount) {
        money(json, sheet, "TotalChargesWithTaxes", amount + tax);
    }
}

/// `ItemizedCharges`. Most answers have none, and need not make a list of twelve lines to find that out.
fn itemised<'t>(json: &mut Json, sheet: &ResponseContext<'_>, items: impl FnOnce() -> Items<'t>) {
    if sheet.itemised() != Itemised::No {
        items().write(json, sheet);
    }
}

/// One line of `ItemizedCharges`.
#[derive(Debug, Clone, Copy)]
struct Item<'t> {
    code: &'static str,
    amount: Cents,
    subtype: Option<&'t str>,
}

/// The lines of one list; ten is more than any list has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Items<'t> {
    lines: [Item<'t>; 12],
    count: usize,
}

impl<'t> Items<'t> {
    const fn new() -> Self {
        const NONE: Item<'static> = Item {
            code: "",
            amount: 0,
            subtype: None,
        };
        Self {
            lines: [NONE; 12],
            count: 0,
        }
    }

    fn push(&mut self, code: &'static str, amount: Cents, subtype: Option<&'t str>) {
        // A full list drops the line instead of panicking: the mock answers whatever is asked.
        if let Some(line) = self.lines.get_mut(self.count) {
            *line = Item {
                code,
                amount,
                subtype,
            };
            self.count += 1;
        }
    }

    fn push_charged(&mut self, code: &'static str, amount: Cents) {
        if amount > 0 {
            self.push(code, amount, None);
        }
    }

    /// What stands at the shipment: its own charges, and when it is rated as a whole also those of
    /// its packages. The residential surcharge stands here in both cases.
    pub(super) fn of_shipment(
        sheet: &ResponseContext<'_>,
        basis: &ServicePrices<'t>,
        charges: &ShipmentCharges,
        fuel: Cents,
    ) -> Self {
        let mut items = Self::new();
        if sheet.itemised() == Itemised::No {
            return items;
        }
        // 270 is listed here for both ways of rating, as in the recordings, though the package's total holds its share.
        items.push_charged("270", charges.packages.residential);
        if sheet.itemised() == Itemised::Unasked {
            return items;
        }
        // The order of codes is that of recorded lists.
        if !sheet.job.lane.is_rated_by_package() {
            items.push_parcel(basis, &charges.packages, fuel);
        }
        items.push_charged("300", charges.saturday_delivery);
        items.push_charged("310", charges.saturday_pickup);
        items.push_charged("121", charges.signature);
        items.push_charged("441", charges.carbon_neutral);
        items.push_charged("250", charges.return_label);
        items
    }

    pub(super) fn of_package(
        sheet: &ResponseContext<'_>,
        basis: &ServicePrices<'t>,
        parcel: &Parcel<'_>,
        charges: &PackageCharges,
        fuel: Cents,
    ) -> Self {
        let mut items = Self::new();
        match sheet.itemised() {
            Itemised::No => return items,
            Itemised::Unasked => {
                items.push_declared(basis, charges);
                return items;
            }
            Itemised::Full => {}
        }
        // Simple rate has no fuel and no other line, so this code says what the price is.
        if parcel.simple_rate.is_some() && charges.fuel == 0 {
            items.push("553", 0, None);
        }
        items.push_parcel(basis, charges, fuel);
        items
    }

    /// The declared value stands there even when it costs nothing, but not with Ground Saver.
    fn push_declared(&mut self, basis: &ServicePrices<'t>, charges: &PackageCharges) {
        if charges.declared > 0 || !basis.service.is_ground_saver() {
            self.push("400", charges.declared, Some("EVS"));
        }
    }

    /// Leaves out a declared value that costs nothing, as shipments do.
    pub(super) fn without_free_value(mut self) -> Self {
        let is_free = |line: &Item<'_>| line.code == "400" && line.amount == 0;
        if let Some(at) = self.lines[..self.count].iter().position(is_free) {
            // Moved down, since the order of the others must stay.
            self.lines.copy_within(at + 1..self.count, at);
            self.count -= 1;
        }
        self
    }

    fn push_parcel(&mut self, basis: &ServicePrices<'t>, charges: &PackageCharges, fuel: Cents) {
        self.push_charged("100", charges.handling);
        self.push_charged("377", charges.large);
        self.push_charged("110", charges.cash_on_delivery);
        self.push_charged("120", charges.signature);
        self.push_declared(basis, charges);
        if let Some(area) = basis.area() {
            // Listed even at 0.00: the recordings show the area of places that cost nothing.
            self.push("376", charges.area, Some(&area.subtype));
        }
        self.push_charged("375", fuel);
    }

    pub(super) fn write(&self, json: &mut Json, sheet: &ResponseContext<'_>) {
        let arrays = sheet.mode.lists_are_arrays();
        let lines = self.lines[..self.count].iter();
        json.list("ItemizedCharges", arrays, lines, |json, line| {
            json.word("Code", line.code);
            json.word("CurrencyCode", sheet.currency);
            json.hundredths("MonetaryValue", line.amount);
            if let Some(subtype) = line.subtype {
                json.text("SubType", subtype);
            }
        });
    }
}
