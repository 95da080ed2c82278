//! The body of an answer to an app.

use super::record::Record;
use crate::{ticks::Alarm, upstream::Received, worker::Polled};
use bytes::Bytes;
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
    body: Received,
    alarm: Alarm,
    idle: Duration,
    ended: bool,
    broken: bool,
}

impl Answer {
    pub(super) const fn empty(record: Record) -> Self {
        Self {
            source: Source::Own(None),
            record,
        }
    }

    pub(super) const fn whole(body: Bytes, record: Record) -> Self {
        Self {
            source: Source::Own(Some(body)),
            record,
        }
    }

    pub(super) fn upstream(body: Received, alarm: Alarm, idle: Duration, record: Record) -> Self {
        Self {
            source: Source::Upstream(Flow {
                body,
                alarm,
                idle,
                ended: false,
                broken: false,
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
        if self.broken {
            return Poll::Ready(Some(Err(BrokenOff)));
        }
        let Poll::Ready(piece) = self.body.poll_piece(cx) else {
            let passed = self.alarm.poll(cx, self.idle);
            return passed.map(|()| Some(Err(BrokenOff)));
        };
        self.alarm.disarm();
        self.ended = piece.is_none();
        match piece.transpose() {
            Ok(piece) => Poll::Ready(piece.map(|piece| Ok(Frame::data(piece)))),
            Err(error) => {
                tracing::debug!(%error, "an answer broke off");
                // What came before goes out first. An app that saw nothing of the answer might take
                // the request for one that was not served, and send it again.
                self.broken = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn is_complete(&self) -> bool {
        self.ended || self.body.is_complete()
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
    }
}
