//! The manager connection as a socket: TCP or TLS, and the pauses between tries.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A connection that is not there within this time has failed.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause before the first retry.
const RETRY_FIRST: Duration = Duration::from_millis(40);
/// The longest pause between two tries.
const RETRY_LONGEST: Duration = Duration::from_secs(5);

/// Where the PBX is.
#[derive(Debug, Clone)]
pub struct Address {
    /// Name or address.
    pub host: String,
    /// The manager port.
    pub port: u16,
    /// TLS, checked against these certificates.
    pub tls: Option<PathBuf>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody there.
    #[error("{host}:{port} does not answer: {source}. Is Asterisk running, and enabled = yes in manager.conf? See [pbx] host and port")]
    Connect {
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// Why.
        source: io::Error,
    },
    /// The certificate file is of no use.
    #[error("[pbx] ca_file {path}: {why}")]
    Certificates {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// TLS failed.
    #[error("TLS with {host} failed: {source}. Check [pbx] ca_file, and that the certificate names {host}")]
    Tls {
        /// The host.
        host: String,
        /// Why.
        source: io::Error,
    },
}

/// An open connection.
#[derive(Debug)]
pub enum Socket {
    /// Plain.
    Tcp(TcpStream),
    /// Encrypted.
    Tls(Box<TlsStream<TcpStream>>),
}

/// Connects.
///
/// # Errors
/// When nobody answers in time, or TLS fails.
pub async fn connect(address: &Address) -> Result<Socket, ConnectError> {
    let failed = |source| ConnectError::Connect { host: address.host.clone(), port: address.port, source };
    let connecting = TcpStream::connect((address.host.as_str(), address.port));
    let tcp = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await.map_err(|_| failed(io::ErrorKind::TimedOut.into()))?.map_err(failed)?;
    tcp.set_nodelay(true).map_err(failed)?;
    let Some(ca_file) = &address.tls else { return Ok(Socket::Tcp(tcp)) };
    let tls_failed = |source| ConnectError::Tls { host: address.host.clone(), source };
    let name = ServerName::try_from(address.host.clone()).map_err(|e| tls_failed(io::Error::other(e)))?;
    let config = client_config(ca_file).map_err(|why| ConnectError::Certificates { path: ca_file.display().to_string(), why })?;
    let handshake = TlsConnector::from(Arc::new(config)).connect(name, tcp);
    let tls = tokio::time::timeout(CONNECT_TIMEOUT, handshake).await.map_err(|_| tls_failed(io::ErrorKind::TimedOut.into()))?.map_err(tls_failed)?;
    Ok(Socket::Tls(Box::new(tls)))
}

/// Trusts whoever these certificates sign; of a collection those that we cannot read are passed over.
///
/// # Errors
/// When there is none.
pub(super) fn client_config(ca_file: &Path) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_file_iter(ca_file).map_err(|e| e.to_string())?.collect();
    roots.add_parsable_certificates(certificates.map_err(|e| e.to_string())?);
    if roots.is_empty() {
        return Err("there is no certificate in it".to_owned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(|e| e.to_string())?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// The pauses between tries: 40 ms, doubling to 5 s, each shortened by up to a quarter so that many services do not
/// come back at once.
#[derive(Debug, Default)]
pub struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The pause before the next try.
    pub fn pause(&mut self) -> Duration {
        let doubled = RETRY_FIRST.saturating_mul(1 << self.tries.min(10));
        self.tries = self.tries.saturating_add(1);
        doubled.min(RETRY_LONGEST).mul_f64(rand::random_range(0.75..=1.0))
    }

    /// A sign-in succeeded.
    pub const fn reset(&mut self) {
        self.tries = 0;
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Self::Tls(tls) => Pin::new(tls.as_mut()).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(tls.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls.as_mut()).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_retry_is_within_50_ms_and_no_pause_is_longer_than_5_s() {
        let mut backoff = Backoff::default();
        assert!(backoff.pause() <= Duration::from_millis(50));
        let longest = (0..100).map(|_| backoff.pause()).max().unwrap();
        assert!(longest <= Duration::from_secs(5) && longest >= Duration::from_secs(3));
        backoff.reset();
        assert!(backoff.pause() <= Duration::from_millis(50));
    }
}
