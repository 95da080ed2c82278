//! The checks before every page: cross-site check, session, rate limit, role, the form's own token.

use super::{
    cookie::SessionCookie, fields::Fields, overtaken::SentForm, page::PageError, sign_in,
    visitor::Visitor, zone,
};
use crate::{
    content,
    context::{AdminContext, Peer},
    error::AdminError,
    host::{self, Encrypted},
};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use gateway_model::{Role, Secret};
use http::Method;
use jiff::{Timestamp, tz::TimeZone};
use subtle::ConstantTimeEq as _;

/// The longest form of who is not signed in.
const MAX_ANYBODY: usize = 64 * 1024;

/// Lets anybody see a page.
pub(super) async fn admit_anybody(
    State(context): State<AdminContext>,
    request: Request,
    next: Next,
) -> Response {
    match anybody(&context, request).await {
        Ok(request) => next.run(request).await,
        Err(error) => PageError(error).into_response(),
    }
}

/// Lets everybody see a page who is signed in.
pub(super) async fn admit_signed_in(
    State(context): State<AdminContext>,
    request: Request,
    next: Next,
) -> Response {
    signed_in(&context, Role::ReadOnly, request, next).await
}

/// Lets who is signed in with a token of the role `admin` change something.
pub(super) async fn admit_admin(
    State(context): State<AdminContext>,
    request: Request,
    next: Next,
) -> Response {
    signed_in(&context, Role::Admin, request, next).await
}

async fn anybody(context: &AdminContext, request: Request) -> Result<Request, AdminError> {
    let Peer(peer) = *(request.extensions().get::<Peer>()).ok_or(AdminError::Internal)?;
    host::check_site(&request)?;
    context
        .throttle
        .anonymous(peer, context.clock.now())
        .map_err(AdminError::TooMany)?;
    with_fields(request, MAX_ANYBODY).await
}

async fn signed_in(context: &AdminContext, needed: Role, request: Request, next: Next) -> Response {
    // Here, and not below: the request itself must not be lent across a wait.
    let cookie = SessionCookie::of(request.headers(), Encrypted::of(request.extensions()));
    let cookie = cookie.value(request.headers());
    let zone = zone::of(request.headers());
    let visitor = match visitor(context, cookie, zone).await {
        Ok(visitor) => visitor,
        Err(error) => return PageError(error).into_response(),
    };
    let Some(visitor) = visitor else {
        return lost(context, request).await;
    };
    let request = match admit(context, &visitor, needed, request).await {
        Ok(request) => request,
        Err(error) => return PageError(error).into_response(),
    };
    // Only an administrator's forms change what others can change as well.
    let form =
        (needed == Role::Admin && !request.method().is_safe()).then(|| SentForm::of(&request));
    let work = async move {
        let response = match form {
            Some(form) => with_form(&visitor, form, request, next).await,
            None => next.run(request).await,
        };
        // Before the response: the browser may ask for the next page at once.
        visitor.keep_said().await;
        response
    };
    // From here on the work belongs to the tracker, not to the connection.
    let response = content::finish(&context.tasks, work).await;
    response.unwrap_or_else(|error| PageError(error).into_response())
}

/// Handles a form, unless somebody else has changed what it is about since its page was made.
async fn with_form(
    visitor: &Visitor,
    mut form: SentForm,
    mut request: Request,
    next: Next,
) -> Response {
    match form.overtaken(visitor).await {
        Ok(None) => {}
        Ok(Some(page)) => return page,
        Err(error) => return error.into_response(),
    }
    request.extensions_mut().insert(form.visitor(visitor));
    let response = next.run(request).await;
    // Somebody was faster by a moment. A page that shows new secrets must not be replaced.
    if response.status().is_redirection()
        && form.was_overtaken()
        && let Ok(Some(page)) = form.overtaken(visitor).await
    {
        visitor.tell_nothing();
        return page;
    }
    response
}

/// Who sent the request; `None` without a session.
async fn visitor(
    context: &AdminContext,
    cookie: Option<Secret>,
    zone: TimeZone,
) -> Result<Option<Visitor>, AdminError> {
    let control = context.control.clone().ok_or(AdminError::NoControl)?;
    let Some(cookie) = cookie else {
        return Ok(None);
    };
    let Some(session) = control.session(&cookie).await? else {
        return Ok(None);
    };
    let now = Timestamp::try_from(context.clock.wall());
    let now = now.map_err(|_out_of_range| AdminError::Internal)?;
    Ok(Some(Visitor::new(control, session, zone, now)))
}

async fn admit(
    context: &AdminContext,
    visitor: &Visitor,
    needed: Role,
    request: Request,
) -> Result<Request, AdminError> {
    host::check_site(&request)?;
    context
        .throttle
        .with_token(&visitor.actor.0, context.clock.now())
        .map_err(AdminError::TooMany)?;
    match (needed, visitor.role) {
        (Role::Admin, Role::ReadOnly) => return Err(AdminError::ReadOnly),
        (Role::Admin, Role::Admin) | (Role::ReadOnly, Role::Admin | Role::ReadOnly) => {}
    }
    let changes = !request.method().is_safe();
    let mut request = with_fields(request, content::MAX_BODY).await?;
    if changes {
        check_csrf(visitor, &request)?;
    }
    request.extensions_mut().insert(visitor.clone());
    Ok(request)
}

/// A form must bring what the page with the form had. A page of another site cannot read it.
fn check_csrf(visitor: &Visitor, request: &Request) -> Result<(), AdminError> {
    let sent = (request.extensions().get::<Fields>()).map_or("", |fields| fields.text("csrf"));
    let expected = visitor.csrf.expose().as_bytes();
    if bool::from(sent.as_bytes().ct_eq(expected)) {
        return Ok(());
    }
    Err(AdminError::Invalid(
        "stale_form",
        "this form is of another session: open the page again, and repeat what you did".to_owned(),
    ))
}

/// Reads a form's fields, so that a handler that has begun never waits for its caller.
async fn with_fields(request: Request, limit: usize) -> Result<Request, AdminError> {
    if request.method().is_safe() {
        return Ok(request);
    }
    if content::is_too_long(&request, limit) {
        content::drain(request.into_body()).await;
        return Err(AdminError::TooLarge);
    }
    let (mut parts, body) = content::buffer(request, limit).await?.into_parts();
    let bytes = axum::body::to_bytes(body, limit)
        .await
        .map_err(|_unreadable| AdminError::TooLarge)?;
    let fields = Fields::of(&parts.headers, bytes).await?;
    parts.extensions.insert(fields);
    Ok(Request::from_parts(parts, axum::body::Body::empty()))
}

/// Answers a request whose session is over: nothing that a person has typed is lost, except secrets.
async fn lost(context: &AdminContext, request: Request) -> Response {
    let path = request.uri().path_and_query().map(ToString::to_string);
    let path = path.unwrap_or_default();
    if request.method() == Method::GET || request.method() == Method::HEAD {
        return sign_in::redirect_to_form(&path);
    }
    match anybody(context, request).await {
        Ok(request) => {
            let fields = request.extensions().get::<Fields>().cloned();
            sign_in::lost(path, &fields.unwrap_or_default())
        }
        Err(AdminError::TooLarge) => sign_in::lost_content(&path),
        Err(error) => PageError(error).into_response(),
    }
}
