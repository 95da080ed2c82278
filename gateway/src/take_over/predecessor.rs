//! The running gateway, as the new process sees it.

use super::{
    channel::Channel,
    error::TakeOverError,
    message::{Hello, Message},
    socket,
};
use gateway_proxy::InheritedSockets;
use std::{io, path::Path, time::Duration};

/// How long the running gateway may take to answer; it does nothing but compare.
const ANSWER: Duration = Duration::from_secs(10);

/// The running gateway, which hands over.
#[derive(Debug)]
pub(crate) struct Predecessor {
    channel: Channel,
}

impl Predecessor {
    /// Asks the running gateway. Returns none if no gateway runs.
    pub(crate) async fn find(path: &Path, hello: Hello) -> Result<Option<Self>, TakeOverError> {
        let Some(stream) = socket::connect(path).await? else {
            return Ok(None);
        };
        let mut channel = Channel::new(stream);
        let answer = async {
            channel.send(&Message::Hello(hello)).await?;
            channel.receive().await
        };
        let late = |_| io::Error::from(io::ErrorKind::TimedOut);
        let answer = tokio::time::timeout(ANSWER, answer).await.map_err(late)?;
        match answer? {
            Some(Message::Welcome) => Ok(Some(Self { channel })),
            Some(Message::Refused { why }) => Err(TakeOverError::Refused(why)),
            Some(other) => Err(unexpected(&other)),
            // It ended at this moment.
            None => Ok(None),
        }
    }

    /// Has the running gateway let go of its store, and returns its listening sockets. If it dies
    /// meanwhile, the sockets that came are returned.
    pub(crate) async fn release(&mut self) -> Result<InheritedSockets, TakeOverError> {
        let mut sockets = InheritedSockets::default();
        // A gateway that is gone shows below.
        let _ = self.channel.send(&Message::Release).await;
        loop {
            match self.channel.receive().await? {
                Some(Message::Socket { addr }) => {
                    sockets.push(addr, self.channel.descriptor()?.into());
                }
                Some(Message::AdminSocket) => {
                    sockets.push_admin(self.channel.descriptor()?.into());
                }
                Some(Message::Released) => return Ok(sockets),
                Some(Message::Cancelled { why }) => return Err(TakeOverError::Cancelled(why)),
                Some(other) => return Err(unexpected(&other)),
                None => {
                    tracing::warn!("the running gateway ended before it had handed over");
                    return Ok(sockets);
                }
            }
        }
    }

    /// Tells the running gateway that this process serves. After an error this process must end, because
    /// the running gateway goes on.
    pub(crate) async fn serving(mut self) -> Result<(), TakeOverError> {
        // Without a time limit: a gateway that hangs neither accepts connections nor has the store.
        let _ = self.channel.send(&Message::Serving).await;
        match self.channel.receive().await? {
            Some(Message::Confirmed) => Ok(()),
            Some(Message::Cancelled { why }) => Err(TakeOverError::Cancelled(why)),
            Some(other) => Err(unexpected(&other)),
            None => {
                tracing::warn!("the running gateway ended before it had confirmed the hand-over");
                Ok(())
            }
        }
    }

    /// Tells the running gateway why it has to go on.
    pub(crate) async fn failed(mut self, why: String) {
        // A connection that ends says the same, without the reason.
        let _ = self.channel.send(&Message::Failed { why }).await;
    }
}

fn unexpected(message: &Message) -> TakeOverError {
    TakeOverError::Channel(io::Error::other(format!("it said {message:?}")))
}
