//! Test calls to the carrier.

use gateway_model::{AccountId, AccountNumber};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The result of one test call that changes nothing at the carrier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProbeReport {
    /// The account.
    #[schema(value_type = String)]
    pub account: AccountId,
    /// The call: `Rating`. Empty if the carrier's plugin declares no test call.
    pub call: String,
    /// Whether the carrier accepted the call.
    pub ok: bool,
    /// The account number that the result is about: the first that was refused, or one without negotiated
    /// rates, otherwise the first of the account.
    #[schema(value_type = Option<String>)]
    pub number: Option<AccountNumber>,
    /// Whether the login owns that number, if the call shows it.
    pub owned: Option<bool>,
    /// Whether the account gets negotiated rates, if the call shows it.
    pub negotiated: Option<bool>,
    /// The carrier's error code, if it refused the call.
    pub code: Option<String>,
    /// What happened, for people.
    pub message: String,
    /// What to do, if anything.
    pub remedy: Option<String>,
}

/// What the last test call that shows it said of negotiated rates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RatesView {
    /// When the call was made.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Whether the account gets negotiated rates.
    pub negotiated: bool,
    /// The account number of the call.
    #[schema(value_type = Option<String>)]
    pub number: Option<AccountNumber>,
    /// The carrier's code, if the account gets published rates only.
    pub code: Option<String>,
    /// What to do then.
    pub remedy: Option<String>,
}
