//! Gives the labels of a shipment again.

use crate::api::{ApiRequest, ApiResponse, UpsError};
use crate::json::{Json, Style};
use crate::label::Format;
use crate::products::rating::error;
use crate::products::versions::{Api, version as version_of};

use super::number::{is_roadie_number, is_tracking_number};
use super::request::{LabelSpecification, RecoveryEnvelope, RecoveryRequest};
use super::store::Shipment;
use super::{Shipping, create};
use crate::products::request_body::read;

impl Shipping {
    pub(super) fn recover(
        &self,
        request: &ApiRequest<'_>,
        version: &str,
    ) -> Result<ApiResponse, UpsError> {
        let version = version_of(Api::LabelRecovery, version)?;
        let flat = without_inner_list(request.body);
        let envelope: RecoveryEnvelope<'_> = match read(flat.as_deref().unwrap_or(request.body)) {
            Ok(envelope) => envelope,
            Err(unread) => return unread.answer(),
        };
        let wanted = envelope
            .label_recovery_request
            .0
            .ok_or_else(|| UpsError::from(error::NOT_VALID))?;
        let specification = wanted.label_specification.as_ref();
        let stock = LabelSpecification::stock(specification);
        let format = specification.and_then(|label| label.label_image_format.as_ref());
        let format = format.and_then(|format| Format::parse(format.code.as_str()));
        // An unknown format is answered with a GIF; only shipping refuses it.
        let format = format.unwrap_or(Format::Gif);
        let (shipment, only) = self.find(request, version, &wanted)?;
        let labels = create::labels(&shipment, format, stock);
        let packages = shipment.packages.iter().zip(&labels);
        let packages: Vec<_> = packages
            // Voided first, then the choice: a voided package has no label even when it is named.
            .filter(|(package, _)| package.voided_at.is_none())
            .filter(|(package, _)| only.is_empty() || only.contains(&package.tracking_number))
            .collect();
        // Found but all voided has a code of its own, so clients can tell it from an unknown number.
        if packages.is_empty() {
            let text = "The shipment or package has been voided";
            return Err(UpsError::bad_request("300033", text));
        }
        let context = wanted
            .request
            .as_ref()
            .and_then(|request| request.context());
        let body = Json::document(Style::Spaced, 1024 + packages.len() * 32_768, |json| {
            json.object("LabelRecoveryResponse", |json| {
                crate::response_envelope::success(json, context, request.transaction);
                json.text("ShipmentIdentificationNumber", shipment.id());
                let arrays = version >= 2403;
                json.list("LabelResults", arrays, packages.iter(), |json, entry| {
                    json.text("TrackingNumber", &entry.0.tracking_number);
                    json.object("LabelImage", |json| {
                        json.object("LabelImageFormat", |json| json.text("Code", format.code()));
                        json.text("GraphicImage", &entry.1.image);
                        if let Some(html) = &entry.1.html {
                            json.text("HTMLImage", html);
                        }
                    });
                });
            });
        });
        Ok(ApiResponse::json(body))
    }

    /// The shipment, and those of its packages whose labels are wanted; none means all. The first number of a
    /// shipment stands for the whole, unless the list of v2603 names its packages.
    fn find(
        &self,
        request: &ApiRequest<'_>,
        version: u32,
        wanted: &RecoveryRequest<'_>,
    ) -> Result<(Shipment, Vec<String>), UpsError> {
        let refuse =
            |code: &'static str, text: &'static str| Err(UpsError::bad_request(code, text));
        let listed = &wanted.tracking_numbers.0;
        let listed: Vec<&str> = listed.iter().filter_map(|text| text.present()).collect();
        let named = match wanted.tracking_number.present() {
            Some(number) => vec![number],
            None if version >= LISTS_FROM => listed,
            None => Vec::new(),
        };
        if let Some(first) = named.first() {
            let is_number = |number: &&str| is_tracking_number(number) || is_roadie_number(number);
            // Before any look-up: a hostile list costs nothing.
            if named.len() > MAX_NUMBERS || !named.iter().all(is_number) {
                return refuse("300014", "Invalid tracking number");
            }
            let Some(shipment) = self.shipments.with(first, |shipment| shipment.clone()) else {
                return refuse("300007", "The label was not found");
            };
            let numbers: Vec<String> = named.iter().map(|n| n.to_ascii_uppercase()).collect();
            let is_one_of_it = |number: &String| {
                let mut packages = shipment.packages.iter();
                packages.any(|package| package.tracking_number == *number)
            };
            // All or nothing: labels of two shipments cannot stand in one answer.
            if !numbers.iter().all(is_one_of_it) {
                return refuse("300007", "The label was not found");
            }
            // The first package's number is also the shipment's.
            let is_whole = numbers.len() == 1 && numbers[0] == shipment.id();
            let only = if is_whole { Vec::new() } else { numbers };
            return self
                .may_have(request, shipment)
                .map(|shipment| (shipment, only));
        }
        let values = wanted.reference_values.as_ref();
        let reference = values.and_then(|values| values.reference_number.as_ref()?.value.present());
        let shipper = values.and_then(|values| values.shipper_number.present());
        // A reference alone is not enough: two shippers may use the same one.
        let (Some(reference), Some(shipper)) = (reference, shipper) else {
            return refuse(
                "300005",
                "Neither a tracking number nor a reference number with a shipper number was given",
            );
        };
        let mut found = self.shipments.with_reference(reference, Some(shipper));
        // A reference can fit several shipments; UPS does not choose among them.
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => self.may_have(request, only).map(|only| (only, Vec::new())),
            (Some(_), false) => refuse("300001", "Multiple shipments have this reference number"),
            (None, _) => refuse("300007", "The label was not found"),
        }
    }

    /// The shipment, unless it is another user's or too old.
    fn may_have(&self, request: &ApiRequest<'_>, shipment: Shipment) -> Result<Shipment, UpsError> {
        // The code of an unknown label: an outsider learns nothing about the shipment.
        if request.caller.is_refused(&shipment.shipper_number) {
            let text = "The label belongs to another account";
            return Err(UpsError::bad_request("300007", text));
        }
        if !shipment.is_retained(request.now, self.hot.current().retention_days) {
            return Err(UpsError::bad_request("300007", "The label was not found"));
        }
        Ok(shipment)
    }
}

/// The body with `TrackingNumbers` as a list, as the file's schema has it, if it is written as in the file's example:
/// `{"TrackingNumber": […]}`.
fn without_inner_list(body: &[u8]) -> Option<Vec<u8>> {
    let mut tree: serde_json::Value = serde_json::from_slice(body).ok()?;
    let numbers = tree.pointer_mut("/LabelRecoveryRequest/TrackingNumbers")?;
    *numbers = numbers.get_mut("TrackingNumber")?.take();
    serde_json::to_vec(&tree).ok()
}

/// The version from which on several numbers can be asked for.
const LISTS_FROM: u32 = 2603;

/// Numbers in one call.
const MAX_NUMBERS: usize = 20;
