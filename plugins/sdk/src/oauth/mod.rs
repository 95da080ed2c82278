//! OAuth 2.0 as carriers speak it, on the unmodified `oauth2` crate.
//!
//! The standard client fails on real carriers in three ways: numbers that come as strings, error
//! bodies of another shape, and errors whose `Debug` holds the whole answer. [`CarrierClient`] is
//! the same client with types that cope. [`TokenRequest`] makes the requests that no standard client makes.

mod consent;
mod convert;
mod credential;
mod field_login;
mod grant_type;
mod jwt;
mod login;
mod number;
mod refresh_fields;
mod refusals;
mod request;
mod response;
#[cfg(test)]
mod tests;

pub use consent::{ChallengeMethod, consent_url};
pub use credential::{credential, lifetime};
pub use field_login::FieldLogin;
pub use grant_type::{GrantRequest, GrantType};
pub use jwt::jwt_lifetime;
pub use login::{read_login, write_login};
pub use refresh_fields::RefreshTokenFields;
pub use refusals::{Refusal, Refusals};
pub use request::{PlainTokenResponse, TokenRequest};
pub use response::{CarrierErrorBody, CarrierTokenResponse, TokenKind};

use oauth2::{
    Client, ClientId, EmptyExtraTokenFields, EndpointNotSet, StandardRevocableToken,
    basic::{BasicRevocationErrorResponse, BasicTokenIntrospectionResponse},
};

/// `oauth2`'s client for carriers. `F` holds the fields of the token answer that OAuth does not
/// know; the others are the crate's own marks of which endpoints are set.
pub type CarrierClient<
    F = EmptyExtraTokenFields,
    HasAuthUrl = EndpointNotSet,
    HasTokenUrl = EndpointNotSet,
> = Client<
    CarrierErrorBody,
    CarrierTokenResponse<F>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    HasAuthUrl,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    HasTokenUrl,
>;

/// A client for carriers without fields of their own.
pub fn client(id: &str) -> CarrierClient {
    CarrierClient::new(ClientId::new(id.to_owned()))
}
