//! Address validation: `POST /api/addressvalidation/{version}/{1|2|3}` over a small data set of
//! streets ([`streets`]).
//!
//! 1 validates, 2 classifies, 3 does both. UPS's test environment knows New York and California
//! only, and so does the mock's.

#[cfg(test)]
mod tests;

use http::Method;

use crate::api::{ApiRequest, ApiResponse, Environment, Product, UpsError};
use crate::json::{Json, Style};
use crate::lenient::{Lines, Opt, Text, members};
use crate::products::rating::error;
use crate::products::rating::request::TransactionReference;
use crate::products::request_body::read;
use crate::products::streets::{self, Kind, Match};
use crate::products::versions::{Api, version as version_of};

/// The product.
#[derive(Debug)]
pub struct AddressValidation;

#[derive(Debug, Default)]
struct Envelope<'a> {
    request: Opt<Request<'a>>,
}

members!('a, Envelope<'a> {
    "XAVRequest" => request,
});

#[derive(Debug, Default)]
struct Request<'a> {
    request: Opt<Inner<'a>>,
    address_key_format: Opt<Address<'a>>,
}

members!('a, Request<'a> {
    "Request" => request,
    "AddressKeyFormat" => address_key_format,
});

#[derive(Debug, Default)]
struct Inner<'a> {
    transaction_reference: Opt<TransactionReference<'a>>,
}

members!('a, Inner<'a> {
    "TransactionReference" => transaction_reference,
});

#[derive(Debug, Default)]
struct Address<'a> {
    address_line: Lines<'a>,
    /// The city.
    political_division2: Text<'a>,
    /// The state.
    political_division1: Text<'a>,
    postcode_primary_low: Text<'a>,
    country_code: Text<'a>,
}

members!('a, Address<'a> {
    "AddressLine" => address_line,
    "PoliticalDivision2" => political_division2,
    "PoliticalDivision1" => political_division1,
    "PostcodePrimaryLow" => postcode_primary_low,
    "CountryCode" => country_code,
});

/// What the path asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mode {
    validates: bool,
    classifies: bool,
    arrays: bool,
}

impl AddressValidation {
    fn validate(
        request: &ApiRequest<'_>,
        version: &str,
        option: &str,
    ) -> Result<ApiResponse, UpsError> {
        // From v2 on lists are always lists; v1 writes a list of one as an object.
        let arrays = version_of(Api::AddressValidation, version)? >= 2;
        let (validates, classifies) = match option {
            "1" => (true, false),
            "2" => (false, true),
            "3" => (true, true),
            _ => return Err(UpsError::bad_request("9264028", "Invalid Request Option")),
        };
        let mode = Mode {
            validates,
            classifies,
            arrays,
        };
        let most = match request.query_value("maximumcandidatelistsize") {
            // 15 candidates are UPS's default and 50 its limit.
            None => 15,
            Some(text) => match text.parse::<usize>() {
                Ok(most) if most <= 50 => most,
                _ => {
                    let text = "Maximum candidate list size must be between 0 and 50";
                    return Err(UpsError::bad_request("9264029", text));
                }
            },
        };
        let envelope: Envelope<'_> = match read(request.body) {
            Ok(envelope) => envelope,
            Err(unread) => return unread.answer(),
        };
        let body = envelope
            .request
            .0
            .ok_or_else(|| UpsError::from(error::NOT_VALID))?;
        let missing = || UpsError::bad_request("9264027", "Missing or invalid address key format");
        let address = body.address_key_format.as_ref().ok_or_else(missing)?;
        // Blank lines count as absent, so a client may send a fixed number of them.
        if address
            .address_line
            .0
            .iter()
            .all(|line| line.present().is_none())
        {
            return by_postal_code(request, &body, address, mode);
        }
        let state = address.political_division1.as_str();
        // The test environment knows the abbreviations only, as recorded.
        let state = match request.environment {
            Environment::Cie => state.to_ascii_uppercase(),
            Environment::Production => streets::state_code(state),
        };
        // After the missing members and before the search: the state decides whether the service exists.
        supported(address, &state, request.environment)?;
        let query = streets::Query {
            lines: address.address_line.0.iter().map(Text::as_str).collect(),
            city: address.political_division2.as_str(),
            state: &state,
            postal: address.postcode_primary_low.as_str(),
        };
        let mut found = streets::search(&query);
        // A size of 0 is allowed by UPS's file, but an answer with nothing would be no answer.
        found.candidates.truncate(most.max(1));
        Ok(success(request, &body, |json| write(json, &found, mode)))
    }
}

/// The success around what was found.
fn success(
    request: &ApiRequest<'_>,
    body: &Request<'_>,
    found: impl FnOnce(&mut Json),
) -> ApiResponse {
    let inner = body.request.as_ref();
    let reference = inner.and_then(|inner| inner.transaction_reference.as_ref());
    let context = reference.and_then(|reference| reference.customer_context.as_ref()?.present());
    ApiResponse::json(Json::document(Style::Spaced, 2048, |json| {
        json.object("XAVResponse", |json| {
            // Unlike the other products, no reference when the request had no context.
            json.object("Response", |json| {
                json.prepared(r#""ResponseStatus":{"Code":"1", "Description":"Success"}"#);
                if context.is_some() {
                    crate::response_envelope::reference(json, context, request.transaction);
                }
            });
            found(json);
        });
    }))
}

/// A request without an address line: the place of the ZIP code, without streets.
fn by_postal_code(
    request: &ApiRequest<'_>,
    body: &Request<'_>,
    address: &Address<'_>,
    mode: Mode,
) -> Result<ApiResponse, UpsError> {
    let zip = address.postcode_primary_low.as_str();
    let of_zip = crate::places::state_of_zip(zip);
    let sent = address.political_division1.present();
    let state = sent.map_or_else(|| of_zip.clone(), str::to_ascii_uppercase);
    // A ZIP code that does not exist has no state, so nothing is unsupported about it.
    if !state.is_empty() || sent.is_some() {
        supported(address, &state, request.environment)?;
    } else {
        supported(address, "NY", request.environment)?;
    }
    let city = address.political_division2.present();
    let city = crate::places::city_of(zip)
        .or(city)
        .unwrap_or("SAMPLE CITY");
    // The ZIP code must be of the state that was sent, or nothing is valid.
    let exists = !of_zip.is_empty() && of_zip == state;
    Ok(success(request, body, |json| {
        if mode.validates {
            let indicator = match exists {
                true => "ValidAddressIndicator",
                false => "NoCandidatesIndicator",
            };
            json.text(indicator, "");
        }
        if mode.classifies {
            classification(json, Kind::Unknown);
        }
        let candidates = [()];
        // A classification alone lists no candidates.
        let candidates = candidates
            .iter()
            .take(usize::from(exists && mode.validates));
        json.list("Candidate", mode.arrays, candidates, |json, ()| {
            json.object("AddressKeyFormat", |json| {
                json.text("PoliticalDivision2", &city.to_uppercase());
                json.text("PoliticalDivision1", &state);
                json.text("PostcodePrimaryLow", zip);
                json.text("Region", &format!("{} {state} {zip}", city.to_uppercase()));
                json.text("CountryCode", "US");
            });
        });
    }))
}

/// The countries, and in the test environment the states, that are served.
fn supported(address: &Address<'_>, state: &str, environment: Environment) -> Result<(), UpsError> {
    let country = address.country_code.as_str();
    // Puerto Rico is served as a country of its own and as a state.
    if !matches!(country.to_ascii_uppercase().as_str(), "US" | "PR") {
        let text = "Country code is invalid or missing.";
        return Err(UpsError::bad_request("9264057", text));
    }
    // The test environment knows two states only; the code and text are recorded.
    if environment == Environment::Cie && !matches!(state, "NY" | "CA") {
        let text = "The state is not supported in the Customer Integration Environment.";
        return Err(UpsError::bad_request("9264030", text));
    }
    Ok(())
}

fn write(json: &mut Json, found: &Match, mode: Mode) {
    let kind = found.kind();
    if mode.validates {
        json.text(
            // Exact, several or none: exactly one of the three indicators is there, with an empty text.
            match (found.exact, found.candidates.is_empty()) {
                (true, _) => "ValidAddressIndicator",
                (false, false) => "AmbiguousAddressIndicator",
                (false, true) => "NoCandidatesIndicator",
            },
            "",
        );
    }
    if mode.classifies {
        classification(json, kind);
    }
    if !mode.validates {
        return;
    }
    let candidates = found.candidates.iter();
    json.list("Candidate", mode.arrays, candidates, |json, candidate| {
        // Candidates are classified only where both were asked for.
        if mode.classifies {
            classification(json, candidate.kind);
        }
        json.object("AddressKeyFormat", |json| {
            if mode.arrays {
                json.strings("AddressLine", [candidate.line.as_str()]);
            } else {
                json.text("AddressLine", &candidate.line);
            }
            json.text("PoliticalDivision2", candidate.city);
            json.text("PoliticalDivision1", candidate.state);
            json.text("PostcodePrimaryLow", candidate.zip);
            json.text("PostcodeExtendedLow", &candidate.extended);
            let region = format!(
                "{} {} {}-{}",
                candidate.city, candidate.state, candidate.zip, candidate.extended
            );
            json.text("Region", &region);
            json.text("CountryCode", "US");
        });
    });
}

fn classification(json: &mut Json, kind: Kind) {
    let (code, text) = match kind {
        // The file says UnClassified; live answers say Unknown.
        Kind::Unknown => ("0", "Unknown"),
        Kind::Commercial => ("1", "Commercial"),
        Kind::Residential => ("2", "Residential"),
    };
    json.object("AddressClassification", |json| {
        json.text("Code", code);
        json.text("Description", text);
    });
}

impl Product for AddressValidation {
    fn answer(&self, request: &ApiRequest<'_>) -> Option<ApiResponse> {
        let &["addressvalidation", version, option] = request.segments else {
            return None;
        };
        if request.method != Method::POST {
            return None;
        }
        Some(Self::validate(request, version, option).unwrap_or_else(ApiResponse::from))
    }
}
