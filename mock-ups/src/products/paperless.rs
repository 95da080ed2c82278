//! Paperless documents: upload, push to the image repository, delete. Only the ids are kept, the
//! oldest forgotten first; the documents themselves are not.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::Method;

use crate::api::{ApiRequest, ApiResponse, Product, UpsError};
use crate::json::{Json, Style};
use crate::lenient::{Many, Opt, Text, members};
use crate::products::rating::error;
use crate::products::rating::request::TransactionReference;
use crate::products::request_body::read;
use crate::products::versions::{Api, version as version_of};

/// How many ids are kept.
// Ids only, so five thousand cost less than a megabyte.
const CAPACITY: usize = 5_000;

/// The product.
#[derive(Debug, Default)]
pub struct Paperless {
    kept: Mutex<Documents>,
}

#[derive(Debug, Default)]
struct Documents {
    ids: VecDeque<String>,
    count: u64,
}

#[derive(Debug, Default)]
struct Envelope<'a> {
    upload_request: Opt<Upload<'a>>,
    push_to_image_repository_request: Opt<Push<'a>>,
}

members!('a, Envelope<'a> {
    "UploadRequest" => upload_request,
    "PushToImageRepositoryRequest" => push_to_image_repository_request,
});

#[derive(Debug, Default)]
struct Upload<'a> {
    request: Opt<Request<'a>>,
    user_created_form: Many<Form<'a>>,
}

members!('a, Upload<'a> {
    "Request" => request,
    "UserCreatedForm" => user_created_form,
});

#[derive(Debug, Default)]
struct Push<'a> {
    request: Opt<Request<'a>>,
    shipment_identifier: Text<'a>,
}

members!('a, Push<'a> {
    "Request" => request,
    "ShipmentIdentifier" => shipment_identifier,
});

#[derive(Debug, Default)]
struct Request<'a> {
    transaction_reference: Opt<TransactionReference<'a>>,
}

members!('a, Request<'a> {
    "TransactionReference" => transaction_reference,
});

#[derive(Debug, Default)]
struct Form<'a> {
    user_created_form_file: Text<'a>,
}

members!('a, Form<'a> {
    "UserCreatedFormFile" => user_created_form_file,
});

impl Paperless {
    fn lock(&self) -> MutexGuard<'_, Documents> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A document id: 26 characters, of which the first ten are the date.
    fn number(&self, request: &ApiRequest<'_>) -> String {
        let mut kept = self.lock();
        kept.count += 1;
        let day = jiff::tz::TimeZone::UTC.to_datetime(request.now).date();
        // UPS's ids begin with date and time; the count keeps them apart within a day.
        let id = format!("{day}-00.00.00.{:06}", kept.count % 1_000_000);
        if kept.ids.len() >= CAPACITY {
            kept.ids.pop_front();
        }
        kept.ids.push_back(id.clone());
        id
    }

    fn upload(&self, request: &ApiRequest<'_>, version: u32) -> Result<ApiResponse, UpsError> {
        let envelope: Envelope<'_> = match read(request.body) {
            Ok(envelope) => envelope,
            Err(unread) => return unread.answer(),
        };
        let upload = envelope
            .upload_request
            .0
            .ok_or_else(|| UpsError::from(error::NOT_VALID))?;
        let forms = &upload.user_created_form.0;
        // The upper bound is a guess.
        if forms.is_empty() || forms.len() > 10 {
            return Err(UpsError::bad_request(
                "9590003",
                "Missing or too many user created forms",
            ));
        }
        if forms
            .iter()
            .any(|form| form.user_created_form_file.present().is_none())
        {
            return Err(UpsError::bad_request(
                "9590004",
                "Missing user created form file",
            ));
        }
        // Numbered after every form was checked: a refused upload leaves no id.
        let ids: Vec<String> = forms.iter().map(|_| self.number(request)).collect();
        Ok(document(
            "UploadResponse",
            context(&upload.request),
            request,
            |json| {
                json.object("FormsHistoryDocumentID", |json| {
                    // In v1 one id is a string, as clients' fixtures show; from v2 on it is a list.
                    match ids.as_slice() {
                        [only] if version < 2 => json.text("DocumentID", only),
                        several => json.strings("DocumentID", several.iter().map(String::as_str)),
                    }
                });
            },
        ))
    }

    fn push(&self, request: &ApiRequest<'_>) -> Result<ApiResponse, UpsError> {
        let envelope: Envelope<'_> = match read(request.body) {
            Ok(envelope) => envelope,
            Err(unread) => return unread.answer(),
        };
        let push = envelope.push_to_image_repository_request.0;
        let push = push.ok_or_else(|| UpsError::from(error::NOT_VALID))?;
        if push.shipment_identifier.present().is_none() {
            return Err(UpsError::bad_request(
                "9590010",
                "Missing shipment identifier",
            ));
        }
        let id = self.number(request);
        let root = "PushToImageRepositoryResponse";
        Ok(document(root, context(&push.request), request, |json| {
            json.text("FormsGroupID", &id);
        }))
    }

    fn delete(&self, request: &ApiRequest<'_>) -> Result<ApiResponse, UpsError> {
        // The id comes in a header; the path ends in the headers' names, literally.
        let id = request.header("documentid").unwrap_or_default().trim();
        let mut kept = self.lock();
        let Some(at) = kept.ids.iter().position(|known| known == id) else {
            return Err(UpsError::bad_request(
                "9590020",
                "The document was not found",
            ));
        };
        // Deleted once: a second call is told that there is nothing.
        kept.ids.remove(at);
        drop(kept);
        Ok(document("DeleteResponse", None, request, |_| {}))
    }
}

fn context<'r>(request: &'r Opt<Request<'_>>) -> Option<&'r str> {
    let reference = request.as_ref()?.transaction_reference.as_ref()?;
    reference.customer_context.as_ref()?.present()
}

fn document(
    root: &str,
    context: Option<&str>,
    request: &ApiRequest<'_>,
    body: impl FnOnce(&mut Json),
) -> ApiResponse {
    ApiResponse::json(Json::document(Style::Spaced, 512, |json| {
        json.object(root, |json| {
            crate::response_envelope::success(json, context, request.transaction);
            body(json);
        });
    }))
}

impl Product for Paperless {
    fn answer(&self, request: &ApiRequest<'_>) -> Option<ApiResponse> {
        let &["paperlessdocuments", version, ref rest @ ..] = request.segments else {
            return None;
        };
        // Every call names the shipper in a header.
        let shipper = request.header("shippernumber").unwrap_or_default().trim();
        // The header comes before the version and the body: without a shipper nothing else is looked at.
        let checked = if shipper.len() == 6 {
            version_of(Api::Paperless, version)
        } else {
            let text = "Missing or invalid shipper number";
            Err(UpsError::bad_request("9590001", text))
        };
        let result = match (request.method, rest) {
            (&Method::POST, ["upload"]) => {
                checked.and_then(|version| self.upload(request, version))
            }
            (&Method::POST, ["image"]) => checked.and_then(|_| self.push(request)),
            (&Method::DELETE, ["DocumentId", "ShipperNumber"]) => {
                checked.and_then(|_| self.delete(request))
            }
            _ => return None,
        };
        Some(result.unwrap_or_else(ApiResponse::from))
    }

    fn reset(&self) {
        *self.lock() = Documents::default();
    }
}
