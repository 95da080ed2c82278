//! `GET authorize` (302 to the login page) and `GET validate-client` (the older first step).

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use url::Url;

use crate::api::{ApiResponse, UpsError};
use crate::config::Settings;
use crate::endpoint::LOGIN_PATH;
use crate::error_envelope::push_json_string;
use crate::journal::RequestFacts;
use crate::registry::App;

use super::call::OauthCall;
use super::errors;
use super::form::Form;

/// An authorization request that passed its checks.
pub(super) struct AuthorizationRequest {
    pub(super) app: Arc<App>,
    pub(super) redirect_uri: String,
    pub(super) scope: Option<String>,
    pub(super) state: Option<String>,
    pub(super) challenge: Option<String>,
}

impl AuthorizationRequest {
    /// Checks what stands in a query or form.
    pub(super) fn parse(
        call: &OauthCall<'_>,
        form: &Form,
        facts: &mut RequestFacts,
    ) -> Result<Self, UpsError> {
        let client_id = form.get("client_id").ok_or_else(errors::invalid_client)?;
        // Set before the look-up, so that the journal shows unknown ids as well.
        facts.set_client(client_id);
        let app = call
            .mock
            .registry
            .app_in(call.environment, client_id)
            .ok_or_else(errors::invalid_client)?;
        // Blocked before the redirect URI is looked at: nothing of the registration is told to such a client.
        if app.is_blocked() {
            return Err(errors::blocked_merchant());
        }
        // Never redirect to an address that is not registered: errors are shown here instead.
        let redirect_uri = form
            .get("redirect_uri")
            .ok_or_else(errors::invalid_redirect)?;
        let settings = call.mock.settings();
        // Compared character by character: UPS takes `www.` for another address.
        if !app
            .redirect_uris()
            .iter()
            .any(|registered| registered == redirect_uri)
            || !may_redirect_to(redirect_uri, &settings)
        {
            facts.note = Some("redirect_uri is not a registered one, character by character");
            return Err(errors::invalid_redirect());
        }
        // Off by default: UPS specifies no method parameter and treats every challenge as S256.
        if settings.refuse_plain_challenge && form.get("code_challenge_method") == Some("plain") {
            return Err(errors::bad_request("Invalid code_challenge_method"));
        }
        let owned = |name| form.get(name).map(str::to_owned);
        Ok(Self {
            app,
            redirect_uri: redirect_uri.to_owned(),
            scope: owned("scope"),
            state: owned("state"),
            challenge: owned("code_challenge"),
        })
    }

    /// The parameters, for the login page's address.
    pub(super) fn login_query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("client_id", &self.app.client_id);
        query.append_pair("redirect_uri", &self.redirect_uri);
        query.append_pair("response_type", "code");
        // Sent even when empty, as in the `Location` that UPS documents.
        query.append_pair("scope", self.scope.as_deref().unwrap_or_default());
        query.append_pair("state", self.state.as_deref().unwrap_or_default());
        // Part of the `Location` that UPS documents, with this one value.
        query.append_pair("type", "ups_com_api");
        if let Some(challenge) = &self.challenge {
            query.append_pair("code_challenge", challenge);
        }
        query.finish()
    }
}

/// `https` anywhere; `http` on loopback, and anything else, where the settings allow it.
fn may_redirect_to(uri: &str, settings: &Settings) -> bool {
    // A registered text that is no URL is no target either.
    let Ok(url) = Url::parse(uri) else {
        return false;
    };
    match url.scheme() {
        "https" => true,
        // No source has a loopback rule, so it is a setting.
        "http" if matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")) => {
            settings.loopback_redirects
        }
        // Custom schemes of native apps fall here too.
        _ => !settings.https_redirects_only,
    }
}

pub(super) fn answer(call: &OauthCall<'_>, facts: &mut RequestFacts) -> ApiResponse {
    let form = call.query_form();
    let request = AuthorizationRequest::parse(call, &form, facts).and_then(|request| {
        // Last: who asks and where the answer goes must be known to be good first.
        match form.get("response_type") {
            Some("code") => Ok(request),
            _ => Err(errors::bad_request("Invalid response_type")),
        }
    });
    let request = match request {
        Ok(request) => request,
        Err(error) => return with_error_fields(error),
    };
    // To the mock's own login page by the name that the browser reached, or a container's address would leak out.
    let answer = redirect(&format!(
        "{}{LOGIN_PATH}?{}",
        call.origin(),
        request.login_query()
    ));
    match HeaderValue::from_str(&request.app.name) {
        Ok(name) => answer
            .with_header(HeaderName::from_static("appname"), name.clone())
            .with_header(HeaderName::from_static("displayname"), name),
        Err(_) => answer, // a name that no field can carry
    }
}

pub(super) fn validate_client(call: &OauthCall<'_>, facts: &mut RequestFacts) -> ApiResponse {
    match AuthorizationRequest::parse(call, &call.query_form(), facts) {
        Ok(_) => {
            let mut json = String::from(r#"{"result":"success","type":"ups_com_api","#);
            json.push_str(r#""LassoRedirectURL":"#);
            push_json_string(&mut json, &format!("{}{LOGIN_PATH}", call.origin()));
            json.push('}');
            ApiResponse::json(json)
        }
        Err(error) => with_error_fields(error),
    }
}

/// The envelope, and the fields by which `authorize` reports an error.
fn with_error_fields(error: UpsError) -> ApiResponse {
    let code = HeaderValue::from_str(&error.code);
    let message = HeaderValue::from_str(&error.message);
    let mut answer = ApiResponse::error(error);
    // `authorize` reports errors in headers, as browsers show no JSON; a text that fits no header stays in the body
    // only.
    if let (Ok(code), Ok(message)) = (code, message) {
        answer
            .headers
            .push((HeaderName::from_static("errorcode"), code));
        answer
            .headers
            .push((HeaderName::from_static("errordescription"), message));
    }
    answer
}

/// A redirect to this location.
pub(super) fn redirect(location: &str) -> ApiResponse {
    let answer = ApiResponse::json(Bytes::new()).with_status(StatusCode::FOUND);
    match HeaderValue::from_str(location) {
        Ok(value) => answer.with_header(header::LOCATION, value),
        // Redirect URIs are registered text, and a URL in a field has no control characters.
        Err(_) => ApiResponse::error(errors::invalid_redirect()),
    }
}
