//! The vocabulary that all crates of the gateway share.
//!
//! Invariant: nothing here performs I/O, reads a clock or draws randomness. Every other gateway crate
//! may depend on this one, and the data plane depends on no other.

mod accept_outage;
mod account;
mod carrier;
mod carrier_api;
mod client_address;
mod clock;
mod credential;
mod demanded;
mod digest;
mod environment;
mod failure;
mod generation;
mod grant;
mod grant_version;
mod isolation;
mod legacy;
mod log_record;
mod managed_by;
mod metric;
mod notice;
mod origin;
mod plugin_policy;
mod protection;
mod rate_limit;
mod role;
mod secret;
mod setting;
mod share;
mod sign;
mod span;
mod store_options;
mod token_bucket;
mod token_facts;

pub use accept_outage::{AcceptFailure, AcceptOutage, AcceptReport, ended_before_accept};
pub use account::{AccountId, AccountNumber, AppId, NameError};
pub use carrier::{
    CarrierId, CarrierProfile, ClientCredentialsPlace, DownstreamToken, EnvelopeError,
    ErrorEnvelope, ErrorFields, HeaderWhenAbsent, LoginFields, Refusal,
};
pub use carrier_api::{
    CarrierApi, DuplicateOperation, Operation, OperationName, OperationNameError, PathTemplate,
    TemplateError,
};
pub use client_address::{ClientAddressSource, ProxyNetwork, ProxyNetworkError, TrustedProxies};
pub use clock::Clock;
pub use credential::{
    Credential, CredentialCell, CredentialState, CredentialView, Fingerprint, SlotContent,
    SlotCredential, Unavailable, UnavailableReason,
};
pub use demanded::Demanded;
pub use digest::{Digest, DigestError};
pub use environment::{Environment, UnknownEnvironment};
pub use failure::{Failure, FailureClass, GrantHint};
pub use generation::Generation;
pub use grant::{GrantKind, GrantStatus};
pub use grant_version::{GrantVersion, IntentId};
pub use isolation::{Isolation, IsolationPolicy};
pub use legacy::{LegacyProfile, PathRewrite, RetiredPath};
pub use log_record::{LogRecord, LogSink, Severity};
pub use managed_by::ManagedBy;
pub use metric::{MetricFamily, MetricKind, MetricPoint, MetricSource, MetricUnit, MetricValue};
pub use notice::NoticeKind;
pub use origin::{Origin, OriginError, Scheme};
pub use plugin_policy::{PluginPolicy, SignatureMismatch, TrustedKey, TrustedKeyError};
pub use protection::{Protection, Recipient, RecipientError};
pub use rate_limit::RateLimit;
pub use role::Role;
pub use secret::{ClientSecret, Secret, SecretBytes};
pub use setting::{SettingName, SettingNameError};
pub use share::Share;
pub use sign::{
    PendingSignature, PendingSignatures, SignRequest, Signature, SignatureFields, SignatureTicket,
    Signer,
};
pub use span::{Attribute, AttributeValue, Span, SpanContext, SpanId, SpanKind, SpanSink, TraceId};
pub use store_options::{MasterKeySource, StoreOptions, StoreUrl};
pub use token_bucket::{TokenBucket, TokenBucketPolicy};
pub use token_facts::{FactsError, TokenFacts};
