//! One request to the collector, and what the log is told of trouble.

use crate::{answer::Answer, counts::Counts, target::ExportSettings};
use bytes::Bytes;
use gateway_http_client::{HttpClient, HttpRequest};
use gateway_model::Clock;
use http::{HeaderValue, Method, header};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// An answer is a few bytes.
const LONGEST_ANSWER: usize = 64 * 1024;
/// The shortest time between two lines about a full queue.
const PAUSE: Duration = Duration::from_secs(10);

/// Sends requests of one signal to the collector.
pub(crate) struct Client {
    pub(crate) settings: ExportSettings,
    pub(crate) http: Arc<dyn HttpClient>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) counts: Arc<Counts>,
    /// What is exported, in the words of a message.
    pub(crate) what: &'static str,
    /// The collector's path for it.
    pub(crate) path: &'static str,
    trouble: Trouble,
}

/// What the log was told.
#[derive(Debug, Default)]
struct Trouble {
    /// The last request had trouble. One line tells of it, and one of its end.
    lasts: AtomicBool,
    /// How many the full queue had dropped, and when that was said.
    full: Mutex<(u64, Option<Instant>)>,
}

impl Client {
    pub(crate) fn new(
        settings: ExportSettings,
        http: Arc<dyn HttpClient>,
        clock: Arc<dyn Clock>,
        counts: Arc<Counts>,
        (what, path): (&'static str, &'static str),
    ) -> Self {
        Self {
            settings,
            http,
            clock,
            counts,
            what,
            path,
            trouble: Trouble::default(),
        }
    }

    /// Sends once, and says when trouble begins and when it ends.
    pub(crate) async fn send(&self, body: Bytes) -> Answer {
        let answer = self.http.send(self.request(body)).await;
        let answer = Answer::of(answer, self.clock.wall());
        match &answer {
            Answer::Taken(_) => self.works(),
            Answer::Refused(why) | Answer::Later(_, why) => self.fails(why),
        }
        answer
    }

    fn request(&self, body: Bytes) -> HttpRequest {
        let target = &self.settings.target;
        let mut headers = target.headers.clone();
        let kind = HeaderValue::from_static("application/x-protobuf");
        headers.insert(header::CONTENT_TYPE, kind);
        let agent = concat!("waybill/", env!("CARGO_PKG_VERSION"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
        HttpRequest {
            method: Method::POST,
            url: format!("{}{}", target.endpoint, self.path),
            headers,
            body,
            timeout: target.timeout,
            max_response: LONGEST_ANSWER,
        }
    }

    fn works(&self) {
        if self.trouble.lasts.swap(false, Ordering::Relaxed) {
            tracing::info!("the collector takes {} again", self.what);
        }
    }

    fn fails(&self, why: &str) {
        if !self.trouble.lasts.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                why,
                "{} cannot be exported; the metrics count those that are dropped",
                self.what
            );
        }
    }

    /// Says how many the full queue has dropped since the last time, if it did.
    pub(crate) fn tell_dropped(&self, at_the_end: bool) {
        let (dropped, now) = (self.counts.full.value(), self.clock.now());
        let mut told = self
            .trouble
            .full
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (before, at) = *told;
        let just_now = at.is_some_and(|at| now.saturating_duration_since(at) < PAUSE);
        if dropped == before || (just_now && !at_the_end) {
            return;
        }
        *told = (dropped, Some(now));
        drop(told);
        tracing::warn!(
            dropped = dropped - before,
            "{} were dropped, because they came faster than the collector takes them",
            self.what
        );
    }
}
