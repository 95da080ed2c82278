//! Everything about the mock that can be set. Where nobody outside UPS knows the behaviour, the
//! setting's text says so and the default is the best guess.

mod errors;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use errors::{ErrorChange, ErrorChanges};

/// The behaviour of the mock, part by part. The defaults are those of the program's flags.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `expires_in` of new access tokens, in seconds. The token itself lives one second longer, as
    /// at UPS, where `exp - iat` is 14400 for an `expires_in` of 14399.
    pub access_token_lifetime: u64,
    /// `refresh_token_expires_in`, in seconds (60 days less one second).
    pub refresh_token_lifetime: u64,
    /// Life of an authorization code in seconds. A guess: no source tells.
    pub code_lifetime: u64,
    /// Adds `scope` and `refresh_count` to token answers, as UPS did until mid 2023.
    pub legacy_token_shape: bool,
    /// `refresh_count` counts the refreshes of a grant; otherwise it stays `0`. A guess.
    pub refresh_count_increments: bool,
    /// A new access token kills the older ones of the same client, environment and grant. A guess:
    /// no, several live side by side.
    pub one_token_per_client: bool,
    /// Each refresh begins a new life of `refresh_token_lifetime`. A guess: yes; otherwise the
    /// grant ends so long after the consent, however often it was refreshed.
    pub refresh_extends_grant: bool,
    /// An authorization code is taken once. A guess: yes.
    pub codes_work_once: bool,
    /// Characters of an authorization code, at most 1,024. A guess: no public shape is known.
    pub code_length: u16,
    /// How long the login page remembers who has signed in with a browser, in seconds; 0: it asks for the password
    /// at each consent. A guess: half an hour.
    pub sign_in_lifetime: u64,
    /// The `error` with which an app learns that the user refused. A guess.
    pub refused_consent: String,
    /// Token and refresh requests per client and window, after which 10429 follows. UPS publishes
    /// no limit, so there is none unless asked for.
    pub token_quota: Option<Quota>,
    /// What a used, expired or foreign refresh token or code is answered with. A guess.
    pub stale_grant: StaleGrant,
    /// Whether presenting a used refresh token kills the grant. A guess: no.
    pub reuse_revokes_grant: bool,
    /// What client credentials in the form instead of Basic are answered with. A guess.
    pub body_credentials: BodyCredentials,
    /// Refuses an `x-merchant-id` that is no account of the app's owner. Off: real clients send
    /// the client id, an empty value or the word `string`, and they work.
    pub strict_merchant_id: bool,
    /// Rating with a token of a login refuses a shipper number that is no account of the user who
    /// consented (400, 112111); tokens issued from then on. A guess: UPS's answer is unknown.
    pub refuse_foreign_shipper_numbers: bool,
    /// Refuses `code_challenge_method=plain`; otherwise the parameter is ignored. A guess.
    pub refuse_plain_challenge: bool,
    /// Allows `http://127.0.0.1` and `http://localhost` as redirect URI. A guess: UPS's rule for
    /// loopback addresses is unknown.
    pub loopback_redirects: bool,
    /// Allows no other redirect URIs than `https`, beside those on loopback addresses. A guess.
    pub https_redirects_only: bool,
    /// What a body that is no JSON is answered with. A guess: as control characters are.
    pub unparsable_json: UnparsableJson,
    /// How many days a shipment can be voided. A guess.
    pub void_days: u32,
    /// For how many days a shipment is tracked and its labels are recovered.
    pub retention_days: u32,
    /// Tracks the mock's own shipments in the test environment, too. UPS's is said to know its
    /// documented numbers only; then they could not be tried out, so this is on.
    pub test_shipments_are_tracked: bool,
    /// How transaction ids (`bkndtransid`, `TransactionIdentifier`) begin in the test environment.
    pub transaction_prefix: TransactionPrefix,
    /// How they begin in production. A guess, from one recording.
    pub production_transaction_prefix: TransactionPrefix,
    /// Other statuses, codes and texts for errors, most of whose texts are guesses.
    pub errors: ErrorChanges,
    /// Adds the fields of UPS's edge (caching, framing, a request id) to the APIs' answers, too. Off:
    /// they cost time and nobody reads them.
    pub edge_fields: bool,
    /// Rating refuses a package that has `Packaging` (Shipping's name) in place of `PackagingType`, with
    /// 111212. Off: the name is read as well.
    pub packaging_name_is_strict: bool,
    /// How `BaseServiceCharge` of negotiated rates is written.
    pub negotiated_base: NegotiatedBase,
    /// Tracking numbers of the test environment are all `1ZXXXXXXXXXXXXXXXX`, as two sources say of UPS's. Off:
    /// shipments could then be neither tracked nor voided.
    pub test_numbers_are_masked: bool,
    /// Voiding, label recovery and shipping refuse the shipments and accounts of other users.
    pub refuse_foreign_accounts: bool,
    /// How an expired bearer is refused: the code of the newest file, or that of all recordings.
    pub expired_token: ExpiredToken,
    /// How a missing or wrong bearer is refused.
    pub invalid_token: InvalidToken,
    /// Bytes of a paperless upload at most. A guess; real invoices are larger than the 1 MB of other calls.
    pub paperless_bytes: usize,
    /// Ground Saver (92 to 95) is sold. Recordings have it; the newest files no longer list it.
    pub ground_saver_is_sold: bool,
    /// Refuses what UPS's own files forbid although their examples break the rule, such as numbers above 1 in
    /// Landed Cost.
    pub strict_files: bool,
    /// Where Track Alert pushes events, `http://` or `https://`. UPS keeps this and the next four in its portal,
    /// so no call carries them. Nothing is pushed without it.
    pub track_alert_destination: Option<String>,
    /// The receiver's own OAuth token endpoint; without one events carry no `Authorization`.
    pub track_alert_token_url: Option<String>,
    /// The client id by which the mock logs in there.
    pub track_alert_client_id: String,
    /// Its secret.
    pub track_alert_client_secret: String,
    /// Trusts any certificate of the receiver. Otherwise an `https` receiver needs `track_alert_ca_file`.
    pub track_alert_trust_any_certificate: bool,
    /// The certificate authority of the receiver, as a PEM file.
    pub track_alert_ca_file: Option<PathBuf>,
    /// Attempts to deliver an event before it is given up. A guess.
    pub track_alert_attempts: u32,
    /// The pause before the second attempt in milliseconds; each further one is twice as long. A guess.
    pub track_alert_retry_ms: u64,
    /// Closes the connection after an API error. Recordings disagree; the newest ones kept it.
    pub close_after_error: bool,
    /// Puts the lint findings of each request into the header `mock-lint` of its answer.
    pub lint_header: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // One hour: the life since April 2026. It was four hours before.
            access_token_lifetime: 3_599,
            // 60 days less a second, as in every sample.
            refresh_token_lifetime: 5_183_999,
            // Five minutes; RFC 6749 recommends ten at most.
            code_lifetime: 300,
            legacy_token_shape: false,
            refresh_count_increments: true,
            one_token_per_client: false,
            refresh_extends_grant: true,
            codes_work_once: true,
            code_length: 40,
            sign_in_lifetime: 1_800,
            refused_consent: "access_denied".to_owned(),
            token_quota: None,
            // RFC 6749: a code is used once.
            stale_grant: StaleGrant::BadRequest,
            reuse_revokes_grant: false,
            // RFC 6749's word for a refusal; UPS's is not known.
            body_credentials: BodyCredentials::MissingHeader,
            strict_merchant_id: false,
            refuse_foreign_shipper_numbers: true,
            // Off, since UPS specifies no method and S256 is all there is.
            refuse_plain_challenge: false,
            loopback_redirects: true,
            https_redirects_only: true,
            unparsable_json: UnparsableJson::Empty,
            void_days: 28,
            retention_days: 120,
            test_shipments_are_tracked: true,
            // As control characters: the one kind of indigestible body that is recorded.
            transaction_prefix: TransactionPrefix::Ciewssoas,
            production_transaction_prefix: TransactionPrefix::Zeros,
            errors: ErrorChanges::default(),
            edge_fields: false,
            packaging_name_is_strict: false,
            negotiated_base: NegotiatedBase::Object,
            test_numbers_are_masked: false,
            refuse_foreign_accounts: true,
            expired_token: ExpiredToken::InvalidAuthentication,
            invalid_token: InvalidToken::InvalidAuthentication,
            // Ten megabytes for a document in base64.
            paperless_bytes: 10 * 1024 * 1024,
            ground_saver_is_sold: true,
            strict_files: false,
            track_alert_destination: None,
            track_alert_token_url: None,
            track_alert_client_id: "track-alert".to_owned(),
            track_alert_client_secret: String::new(),
            track_alert_trust_any_certificate: false,
            track_alert_ca_file: None,
            // Half a second, doubled: a receiver that restarts gets all five attempts within eight seconds.
            track_alert_attempts: 5,
            track_alert_retry_ms: 500,
            close_after_error: false,
            lint_header: false,
        }
    }
}

/// How `BaseServiceCharge` of negotiated rates is written: sources disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NegotiatedBase {
    /// An object, as recorded.
    #[default]
    Object,
    /// A list, as UPS's file says.
    List,
    /// Left out, as older recordings show.
    Absent,
}

impl NegotiatedBase {
    pub(crate) const ALL: [Self; 3] = [Self::Object, Self::List, Self::Absent];
}

/// How an expired bearer is refused. Both are a 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExpiredToken {
    /// `Invalid Authentication Information.`, as recorded.
    #[serde(rename = "250002")]
    InvalidAuthentication,
    /// `The access token has expired`, the code of the file of Track Alert.
    #[serde(rename = "251004")]
    Expired,
}

/// How a missing or wrong bearer is refused. Both are a 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InvalidToken {
    /// `Invalid Authentication Information.`, as recorded.
    #[serde(rename = "250002")]
    InvalidAuthentication,
    /// `Invalid token or token is not present`, the code of the file of Track Alert.
    #[serde(rename = "UJ0001")]
    NotPresent,
}

/// A quota on token requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Requests per window and client.
    pub requests: u32,
    /// The window in seconds; it starts with the client's first request in it.
    pub window: u64,
}

/// How a stale refresh token or code is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StaleGrant {
    /// 400, code 10400, `Invalid Refresh Token` or `Invalid Authorization Code`.
    #[serde(rename = "10400")]
    BadRequest,
    /// 401, code 10401, the same texts.
    #[serde(rename = "10401")]
    Unauthorized,
}

/// How credentials in the form body are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BodyCredentials {
    /// 400, code 10400, `Invalid/Missing Authorization Header`.
    #[serde(rename = "10400")]
    MissingHeader,
    /// 401, code 10401, `ClientId is Invalid`.
    #[serde(rename = "10401")]
    InvalidClient,
}

/// How a body that is no JSON is answered by the APIs. Time in Transit is not asked: its answer
/// (503/10004) is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnparsableJson {
    /// 200, an empty body, and the error in the header fields.
    #[serde(rename = "empty")]
    Empty,
    /// 400, code 10001.
    #[serde(rename = "10001")]
    BadRequest,
}

/// The beginnings of transaction ids that are on record; the ids have 22 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransactionPrefix {
    /// Seen in the test environment.
    #[serde(rename = "ciewssoas")]
    Ciewssoas,
    /// Seen in the test environment.
    #[serde(rename = "iewssoat")]
    Iewssoat,
    /// Seen in documentation.
    #[serde(rename = "xwssoat")]
    Xwssoat,
    /// Seen in an answer for the production host.
    #[serde(rename = "0000000")]
    Zeros,
}

impl TransactionPrefix {
    /// All of them, by their place.
    pub(crate) const ALL: [Self; 4] = [Self::Ciewssoas, Self::Iewssoat, Self::Xwssoat, Self::Zeros];

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Ciewssoas => "ciewssoas",
            Self::Iewssoat => "iewssoat",
            Self::Xwssoat => "xwssoat",
            Self::Zeros => "0000000",
        }
    }
}

/// Limits of the server itself.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// A larger body is refused with 413.
    pub(crate) body_bytes: usize,
    /// A body must be complete this long after its head.
    pub(crate) body_deadline: Duration,
    /// A connection without a request is closed after this time.
    pub(crate) idle: Duration,
    /// Connections at a time; more wait in the listen queue.
    pub(crate) connections: usize,
    /// What a graceful stop waits for answers in progress.
    pub(crate) drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Two hundred packages, the most of a shipment, fit with room to spare.
            body_bytes: 1024 * 1024,
            // Slow enough for a bad connection, fast enough to end a client that dribbles.
            body_deadline: Duration::from_secs(30),
            // As long as nginx keeps an idle connection by default.
            idle: Duration::from_secs(75),
            // More than a load test opens; a bound all the same, so that tasks cannot grow without end.
            connections: 20_000,
            drain: Duration::from_secs(5),
        }
    }
}
