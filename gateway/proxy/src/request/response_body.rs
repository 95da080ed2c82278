//! The body of a response to an app.

use super::record::{ErrorSample, Record};
use crate::{ticks::Alarm, upstream::UpstreamBody, worker::BodyPoll};
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

/// A response's body, with the record of its request.
pub(crate) struct ResponseBody {
    source: Source,
    record: Record,
}

enum Source {
    /// Of a local reply; taken when it is sent.
    Local(Option<Bytes>),
    /// The carrier's, as it arrives.
    Upstream(Streaming),
}

struct Streaming {
    body: UpstreamBody,
    alarm: Alarm,
    idle: Duration,
    ended: bool,
    /// How it broke off.
    broken: Option<&'static str>,
    /// The beginning of an error.
    sample: Option<Box<ErrorSample>>,
}

impl ResponseBody {
    pub(super) const fn empty(record: Record) -> Self {
        Self {
            source: Source::Local(None),
            record,
        }
    }

    pub(super) const fn whole(body: Bytes, record: Record) -> Self {
        Self {
            source: Source::Local(Some(body)),
            record,
        }
    }

    pub(super) fn upstream(
        body: UpstreamBody,
        alarm: Alarm,
        idle: Duration,
        sample: Option<Box<ErrorSample>>,
        record: Record,
    ) -> Self {
        Self {
            source: Source::Upstream(Streaming {
                body,
                alarm,
                idle,
                ended: false,
                broken: None,
                sample,
            }),
            record,
        }
    }
}

/// The response breaks off, and so does the connection: no part of it may look complete.
#[derive(Debug)]
pub(crate) struct BrokenOff;

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the carrier's response broke off")
    }
}

impl std::error::Error for BrokenOff {}

impl Streaming {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        // After the pieces that came before, so that the app sees where it broke off.
        if self.broken.is_some() {
            return Poll::Ready(Some(Err(BrokenOff)));
        }
        let Poll::Ready(piece) = self.body.poll_piece(cx) else {
            let passed = self.alarm.poll(cx, self.idle);
            if passed.is_ready() {
                self.broken = Some("the carrier sent no more of its response in time");
            }
            return passed.map(|()| Some(Err(BrokenOff)));
        };
        // The deadline is for each piece: a long response that keeps coming is fine.
        self.alarm.disarm();
        self.ended = piece.is_none();
        match piece.transpose() {
            Ok(piece) => {
                if let (Some(sample), Some(piece)) = (&mut self.sample, &piece) {
                    sample.note(piece);
                }
                Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
            }
            Err(error) => {
                tracing::debug!(%error, "a response broke off");
                // What came before goes out first. An app that saw nothing of the answer might take
                // the request for one that was not served, and send it again.
                self.broken = Some("the carrier's response broke off");
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn is_complete(&self) -> bool {
        self.ended || self.body.is_complete()
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let poll = match &mut self.source {
            Source::Local(body) => Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
            Source::Upstream(flow) => flow.poll(cx),
        };
        self.record.connection().polled.set(Some(match &poll {
            Poll::Ready(_) => BodyPoll::Ready,
            Poll::Pending => BodyPoll::Pending,
        }));
        poll
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Local(body) => body.as_ref().is_none_or(Bytes::is_empty),
            Source::Upstream(flow) => flow.is_complete(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Local(body) => SizeHint::with_exact(body.as_ref().map_or(0, Bytes::len) as u64),
            Source::Upstream(flow) => flow.body.size_hint(),
        }
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        // Before the record drops: whether the app got all of it is known only here.
        self.record.complete = self.is_end_stream();
        if let Source::Upstream(flow) = &mut self.source {
            self.record.keep_carrier_error(flow.sample.take());
            if let Some(reason) = flow.broken {
                self.record.break_off(reason);
            }
        }
    }
}
