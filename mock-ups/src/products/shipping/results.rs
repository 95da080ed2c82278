//! Results of a shipment beside its charges and labels.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::json::Json;
use crate::label;
use crate::products::rating::RatingCall;
use crate::products::rating::job::RatingJob;
use crate::products::rating::service::Service;
use crate::response_envelope;

use super::request::{InternationalForms, ServiceOptions, ShipmentRequest};

/// `User created form`: uploaded by the client, so UPS has no image of it.
const USER_CREATED: &str = "07";

/// As recorded, for the service that promises the early morning abroad.
const EARLY_ARRIVAL: (&str, &str) = (
    "123005",
    "The selected service may not guarantee early AM arrival to the requested location.",
);

/// `Response`, with the alerts of the shipment.
pub(super) fn response(
    json: &mut Json,
    call: &RatingCall<'_>,
    job: &RatingJob<'_>,
    service: Service,
    context: Option<&str>,
) {
    let is_early = service.code() == "54" && job.lane.is_international();
    let alerts = is_early.then_some(EARLY_ARRIVAL);
    json.object("Response", |json| {
        response_envelope::status(json);
        let arrays = call.mode.lists_are_arrays();
        json.list("Alert", arrays, alerts.iter(), |json, (code, text)| {
            json.text("Code", code);
            json.text("Description", text);
        });
        response_envelope::reference(json, context, call.transaction);
    });
}

fn options<'d, 'a>(details: &'d ShipmentRequest<'a>) -> Option<&'d ServiceOptions<'a>> {
    details.shipment.as_ref()?.shipment_service_options.as_ref()
}

/// Links to labels are made only where they are asked for.
pub(super) fn wants_label_url(details: &ShipmentRequest<'_>) -> bool {
    options(details).is_some_and(|options| {
        let delivery = options.label_delivery.as_ref();
        options.label_links.0 || delivery.is_some_and(|delivery| delivery.label_links.0)
    })
}

/// `Form`: all forms in one PDF, or only the group's id when the client brought the form itself.
pub(super) fn form(json: &mut Json, details: &ShipmentRequest<'_>, id: &str, now: Timestamp) {
    let forms = options(details).and_then(|options| options.international_forms.as_ref());
    let Some(forms) = forms else { return };
    let group = format!(
        "{}_{}",
        now.strftime("%Y-%m-%d-%H.%M.%S"),
        &id[id.len().saturating_sub(6)..]
    );
    json.object("Form", |json| {
        if has_images(forms) {
            json.text("Code", "01");
            json.text("Description", "All Requested International Forms");
            json.object("Image", |json| {
                json.object("ImageFormat", |json| {
                    json.text("Code", "PDF");
                    json.text("Description", "PDF");
                });
                let kinds: Vec<_> = forms.form_type.0.iter().map(|kind| kind.as_str()).collect();
                let lines = [
                    "INTERNATIONAL FORMS".to_owned(),
                    format!("SHIPMENT {id}"),
                    format!("FORM TYPES {}", kinds.join(" ")),
                ];
                json.text("GraphicImage", &label::page_base64(&lines));
            });
        }
        json.text("FormGroupId", &group);
    });
}

fn has_images(forms: &InternationalForms<'_>) -> bool {
    let mut kinds = forms.form_type.0.iter();
    kinds.any(|kind| kind.as_str() != USER_CREATED)
}

/// `ShippingReceipt`, the page that a return label comes with.
pub(super) fn receipt(json: &mut Json, tracking_number: &str) {
    json.object("ShippingReceipt", |json| {
        json.object("ImageFormat", |json| {
            json.text("Code", "HTML");
            json.text("Description", "HTML");
        });
        let page = format!(
            "<!DOCTYPE html><html><head><title>SAMPLE receipt</title></head><body>\
             <p>SAMPLE receipt of a return, {tracking_number}</p></body></html>"
        );
        json.text("GraphicImage", &STANDARD.encode(page));
    });
}
