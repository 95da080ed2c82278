//! One HTTP/1.1 request and its response on a connection of its own.

use crate::{HttpError, HttpErrorKind, HttpRequest, HttpResponse, target::Target};
use http::{HeaderValue, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// A response's head may not be longer.
const MAX_HEAD: usize = 64 * 1024;

/// Writes the request and reads the whole response.
pub(crate) async fn exchange<S>(
    stream: S,
    target: &Target,
    request: HttpRequest,
) -> Result<HttpResponse, HttpError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limit = request.max_response;
    let broken = |cause: hyper::Error| {
        let message = format!("the exchange with {} broke: {cause}", target.host);
        HttpError::new(HttpErrorKind::Other, message)
    };
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    let wire = wire_request(target, request)?;
    let exchange = async {
        let response = sender.send_request(wire).await.map_err(broken)?;
        let (head, mut body) = response.into_parts();
        let mut content = Vec::new();
        // Count while it streams: an announced length is never believed.
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame.map_err(broken)?.into_data() {
                if data.len() > limit.saturating_sub(content.len()) {
                    let message = format!("the answer is longer than {limit} bytes");
                    return Err(HttpError::new(HttpErrorKind::TooLarge, message));
                }
                content.extend_from_slice(&data);
            }
        }
        Ok(HttpResponse {
            status: head.status,
            headers: head.headers,
            body: content.into(),
        })
    };
    // The connection is driven here and not in a task of its own, so it ends with the request.
    let mut connection = std::pin::pin!(connection);
    let mut exchange = std::pin::pin!(exchange);
    tokio::select! {
        // The response first: when both are ready, the closed connection must not hide it.
        biased;
        response = &mut exchange => response,
        // A server may close as soon as it has answered: what it sent is still read to its end.
        _ended = &mut connection => exchange.await,
    }
}

fn wire_request(
    target: &Target,
    request: HttpRequest,
) -> Result<Request<Full<bytes::Bytes>>, HttpError> {
    let denied = || HttpError::new(HttpErrorKind::Denied, "the request cannot be written");
    let mut wire = Request::builder()
        .method(request.method)
        .uri(target.path_and_query.as_str())
        .body(Full::new(request.body))
        .map_err(|_| denied())?;
    *wire.headers_mut() = request.headers;
    // Framing is this client's: fields that a plugin set could smuggle a second request.
    for framing in [
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::CONNECTION,
    ] {
        wire.headers_mut().remove(framing);
    }
    let authority = target.authority.parse().map_err(|_| denied())?;
    wire.headers_mut().insert(header::HOST, authority);
    // Said to the server as well, so that it frees the connection at once.
    let close = HeaderValue::from_static("close");
    wire.headers_mut().insert(header::CONNECTION, close);
    Ok(wire)
}
