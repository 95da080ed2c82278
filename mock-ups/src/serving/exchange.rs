//! One request from arrival to answer, in this order:
//!
//! 1. the body, within its limits
//! 2. the mock's own paths: the page and the control API; nothing below applies to them
//! 3. the environment, by `Host` or by listener
//! 4. the lint
//! 5. OAuth endpoints and the login page; or the bearer, then the product
//! 6. the journal
//! 7. the response

mod edge_fields;
mod fault_injection;
mod respond;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version, header};
use hyper::body::Incoming;

use super::response::{self, Framing};
use crate::api::{ApiRequest, ApiResponse, Environment, UpsError};
use crate::control;
use crate::faults::Action;
use crate::journal::RequestFacts;
use crate::lint;
use crate::mock_state::MockState;
use crate::oauth::{self, OauthCall};
use crate::response_body::MockBody;
use crate::serving::bearer::{self, LastBearer};
use crate::serving::request_body::{self, Unreadable};
use crate::serving::transport::CloseMode;
use crate::standard_responses;

/// The connection ends here, on purpose.
#[derive(Debug, thiserror::Error)]
#[error("a fault ends the connection here")]
pub(crate) struct Abort;

/// What one connection knows.
pub(crate) struct Connection {
    mock: Arc<MockState>,
    environment: Environment,
    scheme: &'static str,
    ending: CloseMode,
    last_bearer: LastBearer,
    number: u64,
    begun: AtomicU32,
    ended: Arc<AtomicU32>,
}

/// Requests begun and ended on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Activity {
    begun: u32,
    ended: u32,
}

impl Activity {
    pub(crate) fn in_progress(self) -> bool {
        self.begun != self.ended
    }

    /// Whether there was a request, and none is in progress.
    pub(crate) fn is_between_requests(self) -> bool {
        self.begun > 0 && !self.in_progress()
    }
}

/// Counts the end of a request, however it ends.
struct InProgress<'a>(&'a AtomicU32);

impl Drop for InProgress<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A request whose body has arrived.
struct ReceivedRequest<'a> {
    parts: &'a Parts,
    path: &'a str,
    query: Option<&'a str>,
    body: &'a Bytes,
    environment: Environment,
    now_ms: i64,
    /// The transaction's name on the carrier's side, text.
    transaction: [u8; 22],
}

/// What came of it.
struct ExchangeOutcome<'a> {
    answer: ApiResponse,
    facts: RequestFacts,
    /// Whether the answer is an API's, with its transaction id and error echo.
    is_api: bool,
    /// What a fault does to the answer.
    spoil: Option<&'a Action>,
}

impl<'a> ExchangeOutcome<'a> {
    fn api(answer: ApiResponse, facts: RequestFacts, spoil: Option<&'a Action>) -> Self {
        Self {
            answer,
            facts,
            is_api: true,
            spoil,
        }
    }

    fn oauth(answer: ApiResponse, facts: RequestFacts, spoil: Option<&'a Action>) -> Self {
        Self {
            answer,
            facts,
            is_api: false,
            spoil,
        }
    }
}

impl Connection {
    pub(crate) fn new(
        mock: Arc<MockState>,
        environment: Environment,
        scheme: &'static str,
        ending: CloseMode,
    ) -> Self {
        Self {
            number: mock.next_connection(),
            mock,
            environment,
            scheme,
            ending,
            last_bearer: LastBearer::default(),
            begun: AtomicU32::new(0),
            ended: Arc::new(AtomicU32::new(0)),
        }
    }

    /// Gives back what only the next request would need.
    pub(crate) fn rest(&self) {
        self.last_bearer.clear();
    }

    pub(crate) fn activity(&self) -> Activity {
        let ended = self.ended.load(Ordering::Relaxed);
        Activity {
            begun: self.begun.load(Ordering::Relaxed),
            ended,
        }
    }

    /// Answers one request.
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<MockBody>, Abort> {
        // Counted before the body is read: a slow upload is no idle connection.
        let begun = self.begun.fetch_add(1, Ordering::Relaxed);
        // Counted as ended on drop, so that a client that hangs up leaves no request open.
        let _in_progress = InProgress(&self.ended);
        let (parts, mut body) = request.into_parts();
        let body = match request_body::read(
            &mut body,
            &self.mock.limits,
            self.body_limit(parts.uri.path()),
        )
        .await
        {
            Ok(body) => body,
            Err(reason) => {
                // The client may still be sending; it must get to read why it should not.
                if parts.version == Version::HTTP_2 {
                    Box::pin(request_body::drain(&mut body)).await;
                } else {
                    self.ending.linger();
                }
                return unreadable(reason);
            }
        };
        let path = parts.uri.path();
        // First: the control API must answer whatever faults and settings are in force.
        if path == "/" || path == "/favicon.ico" || path.starts_with("/__mock/") {
            return Ok(control::answer(&self.mock, &parts, &body));
        }
        let environment = environment(&parts, self.environment);
        let call = ReceivedRequest {
            path,
            query: parts.uri.query(),
            body: &body,
            environment,
            // One reading of the clock for the whole call, so that all its times agree.
            now_ms: self.mock.clock.now_ms(),
            transaction: response::transaction_id(
                self.mock.hot.transaction_prefix(environment),
                self.mock.seed,
                // Connection and request together, so that the ids of a seeded run repeat.
                (self.number << 32) | u64::from(begun),
            ),
            parts: &parts,
        };
        // One atomic read for the usual case without faults.
        if self.mock.faults.is_active()
            && let Some(play) = self.draw(&call)
        {
            // Boxed, so that calls without a fault need no room for its timers.
            return Box::pin(self.play(&call, play)).await;
        }
        self.handle(&call, RequestFacts::default(), None)
    }

    /// Documents are larger than anything else.
    fn body_limit(&self, path: &str) -> usize {
        // By path, since the limit is needed before the body is read and the token checked.
        if path.starts_with("/api/paperlessdocuments/") {
            self.mock.settings().paperless_bytes
        } else {
            self.mock.limits.body_bytes
        }
    }

    fn handle(
        &self,
        call: &ReceivedRequest<'_>,
        mut facts: RequestFacts,
        spoil: Option<&Action>,
    ) -> Result<Response<MockBody>, Abort> {
        let subject = lint::Subject {
            method: &call.parts.method,
            path: call.path,
            query: call.query,
            headers: &call.parts.headers,
            body: call.body,
        };
        // Before any refusal: a call that is refused shows its mistakes too.
        lint::check(&subject, &mut facts.findings);
        // OAuth takes no bearer, so it comes before the check.
        if oauth::owns(call.path) {
            let answer = self.oauth(call, &mut facts);
            return self.finish(call, None, ExchangeOutcome::oauth(answer, facts, spoil));
        }
        // A known product without `/api` goes on: UPS answers it with 250003, and only with a good token.
        if !call.path.starts_with("/api/") && !lint::names_product(call.path) {
            let answer = standard_responses::not_found();
            return self.finish(call, None, ExchangeOutcome::api(answer, facts, spoil));
        }
        let checked = self.last_bearer.check(
            &self.mock,
            call.environment,
            &call.parts.headers,
            call.now_ms,
            &mut facts,
            |token, facts| {
                let answer = self.product(call, token, facts);
                let facts = std::mem::take(facts);
                // Inside the check, while the token is borrowed: no copy of the caller for each call.
                let outcome = ExchangeOutcome::api(answer, facts, spoil);
                self.finish(call, Some(&token.caller.client_id), outcome)
            },
        );
        checked.unwrap_or_else(|refused| {
            let answer = ApiResponse::error(refused);
            self.finish(call, None, ExchangeOutcome::api(answer, facts, spoil))
        })
    }

    fn oauth(&self, call: &ReceivedRequest<'_>, facts: &mut RequestFacts) -> ApiResponse {
        let call = OauthCall {
            mock: &self.mock,
            environment: call.environment,
            method: &call.parts.method,
            path: call.path,
            query: call.query,
            headers: &call.parts.headers,
            body: call.body,
            now_ms: call.now_ms,
            scheme: self.scheme,
        };
        oauth::answer(&call, facts)
    }

    fn product(
        &self,
        call: &ReceivedRequest<'_>,
        token: &crate::tokens::AccessToken,
        facts: &mut RequestFacts,
    ) -> ApiResponse {
        // The bearer was good, so the path is the mistake: 250003.
        let Some(below_api) = call.path.strip_prefix("/api/") else {
            return ApiResponse::error(bearer::invalid_license());
        };
        // A fixed array: no allocation for a path, and a longer one names no endpoint.
        let mut segments = [""; 12];
        let mut count = 0;
        for segment in below_api.split('/') {
            let Some(place) = segments.get_mut(count) else {
                return standard_responses::not_found();
            };
            *place = segment;
            count += 1;
        }
        let segments = &segments[..count];
        // UPS answers a missing product with the code of a bad token, which makes clients refresh in vain.
        if !token.app.has_product(segments[0]) {
            facts.note = Some("the product is not added to the app");
            return ApiResponse::error(bearer::invalid_authentication());
        }
        let request = ApiRequest {
            method: &call.parts.method,
            path: call.path,
            segments,
            query: call.query,
            headers: &call.parts.headers,
            body: call.body,
            caller: &token.caller,
            environment: call.environment,
            now: crate::clock::timestamp(call.now_ms),
            transaction: std::str::from_utf8(&call.transaction).unwrap_or_default(),
        };
        // A product that panics is a defect of the mock; its caller still gets an answer, and the
        // connection's other streams live on.
        let answered = catch_unwind(AssertUnwindSafe(|| {
            let products = self.mock.products.iter();
            let mut answers = products.filter_map(|product| product.answer(&request));
            // The first product that knows the path answers; none knowing it is the gateway's 404.
            answers.next().unwrap_or_else(standard_responses::not_found)
        }));
        answered.unwrap_or_else(|_| {
            facts.note = Some("a product of the mock panicked: please report it");
            standard_responses::internal()
        })
    }
}

/// The environment that a request means: by UPS's host names, else by the listener.
fn environment(parts: &Parts, listener: Environment) -> Environment {
    // HTTP/2 has the host in the request's target and not in a field.
    let host = parts.uri.host().or_else(|| host_field(&parts.headers));
    // By name first: one listener can then stand for both hosts, by way of a hosts file. The usual address of a
    // mock is shorter than each of the names, and one look is enough.
    match host.filter(|host| host.len() >= "wwwcie.ups.com".len()) {
        Some(host) if host.eq_ignore_ascii_case("wwwcie.ups.com") => Environment::Cie,
        Some(host) if host.eq_ignore_ascii_case("onlinetools.ups.com") => Environment::Production,
        // Forwarding has hosts of its own.
        Some(host) if host.eq_ignore_ascii_case("www.onlinetoolsuat.ups.com") => Environment::Cie,
        Some(host) if host.eq_ignore_ascii_case("www.onlinetools.ups.com") => {
            Environment::Production
        }
        _ => listener,
    }
}

fn host_field(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()?.split(':').next()
}

fn unreadable(reason: Unreadable) -> Result<Response<MockBody>, Abort> {
    let error = match reason {
        Unreadable::TooLarge => UpsError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "10013",
            "The request is too large",
        ),
        Unreadable::TooSlow => UpsError::new(
            StatusCode::REQUEST_TIMEOUT,
            "10408",
            "The request took too long",
        ),
        Unreadable::Broken => return Err(Abort),
    };
    let framing = Framing {
        // No transaction: the request was never understood.
        transaction: None,
        close_after_error: true,
        findings: None,
    };
    let mut response = response::response(ApiResponse::error(error), &framing);
    // The rest of the body is not read.
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    Ok(response)
}
