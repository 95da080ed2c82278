//! Frames over a socket pair, each with its length in front.

use super::codec::MAX_FRAME;
use gateway_model::{Clock, SecretBytes};
use std::{
    io::{self, Read, Write},
    os::{
        fd::{AsRawFd as _, OwnedFd},
        unix::net::UnixStream,
    },
    time::{Duration, Instant},
};

/// How long one look at the channel waits. A process that is stopped or starved counts no time meanwhile.
const TICK: Duration = Duration::from_millis(50);

/// Reads one frame, without its length; `None` at the end of the channel.
pub(super) fn read_frame(from: &mut impl Read) -> io::Result<Option<SecretBytes>> {
    let mut length = [0; 4];
    match from.read(&mut length)? {
        0 => return Ok(None),
        read => from.read_exact(&mut length[read..])?,
    }
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    // Before memory is taken for it: the length may be anything.
    if length > MAX_FRAME {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("a frame of {length} bytes, at most {MAX_FRAME} are allowed"),
        ));
    }
    let mut frame = vec![0; length];
    from.read_exact(&mut frame)?;
    Ok(Some(SecretBytes::new(frame)))
}

/// The gateway's end. It never blocks longer than a deadline.
pub(super) struct Channel {
    socket: UnixStream,
}

impl Channel {
    /// A channel, and the worker's end of it.
    pub(super) fn pair() -> io::Result<(Self, OwnedFd)> {
        let (socket, other) = UnixStream::pair()?;
        socket.set_nonblocking(true)?;
        Ok((Self { socket }, other.into()))
    }

    pub(super) fn send(&mut self, frame: &SecretBytes, deadline: &Deadline<'_>) -> io::Result<()> {
        let mut timed = Timed {
            socket: &self.socket,
            deadline,
        };
        timed.write_all(frame.expose())
    }

    pub(super) fn receive(&mut self, deadline: &Deadline<'_>) -> io::Result<Option<SecretBytes>> {
        read_frame(&mut Timed {
            socket: &self.socket,
            deadline,
        })
    }
}

/// When a call has to be over.
pub(super) struct Deadline<'a> {
    clock: &'a dyn Clock,
    end: Option<Instant>,
    ticks: u128,
}

impl<'a> Deadline<'a> {
    pub(super) fn after(time: Duration, clock: &'a dyn Clock) -> Self {
        Self {
            clock,
            end: clock.now().checked_add(time),
            ticks: time.as_millis().div_ceil(TICK.as_millis()),
        }
    }

    /// Waits until the socket is ready.
    fn wait(&self, socket: &UnixStream, events: libc::c_short) -> io::Result<()> {
        // Both: the clock ends what drips byte by byte, the ticks end a wait when the clock stands still.
        for _ in 0..self.ticks {
            if self.end.is_some_and(|end| self.clock.now() >= end) {
                break;
            }
            let mut poll = libc::pollfd {
                fd: socket.as_raw_fd(),
                events,
                revents: 0,
            };
            let tick = libc::c_int::try_from(TICK.as_millis()).unwrap_or(libc::c_int::MAX);
            // SAFETY: one `pollfd` that lives during the call.
            let ready = unsafe { libc::poll(&raw mut poll, 1, tick) };
            if ready > 0 {
                return Ok(());
            }
            if ready < 0 {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }
}

/// A socket that does not block, read and written as if it did.
struct Timed<'a> {
    socket: &'a UnixStream,
    deadline: &'a Deadline<'a>,
}

impl Timed<'_> {
    fn until_ready<R>(
        &self,
        events: libc::c_short,
        mut act: impl FnMut(&UnixStream) -> io::Result<R>,
    ) -> io::Result<R> {
        loop {
            match act(self.socket) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.deadline.wait(self.socket, events)?;
                }
                result => return result,
            }
        }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.until_ready(libc::POLLIN, |mut socket| socket.read(into))
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.until_ready(libc::POLLOUT, |mut socket| socket.write(from))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
