//! New processes that want to take over, as the running gateway sees them.

use super::{
    channel::Channel,
    error::HandOverError,
    message::{Hello, Message},
    place,
    socket::{Listener, same_user},
};
use gateway_proxy::KeptSocket;
use std::{io, net::TcpListener, os::fd::AsFd as _, path::Path, sync::Arc, time::Duration};
use tokio::{
    net::UnixStream,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinHandle,
    time::timeout,
};

/// How long a new process may take for its first message.
const GREETING: Duration = Duration::from_secs(5);
/// How long it may load plugins, and later accounts, before the running gateway goes on without it.
const PREPARATION: Duration = Duration::from_secs(120);
/// The pause after a failed accept, which would fail again at once.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts new processes, one at a time, and refuses those that do not fit.
#[derive(Debug)]
pub(crate) struct Successors {
    fitting: mpsc::Receiver<Successor>,
    task: JoinHandle<()>,
}

/// A new process that may take over.
#[derive(Debug)]
pub(crate) struct Successor {
    channel: Channel,
    /// Its process.
    pub(crate) pid: u32,
    /// The version of its program.
    pub(crate) version: String,
    /// Nobody else may take over while this one does.
    _turn: OwnedSemaphorePermit,
}

impl Successors {
    /// Listens in the place of another gateway's socket. `own` says what this gateway hands over.
    pub(crate) fn listen(path: &Path, own: Hello) -> io::Result<Self> {
        let listener = Listener::bind(path)?;
        let (found, fitting) = mpsc::channel(1);
        let task = tokio::spawn(accept(listener, Arc::new(own), found));
        Ok(Self { fitting, task })
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Successor {
        match self.fitting.recv().await {
            Some(successor) => successor,
            // The task failed: nobody can take over any more.
            None => std::future::pending().await,
        }
    }
}

impl Drop for Successors {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: Listener, own: Arc<Hello>, found: mpsc::Sender<Successor>) {
    let turns = Arc::new(Semaphore::new(1));
    loop {
        match listener.socket.accept().await {
            Ok((stream, _)) => {
                let (own, turns) = (Arc::clone(&own), Arc::clone(&turns));
                let found = found.clone();
                tokio::spawn(async move {
                    match timeout(GREETING, greet(stream, &own, turns)).await {
                        // The gateway ends if nobody takes it.
                        Ok(Ok(Some(successor))) => drop(found.send(successor).await),
                        Ok(Ok(None)) => {}
                        Ok(Err(error)) => tracing::warn!(%error, "a take-over failed"),
                        Err(_late) => {
                            tracing::warn!("a process that wants to take over says nothing")
                        }
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "nobody can take over at this moment");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn greet(
    stream: UnixStream,
    own: &Hello,
    turns: Arc<Semaphore>,
) -> io::Result<Option<Successor>> {
    let peer = stream.peer_cred()?;
    if !same_user(&peer) {
        tracing::warn!(
            user = peer.uid(),
            "a process of another user may not take over"
        );
        return Ok(None);
    }
    let mut channel = Channel::new(stream);
    let new = match channel.receive().await? {
        Some(Message::Hello(new)) => new,
        Some(other) => return Err(io::Error::other(format!("it said {other:?}"))),
        None => return Ok(None),
    };
    let pid = peer.pid().and_then(|pid| pid.try_into().ok()).unwrap_or(0);
    let objection = own.objection(&new).or_else(|| place::objection(pid));
    // Only for one that fits: others must not keep it away, not even for a moment.
    let turn = match objection {
        Some(why) => Err(why),
        None => turns.try_acquire_owned().map_err(|_| {
            "another process takes over at this moment: wait until it serves".to_owned()
        }),
    };
    match turn {
        Ok(turn) => {
            channel.send(&Message::Welcome).await?;
            Ok(Some(Successor {
                channel,
                pid,
                version: new.version,
                _turn: turn,
            }))
        }
        Err(why) => {
            tracing::warn!(why, "a take-over was refused");
            channel.send(&Message::Refused { why }).await?;
            Ok(None)
        }
    }
}

impl Successor {
    /// Waits until the new process wants the store.
    pub(crate) async fn ready(&mut self) -> Result<(), HandOverError> {
        let expected = |message: &Message| matches!(message, Message::Release);
        self.expect(expected, "prepare itself").await
    }

    /// Gives it the listening sockets. The store must be closed by now.
    pub(crate) async fn hand_over(
        &mut self,
        apps: &[KeptSocket],
        admin: &TcpListener,
    ) -> Result<(), HandOverError> {
        for kept in apps {
            let message = Message::Socket { addr: kept.addr };
            let descriptor = [kept.socket.as_fd()];
            self.channel.send_with(&message, &descriptor).await?;
        }
        let descriptor = [admin.as_fd()];
        self.channel
            .send_with(&Message::AdminSocket, &descriptor)
            .await?;
        Ok(self.channel.send(&Message::Released).await?)
    }

    /// Waits until it serves.
    pub(crate) async fn serves(&mut self) -> Result<(), HandOverError> {
        let expected = |message: &Message| matches!(message, Message::Serving);
        self.expect(expected, "serve").await
    }

    /// Lets it go on alone. If it is gone by now, it has ended while it served.
    pub(crate) async fn confirm(mut self) {
        let _ = self.channel.send(&Message::Confirmed).await;
    }

    /// Has it end.
    pub(crate) async fn cancel(mut self, why: String) {
        // One that is gone needs no reason.
        let _ = self.channel.send(&Message::Cancelled { why }).await;
    }

    async fn expect(
        &mut self,
        expected: impl Fn(&Message) -> bool,
        what: &'static str,
    ) -> Result<(), HandOverError> {
        let message = timeout(PREPARATION, self.channel.receive()).await;
        match message.map_err(|_| HandOverError::Late(what))?? {
            Some(message) if expected(&message) => Ok(()),
            Some(Message::Failed { why }) => Err(HandOverError::Failed(why)),
            Some(other) => Err(io::Error::other(format!("it said {other:?}")).into()),
            None => Err(HandOverError::Gone),
        }
    }
}
