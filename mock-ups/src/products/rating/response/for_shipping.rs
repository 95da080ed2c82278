//! The charges in a shipping answer: the same numbers in another arrangement.

use crate::json::Json;
use crate::products::rating::charges::{PackageCharges, ServicePrices, ShipmentCharges};
use crate::products::rating::job::Parcel;

use super::shipment::{Items, billing_weight, money, rate_chart, rate_modifier};
use super::shipment::{taxes, total_with_taxes};
use super::{Itemised, ResponseContext};

/// `ShipmentCharges`, `NegotiatedRateCharges` and `BillingWeight`.
pub(crate) fn shipment(
    json: &mut Json,
    sheet: &ResponseContext<'_>,
    basis: &ServicePrices<'_>,
    charges: &ShipmentCharges,
) {
    // Packages rated one by one carry the base; the shipment then shows 0.00.
    let by_package = sheet.job.lane.is_rated_by_package();
    json.object("ShipmentCharges", |json| {
        if sheet.job.shows.rate_chart {
            json.text("RateChart", rate_chart(sheet));
        }
        if sheet.mode.shipping_shows_base() {
            let base = if by_package { 0 } else { charges.packages.base };
            money(json, sheet, "BaseServiceCharge", base);
        }
        let transportation = charges.packages.transportation();
        // Shipping leaves out the free declared value that rating lists.
        money(json, sheet, "TransportationCharges", transportation);
        Items::of_shipment(sheet, basis, charges, charges.packages.fuel)
            .without_free_value()
            .write(json, sheet);
        money(json, sheet, "ServiceOptionsCharges", charges.options());
        taxes(json, sheet, charges.total());
        money(json, sheet, "TotalCharges", charges.total());
        total_with_taxes(json, sheet, charges.total());
    });
    if basis.is_negotiated() {
        let modifier = sheet.modifier(basis);
        let amount = modifier.map_or(0, |modifier| modifier.amount);
        // A fixed modifier can exceed a small total, and no charge is negative.
        let total = (charges.net_total() + amount).max(0);
        json.object("NegotiatedRateCharges", |json| {
            taxes(json, sheet, total);
            money(json, sheet, "TotalCharge", total);
            Items::of_shipment(sheet, basis, charges, charges.packages.net_fuel)
                .without_free_value()
                .write(json, sheet);
            total_with_taxes(json, sheet, total);
            rate_modifier(json, sheet, modifier);
        });
    }
    if sheet.job.shows.rating_method {
        let method = if by_package { "02" } else { "01" };
        json.word("RatingMethod", method);
        json.word("BillableWeightCalculationMethod", method);
    }
    let billed = sheet.job.parcels.iter().map(|parcel| parcel.billed).sum();
    billing_weight(json, sheet.job.units, billed);
}

/// `BaseServiceCharge` and `ServiceOptionsCharges` of a package.
pub(crate) fn package(json: &mut Json, sheet: &ResponseContext<'_>, charges: &PackageCharges) {
    let by_package = sheet.job.lane.is_rated_by_package();
    // A shipment rated as a whole shows the member with 0.00 only where its version has it.
    if by_package || sheet.mode.shipping_shows_base() {
        let base = if by_package { charges.base } else { 0 };
        money(json, sheet, "BaseServiceCharge", base);
    }
    let options = if by_package { charges.options() } else { 0 };
    money(json, sheet, "ServiceOptionsCharges", options);
}

/// `ItemizedCharges` and `NegotiatedCharges` of a package.
pub(crate) fn package_items(
    json: &mut Json,
    sheet: &ResponseContext<'_>,
    basis: &ServicePrices<'_>,
    parcel: &Parcel<'_>,
    charges: &PackageCharges,
) {
    if !sheet.job.lane.is_rated_by_package() || sheet.itemised() == Itemised::No {
        return;
    }
    // Itemised charges of packages exist only where packages are rated one by one.
    let items = |fuel| Items::of_package(sheet, basis, parcel, charges, fuel).without_free_value();
    items(charges.fuel).write(json, sheet);
    if basis.is_negotiated() {
        json.object("NegotiatedCharges", |json| {
            items(charges.net_fuel).write(json, sheet);
        });
    }
}
