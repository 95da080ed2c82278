//! What the errors of the token endpoint mean: those of Royal Mail, and those of the API gateway before it.

use plugins_sdk::{
    Class,
    oauth::{Refusal, Refusals},
};

const REFUSED: &str = "Royal Mail refuses the login: X-IBM-Client-Id or X-IBM-Client-Secret is unknown (client_id, \
                       client_secret), or username or password is wrong, or the app is not subscribed to the \
                       Shipping API v3";

pub(crate) static REFUSALS: Refusals = Refusals {
    carrier: "Royal Mail",
    codes_at: &["/errors/0/errorCode", "/httpCode", "/errors/0/code"],
    codes_in: None,
    known: &[
        Refusal {
            code: "401",
            class: Class::Rejected,
            message: REFUSED,
        },
        Refusal {
            code: "403",
            class: Class::Rejected,
            message: REFUSED,
        },
        Refusal {
            code: "429",
            class: Class::Transient,
            message: "Royal Mail limits the requests of this app (429)",
        },
        Refusal {
            code: "500",
            class: Class::Transient,
            message: "Royal Mail's token endpoint has an internal error (500)",
        },
    ],
};
