//! Gives the labels of a shipment again.

use crate::api::{ApiRequest, ApiResponse, UpsError};
use crate::json::{Json, Style};
use crate::label::Format;
use crate::products::rating::{error, mode::version_number};

use super::number::is_tracking_number;
use super::request::{RecoveryEnvelope, RecoveryRequest};
use super::store::Shipment;
use super::{Shipping, create, read, transaction};

impl Shipping {
    pub(super) fn recover(
        &self,
        request: &ApiRequest<'_>,
        version: &str,
    ) -> Result<ApiResponse, UpsError> {
        let version = version_number(version)?;
        let envelope: RecoveryEnvelope<'_> = match read(request.body) {
            Ok(envelope) => envelope,
            Err(unread) => return unread.answer(),
        };
        let wanted = envelope
            .label_recovery_request
            .0
            .ok_or_else(|| UpsError::from(error::NOT_VALID))?;
        let format = wanted.label_specification.as_ref();
        let format = format.and_then(|label| label.label_image_format.as_ref());
        let format = format.and_then(|format| Format::parse(format.code.as_str()));
        let format = format.unwrap_or(Format::Gif);
        let (shipment, only) = self.find(&wanted)?;
        let labels = create::labels(&shipment, format);
        let packages = shipment.packages.iter().zip(&labels);
        let packages: Vec<_> = packages
            .filter(|(package, _)| package.voided_at.is_none())
            .filter(|(package, _)| {
                only.as_ref()
                    .is_none_or(|one| *one == package.tracking_number)
            })
            .collect();
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
                crate::response_envelope::success(json, context, transaction(request));
                json.text("ShipmentIdentificationNumber", shipment.id());
                let arrays = version >= 2403;
                json.list("LabelResults", arrays, packages.iter(), |json, entry| {
                    json.text("TrackingNumber", &entry.0.tracking_number);
                    json.object("LabelImage", |json| {
                        json.object("LabelImageFormat", |json| json.text("Code", format.code()));
                        json.text("GraphicImage", &entry.1.0);
                        if let Some(html) = &entry.1.1 {
                            json.text("HTMLImage", html);
                        }
                    });
                });
            });
        });
        Ok(ApiResponse::json(body))
    }

    /// The shipment, and the one package whose label is wanted unless all are: the first number
    /// of a shipment stands for the whole.
    fn find(&self, wanted: &RecoveryRequest<'_>) -> Result<(Shipment, Option<String>), UpsError> {
        let refuse =
            |code: &'static str, text: &'static str| Err(UpsError::bad_request(code, text));
        if let Some(number) = wanted.tracking_number.present() {
            if !is_tracking_number(number) {
                return refuse("300014", "Invalid tracking number");
            }
            let Some(shipment) = self.shipments.with(number, |shipment| shipment.clone()) else {
                return refuse("300007", "The label was not found");
            };
            let number = number.to_ascii_uppercase();
            let only = (shipment.id() != number).then_some(number);
            return Ok((shipment, only));
        }
        let values = wanted.reference_values.as_ref();
        let reference = values.and_then(|values| values.reference_number.as_ref()?.value.present());
        let shipper = values.and_then(|values| values.shipper_number.present());
        let (Some(reference), Some(shipper)) = (reference, shipper) else {
            return refuse(
                "300005",
                "Neither a tracking number nor a reference number with a shipper number was given",
            );
        };
        let mut found = self.shipments.with_reference(reference, Some(shipper));
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok((only, None)),
            (Some(_), false) => refuse("300001", "Multiple shipments have this reference number"),
            (None, _) => refuse("300007", "The label was not found"),
        }
    }
}
