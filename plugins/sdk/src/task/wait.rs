//! The two futures that an author can await: an exchange and a timer.

use super::{Command, Completion, Mailbox};
use crate::{Error, Result, credential::saturating_ms};
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

/// One registration in the mailbox; taken back when dropped early.
struct Wait {
    mailbox: Arc<Mailbox>,
    phase: Phase,
}

enum Phase {
    Waiting(u64),
    Idle,
}

impl Wait {
    const fn new(mailbox: Arc<Mailbox>) -> Self {
        Self {
            mailbox,
            phase: Phase::Idle,
        }
    }

    fn poll(
        &mut self,
        cx: &Context<'_>,
        command: impl FnOnce(u64) -> Option<Command>,
    ) -> Poll<Completion> {
        let id = match self.phase {
            Phase::Waiting(id) => id,
            Phase::Idle => {
                let Some(id) = self.mailbox.ask(cx.waker().clone(), command) else {
                    // Polled after its end, which the contract of `Future` leaves open.
                    return Poll::Pending;
                };
                self.phase = Phase::Waiting(id);
                return Poll::Pending;
            }
        };
        let poll = self.mailbox.poll(id, cx.waker());
        if poll.is_ready() {
            self.phase = Phase::Idle;
        }
        poll
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Phase::Waiting(id) = self.phase {
            self.mailbox.forget(id);
        }
    }
}

/// A request under way. Nothing is sent before the first poll; dropping it cancels.
pub(crate) struct Exchange {
    request: Option<Box<oauth2::HttpRequest>>,
    wait: Wait,
}

impl Exchange {
    pub(crate) fn new(mailbox: Arc<Mailbox>, request: oauth2::HttpRequest) -> Self {
        Self {
            request: Some(Box::new(request)),
            wait: Wait::new(mailbox),
        }
    }
}

impl Future for Exchange {
    type Output = Result<oauth2::HttpResponse>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let request = &mut this.request;
        let ask = |id| request.take().map(|request| Command::Http { id, request });
        this.wait.poll(cx, ask).map(|completion| match completion {
            Completion::Http(result) => result,
            Completion::Fired => Err(Error::bug("event_kind", "a timer answered a request")),
        })
    }
}

/// A timer under way; made by [`crate::Context::sleep`]. Dropping it cancels.
#[must_use = "a timer does nothing until it is awaited"]
pub struct Sleep {
    delay_ms: Option<u64>,
    wait: Wait,
}

impl Sleep {
    pub(crate) fn new(mailbox: Arc<Mailbox>, span: Duration) -> Self {
        Self {
            delay_ms: Some(saturating_ms(span)),
            wait: Wait::new(mailbox),
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let delay = &mut this.delay_ms;
        let ask = |id| delay.take().map(|delay_ms| Command::Timer { id, delay_ms });
        // Whatever came under the timer's number, the wait is over.
        this.wait.poll(cx, ask).map(|_| ())
    }
}
