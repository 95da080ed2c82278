//! Messages and descriptors over a Unix socket.

use super::message::Message;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use std::{
    collections::VecDeque,
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{BorrowedFd, OwnedFd},
};
use tokio::{io::Interest, net::UnixStream};

/// No message is longer.
const LONGEST: usize = 16 * 1024;
/// The system delivers the descriptors of one message at a time, and no message has more than one.
const DESCRIPTORS: usize = 4;

/// The connection between the two processes.
#[derive(Debug)]
pub(super) struct Channel {
    stream: UnixStream,
    read: Vec<u8>,
    descriptors: VecDeque<OwnedFd>,
}

impl Channel {
    pub(super) const fn new(stream: UnixStream) -> Self {
        Self {
            stream,
            read: Vec::new(),
            descriptors: VecDeque::new(),
        }
    }

    pub(super) async fn send(&mut self, message: &Message) -> io::Result<()> {
        self.send_with(message, &[]).await
    }

    /// Sends a message together with descriptors.
    pub(super) async fn send_with(
        &mut self,
        message: &Message,
        descriptors: &[BorrowedFd<'_>],
    ) -> io::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        let mut sent = 0;
        while sent < line.len() {
            // With the first byte only, or they would arrive twice.
            let descriptors = if sent == 0 { descriptors } else { &[] };
            let send = || send(&self.stream, &line[sent..], descriptors);
            sent += self.stream.async_io(Interest::WRITABLE, send).await?;
        }
        Ok(())
    }

    /// The next message; none if the other process has closed the connection, or died.
    pub(super) async fn receive(&mut self) -> io::Result<Option<Message>> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                return Ok(Some(serde_json::from_slice(&line)?));
            }
            if self.read.len() > LONGEST {
                return Err(io::Error::other("a message is too long"));
            }
            let stream = &self.stream;
            let received = stream
                .async_io(Interest::READABLE, || receive(stream))
                .await;
            let (bytes, descriptors) = match received {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(error),
            };
            if bytes.is_empty() {
                return Ok(None);
            }
            self.read.extend(bytes);
            self.descriptors.extend(descriptors);
        }
    }

    /// The descriptor that came with the last message.
    pub(super) fn descriptor(&mut self) -> io::Result<OwnedFd> {
        let missing = || io::Error::other("a message came without its descriptor");
        self.descriptors.pop_front().ok_or_else(missing)
    }
}

fn send(stream: &UnixStream, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::Error::other("too many descriptors for one message"));
    }
    let sent = sendmsg(
        stream,
        &[IoSlice::new(bytes)],
        &mut ancillary,
        SendFlags::NOSIGNAL,
    )?;
    Ok(sent)
}

fn receive(stream: &UnixStream) -> io::Result<(Vec<u8>, Vec<OwnedFd>)> {
    let mut bytes = vec![0; 4096];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(
        stream,
        &mut [IoSliceMut::new(&mut bytes)],
        &mut ancillary,
        // A plugin's worker process must not inherit a listener.
        RecvFlags::CMSG_CLOEXEC,
    )?;
    bytes.truncate(received.bytes);
    let mut descriptors = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            descriptors.extend(rights);
        }
    }
    Ok((bytes, descriptors))
}

#[cfg(test)]
mod tests {
    use super::{Channel, Message};
    use std::{
        net::{SocketAddr, TcpListener},
        os::fd::AsFd as _,
    };
    use tokio::net::UnixStream;

    #[tokio::test]
    async fn sockets_arrive_with_their_messages_in_their_order() {
        let (one, other) = UnixStream::pair().expect("a pair");
        let (mut from, mut to) = (Channel::new(one), Channel::new(other));
        let sockets: Vec<_> = (0..200)
            .map(|_| TcpListener::bind("127.0.0.1:0").expect("a port"))
            .collect();
        let addresses: Vec<SocketAddr> = sockets
            .iter()
            .map(|socket| socket.local_addr().expect("an address"))
            .collect();
        let sending = async move {
            for (addr, socket) in addresses.into_iter().zip(&sockets) {
                let message = Message::Socket { addr };
                from.send_with(&message, &[socket.as_fd()]).await.unwrap();
            }
            from.send(&Message::Released).await.unwrap();
        };
        let receiving = async {
            let mut count = 0;
            while let Some(Message::Socket { addr }) = to.receive().await.unwrap() {
                let socket = TcpListener::from(to.descriptor().unwrap());
                assert_eq!(socket.local_addr().unwrap(), addr);
                count += 1;
            }
            count
        };
        let ((), count) = tokio::join!(sending, receiving);
        assert_eq!(count, 200);
        assert!(to.receive().await.unwrap().is_none(), "the sender is gone");
    }

    #[tokio::test]
    async fn message_of_a_program_that_knows_other_words_is_an_error() {
        use tokio::io::AsyncWriteExt as _;
        for bytes in [&b"{\"dance\":{}}\n"[..], b"\n", &[b'x'; 20_000]] {
            let (mut one, other) = UnixStream::pair().expect("a pair");
            let mut to = Channel::new(other);
            let (written, received) = tokio::join!(one.write_all(bytes), to.receive());
            written.unwrap();
            received.unwrap_err();
        }
    }
}
