//! The spans of a plugin's HTTP requests, below that of the token request.

use gateway_http_client::{HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse};
use gateway_model::{
    Attribute, AttributeValue, Clock, Span, SpanContext, SpanId, SpanKind, SpanSink,
};
use http::Uri;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

/// How many bytes of a URL are recorded.
const URL_BYTES: usize = 256;

/// Records the HTTP requests of one token request.
pub struct CallSpans {
    sink: Arc<dyn SpanSink>,
    clock: Arc<dyn Clock>,
    /// The span of the token request.
    parent: SpanContext,
    /// What all of them tell.
    attributes: Vec<Attribute>,
    begun: AtomicU64,
}

impl CallSpans {
    pub(crate) fn new(
        sink: Arc<dyn SpanSink>,
        clock: Arc<dyn Clock>,
        parent: SpanContext,
        attributes: Vec<Attribute>,
    ) -> Self {
        Self {
            sink,
            clock,
            parent,
            attributes,
            begun: AtomicU64::new(0),
        }
    }

    /// Begins the span of a request. It has neither fields nor content nor a query: they may hold secrets.
    fn begin(&self, request: &HttpRequest) -> Call<'_> {
        let number = self.begun.fetch_add(1, Ordering::Relaxed) + 1;
        // As random as the parent's, and another one for each request of this trace.
        let parent = u64::from_be_bytes(self.parent.span.0);
        let id = parent ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let text = |text: &str| AttributeValue::text(text);
        let mut attributes = self.attributes.clone();
        attributes.push(("http.request.method", text(request.method.as_str())));
        let url = request.shown_url();
        // As in the access log: parameters of a path may hold anything.
        let mut url = url.split(';').next().unwrap_or_default().to_owned();
        url.truncate(url.floor_char_boundary(URL_BYTES));
        if let Ok(uri) = url.parse::<Uri>() {
            if let Some(host) = uri.host() {
                attributes.push(("server.address", text(host)));
            }
            let standard = if uri.scheme_str() == Some("http") {
                80
            } else {
                443
            };
            let port = uri.port_u16().unwrap_or(standard);
            attributes.push(("server.port", AttributeValue::Integer(port.into())));
        }
        attributes.push(("url.full", AttributeValue::text(url)));
        Call {
            spans: self,
            id: SpanId(id.max(1).to_be_bytes()),
            name: request.method.as_str().to_owned(),
            began: self.clock.wall(),
            attributes,
            end: None,
        }
    }
}

impl fmt::Debug for CallSpans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallSpans({:?})", self.parent)
    }
}

/// The span of a request that is under way. Its drop records it, so that a request that is given up has one, too.
struct Call<'a> {
    spans: &'a CallSpans,
    id: SpanId,
    name: String,
    began: SystemTime,
    attributes: Vec<Attribute>,
    /// None if the request was given up.
    end: Option<Result<u16, HttpErrorKind>>,
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let mut attributes = std::mem::take(&mut self.attributes);
        let failure = match self.end {
            Some(Ok(status)) => {
                let number = AttributeValue::Integer(status.into());
                attributes.push(("http.response.status_code", number));
                (status >= 400).then(|| status.to_string())
            }
            Some(Err(kind)) => Some(kind.as_str().to_owned()),
            None => Some("cancelled".to_owned()),
        };
        if let Some(why) = &failure {
            attributes.push(("error.type", AttributeValue::text(why.clone())));
        }
        self.spans.sink.record(Span {
            trace: self.spans.parent.trace,
            id: self.id,
            parent: Some(self.spans.parent.span),
            name: std::mem::take(&mut self.name),
            kind: SpanKind::Client,
            began: self.began,
            ended: self.spans.clock.wall(),
            attributes,
            links: Vec::new(),
            failure,
        });
    }
}

/// Makes requests, and records each.
pub(super) struct Traced<'a> {
    http: &'a dyn HttpClient,
    spans: &'a CallSpans,
}

impl<'a> Traced<'a> {
    pub(super) const fn new(http: &'a dyn HttpClient, spans: &'a CallSpans) -> Self {
        Self { http, spans }
    }
}

impl HttpClient for Traced<'_> {
    fn send(
        &self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + '_>> {
        Box::pin(async move {
            let mut call = self.spans.begin(&request);
            let result = self.http.send(request).await;
            let end = result.as_ref().map(|response| response.status.as_u16());
            call.end = Some(end.map_err(|error| error.kind));
            result
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gateway_model::TraceId;
    use http::{HeaderMap, Method};
    use std::{
        sync::Mutex,
        time::{Duration, Instant},
    };

    #[derive(Debug, Default)]
    struct Kept(Mutex<Vec<Span>>);

    impl SpanSink for Kept {
        fn record(&self, span: Span) {
            self.0.lock().expect("no test panics in it").push(span);
        }
    }

    struct Epoch;

    impl Clock for Epoch {
        #[expect(clippy::disallowed_methods, reason = "the test needs any instant")]
        fn now(&self) -> Instant {
            Instant::now()
        }

        fn wall(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH
        }
    }

    #[test]
    fn request_that_is_given_up_has_a_span_without_secrets() {
        let kept = Arc::<Kept>::default();
        let parent = SpanContext {
            trace: TraceId([1; 16]),
            span: SpanId([2; 8]),
        };
        let sink: Arc<dyn SpanSink> = Arc::<Kept>::clone(&kept);
        let spans = CallSpans::new(sink, Arc::new(Epoch), parent, Vec::new());
        let request = HttpRequest {
            method: Method::POST,
            url: "https://user:planted@carrier.example/oauth/token;x=planted?code=planted"
                .to_owned(),
            headers: HeaderMap::new(),
            body: "planted".into(),
            timeout: Duration::ZERO,
            max_response: 0,
        };
        drop(spans.begin(&request));
        drop(spans.begin(&request));
        let recorded = kept.0.lock().expect("no test panics in it");
        let [one, other] = &recorded[..] else {
            panic!("{recorded:?}");
        };
        assert_eq!(one.failure.as_deref(), Some("cancelled"));
        assert_eq!((one.trace, one.parent), (parent.trace, Some(parent.span)));
        assert!(one.id != other.id && one.id != parent.span);
        let told = format!("{one:?}");
        assert!(
            told.contains("https://carrier.example/oauth/token"),
            "{told}"
        );
        assert!(!told.contains("planted"), "{told}");
    }
}
