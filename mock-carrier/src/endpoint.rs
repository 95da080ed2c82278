//! What a table consists of.

/// A carrier: its endpoints, and the credentials that its stand-in accepts.
#[derive(Debug)]
pub struct Carrier {
    /// The carrier's id, as its plugin's manifest has it.
    pub name: &'static str,
    /// Names and values that [`Value::Secret`] refers to.
    pub secrets: &'static [(&'static str, &'static str)],
    /// The account number that the credentials may use.
    pub account: &'static str,
    /// The endpoints. The first that fits a request answers it.
    pub endpoints: &'static [Endpoint],
    /// The answer for every other path.
    pub not_found: Answer,
}

/// One path of the carrier.
#[derive(Debug)]
pub struct Endpoint {
    /// How tests refer to it: `token`, `rates`.
    pub name: &'static str,
    /// The methods that it takes.
    pub methods: &'static [&'static str],
    /// The path; `{name}` is one whole segment.
    pub path: &'static str,
    /// The fields of a request. A request that has all fields of one of the lists is of that form.
    pub forms: &'static [&'static [Field]],
    /// Whether the endpoint issues a token.
    pub issues: Option<Issue>,
    /// Where a request names an account number, if it does.
    pub account: Option<Place>,
    /// The answer to a good request.
    pub good: Answer,
    /// The answer to a request of no known form.
    pub malformed: Answer,
    /// The answer to a wrong secret, and to a token that is unknown or has expired.
    pub refused: Answer,
    /// The answer to a good request with another account number.
    pub foreign: Answer,
    /// The answer to a request beyond the quota.
    pub limited: Answer,
}

/// What an endpoint issues.
#[derive(Clone, Copy, Debug)]
pub struct Issue {
    /// The name of the token, for [`Value::Token`]: `access`. A token called `jwt` is a JSON Web Token.
    pub token: &'static str,
    /// Its lifetime in seconds.
    pub lifetime: u64,
    /// How many tokens the carrier issues in a time.
    pub quota: Option<Quota>,
    /// The JSON pointer of the lifetime in the answer, for [`crate::Fault::NoLifetime`]; `jwt` if the token itself
    /// says it.
    pub lifetime_at: &'static str,
}

/// How many requests a carrier takes in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests.
    pub requests: u32,
    /// The time, in seconds.
    pub window: u64,
}

/// A field of a request.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Where it is.
    pub place: Place,
    /// What it has to be.
    pub value: Value,
}

/// Where a request has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The user of Basic authentication.
    BasicUser,
    /// The password of Basic authentication.
    BasicPassword,
    /// The token in `Authorization: Bearer`.
    Bearer,
    /// A header field.
    Header(&'static str),
    /// A field of a form in the content.
    Form(&'static str),
    /// A JSON pointer into the content.
    Json(&'static str),
    /// A parameter of the query.
    Query(&'static str),
    /// A segment of the path, counted from 0.
    Segment(usize),
}

/// What a value has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// This text. Another text makes the request one of another form.
    Fixed(&'static str),
    /// The secret of this name.
    Secret(&'static str),
    /// A token of this name that has not expired.
    Token(&'static str),
    /// Anything.
    Any,
}

/// A response. Fields and content are templates with the places `{access_token}`, `{expires_in}`
/// (seconds), `{issued_at_ms}`, `{client_id}`, `{account}` and `{retry_after}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The header fields beside `content-type`.
    pub headers: &'static [(&'static str, &'static str)],
    /// The content's type; empty: none.
    pub content_type: &'static str,
    /// The content.
    pub body: &'static str,
}

impl Answer {
    /// A JSON response.
    pub const fn json(status: u16, body: &'static str) -> Self {
        Self::of(status, "application/json", body)
    }

    /// A response of any type.
    pub const fn of(status: u16, content_type: &'static str, body: &'static str) -> Self {
        Self {
            status,
            headers: &[],
            content_type,
            body,
        }
    }

    /// The response with these header fields.
    #[must_use]
    pub const fn with(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        self.headers = headers;
        self
    }
}

/// A field with that value.
pub(crate) const fn field(place: Place, value: Value) -> Field {
    Field { place, value }
}
