//! What can be wrong with the bytes of an HTTP/1 message, and the status that says so.

use http::StatusCode;

/// One reason why a message is refused before anything acts on it.
///
/// Found in a request, it becomes an answer with [`Violation::status`] and the connection closes.
/// Found in an upstream answer, it is the upstream's fault whatever `status` says: 502.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Violation {
    /// A line feed without a carriage return before it.
    BareLineFeed,
    /// A carriage return without a line feed after it.
    BareCarriageReturn,
    /// More empty lines in front of a message than a forgetful client sends.
    EmptyLines,
    /// The head is longer than [`super::limits::Bounds::head`].
    HeadTooLarge,
    /// The head has more fields than [`super::limits::FIELDS`].
    TooManyFields,
    /// The target is longer than [`super::limits::Bounds::target`].
    TargetTooLong,
    /// Not exactly `method SP target SP version`.
    RequestLine,
    /// The method is no token.
    Method,
    /// The method is longer than any method there is.
    MethodTooLong,
    /// `CONNECT`: a gateway opens no tunnels.
    Connect,
    /// The target holds a byte that no URI holds in the raw, or has no form that is served.
    Target,
    /// An HTTP version other than 1.0 and 1.1.
    Version,
    /// A field name that is no token, or no colon at all.
    FieldName,
    /// A field line that goes on after a line end (obs-fold).
    FoldedField,
    /// White space between a field name and its colon.
    SpaceBeforeColon,
    /// A control byte other than a tab.
    ControlByte,
    /// A name that turns into a protected field once `_` and `-` are taken as one.
    ImitatedField,
    /// No `Host`.
    MissingHost,
    /// More than one `Host`.
    RepeatedHost,
    /// A `Host` that is not `host[:port]`.
    Host,
    /// A `Content-Length` that is not one plain decimal number.
    ContentLength,
    /// More than one `Content-Length`.
    RepeatedContentLength,
    /// A `Transfer-Encoding` that is not `chunked`.
    TransferEncoding,
    /// A well-formed transfer coding that is not implemented here.
    UnknownTransferCoding,
    /// More than one `Transfer-Encoding`.
    RepeatedTransferEncoding,
    /// Both `Content-Length` and `Transfer-Encoding`.
    LengthAndEncoding,
    /// `Transfer-Encoding` in an HTTP/1.0 message.
    EncodingInOldVersion,
    /// An `Expect` other than one `100-continue`.
    Expectation,
    /// A chunk size that is not 1 to 16 hexadecimal digits.
    ChunkSize,
    /// A chunk extension that is malformed or too long.
    ChunkExtension,
    /// Chunk data that does not end where its size says.
    ChunkEnd,
    /// A malformed trailer section.
    Trailer,
    /// A trailer section over its bounds.
    TrailersTooLarge,
    /// The head did not come in time.
    HeadTimeout,
    /// The body did not come in time.
    BodyTimeout,
    /// A status line that is not one, or a status outside 100 to 599.
    StatusLine,
    /// More interim answers than [`super::limits::INFORMATIONAL`].
    InformationalFlood,
    /// `101 Switching Protocols`, which nobody asked for.
    SwitchingProtocols,
    /// Framing fields on an answer that cannot have a body.
    LengthWithoutBody,
    /// Bytes from an upstream that was asked nothing.
    Unsolicited,
}

impl Violation {
    /// The status to answer a *request* with.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::HeadTooLarge | Self::TooManyFields | Self::TrailersTooLarge => {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::Connect => StatusCode::METHOD_NOT_ALLOWED,
            Self::Version => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            // RFC 9110 section 9.1 and RFC 9112 section 6.1 ask for 501.
            Self::MethodTooLong | Self::UnknownTransferCoding => StatusCode::NOT_IMPLEMENTED,
            Self::Expectation => StatusCode::EXPECTATION_FAILED,
            Self::HeadTimeout | Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::StatusLine
            | Self::InformationalFlood
            | Self::SwitchingProtocols
            | Self::LengthWithoutBody
            | Self::Unsolicited => StatusCode::BAD_GATEWAY,
            Self::BareLineFeed
            | Self::BareCarriageReturn
            | Self::EmptyLines
            | Self::RequestLine
            | Self::Method
            | Self::Target
            | Self::FieldName
            | Self::FoldedField
            | Self::SpaceBeforeColon
            | Self::ControlByte
            | Self::ImitatedField
            | Self::MissingHost
            | Self::RepeatedHost
            | Self::Host
            | Self::ContentLength
            | Self::RepeatedContentLength
            | Self::TransferEncoding
            | Self::RepeatedTransferEncoding
            | Self::LengthAndEncoding
            | Self::EncodingInOldVersion
            | Self::ChunkSize
            | Self::ChunkExtension
            | Self::ChunkEnd
            | Self::Trailer => StatusCode::BAD_REQUEST,
        }
    }

    /// A sentence for a person: what is wrong, without a byte of the message.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::BareLineFeed => "a line ends in LF without CR",
            Self::BareCarriageReturn => "a CR is not followed by LF",
            Self::EmptyLines => "too many empty lines before the message",
            Self::HeadTooLarge => "the head is larger than allowed here",
            Self::TooManyFields => "the head has more than 100 fields",
            Self::TargetTooLong => "the request target is longer than allowed here",
            Self::RequestLine => "the request line is not `method target HTTP/1.1`",
            Self::Method => "the method is not a token",
            Self::MethodTooLong => "the method is not known here",
            Self::Connect => "this gateway opens no tunnels",
            Self::Target => {
                "the request target is no path, or holds a byte that must be percent-encoded: send \" as \
                 %22, # as %23, < as %3C, > as %3E, \\ as %5C, ^ as %5E, ` as %60, { as %7B, | as %7C and } as \
                 %7D"
            }
            Self::Version => "only HTTP/1.0 and HTTP/1.1 are spoken on this connection",
            Self::FieldName => "a field name is not a token",
            Self::FoldedField => "a field line is folded over two lines",
            Self::SpaceBeforeColon => "white space stands between a field name and its colon",
            Self::ControlByte => "the head holds a control byte",
            Self::ImitatedField => "a field name with `_` imitates a protected field",
            Self::MissingHost => "the Host field is missing",
            Self::RepeatedHost => "the Host field is there more than once",
            Self::Host => "the Host field is not `host` or `host:port`",
            Self::ContentLength => "Content-Length is not one plain decimal number",
            Self::RepeatedContentLength => "Content-Length is there more than once",
            Self::TransferEncoding => "Transfer-Encoding is not `chunked`",
            Self::UnknownTransferCoding => "the only transfer coding known here is `chunked`",
            Self::RepeatedTransferEncoding => "Transfer-Encoding is there more than once",
            Self::LengthAndEncoding => "both Content-Length and Transfer-Encoding are there",
            Self::EncodingInOldVersion => "HTTP/1.0 has no Transfer-Encoding",
            Self::Expectation => "the only expectation known here is `100-continue`",
            Self::ChunkSize => "a chunk size is not 1 to 16 hexadecimal digits",
            Self::ChunkExtension => "a chunk extension is malformed or too long",
            Self::ChunkEnd => "chunk data does not end where its size says",
            Self::Trailer => "the trailer section is malformed",
            Self::TrailersTooLarge => "the trailer section is too large",
            Self::HeadTimeout => "the request head did not come in time",
            Self::BodyTimeout => "the request body did not come in time",
            Self::StatusLine => "the status line is malformed",
            Self::InformationalFlood => "too many interim answers",
            Self::SwitchingProtocols => "the protocol was switched unasked",
            Self::LengthWithoutBody => "an answer without a body announces one",
            Self::Unsolicited => "bytes came that nobody asked for",
        }
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for Violation {}

impl From<Violation> for std::io::Error {
    fn from(violation: Violation) -> Self {
        Self::new(std::io::ErrorKind::InvalidData, violation)
    }
}

/// The violation behind an error, however deep hyper has wrapped it.
#[must_use]
pub fn violation_in(error: &(dyn std::error::Error + 'static)) -> Option<Violation> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(violation) = error.downcast_ref::<Violation>() {
            return Some(*violation);
        }
        // `io::Error::source` skips the error it carries and goes to that one's own source.
        next = error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
            .map(|inner| inner as &(dyn std::error::Error + 'static))
            .or_else(|| error.source());
    }
    None
}
