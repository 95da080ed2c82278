//! The requests and timers that an operation waits for.

use crate::Limits;
use futures_util::{
    FutureExt as _, StreamExt as _,
    future::{AbortHandle, Abortable, BoxFuture},
    stream::FuturesUnordered,
};
use gateway_http_client::{HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse};
use http::HeaderMap;
use plugins_abi::Network;
use std::{collections::HashMap, time::Duration};

/// Fields of a response that the plugin is shown.
const MAX_FIELDS: usize = 128;

/// A response, an error or a timer that the operation waited for.
pub(super) enum ExchangeEvent {
    Response(u64, HttpResponse),
    Error(u64, HttpError),
    Timer(u64),
}

/// All that is outstanding.
pub(super) struct Exchange<'a> {
    http: &'a dyn HttpClient,
    limits: Limits,
    running: FuturesUnordered<Abortable<BoxFuture<'a, ExchangeEvent>>>,
    handles: HashMap<u64, AbortHandle>,
    sent: usize,
    certainly_not_sent: usize,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(http: &'a dyn HttpClient, limits: Limits) -> Self {
        Self {
            http,
            limits,
            running: FuturesUnordered::new(),
            handles: HashMap::new(),
            sent: 0,
            certainly_not_sent: 0,
        }
    }

    pub(super) fn outstanding(&self) -> usize {
        self.handles.len()
    }

    /// No request left this machine, as far as it can be known.
    pub(super) const fn nothing_was_sent(&self) -> bool {
        self.sent == self.certainly_not_sent
    }

    pub(super) fn start_request(&mut self, id: u64, request: HttpRequest) {
        // Counted before it is sent: a future that is dropped half-way counts as sent.
        self.sent += 1;
        let (timeout, max) = (request.timeout, request.max_response);
        let sending = tokio::time::timeout(timeout, self.http.send(request));
        let event = async move {
            match sending.await {
                Ok(Ok(response)) if response.body.len() <= max => {
                    ExchangeEvent::Response(id, response)
                }
                Ok(Ok(_)) => error(id, HttpErrorKind::TooLarge, "the response is too long"),
                Ok(Err(error)) => ExchangeEvent::Error(id, error),
                // The client has the same deadline; this one holds if a client forgets it.
                Err(_) => error(id, HttpErrorKind::Timeout, "the deadline passed"),
            }
        };
        self.wait_for(id, event.boxed());
    }

    /// Answers a request that is not made.
    pub(super) fn deny(&mut self, id: u64, why: String) {
        let denied = error(id, HttpErrorKind::Denied, why);
        self.wait_for(id, std::future::ready(denied).boxed());
    }

    pub(super) fn start_timer(&mut self, id: u64, delay_ms: u64) {
        // The deadline of the authorization comes first in any case.
        let delay = Duration::from_millis(delay_ms).min(self.limits.deadline);
        let fired = tokio::time::sleep(delay).map(move |()| ExchangeEvent::Timer(id));
        self.wait_for(id, fired.boxed());
    }

    fn wait_for(&mut self, id: u64, event: BoxFuture<'a, ExchangeEvent>) {
        let (handle, registration) = AbortHandle::new_pair();
        self.handles.insert(id, handle);
        self.running.push(Abortable::new(event, registration));
    }

    /// Takes a request or timer back; one that is over or unknown is ignored.
    pub(super) fn cancel(&mut self, id: u64) {
        if let Some(handle) = self.handles.remove(&id) {
            handle.abort();
        }
    }

    /// The next event; `None` if nothing is outstanding.
    pub(super) async fn next(&mut self) -> Option<ExchangeEvent> {
        while !self.handles.is_empty() {
            let Ok(event) = self.running.next().await? else {
                continue; // the plugin cancelled it
            };
            let id = match &event {
                ExchangeEvent::Response(id, _)
                | ExchangeEvent::Error(id, _)
                | ExchangeEvent::Timer(id) => *id,
            };
            // A request may end in the same moment in which it is cancelled; its handle is gone then.
            let wanted = self.handles.remove(&id).is_some();
            if let ExchangeEvent::Error(_, error) = &event
                // A request that was denied here is not among those that were sent.
                && error.kind != HttpErrorKind::Denied
                && error.certainly_not_sent()
            {
                self.certainly_not_sent += 1;
            }
            if wanted {
                return Some(event);
            }
        }
        None
    }
}

fn error(id: u64, kind: HttpErrorKind, message: impl Into<String>) -> ExchangeEvent {
    let message = message.into();
    ExchangeEvent::Error(id, HttpError { kind, message })
}

/// The ABI's number for where a request ended.
pub(super) const fn network(kind: HttpErrorKind) -> u32 {
    match kind {
        HttpErrorKind::Dns => Network::DNS,
        HttpErrorKind::Connect => Network::CONNECT,
        HttpErrorKind::Tls => Network::TLS,
        HttpErrorKind::Timeout => Network::TIMEOUT,
        HttpErrorKind::TooLarge => Network::TOO_LARGE,
        HttpErrorKind::Denied => Network::DENIED,
        HttpErrorKind::Other => Network::OTHER,
    }
}

pub(super) fn fields(headers: &HeaderMap) -> Vec<(Vec<u8>, Vec<u8>)> {
    headers
        .iter()
        // The limit of a response's fields protects the plugin's parser, which is not the gateway's code.
        .take(MAX_FIELDS)
        .map(|(name, value)| (name.as_str().into(), value.as_bytes().to_vec()))
        .collect()
}
