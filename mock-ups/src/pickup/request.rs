//! What pickup reads.

use serde::Deserialize;

use crate::liberal::{Many, Opt, Text};
use crate::rating::request::TransactionReference;

/// The outermost object.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Envelope<'a> {
    #[serde(borrow)]
    pub(super) pickup_rate_request: Opt<Pickup<'a>>,
    #[serde(borrow)]
    pub(super) pickup_creation_request: Opt<Pickup<'a>>,
}

/// A request for a rate or a pickup.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Pickup<'a> {
    #[serde(borrow)]
    request: Opt<Request<'a>>,
    #[serde(borrow)]
    shipper: Opt<Shipper<'a>>,
    #[serde(borrow)]
    pickup_date_info: Opt<DateInfo<'a>>,
    #[serde(borrow)]
    pub(super) pickup_piece: Many<Piece<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Request<'a> {
    #[serde(borrow)]
    transaction_reference: Opt<TransactionReference<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Shipper<'a> {
    #[serde(borrow)]
    account: Opt<Account<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Account<'a> {
    #[serde(borrow)]
    account_number: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct DateInfo<'a> {
    #[serde(borrow)]
    pickup_date: Text<'a>,
}

/// One kind of piece.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Piece<'a> {
    #[serde(borrow)]
    pub(super) service_code: Text<'a>,
}

impl Pickup<'_> {
    pub(super) fn context(&self) -> Option<&str> {
        let reference = self.request.as_ref()?.transaction_reference.as_ref()?;
        reference.customer_context.as_ref()?.present()
    }

    pub(super) fn account_number(&self) -> Option<&str> {
        self.shipper
            .as_ref()?
            .account
            .as_ref()?
            .account_number
            .present()
    }

    pub(super) fn day(&self) -> Option<&str> {
        self.pickup_date_info.as_ref()?.pickup_date.present()
    }
}
