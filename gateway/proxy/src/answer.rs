//! The body of an answer to an app.

use crate::{record::Record, streams::Polled, ticks::Alarm, upstream::Lease};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::body::{Body, Frame, SizeHint};
use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

/// An answer's body, with the record of its request.
pub(crate) struct Answer {
    source: Source,
    record: Record,
}

enum Source {
    /// Made here; taken when sent.
    Own(Option<Bytes>),
    /// The upstream's, as it comes.
    Upstream(Flow),
}

struct Flow {
    body: Incoming,
    /// The connection it comes over; goes back to the pool when all of it came.
    lease: Option<Lease>,
    alarm: Alarm,
    idle: Duration,
    ended: bool,
}

impl Answer {
    pub(crate) const fn empty(record: Record) -> Self {
        Self {
            source: Source::Own(None),
            record,
        }
    }

    pub(crate) const fn whole(body: Bytes, record: Record) -> Self {
        Self {
            source: Source::Own(Some(body)),
            record,
        }
    }

    pub(crate) fn upstream(
        body: Incoming,
        lease: Lease,
        alarm: Alarm,
        idle: Duration,
        record: Record,
    ) -> Self {
        Self {
            source: Source::Upstream(Flow {
                body,
                lease: Some(lease),
                alarm,
                idle,
                ended: false,
            }),
            record,
        }
    }
}

/// The answer breaks off; the connection does too, so that no part of it looks complete.
#[derive(Debug)]
pub(crate) struct BrokenOff;

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the upstream's answer broke off")
    }
}

impl std::error::Error for BrokenOff {}

impl Flow {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        loop {
            let frame = match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    let passed = self.alarm.poll(cx, self.idle);
                    return passed.map(|()| Some(Err(BrokenOff)));
                }
            };
            self.alarm.disarm();
            return Poll::Ready(match frame {
                None => {
                    self.ended = true;
                    None
                }
                Some(Err(error)) => {
                    tracing::debug!(%error, "an answer broke off");
                    Some(Err(BrokenOff))
                }
                // Trailers end here: nobody announced them downstream.
                Some(Ok(frame)) if !frame.is_data() => continue,
                Some(Ok(frame)) => Some(Ok(frame)),
            });
        }
    }

    fn is_complete(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let poll = match &mut self.source {
            Source::Own(body) => Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
            Source::Upstream(flow) => flow.poll(cx),
        };
        self.record.connection().polled.set(Some(match &poll {
            Poll::Ready(_) => Polled::Gave,
            Poll::Pending => Polled::Waits,
        }));
        poll
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Own(body) => body.as_ref().is_none_or(Bytes::is_empty),
            Source::Upstream(flow) => flow.is_complete(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Own(body) => SizeHint::with_exact(body.as_ref().map_or(0, Bytes::len) as u64),
            Source::Upstream(flow) => flow.body.size_hint(),
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.record.complete = self.is_end_stream();
        if let Source::Upstream(flow) = &mut self.source
            && let Some(lease) = flow.lease.take()
            && self.record.complete
        {
            lease.give_back();
        }
    }
}
