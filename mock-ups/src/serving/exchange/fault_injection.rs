//! Plays the faults that hit a call.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use crate::api::{ApiResponse, UpsError};
use crate::faults::{Action, CannedResponse, FaultEffect, Target};
use crate::journal::RequestFacts;
use crate::oauth;
use crate::response_body::MockBody;
use crate::tokens::AccessToken;

use super::{Abort, Connection, ExchangeOutcome, ReceivedRequest};

/// What a firewall in front of UPS says.
const FIREWALL_PAGE: &str = "<html><head><title>Access Denied</title></head>\n<body><h1>Access \
    Denied</h1>\nYou don't have permission to access this server.<p>Reference #18.mock</body></html>\n";

impl Connection {
    /// Draws what the faults in force do to the call; `None` for nothing.
    pub(super) fn draw(&self, call: &ReceivedRequest<'_>) -> Option<FaultEffect> {
        // Before the call is checked: a fault for one client must hit its bad calls too.
        let client = self.named_client(call);
        let target = Target {
            path: call.path,
            query: call.query,
            environment: call.environment,
            client_id: client.as_deref(),
            now_ms: call.now_ms,
        };
        self.mock.faults.draw(&target, &self.mock.issuer)
    }

    /// Answers a call that faults hit.
    pub(super) async fn play(
        &self,
        call: &ReceivedRequest<'_>,
        play: FaultEffect,
    ) -> Result<Response<MockBody>, Abort> {
        if !play.delay.is_zero() {
            // The delay is before everything, also before a refusal.
            tokio::time::sleep(play.delay).await;
        }
        let mut facts = RequestFacts {
            fault: play.label,
            ..RequestFacts::default()
        };
        let Some(action) = play.action else {
            return self.handle(call, facts, None);
        };
        // Before the answer: a token that expires now must be refused by this very call.
        self.bring_about(call, &action, &mut facts);
        // Actions that spoil an answer need one to spoil.
        if play.carry_out || !replaces(&action) {
            return self.handle(call, facts, Some(&action));
        }
        // The call is not carried out, so its client is taken from what it says.
        let client = self.named_client(call);
        if let Some(client) = client.as_deref() {
            facts.set_client(client);
        }
        let answer = ApiResponse::json(Bytes::new());
        let outcome = if oauth::owns(call.path) {
            ExchangeOutcome::oauth(answer, facts, Some(&action))
        } else {
            ExchangeOutcome::api(answer, facts, Some(&action))
        };
        self.finish(call, None, outcome)
    }

    /// What an action does beside the answer.
    fn bring_about(&self, call: &ReceivedRequest<'_>, action: &Action, facts: &mut RequestFacts) {
        let mock = &self.mock;
        match action {
            Action::ExpireToken => {
                if let Some(token) = self.presented_token(call) {
                    token.expire(call.now_ms);
                }
            }
            Action::RevokeToken => {
                if let Some(token) = self.presented_token(call) {
                    token.revoke();
                }
            }
            Action::RevokeAll => {
                // Tokens in use are marked one by one; new ones after the fault are good.
                mock.tokens.revoke_where(call.now_ms, |_| true);
            }
            Action::ChangePassword { user, password } => {
                if !mock.change_password(user, password.clone()) {
                    facts.note = Some("the fault names a user who does not exist");
                }
            }
            Action::ClockSkew(seconds) => facts.clock_skew_ms = seconds.saturating_mul(1000),
            Action::Answer(_)
            | Action::Delay(_)
            | Action::SlowBody { .. }
            | Action::ResetBefore
            | Action::ResetMidway
            | Action::ResetAfter
            | Action::LoseReply
            | Action::Empty
            | Action::Html403
            | Action::Garbage
            | Action::WrongContentType
            | Action::Quota => {}
        }
    }

    fn presented_token(&self, call: &ReceivedRequest<'_>) -> Option<Arc<AccessToken>> {
        let value = call.parts.headers.get(header::AUTHORIZATION)?;
        self.mock.tokens.find(crate::serving::bearer::text(value)?)
    }

    /// The oauth client that a call names, before anything is checked.
    fn named_client(&self, call: &ReceivedRequest<'_>) -> Option<String> {
        // A bearer names its client surely; Basic and forms only claim one.
        if let Some(token) = self.presented_token(call) {
            return Some(token.caller.client_id.to_string());
        }
        let value = call
            .parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|v| v.to_str().ok());
        let basic = value
            .and_then(|value| value.split_once(' '))
            .and_then(|(_, encoded)| {
                base64::engine::general_purpose::STANDARD
                    .decode(encoded.trim())
                    .ok()
            });
        let id = basic.and_then(|pair| {
            let id = pair.split(|byte| *byte == b':').next()?;
            String::from_utf8(id.to_vec()).ok()
        });
        // PKCE and `authorize` name the client in form or query.
        id.or_else(|| oauth::client_id_in(call.query, call.body))
    }
}

/// Whether an action needs no answer of the mock.
const fn replaces(action: &Action) -> bool {
    // What replaces the answer does not let the call take effect, so a refresh token stays unused.
    matches!(
        action,
        Action::Answer(_)
            | Action::ResetBefore
            | Action::Empty
            | Action::Html403
            | Action::Garbage
            | Action::Quota
    )
}

/// An answer after a fault.
pub(super) enum FaultedResponse {
    /// An answer that goes out as usual.
    Answer(ApiResponse),
    /// The right answer, its body in pieces with a pause before each.
    Slowly(ApiResponse, usize, Duration),
    /// The right answer, cut in the middle of its body.
    Half(ApiResponse),
    /// The right answer, then the end of the connection.
    ThenReset(ApiResponse),
    /// No answer.
    Reset,
}

/// Applies an action to the answer.
pub(super) fn apply_fault(action: &Action, mut answer: ApiResponse) -> FaultedResponse {
    match action {
        Action::Answer(canned) => FaultedResponse::Answer(write_canned(canned)),
        // Lost replies differ from resets before: the call was carried out.
        Action::ResetBefore | Action::LoseReply => FaultedResponse::Reset,
        Action::ResetMidway => FaultedResponse::Half(answer),
        Action::ResetAfter => FaultedResponse::ThenReset(answer),
        Action::SlowBody { piece, pause } => FaultedResponse::Slowly(answer, *piece, pause.0),
        Action::Empty => FaultedResponse::Answer(ApiResponse::json(Bytes::new())),
        Action::Html403 => FaultedResponse::Answer(html(ApiResponse::json(FIREWALL_PAGE), 403)),
        Action::Garbage => {
            // ResponseCut in the middle of a member name, as a proxy that truncates does.
            FaultedResponse::Answer(ApiResponse::json(r#"{"token_type":"Bearer","acc"#))
        }
        Action::WrongContentType => {
            answer
                .headers
                // Every content type goes, or the answer would have two.
                .retain(|(name, _)| name != header::CONTENT_TYPE);
            let status = answer.status.as_u16();
            FaultedResponse::Answer(html(answer, status))
        }
        Action::Quota => FaultedResponse::Answer(ApiResponse::error(UpsError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "10429",
            "Too Many Requests",
        ))),
        Action::Delay(_)
        | Action::ExpireToken
        | Action::RevokeToken
        | Action::RevokeAll
        | Action::ClockSkew(_)
        | Action::ChangePassword { .. } => FaultedResponse::Answer(answer),
    }
}

fn html(mut answer: ApiResponse, status: u16) -> ApiResponse {
    answer.status = StatusCode::from_u16(status).unwrap_or(answer.status);
    answer.with_header(header::CONTENT_TYPE, HeaderValue::from_static("text/html"))
}

fn write_canned(canned: &CannedResponse) -> ApiResponse {
    let status = StatusCode::from_u16(canned.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = match (&canned.body, &canned.code) {
        (Some(body), _) => ApiResponse::json(body.clone()).with_status(status),
        (None, None) => ApiResponse::json(Bytes::new()).with_status(status),
        (None, Some(code)) => {
            let message = canned.message.clone().unwrap_or_default();
            ApiResponse::error(UpsError::new(status, code.clone(), message))
        }
    };
    let media_type = canned.content_type.as_deref().map(HeaderValue::from_str);
    if let Some(Ok(media_type)) = media_type {
        answer.headers.push((header::CONTENT_TYPE, media_type));
    }
    if let Some(seconds) = canned.retry_after {
        answer
            .headers
            .push((header::RETRY_AFTER, HeaderValue::from(seconds)));
    }
    answer
}
