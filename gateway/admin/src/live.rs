//! New requests of apps, for whoever looks at them as they come.
//!
//! The data plane tells nobody anything: while somebody looks, one task reads its memory once a second, and
//! with the last of them the task ends.

use gateway_api::{NewRequests, RequestQuery, RequestView};
use gateway_control::ControlPlane;
use jiff::Timestamp;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::broadcast, time::sleep};
use tokio_util::sync::CancellationToken;

/// How often the memory of the data plane is read.
const PERIOD: Duration = Duration::from_secs(1);
/// Who may look at once.
const MAX_LISTENERS: usize = 16;
/// The most requests of one reading; of more, only the newest are shown.
pub(crate) const AT_ONCE: usize = 200;
/// How many readings a listener may be behind.
const QUEUE: usize = 8;

/// What came since the last reading, the oldest first.
pub(crate) type News = Arc<[RequestView]>;

/// Reads the new requests for all listeners.
#[derive(Default)]
pub(crate) struct LiveRequests(Arc<Mutex<Option<broadcast::Sender<News>>>>);

/// What a listener gets.
pub(crate) struct Listener {
    pub(crate) news: broadcast::Receiver<News>,
    /// The listener ends then: the gateway ends, or has another configuration.
    pub(crate) end: CancellationToken,
}

impl LiveRequests {
    /// A place among the listeners; `None` if all are taken.
    pub(crate) fn listen(
        &self,
        control: &ControlPlane,
        now: Timestamp,
        end: CancellationToken,
    ) -> Option<Listener> {
        let mut feed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let news = match &*feed {
            Some(sender) if sender.receiver_count() >= MAX_LISTENERS => return None,
            Some(sender) => sender.subscribe(),
            None => {
                let (sender, news) = broadcast::channel(QUEUE);
                *feed = Some(sender);
                tokio::spawn(read(Arc::clone(&self.0), control.clone(), now));
                news
            }
        };
        Some(Listener { news, end })
    }
}

/// Reads until nobody listens any more.
async fn read(
    feed: Arc<Mutex<Option<broadcast::Sender<News>>>>,
    control: ControlPlane,
    since: Timestamp,
) {
    let mut new = NewRequests::since(since);
    let all = RequestQuery {
        limit: Some(AT_ONCE),
        ..RequestQuery::default()
    };
    loop {
        sleep(PERIOD).await;
        let sender = {
            let mut feed = feed.lock().unwrap_or_else(PoisonError::into_inner);
            // Under the lock: who comes now finds either this task or none.
            let sender = feed.take_if(|sender| sender.receiver_count() == 0);
            if sender.is_some() {
                return;
            }
            feed.clone()
        };
        let Some(sender) = sender else {
            return;
        };
        let news = new.take(control.requests(new.next(&all)).await);
        if !news.is_empty() {
            // The last listener may have gone meanwhile.
            let _ = sender.send(news.into());
        }
    }
}

/// Whether a query wants a request.
pub(crate) fn wants(query: &RequestQuery, request: &RequestView) -> bool {
    (!query.failed || request.failure.is_some())
        && (query.account.as_ref()).is_none_or(|wanted| request.account.as_ref() == Some(wanted))
        && (query.app.as_ref()).is_none_or(|wanted| request.app.as_ref() == Some(wanted))
}
