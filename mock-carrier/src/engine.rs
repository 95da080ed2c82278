//! Answers a request by the carrier's table.

use crate::{
    endpoint::{Answer, Endpoint, Field, Value},
    fault::Fault,
    fields::Request,
    journal::Seen,
    state::State,
    template::{Places, Rendered},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;

/// The answer; `None` ends the connection.
pub(crate) async fn answer(state: &State, request: Request) -> Option<Response<Full<Bytes>>> {
    let method = request.parts.method.as_str();
    let mut endpoints = state.carrier.endpoints.iter();
    let endpoint = endpoints.find(|of| of.methods.contains(&method) && request.is_at(of.path));
    let rendered = match endpoint {
        Some(endpoint) => of_endpoint(state, endpoint, &request).await,
        None => Some(state.places().render(&state.carrier.not_found)),
    };
    state.record(Seen {
        endpoint: endpoint.map_or("", |endpoint| endpoint.name),
        method: method.to_owned(),
        target: request.parts.uri.to_string(),
        status: rendered.as_ref().map_or(0, |answer| answer.status),
        headers: request.parts.headers,
        body: request.body,
    });
    rendered.map(response)
}

async fn of_endpoint(state: &State, endpoint: &Endpoint, request: &Request) -> Option<Rendered> {
    let fault = state.fault(endpoint.name);
    if let Some(Fault::Late(by)) = fault {
        tokio::time::sleep(by).await;
    }
    let good = match judge(state, endpoint, request) {
        Ok(places) => places.render(&endpoint.good),
        Err(refusal) => return Some(refusal),
    };
    match fault {
        Some(fault) => fault.apply(good, endpoint.issues.as_ref()),
        None => Some(good),
    }
}

/// What stands in the places of the good answer, or the refusal.
fn judge(state: &State, endpoint: &Endpoint, request: &Request) -> Result<Places, Rendered> {
    let refuse = |answer: &Answer| state.places().render(answer);
    let fits = |form: &&&[Field]| form.iter().all(|field| is_present(field, request));
    let Some(form) = endpoint.forms.iter().find(fits) else {
        return Err(refuse(&endpoint.malformed));
    };
    let accepted = form.iter().all(|field| {
        let value = request.value(field.place);
        value.is_some_and(|value| state.accepts(field.value, &value))
    });
    if !accepted {
        return Err(refuse(&endpoint.refused));
    }
    let named = endpoint.account.and_then(|place| request.value(place));
    if named.is_some_and(|account| !state.owns(&account)) {
        return Err(refuse(&endpoint.foreign));
    }
    let Some(issue) = &endpoint.issues else {
        return Ok(state.places());
    };
    state.issue(issue).map_err(|wait| {
        let mut places = state.places();
        places.0.push(("retry_after", wait.to_string()));
        places.render(&endpoint.limited)
    })
}

/// Whether a field makes the request one of its form.
fn is_present(field: &Field, request: &Request) -> bool {
    let value = request.value(field.place);
    match field.value {
        Value::Fixed(text) => value.is_some_and(|value| value == text),
        Value::Secret(_) | Value::Token(_) | Value::Any => {
            value.is_some_and(|value| !value.is_empty())
        }
    }
}

fn response(rendered: Rendered) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(rendered.body)));
    // A table with an impossible status shows it in every test.
    *response.status_mut() =
        StatusCode::from_u16(rendered.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in rendered.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
