//! Mints an access token and writes the answers that carry one, key by key in UPS's order. All
//! values are strings; times are milliseconds since 1970.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, header};

use crate::api::{ApiResponse, Caller, Environment, UpsError};
use crate::config::Settings;
use crate::error_envelope::push_json_string;
use crate::journal::RequestFacts;
use crate::mock_state::MockState;
use crate::registry::App;
use crate::tokens::Claim;

use super::call::OauthCall;
use super::errors;
use crate::oauth_state::grants::Grant;
use crate::oauth_state::issuer::Claims;

/// What a token is minted for.
pub(super) struct TokenSubject<'a> {
    pub(super) app: Arc<App>,
    pub(super) caller: Caller,
    pub(super) merchant_id: Option<&'a str>,
    pub(super) grant: Option<&'a Grant>,
}

/// A minted token, ready to be written.
pub(super) struct TokenAnswer {
    access_token: String,
    client_id: Arc<str>,
    issued_at_ms: i64,
    expires_in: u64,
    /// `scope` and `refresh_count`, when the old shape is asked for.
    legacy: Option<(String, u32)>,
    request_id: String,
}

/// The refresh token that goes out with an access token.
pub(super) struct RefreshPart<'a> {
    pub(super) token: &'a str,
    pub(super) expires_in: u64,
}

/// Signs a token and puts it into circulation.
pub(super) fn mint(
    call: &OauthCall<'_>,
    minted: TokenSubject<'_>,
    facts: &mut RequestFacts,
) -> Result<TokenAnswer, UpsError> {
    let mock = call.mock;
    let settings = mock.settings();
    // The skew moves the token's own times, not those of the mock's book-keeping.
    let issued_at_ms = call.now_ms.saturating_add(facts.clock_skew_ms);
    let scope = minted.grant.and_then(|grant| grant.scope.as_deref());
    let text = mock.issuer.access_token(&Claims {
        user: &minted.caller.user,
        client_id: &minted.app.client_id,
        merchant_id: minted.merchant_id,
        app_name: &minted.app.name,
        scope,
        // Claims are in seconds; rounded down also before 1970, where a test may have put the clock.
        issued_at: issued_at_ms.div_euclid(1000),
        lifetime: lifetime(&settings),
    });
    let access_token = text.map_err(|_| errors::internal())?;
    // Before the new token is the newest one.
    if let Some(previous) = mock.tokens.newest(&minted.app.client_id, call.environment) {
        crate::lint::check_mint(&previous, call.now_ms, &mut facts.findings);
    }
    let client_id = Arc::clone(&minted.app.client_id);
    let refresh_count = minted
        .grant
        .filter(|_| settings.refresh_count_increments)
        .map_or(0, |grant| grant.refresh_count);
    // After the signature, so that a failure leaves no gap, and before the answer is written: a client may use the token
    // the moment it reads it.
    let serial = circulate(mock, call.environment, minted, issued_at_ms, &access_token);
    facts.token = serial;
    facts.minted = true;
    let legacy = settings
        .legacy_token_shape
        .then(|| (scope.unwrap_or_default().to_owned(), refresh_count));
    Ok(TokenAnswer {
        access_token,
        client_id,
        issued_at_ms,
        // The announced life, one second short of the real one, as at UPS.
        expires_in: settings.access_token_lifetime,
        legacy,
        request_id: mock.issuer.uuid(),
    })
}

/// The seconds that a new token lives.
fn lifetime(settings: &Settings) -> i64 {
    let announced = i64::try_from(settings.access_token_lifetime).unwrap_or(i64::MAX);
    // Bounded to a century: dates beyond what calendars can print would break the JWT. One second more than is said.
    announced.min(100 * 365 * 86_400).saturating_add(1)
}

/// Puts a token into circulation; gives its serial.
fn circulate(
    mock: &MockState,
    environment: Environment,
    minted: TokenSubject<'_>,
    issued_at_ms: i64,
    text: &str,
) -> u64 {
    let settings = mock.settings();
    let serial = mock.tokens.next_serial();
    let client_id = Arc::clone(&minted.app.client_id);
    let caller = Caller {
        // Only a consent is limited to its user's numbers; an app's own token may name any.
        own_numbers_only: minted.grant.is_some() && settings.refuse_foreign_shipper_numbers,
        known_numbers: if settings.refuse_foreign_accounts {
            minted.caller.known_numbers
        } else {
            Arc::default()
        },
        ..minted.caller
    };
    let lifetime_ms = lifetime(&settings).saturating_mul(1000);
    let claim = Claim {
        caller,
        app: minted.app,
        environment,
        grant: minted.grant.map(|grant| grant.id),
        issued_at_ms,
        expires_at_ms: issued_at_ms.saturating_add(lifetime_ms),
    };
    // Off by default: several tokens may live at once, as far as any source shows.
    if settings.one_token_per_client {
        mock.tokens.revoke_where(mock.clock.now_ms(), |token| {
            token.caller.client_id == client_id
                && token.environment == environment
                && token.grant == claim.grant
        });
    }
    mock.tokens.insert(serial, text, claim);
    serial
}

/// Puts a text into circulation that the mock did not sign. `false` if there is no such app.
pub(crate) fn accept(
    mock: &MockState,
    environment: Environment,
    client_id: &str,
    text: &str,
) -> bool {
    let Some(app) = mock.registry.app(client_id) else {
        return false;
    };
    let accepted = TokenSubject {
        caller: mock.registry.caller(&app.client_id, &app.owner),
        app,
        merchant_id: None,
        grant: None,
    };
    circulate(mock, environment, accepted, mock.clock.now_ms(), text);
    true
}

impl TokenAnswer {
    pub(super) fn client_credentials(&self) -> ApiResponse {
        let mut json = Members::new();
        json.add("token_type", "Bearer");
        // All values are strings at UPS, numbers included; clients break on real numbers.
        json.add("issued_at", &self.issued_at_ms.to_string());
        json.add("client_id", &self.client_id);
        json.add("access_token", &self.access_token);
        self.add_tail(&mut json);
        self.finish(json)
    }

    pub(super) fn with_refresh_token(&self, refresh: &RefreshPart<'_>) -> ApiResponse {
        // A different order from client credentials: the recorded one, refresh members first.
        let mut json = Members::new();
        json.add("refresh_token_expires_in", &refresh.expires_in.to_string());
        json.add("refresh_token_status", "approved");
        json.add("token_type", "Bearer");
        json.add("issued_at", &self.issued_at_ms.to_string());
        json.add("client_id", &self.client_id);
        json.add("access_token", &self.access_token);
        json.add("refresh_token", refresh.token);
        // `scope` and `refresh_count` went from live answers between 2023 and 2024.
        if let Some((scope, _)) = &self.legacy {
            json.add("scope", scope);
        }
        json.add("refresh_token_issued_at", &self.issued_at_ms.to_string());
        json.add("expires_in", &self.expires_in.to_string());
        if let Some((_, refresh_count)) = &self.legacy {
            json.add("refresh_count", &refresh_count.to_string());
        }
        json.add("status", "approved");
        self.finish(json)
    }

    fn add_tail(&self, json: &mut Members) {
        if let Some((scope, _)) = &self.legacy {
            json.add("scope", scope);
        }
        json.add("expires_in", &self.expires_in.to_string());
        if let Some((_, refresh_count)) = &self.legacy {
            json.add("refresh_count", &refresh_count.to_string());
        }
        json.add("status", "approved");
    }

    fn finish(&self, json: Members) -> ApiResponse {
        let mut answer = ApiResponse::json(json.close());
        for (name, value) in STANDING {
            answer.headers.push((
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            ));
        }
        let issued_at = crate::clock::timestamp(self.issued_at_ms);
        // UPS's `Expires` is the time of the answer, in the fixed form of HTTP dates.
        let date = issued_at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        if let Ok(date) = HeaderValue::from_str(&date) {
            answer.headers.push((header::EXPIRES, date));
        }
        if let Ok(request_id) = HeaderValue::from_str(&self.request_id) {
            answer
                .headers
                .push((HeaderName::from_static("x-request-id"), request_id));
        }
        answer
    }
}

/// The fields of every live token answer, beside those against caching.
const STANDING: [(&str, &str); 6] = [
    ("content-type", "application/json"),
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    ("x-xss-protection", "1; mode=block"),
    ("access-control-max-age", "600"),
    (
        "strict-transport-security",
        "max-age=31536000 ; includeSubDomains",
    ),
];

/// A flat JSON object of strings, in the order of the calls.
struct Members(String);

impl Members {
    fn new() -> Self {
        Self(String::with_capacity(2048))
    }

    fn add(&mut self, name: &str, value: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        push_json_string(&mut self.0, name);
        self.0.push(':');
        push_json_string(&mut self.0, value);
    }

    fn close(mut self) -> String {
        self.0.push('}');
        self.0
    }
}
