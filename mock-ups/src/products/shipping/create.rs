//! Creates a shipment.

use crate::api::{ApiRequest, ApiResponse, Environment, UpsError};
use crate::json::{Json, Style};
use crate::label::{Destination, Format, Label, Stock};
use crate::products::rating::charges::{PackageCharges, ServicePrices};
use crate::products::rating::check::{CheckInputs, check};
use crate::products::rating::job::{RatingJob, Units};
use crate::products::rating::response::for_shipping;
use crate::products::rating::service::Lane;
use crate::products::rating::{PriceLookup, RatingCall, error, mode::Mode, transit};
use crate::products::versions::{Api, version as version_of};

use super::Shipping;
use super::number::{postal_number, roadie_number, tracking_number};
use super::request::{
    Envelope, LabelSpecification, Party, PricedEnvelope, ReferenceNumber, ShipmentRequest,
};
use super::results;
use super::store::{Address, Package, Shipment};
use crate::products::field_rules;
use crate::products::request_body::read;

impl Shipping {
    pub(super) fn create(
        &self,
        request: &ApiRequest<'_>,
        version: &str,
    ) -> Result<ApiResponse, UpsError> {
        // Shipping prices one service, so the request is checked as a Rate would be.
        let mode = Mode {
            shop: false,
            time_in_transit: false,
            version: version_of(Api::Shipping, version)?,
        };
        // Read twice from one body: the priced part shares rating's types, the other is shipping's own.
        let details: Envelope<'_> = match read(request.body) {
            Ok(details) => details,
            Err(unread) => return unread.answer(),
        };
        let priced: PricedEnvelope<'_> = match read(request.body) {
            Ok(priced) => priced,
            Err(unread) => return unread.answer(),
        };
        let not_valid = || UpsError::from(error::NOT_VALID);
        let details = details.shipment_request.0.ok_or_else(not_valid)?;
        let priced = priced.shipment_request.0.ok_or_else(not_valid)?;
        // The table of lengths works on the tree; a load test does not ship.
        let tree = serde_json::from_slice(request.body).unwrap_or_default();
        // Lengths before content: a text that is too long is refused whatever it says.
        field_rules::check(field_rules::SHIPPING, &tree)?;
        let tables = [
            field_rules::INTERNATIONAL_FORMS,
            field_rules::USMCA,
            field_rules::EUROPEAN_UNION,
            field_rules::HEALTHCARE,
        ];
        for table in tables {
            field_rules::check(table, &tree)?;
        }
        // Shipping's own required members come before rating's checks, which know only codes of their own.
        let format = checked(&details)?;
        let today = jiff::tz::TimeZone::UTC.to_datetime(request.now).date();
        let facts = CheckInputs {
            body: request.body,
            tariff: &self.tariff,
            today,
            mode,
            packaging_name_is_strict: false,
        };
        // One check for both products: what rating refuses, shipping refuses under 12xxxx.
        let job = check(&priced, facts).map_err(|error| refusal(error, &details))?;
        // Needs the lane, so it follows the checks that establish it.
        described(&details, &job)?;
        if self.hot.current().strict_files {
            required_by_file(&tree, job.lane)?;
        }
        address_validated(request, &details)?;
        // After the form of the number was checked: this code speaks of a valid number of another account.
        if job
            .shipper_number
            .is_some_and(|number| request.caller.is_refused(number))
        {
            let text = "The shipper number belongs to another account";
            return Err(UpsError::bad_request("120100", text));
        }
        let call = RatingCall {
            mode,
            body: request.body,
            caller: request.caller,
            today,
            transaction: request.transaction,
        };
        self.book(request, &details, &job, &call, format)
    }

    /// Prices, numbers, remembers and writes out a checked shipment.
    fn book(
        &self,
        request: &ApiRequest<'_>,
        details: &ShipmentRequest<'_>,
        job: &RatingJob<'_>,
        call: &RatingCall<'_>,
        format: Format,
    ) -> Result<ApiResponse, UpsError> {
        let service = job
            .service
            .ok_or_else(|| UpsError::from(error::NOT_POSSIBLE))?;
        let lookup = PriceLookup::of(&self.tariff, job, call.caller);
        // Priced before it is numbered: a shipment that cannot go must not use up tracking numbers.
        let basis = lookup.wanted(job, service).map_err(error::as_shipping)?;
        let sheet = lookup.sheet(job, call, self.hot.negotiated_base());
        // Ground Saver left shipping's list in November 2025, so an option decides whether it is sold.
        if service.is_ground_saver() && !self.hot.current().ground_saver_is_sold {
            return Err(error::as_shipping(error::SERVICE_UNAVAILABLE.into()));
        }
        let shipment = self.numbered(request, details, job, &basis);
        let charges: Vec<PackageCharges> = job
            .parcels
            .iter()
            .map(|parcel| basis.package(job, parcel))
            .collect();
        let stock = LabelSpecification::stock(details.label_specification.as_ref());
        let labels = labels(&shipment, format, stock);
        let context = details
            .request
            .as_ref()
            .and_then(|request| request.context());
        // A label is about 30 kB in base64; the buffer is made once.
        let body = Json::document(Style::Spaced, 4096 + labels.len() * 32_768, |json| {
            json.object("ShipmentResponse", |json| {
                results::response(json, call, job, service, context);
                json.object("ShipmentResults", |json| {
                    let total = basis.shipment(job, &charges);
                    for_shipping::shipment(json, &sheet, &basis, &total);
                    json.text("ShipmentIdentificationNumber", shipment.id());
                    let packages = shipment.packages.iter().zip(&labels);
                    let packages = packages.zip(job.parcels.iter().zip(&charges));
                    let arrays = call.mode.lists_are_arrays();
                    json.list("PackageResults", arrays, packages, |json, entry| {
                        let ((package, label), (parcel, charges)) = entry;
                        json.text("TrackingNumber", &package.tracking_number);
                        for_shipping::package(json, &sheet, charges);
                        shipping_label(json, format, label);
                        if job.return_label {
                            results::receipt(json, &package.tracking_number);
                        }
                        if let Some(number) = &package.postal_number {
                            json.text("USPSPICNumber", number);
                        }
                        for_shipping::package_items(json, &sheet, &basis, parcel, charges);
                    });
                    if job.lane.is_international() {
                        results::form(json, details, shipment.id(), request.now);
                    }
                    if results::wants_label_url(details) {
                        json.text("LabelURL", &label_url(&shipment, request.environment));
                    }
                });
            });
        });
        // Last: a shipment is kept only when its answer is complete.
        if !self.numbers_are_masked(request) {
            self.shipments.insert(shipment);
        }
        Ok(ApiResponse::json(body))
    }

    /// Whether all numbers are `1ZXXXXXXXXXXXXXXXX`. Nothing can be kept under such a number.
    fn numbers_are_masked(&self, request: &ApiRequest<'_>) -> bool {
        // An option, and off by default: a masked shipment cannot be tracked or voided.
        request.environment == Environment::Cie && self.hot.current().test_numbers_are_masked
    }

    fn numbered(
        &self,
        request: &ApiRequest<'_>,
        details: &ShipmentRequest<'_>,
        job: &RatingJob<'_>,
        basis: &ServicePrices<'_>,
    ) -> Shipment {
        let shipper_number = job.shipper_number.unwrap_or_default().to_ascii_uppercase();
        let sent = details.shipment.as_ref();
        // Reserved at once for the whole shipment, so that concurrent shipments share no number.
        let first = self.shipments.reserve(job.parcels.len());
        let masked = self.numbers_are_masked(request);
        let packages = job.parcels.iter().enumerate().map(|(index, parcel)| {
            // Scattered, so that no test comes to rely on the next number.
            let sequence = scattered(self.seed, u64::from(first) + index as u64);
            let sent = sent.and_then(|shipment| shipment.package.0.get(index));
            let number = match masked {
                true => MASKED_NUMBER.to_owned(),
                false if basis.service.is_roadie() => roadie_number(&shipper_number, sequence),
                false => tracking_number(&shipper_number, basis.service.code(), sequence),
            };
            let is_postal = basis.service.is_ground_saver();
            Package {
                tracking_number: number,
                postal_number: is_postal.then(|| postal_number(sequence)),
                weight: parcel.weight.to_owned(),
                voided_at: None,
                references: sent.map_or_else(Vec::new, |p| references(&p.reference_number.0)),
                changes: Vec::new(),
            }
        });
        let packages = packages.collect();
        // Without `ShipFrom` the parcel leaves from the shipper.
        let from =
            sent.and_then(|shipment| shipment.ship_from.as_ref().or(shipment.shipper.as_ref()));
        let to = sent.and_then(|shipment| shipment.ship_to.as_ref());
        Shipment {
            shipper_number,
            service: basis.service,
            lane: job.lane,
            commitment: transit::commitment(basis.service, job.lane, basis.zone()),
            created_at: request.now,
            packages,
            references: sent.map_or_else(Vec::new, |s| references(&s.reference_number.0)),
            from: from.map_or_else(Address::default, address),
            to: to.map_or_else(Address::default, address),
            weight_unit: match job.units {
                Units::Imperial => "LBS",
                Units::Metric => "KGS",
            },
        }
    }
}

const MASKED_NUMBER: &str = "1ZXXXXXXXXXXXXXXXX";

/// Seven digits that no other package of this mock has: a step that is prime to ten million visits
/// every number once.
fn scattered(seed: u64, index: u64) -> u32 {
    // Prime to ten million: neither even nor a multiple of five.
    const STEP: u64 = 7_368_787;
    // The multiplier spreads small seeds over the whole range; only the upper half is well mixed.
    let start = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let number = (start + index.wrapping_mul(STEP)) % 10_000_000;
    // Below ten million.
    number as u32
}

/// The checks that rating does not make, and the label's format.
fn checked(details: &ShipmentRequest<'_>) -> Result<Format, UpsError> {
    let refuse = |code: &'static str, text: &'static str| Err(UpsError::bad_request(code, text));
    let Some(shipment) = details.shipment.as_ref() else {
        return refuse("20007", "Missing required field");
    };
    let shipper = shipment.shipper.as_ref();
    let number = shipper.and_then(|shipper| shipper.shipper_number.present());
    // Length only: the rating check looks at the characters, under the code of its own family.
    let Some(number) = number.filter(|number| number.len() == 6) else {
        return refuse("120100", "Missing or invalid shipper number");
    };
    let Some(to) = shipment.ship_to.as_ref() else {
        return refuse("120200", "Missing or invalid ship to name");
    };
    if to.name.present().is_none() {
        return refuse("120200", "Missing or invalid ship to name");
    }
    let address = to.address.as_ref();
    // Only the first line is required; the recorded error 120202 names line 1.
    let line = address.and_then(|address| address.address_line.0.first());
    if line.and_then(|line| line.present()).is_none() {
        return refuse("120202", "Missing or invalid ship to address line");
    }
    if address.and_then(|address| address.city.present()).is_none() {
        return refuse("120205", "Missing or invalid ship to city");
    }
    if shipment
        .service
        .as_ref()
        .and_then(|service| service.code.present())
        .is_none()
    {
        return refuse("120500", "Missing or invalid service");
    }
    paid(shipment, number)?;
    let specification = details.label_specification.as_ref();
    let format = specification.and_then(|label| label.label_image_format.as_ref());
    match format.map(|format| format.code.as_str()) {
        // An empty code is an absent one, and both mean the default.
        None | Some("") => Ok(Format::Gif),
        Some(code) => Format::parse(code).ok_or_else(|| {
            UpsError::bad_request("120701", "Missing or invalid label image format")
        }),
    }
}

/// Somebody pays the transportation; a shipper who pays is the shipper.
fn paid(shipment: &super::request::Shipment<'_>, number: &str) -> Result<(), UpsError> {
    let charges = shipment
        .payment_information
        .as_ref()
        .map(|payment| &payment.shipment_charge.0);
    let transport = charges.and_then(|charges| {
        charges
            .iter()
            // 01 is transportation; duties (02) may be billed to anyone and need not be there.
            .find(|charge| matches!(charge.kind.as_str(), "" | "01" | "1"))
    });
    let Some(transport) = transport else {
        return Err(UpsError::bad_request(
            "120412",
            "Missing or invalid payment information",
        ));
    };
    let account = transport
        .bill_shipper
        .as_ref()
        .and_then(|bill| bill.account_number.present());
    match account {
        Some(account) if !account.eq_ignore_ascii_case(number) => Err(UpsError::bad_request(
            "120416",
            "The bill shipper account number must be the shipper number",
        )),
        _ => Ok(()),
    }
}

/// A shipment abroad says what is in it.
fn described(details: &ShipmentRequest<'_>, job: &RatingJob<'_>) -> Result<(), UpsError> {
    let shipment = details.shipment.as_ref();
    let description = shipment.and_then(|shipment| shipment.description.present());
    // Customs need a description; documents have no contents to describe.
    if job.lane.is_international() && !job.documents_only && description.is_none() {
        return Err(UpsError::bad_request(
            "120512",
            "Shipment Description required",
        ));
    }
    Ok(())
}

/// What UPS's file requires and its examples lack, so nobody knows since when UPS refuses it.
fn required_by_file(request: &serde_json::Value, lane: Lane) -> Result<(), UpsError> {
    field_rules::check(field_rules::USMCA_REQUIRED, request)?;
    if lane.enters_european_union() {
        field_rules::check(field_rules::EUROPEAN_UNION_REQUIRED, request)?;
    }
    Ok(())
}

/// `additionaladdressvalidation=city`: the city must be one that the ZIP code has, where that is known.
fn address_validated(
    request: &ApiRequest<'_>,
    details: &ShipmentRequest<'_>,
) -> Result<(), UpsError> {
    let asked = request.query_value("additionaladdressvalidation");
    let Some("city") = asked.as_deref().map(str::to_ascii_lowercase).as_deref() else {
        // Only `city` is a value that UPS knows; anything else is ignored, not refused.
        return Ok(());
    };
    let to = details
        .shipment
        .as_ref()
        .and_then(|shipment| shipment.ship_to.as_ref());
    let address = to.and_then(|to| to.address.as_ref());
    let Some(address) = address.filter(|address| address.country_code.as_str() == "US") else {
        // Only addresses of the United States are in the city table; others pass.
        return Ok(());
    };
    match crate::places::city_fits(address.postal_code.as_str(), address.city.as_str()) {
        true => Ok(()),
        false => Err(UpsError::bad_request(
            "120802",
            "Address Validation Error on ShipTo address",
        )),
    }
}

/// Rating's error under shipping's number. Where the client asked for validation, a postal code
/// that is not of the state is reported as a failed address validation.
fn refusal(error: UpsError, details: &ShipmentRequest<'_>) -> UpsError {
    let option = details
        .request
        .as_ref()
        .map(|request| request.request_option.as_str());
    let validates = option.is_some_and(|option| option.eq_ignore_ascii_case("validate"));
    // Only 111285 is about a postal code that is not the state's; all other mistakes keep their code.
    if validates && error.code == "111285" {
        return UpsError::bad_request("120802", "Address Validation Error on ShipTo address");
    }
    error::as_shipping(error)
}

fn references(sent: &[ReferenceNumber<'_>]) -> Vec<String> {
    let values = sent
        .iter()
        .filter_map(|reference| reference.value.present());
    // UPS allows 35 characters; five references a package keep the store small.
    values.take(5).map(|value| shortened(value, 35)).collect()
}

// What is kept is cut to the field's length: the checks above may be switched to lenient.
fn address(party: &Party<'_>) -> Address {
    let sent = party.address.as_ref();
    let field = |text: Option<&str>, most: usize| shortened(text.unwrap_or_default(), most);
    Address {
        name: field(Some(party.name.as_str()), 35),
        lines: sent.map_or_else(Vec::new, |address| {
            let lines = address.address_line.0.iter();
            lines
                .take(3)
                .map(|line| shortened(line.as_str(), 35))
                .collect()
        }),
        city: field(sent.map(|address| address.city.as_str()), 30),
        state: field(sent.map(|address| address.state_province_code.as_str()), 5),
        postal_code: field(sent.map(|address| address.postal_code.as_str()), 10),
        country: field(sent.map(|address| address.country_code.as_str()), 2),
    }
}

/// At most so many characters; what is kept for a shipment is bounded by this.
fn shortened(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// What a package's `ShippingLabel` holds, in base64.
pub(super) struct PackageLabel {
    pub(super) image: String,
    /// The page beside a GIF or PNG.
    pub(super) html: Option<String>,
    signature_page: Option<String>,
}

/// The labels of all packages.
pub(super) fn labels(shipment: &Shipment, format: Format, stock: Stock) -> Vec<PackageLabel> {
    // Rendered outside the store's lock: a GIF takes longer than all the rest of the call.
    let (from, to) = (shipment.from.label_lines(), shipment.to.label_lines());
    let count = shipment.packages.len();
    let address = &shipment.to;
    // Puerto Rico has one too, so countries decide and not the domestic market.
    let goes_abroad = shipment.lane.from.0 != shipment.lane.to.0;
    let label = |(index, package): (usize, &Package)| {
        let label = Label {
            tracking_number: &package.tracking_number,
            service: shipment.service.name(shipment.lane),
            weight: (package.weight.clone(), shipment.weight_unit),
            position: (index + 1, count),
            from: &from,
            to: &to,
            destination: Destination {
                street: address.lines.first().map_or("", String::as_str),
                city: &address.city,
                state: &address.state,
                postal_code: &address.postal_code,
                country: &address.country,
            },
            // A day of a year has three digits.
            day_of_year: shipment.day().day_of_year().unsigned_abs(),
            references: &package.references,
        };
        let is_signed = goes_abroad && index == 0;
        PackageLabel {
            image: label.base64(format, stock),
            html: format.has_page().then(|| label.html_base64(format)),
            // One for the shipment, at its first package.
            signature_page: is_signed
                .then(|| label.signature_page_base64(format, stock))
                .flatten(),
        }
    };
    shipment.packages.iter().enumerate().map(label).collect()
}

fn shipping_label(json: &mut Json, format: Format, label: &PackageLabel) {
    json.object("ShippingLabel", |json| {
        json.object("ImageFormat", |json| {
            json.text("Code", format.code());
            json.text("Description", format.code());
        });
        json.text("GraphicImage", &label.image);
        if let Some(html) = &label.html {
            json.text("HTMLImage", html);
        }
        if let Some(page) = &label.signature_page {
            json.text("InternationalSignatureGraphicImage", page);
        }
    });
}

fn label_url(shipment: &Shipment, environment: Environment) -> String {
    let cie = environment == Environment::Cie;
    let id = shipment.id();
    // `cie=true` marks the test host in recorded links.
    format!(
        "https://www.ups.com/uel/llp/{id}/link/labelAll/XSA/mock{}/en_US\
         ?loc=en_US&cie={cie}&pdr=false",
        // The tail stands for UPS's secret token: recognisable and never valid there.
        id.get(11..).unwrap_or_default()
    )
}
