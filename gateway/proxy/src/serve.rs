//! The path of a request: the phases, one after another.

use crate::{
    account,
    answer::{Answer, BrokenOff},
    caller::{self, Caller},
    connection::Connection,
    credential,
    directory_view::DirectoryView,
    error::Problem,
    forward,
    framing::ConnectionState,
    hygiene, inject,
    outgoing::{self, Sendable},
    own,
    record::Record,
    replay::{self, Replayed, Sent},
    respond, route,
    sign::{self, Target},
    ticks::Alarm,
    upstream::Received,
    view::RouteView,
};
use gateway_model::DownstreamToken;
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
            own::token_answer(record, status, body)
        }
        Ok(Outcome::Options) => {
            record.status = StatusCode::NO_CONTENT.as_u16();
            own::options(record)
        }
        Err(problem) => {
            let profile = view.as_ref().map(|view| &*view.profile);
            respond::problem(problem, profile, record, version)
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
    if own::is_options_of_server(request.method(), request.uri().path()) {
        return Ok(Outcome::Options);
    }
    let choice = route::choose(connection, directory, request.uri())?;
    record.route = Some(choice.route);
    let view = &**known.insert(directory.route(worker, choice.route));
    let mut target = route::target(request.uri(), choice.strip)
        .ok_or_else(|| Problem::bad("the request target cannot be sent on"))?;
    if let Some(older) = &directory.index.routes[choice.route].older
        && let Some(rewritten) = older.rewrite(request.method(), &target)?
    {
        (target, record.rewritten) = (rewritten, true);
    }

    // 4, ahead of its turn: an app that fetches a token cannot have one yet.
    if let Some(endpoint) = token_endpoint(view, &target) {
        let id = record.id().clone();
        let (status, body) = Box::pin(own::token(
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
    if inject::is_last_hop(&method, request.headers_mut()) {
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
    let (parts, body) = request.into_parts();
    let mut headers = parts.headers;
    inject::strip(&mut headers, found, view);
    let id = HeaderValue::from_maybe_shared(record.id().clone())
        .map_err(|_| Problem::bad("the request id is not a field value"))?;
    inject::complete(&mut headers, found, view, &id, version);

    // 5 and 6. Take the credential; sign, if the carrier wants that.
    let (injected, Sendable { body, again }) = match directory.signer(account) {
        None => {
            let injected = credential::take(worker, directory, account, None).await?;
            let limits = &worker.settings.limits;
            (injected, outgoing::take(body, limits, &worker.ticks)?)
        }
        Some(signer) => {
            let of = Target {
                method: &method,
                target: &target,
                route: view,
            };
            let signed = sign::take(worker, directory, account, signer, of, &headers, body);
            Box::pin(signed).await?
        }
    };
    outgoing::frame(&mut headers, found.length, &method, &body);
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
    forward::clean(&mut response, sent.method.is_idempotent())?;
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
            inject::sign(&mut parts.headers, account, &view, id, version, rewritten);
        });
    }
    let alarm = Alarm::new(&worker.ticks);
    let answer = Answer::upstream(body, alarm, worker.settings.limits.body_idle, record);
    Response::from_parts(parts, answer)
}

/// The carrier's token endpoint, if this is it, however it is spelled: such a request is never
/// forwarded, since it holds a secret.
fn token_endpoint<'a>(view: &'a RouteView, target: &PathAndQuery) -> Option<&'a DownstreamToken> {
    let endpoint = view.profile.downstream_token.as_ref()?;
    let path = target.path();
    if path == endpoint.path {
        return Some(endpoint);
    }
    let odd = path.len() >= endpoint.path.len()
        && (path.ends_with('/') || path.contains('%') || path.contains("//"));
    if !odd && !path.eq_ignore_ascii_case(&endpoint.path) {
        return None;
    }
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    let plain = |path: &str| -> String {
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        segments.flat_map(|segment| ["/", segment]).collect()
    };
    plain(&decoded)
        .eq_ignore_ascii_case(&plain(&endpoint.path))
        .then_some(endpoint)
}
