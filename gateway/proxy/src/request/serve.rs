//! The path of a request: phases 1 to 11 of the table in `lib.rs`, in the order in which they run.

use super::{
    account, authorization_server,
    caller::{self, Caller},
    credential, environment, hygiene, local_reply, options,
    record::Record,
    replay::{self, Replayed},
    request_headers,
    response_body::{BrokenOff, ResponseBody},
    response_headers, retry, route,
    sent_request::SentRequest,
    signature::Target,
    token_endpoint::{self, IssuedToken},
};
use crate::{
    directory::{RouteView, view::DirectoryView},
    error::Problem,
    message::{Request, Response},
    path_rules::Spelling,
    ticks::Alarm,
    upstream::{
        UpstreamBody,
        body::{self, AppBody, ReplayableBody},
    },
    worker::Connection,
};
use gateway_framing::ConnectionState;
use http::{HeaderValue, StatusCode, uri::PathAndQuery};
use std::rc::Rc;

/// What the phases resulted in.
enum ServeOutcome {
    /// The carrier's response.
    Forwarded(Response<UpstreamBody>),
    /// A token that the gateway issued to an app.
    Token(IssuedToken),
    /// The methods that the gateway forwards.
    Options,
}

/// Serves one request. Every failure becomes a response; only a body that breaks off ends the connection.
pub(crate) async fn serve(
    connection: Rc<Connection>,
    state: Rc<ConnectionState>,
    request: Request<AppBody>,
) -> Result<Response<ResponseBody>, BrokenOff> {
    let version = request.version;
    let mut record = Record::begin(&connection, state.begin_request(), &request);
    let mut view = None;
    // The framing check ran on the bytes. What it refused is answered here, so that it has a record.
    let outcome = match state.refusal(&request.method) {
        Some(violation) => {
            record.forget_target();
            Err(Problem::violation(violation))
        }
        None => phases(&connection, &mut record, &mut view, request).await,
    };
    Ok(match outcome {
        Ok(ServeOutcome::Forwarded(response)) => stream_back(&connection, response, record, view),
        Ok(ServeOutcome::Token(issued)) => {
            record.status = StatusCode::OK.as_u16();
            local_reply::token(record, issued.body, issued.field)
        }
        Ok(ServeOutcome::Options) => {
            record.status = StatusCode::NO_CONTENT.as_u16();
            local_reply::options(record)
        }
        Err(problem) => {
            let directory = Rc::clone(record.directory());
            // Before a route is chosen, the app still reads a refusal best in the form of its only carrier.
            let profile = match &view {
                Some(view) => Some(&*view.profile),
                None => directory.index.only_profile(),
            };
            local_reply::problem(problem, profile, record, version)
        }
    })
}

/// Phases 1 to 5, then the exchange with the carrier.
async fn phases(
    connection: &Rc<Connection>,
    record: &mut Record,
    known: &mut Option<Rc<RouteView>>,
    mut request: Request<AppBody>,
) -> Result<ServeOutcome, Problem> {
    let worker = &connection.worker;

    // 1. Check the head before anything acts on it. The directory is taken once, so that a change of
    // it during the request never mixes two versions.
    let directory = Rc::clone(record.directory());
    let directory = &*directory;
    let inspection = hygiene::inspect(connection, directory, &request)?;
    // `*` names no resource, so it must be answered before a route is looked for.
    if options::is_about_server(&request.method, request.uri.path()) {
        return Ok(ServeOutcome::Options);
    }

    // 2. Choose the route before the caller: each carrier names its own header for retired keys.
    let choice = route::choose(connection, directory, &request.uri)?;
    record.route = Some(choice.route);
    let view = &**known.insert(directory.route(&worker.upstreams, choice.route));
    let mut spelling = inspection.spelling;
    let mut target = route::target(&request.uri, choice.strip)
        .ok_or_else(|| Problem::bad("the request target cannot be sent on"))?;
    // Rewrite before the token endpoint is looked for: an older path must not reach it unnoticed.
    if let Some(paths) = &directory.index.routes[choice.route].legacy_paths
        && let Some(rewritten) = paths.rewrite(&request.method, &target)?
    {
        (target, record.rewritten) = (rewritten, true);
        // Only the path that came was looked at, not the one that a plugin's rule made of it.
        spelling = Spelling::Odd;
    }

    // 3. Answer a token request ahead of the caller's check: an app that fetches a token has none yet.
    // Boxed: rare and large, and every request would keep room for it.
    if let Some(endpoint) = token_endpoint::find(&view.profile, &target, spelling) {
        let id = record.id().clone();
        let issued = Box::pin(token_endpoint::respond(
            connection,
            directory,
            endpoint,
            request,
            &inspection,
            &id,
        ))
        .await
        .map_err(Problem::at_token_endpoint)?;
        return Ok(ServeOutcome::Token(issued));
    }
    // Whatever else is meant for the authorization server ends here, whoever asks: it may hold a secret of
    // the app, and would go out with the account's token.
    let prefix = directory.index.routes[choice.route].prefix.as_deref();
    let prefix = prefix.filter(|_| choice.strip != 0);
    authorization_server::refuse(view, &target, spelling, prefix)?;
    environment::refuse(view, &target, prefix)?;

    // 4. Identify the caller while its credentials are still in the head; phase 6 strips them.
    let route = (choice.route, view);
    let caller = caller::identify(connection, directory, route, &request.fields, &inspection)?;
    record.legacy = record.rewritten || matches!(caller, Caller::Legacy { .. });
    record.app = caller.app();
    // Count only requests of a proven app: nobody else can use up its rate.
    if let Some(app) = record.app {
        let app = &directory.index.apps[app];
        app.admit(worker.epoch, record.started())?;
    }

    // 5. Choose the account, from those that this caller may use.
    let account = account::choose(
        &directory.index,
        &request.fields,
        &inspection,
        caller,
        choice.route,
    )?;
    record.account = Some(account);

    // After the caller's check: `Max-Forwards` must tell a stranger nothing.
    if options::is_last_hop(&request.method, &mut request.fields) {
        return Ok(ServeOutcome::Options);
    }

    let exchange = Exchange {
        directory,
        account,
        target,
    };
    exchange_with_carrier(connection, record, view, &inspection, exchange, request).await
}

/// What phases 1 to 5 decided.
struct Exchange<'a> {
    directory: &'a DirectoryView,
    account: usize,
    target: PathAndQuery,
}

/// Phases 6 to 9, and the check of the response head of phase 10.
async fn exchange_with_carrier(
    connection: &Rc<Connection>,
    record: &mut Record,
    view: &RouteView,
    inspection: &hygiene::HeadInspection,
    Exchange {
        directory,
        account,
        target,
    }: Exchange<'_>,
    request: Request<AppBody>,
) -> Result<ServeOutcome, Problem> {
    let worker = &connection.worker;
    let Request {
        method,
        version,
        mut fields,
        body: content,
        ..
    } = request;

    if worker.series.is_some() || record.trace.is_some() {
        record.operation = view.profile.api.operation_place(&method, target.path());
    }

    // 6. Strip before complete: a field that the client named in `Connection`, or sent as a credential,
    // must be gone before the gateway adds its own.
    request_headers::strip(&mut fields, inspection, view);
    let id = HeaderValue::from_maybe_shared(record.id().clone())
        .map_err(|_| Problem::bad("the request id is not a field value"))?;
    request_headers::complete(&mut fields, inspection, view, &id, version);
    if let Some(trace) = &record.trace {
        trace.complete(&mut fields);
    }

    // 7. Take the credential after the head is complete: a signature covers the head as it is sent.
    let of = Target {
        method: &method,
        target: &target,
        route: view,
        trace: record.trace.as_deref(),
    };
    let (injected, ReplayableBody { body, replay_body }) = match directory.signer(account) {
        None => {
            let (operation, trace) = (of.operation(), of.trace);
            let taken = credential::take(worker, directory, account, operation, None, trace);
            let injected = taken.await?;
            let settings = worker.settings();
            (
                injected,
                body::take(content, &settings.limits, &worker.ticks)?,
            )
        }
        Some(signer) => {
            let signed =
                credential::take_signed(worker, directory, account, signer, of, &fields, content);
            Box::pin(signed).await?
        }
    };
    // After the signature: the body may have been collected, and has an exact length since.
    body::frame(&mut fields, inspection.length, &method, &body);
    let sent = SentRequest {
        account,
        generation: injected.generation,
        method,
        target,
        fields,
        replay_body,
        trace: record.trace.clone(),
    };

    // 8. Forward.
    let mut response = retry::send(worker, directory, view, &sent, &injected, body).await?;

    // 9. Replay after a rejected credential, at most once: a second rejection is the carrier's answer.
    if view.profile.rejected_statuses.contains(&response.status) {
        let replay = replay::after_rejection(worker, directory, view, &sent, response);
        response = match Box::pin(replay).await? {
            Replayed::No(response) => response,
            Replayed::Yes(response) => {
                record.replayed = true;
                response
            }
        };
    }
    record.carrier_status = Some(response.status.as_u16());
    // 10. Check the head last: it is the head of the response that goes to the app, replayed or not.
    response_headers::clean(&mut response, sent.method.is_idempotent())?;
    Ok(ServeOutcome::Forwarded(response))
}

/// Phase 10: the response goes to the app, annotated, and its body streams. Phase 11 is the drop of its record.
fn stream_back(
    connection: &Connection,
    mut response: Response<UpstreamBody>,
    mut record: Record,
    view: Option<Rc<RouteView>>,
) -> Response<ResponseBody> {
    let worker = &connection.worker;
    record.status = response.status.as_u16();
    let id = HeaderValue::from_maybe_shared(record.id().clone());
    if let (Some(account), Some(view), Ok(id)) = (record.account, view, id) {
        record.directory().with_account(account, |account| {
            let (version, rewritten) = (response.version, record.rewritten);
            response_headers::annotate(
                &mut response.fields,
                account,
                &view,
                id,
                version,
                rewritten,
            );
        });
    }
    let alarm = Alarm::new(&worker.ticks);
    let idle = worker.settings().limits.body_idle;
    let sample = record.error_sample(&response.fields);
    response.map(|body| ResponseBody::upstream(body, alarm, idle, sample, record))
}
