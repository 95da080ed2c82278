//! What a collector's answer means (OTLP 1.x, "OTLP/HTTP response").

use gateway_http_client::{HttpError, HttpErrorKind, HttpResponse};
use http::{StatusCode, header};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;
use std::time::{Duration, SystemTime};

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The collector took it, but for this many spans, lines or values.
    Taken(usize),
    /// It will never take it.
    Refused(String),
    /// It may take it later, at the earliest after this time.
    Later(Option<Duration>, String),
}

impl Answer {
    pub(crate) fn of(result: Result<HttpResponse, HttpError>, now: SystemTime) -> Self {
        match result {
            Ok(response) => Self::of_response(&response, now),
            // It answered, and was long: a second attempt would bring the same.
            Err(error) if error.kind == HttpErrorKind::TooLarge => Self::Refused(error.to_string()),
            Err(error) => Self::Later(None, error.to_string()),
        }
    }

    fn of_response(response: &HttpResponse, now: SystemTime) -> Self {
        let status = response.status;
        let why = format!("the collector answered {}", status.as_u16());
        match status {
            // The specification names these four.
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Self::Later(retry_after(response, now), why),
            _ if status.is_success() => Self::Taken(rejected(response)),
            _ => Self::Refused(why),
        }
    }
}

/// What a collector refuses while it takes the rest. The answers about all signals have the same form on the wire.
fn rejected(response: &HttpResponse) -> usize {
    let decoded = ExportTraceServiceResponse::decode(response.body.clone());
    // A collector that answers in another form has taken the batch all the same.
    let partial = decoded.ok().and_then(|answer| answer.partial_success);
    partial.map_or(0, |it| usize::try_from(it.rejected_spans).unwrap_or(0))
}

/// Seconds or a date (RFC 9110 section 10.2.3).
fn retry_after(response: &HttpResponse, now: SystemTime) -> Option<Duration> {
    let text = response
        .headers
        .get(header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    httpdate::parse_http_date(text)
        .ok()?
        .duration_since(now)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue};
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTracePartialSuccess;

    fn answer(status: u16, retry_after: Option<&'static str>, body: Vec<u8>) -> Answer {
        let mut headers = HeaderMap::new();
        if let Some(text) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(text));
        }
        let response = HttpResponse {
            status: StatusCode::from_u16(status).expect("a status"),
            headers,
            body: body.into(),
        };
        Answer::of(Ok(response), SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn statuses_mean_what_the_specification_says() {
        for status in [400, 401, 403, 404, 413, 500, 301] {
            assert!(
                matches!(answer(status, None, Vec::new()), Answer::Refused(_)),
                "{status}"
            );
        }
        for status in [429, 502, 503, 504] {
            assert!(
                matches!(answer(status, None, Vec::new()), Answer::Later(None, _)),
                "{status}"
            );
        }
        let later = |text, seconds| {
            let Answer::Later(after, _) = answer(429, Some(text), Vec::new()) else {
                panic!("{text}");
            };
            assert_eq!(after, seconds, "{text}");
        };
        later("7", Some(Duration::from_secs(7)));
        later(
            "Thu, 01 Jan 1970 00:01:00 GMT",
            Some(Duration::from_secs(60)),
        );
        later("soon", None);
    }

    #[test]
    fn spans_that_were_refused_alone_are_counted() {
        let body = ExportTraceServiceResponse {
            partial_success: Some(ExportTracePartialSuccess {
                rejected_spans: 3,
                error_message: "too old".to_owned(),
            }),
        };
        assert_eq!(answer(200, None, body.encode_to_vec()), Answer::Taken(3));
        assert_eq!(answer(200, None, b"{}".to_vec()), Answer::Taken(0));
        assert_eq!(answer(202, None, Vec::new()), Answer::Taken(0));
    }
}
