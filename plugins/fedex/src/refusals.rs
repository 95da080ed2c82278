//! What the errors of FedEx's token endpoint mean.

use plugins_sdk::{
    Class,
    oauth::{Refusal, Refusals},
};

pub(crate) static REFUSALS: Refusals = Refusals {
    carrier: "FedEx",
    codes_at: &["/errors/0/code"],
    codes_in: None,
    known: &[
        Refusal {
            code: "NOT.AUTHORIZED.ERROR",
            class: Class::Rejected,
            message: "FedEx refuses the credentials (NOT.AUTHORIZED.ERROR): unknown API Key, wrong Secret Key, \
                      a project of the other environment, or a child pair of another project",
        },
        Refusal {
            code: "FORBIDDEN.ERROR",
            class: Class::Rejected,
            message: "FedEx does not let this project request tokens (FORBIDDEN.ERROR): look at its state at \
                      developer.fedex.com",
        },
        Refusal {
            code: "BAD.REQUEST.ERROR",
            class: Class::Config,
            message: "FedEx cannot read the token request (BAD.REQUEST.ERROR): check client_id and client_secret \
                      for characters that do not belong there, and whether customer_type needs another child pair",
        },
        Refusal {
            code: "INTERNAL.SERVER.ERROR",
            class: Class::Transient,
            message: "FedEx's token endpoint has an internal error (INTERNAL.SERVER.ERROR)",
        },
        Refusal {
            code: "SERVICE.UNAVAILABLE.ERROR",
            class: Class::Transient,
            message: "FedEx's token endpoint is not available (SERVICE.UNAVAILABLE.ERROR)",
        },
    ],
};
