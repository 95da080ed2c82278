//! A response that goes on: server-sent events of new requests.

use crate::{
    context::AdminContext,
    error::AdminError,
    live::{AT_ONCE, Listener, News, wants},
};
use axum::response::{
    IntoResponse as _, Response,
    sse::{Event, KeepAlive, Sse},
};
use futures_util::stream;
use gateway_api::{RequestQuery, RequestView};
use gateway_control::ControlPlane;
use http::HeaderMap;
use jiff::Timestamp;
use std::{
    collections::{HashSet, VecDeque},
    convert::Infallible,
    time::Duration,
};
use tokio::{
    sync::broadcast::error::RecvError,
    time::{Interval, MissedTickBehavior, interval},
};

/// How often it is looked whether the listener may still listen.
const CHECK: Duration = Duration::from_secs(2);
/// How often something is sent at least, so that proxies keep the connection and both ends notice when it
/// is gone.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a browser waits before it connects again.
const RETRY: Duration = Duration::from_secs(3);
/// How long who finds no place should wait.
const FULL: Duration = Duration::from_secs(30);

/// What a kind of stream does its own way.
pub(crate) trait Audience: Send + 'static {
    /// The events for new requests that the query wants, the oldest first.
    fn tell(&mut self, new: Vec<RequestView>) -> impl Future<Output = Vec<Event>> + Send;

    /// Whether the session or the token that the stream began with is still good.
    fn is_admitted(&self) -> impl Future<Output = bool> + Send;
}

struct Stream<A> {
    audience: A,
    query: RequestQuery,
    listener: Listener,
    /// What came before the listener's first news, which may have it, too.
    shown: HashSet<String>,
    waiting: VecDeque<Event>,
    check: Interval,
    ended: bool,
}

/// Begins a stream of the requests that the query wants. Who comes again, or names a time (`since`), first
/// gets what came since.
pub(crate) async fn begin(
    context: &AdminContext,
    control: &ControlPlane,
    headers: &HeaderMap,
    query: RequestQuery,
    audience: impl Audience,
) -> Result<Response, AdminError> {
    let now = Timestamp::try_from(context.clock.wall());
    let now = now.map_err(|_out_of_range| AdminError::Internal)?;
    let end = context.access.streams();
    // Before the first look, so that nothing falls between them.
    let listener = context.live.listen(control, now, end);
    let listener = listener.ok_or(AdminError::TooMany(FULL))?;
    let missed = match last_event(headers).or(query.since) {
        Some(since) => {
            let missed = RequestQuery {
                since: Some(since),
                limit: Some(AT_ONCE),
                ..query.clone()
            };
            control.requests(missed).await
        }
        None => Vec::new(),
    };
    let mut check = interval(CHECK);
    // Who did not read for a while is checked once, and not once for each tick.
    check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut events = Stream {
        audience,
        query,
        listener,
        shown: missed.iter().map(|request| request.id.clone()).collect(),
        waiting: VecDeque::from([Event::default().retry(RETRY)]),
        check,
        ended: false,
    };
    events.tell(missed.into_iter().rev().collect()).await;
    let events = stream::unfold(events, async |mut events| {
        let event = events.next().await?;
        Some((Ok::<_, Infallible>(event), events))
    });
    let keep_alive = KeepAlive::new().interval(HEARTBEAT);
    Ok(Sse::new(Box::pin(events))
        .keep_alive(keep_alive)
        .into_response())
}

/// The time of the last event that a browser got, when it connects again.
fn last_event(headers: &HeaderMap) -> Option<Timestamp> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}

/// An event with which a browser can go on after a break.
pub(crate) fn event(name: &str, request: &RequestView) -> Event {
    let id = request.ended_at.to_string();
    Event::default().event(name).id(id)
}

impl<A: Audience> Stream<A> {
    /// The next event; `None` at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.ended {
                return None;
            }
            tokio::select! {
                biased;
                // Without a word: a browser connects again by itself, perhaps to another process.
                () = self.listener.end.cancelled() => self.ended = true,
                _ = self.check.tick() => {
                    if !self.audience.is_admitted().await {
                        self.end("the session is over, or the admin token was removed: sign in again");
                    }
                }
                news = self.listener.news.recv() => match news {
                    Ok(news) => self.news(&news).await,
                    Err(RecvError::Lagged(_)) => {
                        self.end("requests came faster than they were read: load the page again");
                    }
                    Err(RecvError::Closed) => self.ended = true,
                }
            }
        }
    }

    async fn news(&mut self, news: &News) {
        let wanted = news.iter().filter(|request| wants(&self.query, request));
        let mut new: Vec<RequestView> = wanted.cloned().collect();
        new.retain(|request| !self.shown.remove(&request.id));
        self.tell(new).await;
    }

    async fn tell(&mut self, new: Vec<RequestView>) {
        if !new.is_empty() {
            let events = self.audience.tell(new).await;
            self.waiting.extend(events);
        }
    }

    fn end(&mut self, why: &str) {
        let event = Event::default().event("end").data(why);
        self.waiting.push_back(event);
        self.ended = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::broadcast;
    use tokio_util::sync::CancellationToken;

    struct Reader {
        admitted: bool,
    }

    impl Audience for Reader {
        async fn tell(&mut self, new: Vec<RequestView>) -> Vec<Event> {
            let events = new.iter().map(|request| event("request", request));
            std::future::ready(events.collect()).await
        }

        async fn is_admitted(&self) -> bool {
            std::future::ready(self.admitted).await
        }
    }

    fn stream(
        admitted: bool,
        news: broadcast::Receiver<News>,
        end: &CancellationToken,
    ) -> Stream<Reader> {
        Stream {
            audience: Reader { admitted },
            query: RequestQuery::default(),
            listener: Listener {
                news,
                end: end.clone(),
            },
            shown: HashSet::from(["seen".to_owned()]),
            waiting: VecDeque::new(),
            check: interval(CHECK),
            ended: false,
        }
    }

    fn request(id: &str) -> RequestView {
        RequestView {
            id: id.to_owned(),
            ended_at: Timestamp::UNIX_EPOCH,
            duration_us: 1,
            method: None,
            path: None,
            status: None,
            route: None,
            carrier: None,
            environment: None,
            account: None,
            app: None,
            replayed: false,
            trace_id: None,
            failure: None,
        }
    }

    /// What is said at the end.
    async fn last_word(mut stream: Stream<Reader>) -> String {
        let mut last = String::new();
        while let Some(event) = stream.next().await {
            last = format!("{event:?}");
        }
        last
    }

    #[tokio::test]
    async fn who_reads_too_slowly_is_told_and_let_go() {
        let (sender, news) = broadcast::channel(2);
        let end = CancellationToken::new();
        let stream = stream(true, news, &end);
        for id in ["a", "b", "c"] {
            let _ = sender.send(News::from([request(id)]));
        }
        let said = last_word(stream).await;
        assert!(said.contains("faster than they were read"), "{said}");
    }

    #[tokio::test(start_paused = true)]
    async fn stream_ends_with_its_session_and_with_the_gateway() {
        let (sender, news) = broadcast::channel(2);
        let end = CancellationToken::new();
        let said = last_word(stream(false, news, &end)).await;
        assert!(said.contains("sign in again"), "{said}");
        let mut stream = stream(true, sender.subscribe(), &end);
        let _ = sender.send(News::from([request("seen"), request("new")]));
        assert!(stream.next().await.is_some(), "only the new one is told");
        end.cancel();
        assert!(stream.next().await.is_none());
    }
}
