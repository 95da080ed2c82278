//! The path of a request: the phases, one after another.

use super::{
    account,
    caller::{self, Caller},
    credential, forward, hygiene, local_reply, options,
    record::Record,
    replay::{self, Replayed, Sent},
    request_headers,
    response_body::{Answer, BrokenOff},
    response_headers, route,
    signature::Target,
    token_endpoint,
};
use crate::{
    directory::{RouteView, view::DirectoryView},
    error::Problem,
    framing::ConnectionState,
    ticks::Alarm,
    upstream::{
        Received,
        body::{self, Sendable},
    },
    worker::Connection,
};
use http::{HeaderValue, Method, Request, Response, StatusCode, uri::PathAndQuery};
use hyper::body::Incoming;
use std::rc::Rc;

/// What the phases came to.
enum Outcome {
    /// The carrier's answer.
    Forwarded(Response<Received>),
    /// A token of ours.
    Token(StatusCode, String),
    /// What this server can do.
    Options,
}

/// Serves one request. Fails only by ending the connection.
pub(crate) async fn serve(
    connection: Rc<Connection>,
    state: Rc<ConnectionState>,
    request: Request<Incoming>,
) -> Result<Response<Answer>, BrokenOff> {
    let version = request.version();
    let mut record = Record::begin(&connection, state.serve(), &request);
    let mut view = None;
    let outcome = match state.refusal(&request) {
        Some(violation) => Err(Problem::violation(violation)),
        None => phases(&connection, &mut record, &mut view, request).await,
    };
    Ok(match outcome {
        Ok(Outcome::Forwarded(response)) => pass_on(&connection, response, record, view),
        Ok(Outcome::Token(status, body)) => {
            record.status = status.as_u16();
            local_reply::token(record, status, body)
        }
        Ok(Outcome::Options) => {
            record.status = StatusCode::NO_CONTENT.as_u16();
            local_reply::options(record)
        }
        Err(problem) => {
            let profile = view.as_ref().map(|view| &*view.profile);
            local_reply::problem(problem, profile, record, version)
        }
    })
}

async fn phases(
    connection: &Rc<Connection>,
    record: &mut Record,
    known: &mut Option<Rc<RouteView>>,
    mut request: Request<Incoming>,
) -> Result<Outcome, Problem> {
    let worker = &connection.worker;

    // 1. What arrived must be clean, and lead somewhere.
    let directory = Rc::clone(record.directory());
    let directory = &*directory;
    let found = hygiene::check(connection, directory, &request)?;
    if options::is_about_server(request.method(), request.uri().path()) {
        return Ok(Outcome::Options);
    }
    let choice = route::choose(connection, directory, request.uri())?;
    record.route = Some(choice.route);
    let view = &**known.insert(directory.route(&worker.upstreams, choice.route));
    let mut target = route::target(request.uri(), choice.strip)
        .ok_or_else(|| Problem::bad("the request target cannot be sent on"))?;
    if let Some(older) = &directory.index.routes[choice.route].older
        && let Some(rewritten) = older.rewrite(request.method(), &target)?
    {
        (target, record.rewritten) = (rewritten, true);
    }

    // 4, ahead of its turn: an app that fetches a token cannot have one yet.
    if let Some(endpoint) = token_endpoint::find(&view.profile, &target) {
        let id = record.id().clone();
        let (status, body) = Box::pin(token_endpoint::respond(
            connection, directory, endpoint, request, &found, &id,
        ))
        .await?;
        return Ok(Outcome::Token(status, body));
    }

    // 2. Who is calling.
    let place = (choice.route, view);
    let caller = caller::identify(connection, directory, place, request.headers(), &found)?;
    record.legacy = record.rewritten || matches!(caller, Caller::Legacy { .. });
    record.app = caller.app();
    if let Some(app) = record.app {
        let app = &directory.index.apps[app];
        app.admit(worker.epoch, record.started())?;
    }

    // 3. Which account.
    let account = account::choose(
        &directory.index,
        request.headers(),
        &found,
        caller,
        choice.route,
    )?;
    record.account = Some(account);

    // 4. What the gateway answers itself.
    let method = request.method().clone();
    if options::is_last_hop(&method, request.headers_mut()) {
        return Ok(Outcome::Options);
    }

    let exchange = Exchange {
        directory,
        account,
        method,
        target,
    };
    exchange_with_carrier(connection, record, view, &found, exchange, request).await
}

/// What the first four phases decided.
struct Exchange<'a> {
    directory: &'a DirectoryView,
    account: usize,
    method: Method,
    target: PathAndQuery,
}

/// Phases 5 to 8.
async fn exchange_with_carrier(
    connection: &Rc<Connection>,
    record: &mut Record,
    view: &RouteView,
    found: &hygiene::Found,
    Exchange {
        directory,
        account,
        method,
        target,
    }: Exchange<'_>,
    request: Request<Incoming>,
) -> Result<Outcome, Problem> {
    let worker = &connection.worker;

    // 6, first half: the client's credentials go. 5 needs a clean head to put ours into.
    let version = request.version();
    let (parts, content) = request.into_parts();
    let mut headers = parts.headers;
    request_headers::strip(&mut headers, found, view);
    let id = HeaderValue::from_maybe_shared(record.id().clone())
        .map_err(|_| Problem::bad("the request id is not a field value"))?;
    request_headers::complete(&mut headers, found, view, &id, version);

    // 5 and 6. Take the credential; sign, if the carrier wants that.
    let (injected, Sendable { body, again }) = match directory.signer(account) {
        None => {
            let injected = credential::take(worker, directory, account, None).await?;
            let limits = &worker.settings.limits;
            (injected, body::take(content, limits, &worker.ticks)?)
        }
        Some(signer) => {
            let of = Target {
                method: &method,
                target: &target,
                route: view,
            };
            let signed =
                credential::take_signed(worker, directory, account, signer, of, &headers, content);
            Box::pin(signed).await?
        }
    };
    body::frame(&mut headers, found.length, &method, &body);
    let sent = Sent {
        account,
        generation: injected.generation,
        method,
        target,
        headers,
        again,
    };

    // 7 and 8. Forward; replay after a rejection.
    let attempt = sent.attempt(&injected, body);
    let mut response = forward::send(worker, view, attempt, &sent.again).await?;
    if view.profile.rejected_statuses.contains(&response.status()) {
        let replay = replay::after_rejection(worker, directory, view, &sent, response);
        response = match Box::pin(replay).await? {
            Replayed::No(response) => response,
            Replayed::Yes(response) => {
                record.replayed = true;
                response
            }
        };
    }
    response_headers::clean(&mut response, sent.method.is_idempotent())?;
    Ok(Outcome::Forwarded(response))
}

/// 7, last part: the answer goes to the app, signed.
fn pass_on(
    connection: &Connection,
    response: Response<Received>,
    mut record: Record,
    view: Option<Rc<RouteView>>,
) -> Response<Answer> {
    let worker = &connection.worker;
    record.status = response.status().as_u16();
    let (mut parts, body) = response.into_parts();
    let id = HeaderValue::from_maybe_shared(record.id().clone());
    if let (Some(account), Some(view), Ok(id)) = (record.account, view, id) {
        record.directory().with_account(account, |account| {
            let (version, rewritten) = (parts.version, record.rewritten);
            response_headers::annotate(&mut parts.headers, account, &view, id, version, rewritten);
        });
    }
    let alarm = Alarm::new(&worker.ticks);
    let answer = Answer::upstream(body, alarm, worker.settings.limits.body_idle, record);
    Response::from_parts(parts, answer)
}
