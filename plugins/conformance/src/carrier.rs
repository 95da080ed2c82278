//! Plays the carrier.

use bytes::Bytes;
use gateway_http_client::{HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use std::{
    future::Future,
    pin::Pin,
    sync::{Mutex, PoisonError},
};

/// A carrier's answer, as a script file says it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ScriptedResponse {
    /// HTTP status.
    #[serde(default = "ok")]
    pub status: u16,
    /// Fields.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// Content.
    pub body: String,
}

const fn ok() -> u16 {
    200
}

impl ScriptedResponse {
    /// A JSON answer.
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.into(),
        }
    }

    fn response(&self) -> HttpResponse {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            // What is no field is left out: the cases test plugins, not this suite's own client.
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
                headers.append(name, value);
            }
        }
        HttpResponse {
            status: StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers,
            body: Bytes::copy_from_slice(self.body.as_bytes()),
        }
    }
}

/// What to do with one request.
#[derive(Clone, Debug)]
pub(crate) enum CarrierReply {
    Response(ScriptedResponse),
    Error(HttpErrorKind),
    /// Never.
    Silence,
}

/// Gives good answers up to a step, one special reply at that step, and silence after it.
pub(crate) struct Carrier {
    good: Vec<ScriptedResponse>,
    special: Option<(usize, CarrierReply)>,
    asked: Mutex<Vec<String>>,
}

impl Carrier {
    pub(crate) fn good(good: &[ScriptedResponse]) -> Self {
        Self {
            good: good.to_vec(),
            special: None,
            asked: Mutex::default(),
        }
    }

    pub(crate) fn with(good: &[ScriptedResponse], step: usize, reply: CarrierReply) -> Self {
        Self {
            special: Some((step, reply)),
            ..Self::good(good)
        }
    }

    /// Every request so far, whole: for comparing runs, never to be shown.
    pub(crate) fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock();
        asked.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn reply(&self, request: &HttpRequest) -> CarrierReply {
        // The step is counted under the lock, because a plugin may send several requests at once.
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let step = asked.len();
        asked.push(transcript(request));
        match &self.special {
            Some((at, reply)) if *at == step => reply.clone(),
            // A plugin that tries again after a bad answer gets the same one.
            Some((at, reply)) if *at < step => reply.clone(),
            // The last good answer again, for a plugin that asks once more than its script has answers.
            Some(_) | None => match self.good.get(step).or_else(|| self.good.last()) {
                Some(answer) => CarrierReply::Response(answer.clone()),
                None => CarrierReply::Silence,
            },
        }
    }
}

fn transcript(request: &HttpRequest) -> String {
    let mut text = format!("{} {}\n", request.method, request.url);
    for (name, value) in &request.headers {
        text.push_str(&format!(
            "{name}: {}\n",
            String::from_utf8_lossy(value.as_bytes())
        ));
    }
    text.push_str(&String::from_utf8_lossy(&request.body));
    text
}

impl HttpClient for Carrier {
    fn send(
        &self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + '_>> {
        let reply = self.reply(&request);
        Box::pin(async move {
            match reply {
                CarrierReply::Response(answer) => Ok(answer.response()),
                CarrierReply::Error(kind) => Err(HttpError {
                    kind,
                    message: "an error made by the conformance suite".into(),
                }),
                CarrierReply::Silence => std::future::pending().await,
            }
        })
    }
}
