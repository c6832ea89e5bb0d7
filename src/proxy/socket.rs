//! A client's socket that is read and written in one place and watched in another.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::net::sockopt::{set_socket_keepalive, set_tcp_keepidle, set_tcp_keepintvl};
use rustix::net::{RecvFlags, Shutdown, recv, shutdown};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// After how long a silent client is asked whether it is still there, and how often again.
const PROBE: Duration = Duration::from_secs(15);

/// A connection to a client. Clones are the same one.
#[derive(Clone)]
pub(super) struct Socket(Arc<SocketState>);

struct SocketState {
    stream: TcpStream,
    read: AtomicU64,
}

impl Socket {
    pub(super) fn new(stream: TcpStream) -> Self {
        // An answer must not wait for the next one to fill a packet.
        _ = stream.set_nodelay(true);
        // A client that only ended its request is told from one that is gone by its system, which answers or does not.
        _ = set_socket_keepalive(&stream, true);
        _ = set_tcp_keepidle(&stream, PROBE);
        _ = set_tcp_keepintvl(&stream, PROBE);
        Self(Arc::new(SocketState { stream, read: AtomicU64::new(0) }))
    }

    /// Count of bytes that came so far.
    pub(super) fn read(&self) -> u64 {
        self.0.read.load(Ordering::Relaxed)
    }

    /// True if something came that was not read yet: then it is not the client who is slow.
    pub(super) fn has_unread(&self) -> bool {
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        matches!(recv(&self.0.stream, &mut [0_u8; 1], flags), Ok((1, _)))
    }

    /// True if the client is gone, as far as its system told.
    pub(super) fn is_broken(&self) -> bool {
        !matches!(self.0.stream.take_error(), Ok(None))
    }

    fn written(
        &self,
        cx: &mut Context<'_>,
        mut write: impl FnMut(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.stream.poll_write_ready(cx))?;
            match write(&self.0.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return Poll::Ready(other),
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.stream.poll_read_ready(cx))?;
            match self.0.stream.try_read_buf(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
                Ok(len) => {
                    self.0.read.fetch_add(len as u64, Ordering::Relaxed);
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.written(cx, |stream| stream.try_write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.written(cx, |stream| stream.try_write_vectored(slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(shutdown(&self.0.stream, Shutdown::Write).map_err(Into::into))
    }
}
