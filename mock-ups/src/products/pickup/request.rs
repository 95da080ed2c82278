//! What pickup reads.

use crate::lenient::{Many, Opt, Text, members};
use crate::products::rating::request::TransactionReference;

/// The outermost object.
#[derive(Debug, Default)]
pub(super) struct Envelope<'a> {
    pub(super) pickup_rate_request: Opt<Pickup<'a>>,
    pub(super) pickup_creation_request: Opt<Pickup<'a>>,
}

members!('a, Envelope<'a> {
    "PickupRateRequest" => pickup_rate_request,
    "PickupCreationRequest" => pickup_creation_request,
});

/// A request for a rate or a pickup.
#[derive(Debug, Default)]
pub(super) struct Pickup<'a> {
    request: Opt<Request<'a>>,
    shipper: Opt<Shipper<'a>>,
    pickup_date_info: Opt<DateInfo<'a>>,
    pub(super) pickup_piece: Many<Piece<'a>>,
}

members!('a, Pickup<'a> {
    "Request" => request,
    "Shipper" => shipper,
    "PickupDateInfo" => pickup_date_info,
    "PickupPiece" => pickup_piece,
});

#[derive(Debug, Default)]
struct Request<'a> {
    transaction_reference: Opt<TransactionReference<'a>>,
}

members!('a, Request<'a> {
    "TransactionReference" => transaction_reference,
});

#[derive(Debug, Default)]
struct Shipper<'a> {
    account: Opt<Account<'a>>,
}

members!('a, Shipper<'a> {
    "Account" => account,
});

#[derive(Debug, Default)]
struct Account<'a> {
    account_number: Text<'a>,
}

members!('a, Account<'a> {
    "AccountNumber" => account_number,
});

#[derive(Debug, Default)]
struct DateInfo<'a> {
    pickup_date: Text<'a>,
    ready_time: Text<'a>,
    close_time: Text<'a>,
}

members!('a, DateInfo<'a> {
    "PickupDate" => pickup_date,
    "ReadyTime" => ready_time,
    "CloseTime" => close_time,
});

/// One kind of piece.
#[derive(Debug, Default)]
pub(super) struct Piece<'a> {
    pub(super) service_code: Text<'a>,
}

members!('a, Piece<'a> {
    "ServiceCode" => service_code,
});

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

    /// Times of day have four digits, so their texts compare as they do.
    pub(super) fn closes_before_it_is_ready(&self) -> bool {
        let times = self.pickup_date_info.as_ref();
        let times = times.and_then(|info| info.ready_time.present().zip(info.close_time.present()));
        times.is_some_and(|(ready, close)| ready.len() == close.len() && close <= ready)
    }

    pub(super) fn day(&self) -> Option<&str> {
        self.pickup_date_info.as_ref()?.pickup_date.present()
    }
}
