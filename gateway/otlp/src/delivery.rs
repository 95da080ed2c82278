//! One batch: sent until the collector takes it, refuses it, or time is up.

use crate::{answer::Answer, encode, exporter::Shared};
use gateway_http_client::HttpRequest;
use gateway_model::Span;
use http::{HeaderValue, Method, header};
use std::time::Duration;
use tokio::time::sleep;

/// How often a batch is sent at most.
const ATTEMPTS: u32 = 5;
/// The pause after the first attempt; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause, whatever the collector asks for. The queue drops meanwhile what it has no room for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// An answer is a few bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

impl Shared {
    /// Sends a batch, and counts what became of it.
    pub(crate) async fn deliver(&self, batch: &[Span]) {
        let body = encode::request(&self.settings.resource, batch);
        for attempt in 0..ATTEMPTS {
            let answer = self.http.send(self.request(body.clone())).await;
            match Answer::of(answer, self.clock.wall()) {
                Answer::Taken(but) => {
                    self.works();
                    self.counts.refused.add(but.min(batch.len()));
                    self.counts.exported.add(batch.len().saturating_sub(but));
                    return;
                }
                Answer::Refused(why) => {
                    self.fails(&why);
                    self.counts.refused.add(batch.len());
                    return;
                }
                Answer::Later(after, why) => {
                    self.fails(&why);
                    let pause = after.unwrap_or_else(|| FIRST_PAUSE * 2_u32.pow(attempt));
                    if attempt + 1 < ATTEMPTS {
                        sleep(pause.min(LONGEST_PAUSE)).await;
                    }
                }
            }
        }
        self.counts.unreachable.add(batch.len());
    }

    fn request(&self, body: bytes::Bytes) -> HttpRequest {
        let target = &self.settings.target;
        let mut headers = target.headers.clone();
        let kind = HeaderValue::from_static("application/x-protobuf");
        headers.insert(header::CONTENT_TYPE, kind);
        let agent = concat!("waybill/", env!("CARGO_PKG_VERSION"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
        HttpRequest {
            method: Method::POST,
            url: format!("{}/v1/traces", target.endpoint),
            headers,
            body,
            timeout: target.timeout,
            max_response: LONGEST_ANSWER,
        }
    }
}
