//! Forwarding: air freight, below `/api/forwarding/{version}`. UPS has it on hosts of its own.
//!
//! | paths | what they do |
//! |---|---|
//! | `shipments/rates`, `quotes` | prices; a quote is booked once, within seven days |
//! | `orders` | creates, finds, moves and cancels orders |
//! | `shipments` | ships at once, submits the orders of a day, cancels, shows |
//! | `shipments/milestones` | how far a shipment is: it follows the mock's clock |
//! | `documents` | labels and manifests again |
//! | `info` | what can be entered elsewhere; short lists |

mod info;
mod manifests;
mod members;
mod milestones;
mod orders;
mod price;
mod quotes;
mod rates;
mod records;
mod shipments;

use http::Method;

use crate::api::Product;
use crate::products::context::ProductContext;
use crate::products::contract::refusal::Codes;
use crate::products::contract::{Answer, Call, Contract, Declared, Operation};
use crate::products::versions::Api;

use records::Forwarding;

type Handler = fn(&Forwarding, &Call<'_>) -> Answer;

const fn with_body(
    method: Method,
    path: &'static str,
    parameters: &'static str,
    body: &'static str,
    answer: Handler,
) -> Operation<Forwarding> {
    Operation {
        method,
        path,
        parameters,
        body: Some(body),
        answer,
    }
}

const fn get(
    path: &'static str,
    parameters: &'static str,
    answer: Handler,
) -> Operation<Forwarding> {
    Operation {
        method: Method::GET,
        path,
        parameters,
        body: None,
        answer,
    }
}

const ORDERS: &str = "forwarding/{version}/orders";
const SHIPMENTS: &str = "forwarding/{version}/shipments";
const QUOTES: &str = "forwarding/{version}/quotes";

static CONTRACT: Contract<Forwarding> = Contract {
    first: "forwarding",
    api: Api::Forwarding,
    operations: &[
        with_body(
            Method::POST,
            "forwarding/{version}/shipments/rates",
            members::HEADERS,
            members::RATES,
            rates::answer,
        ),
        with_body(
            Method::POST,
            ORDERS,
            members::HEADERS,
            members::ORDER,
            orders::create,
        ),
        with_body(
            Method::DELETE,
            ORDERS,
            members::HEADERS,
            members::CANCEL_ORDER,
            orders::cancel,
        ),
        with_body(
            Method::PATCH,
            ORDERS,
            members::MOVE_ORDER,
            members::PATCH,
            orders::change_date,
        ),
        get(ORDERS, members::FIND_ORDERS, orders::find),
        with_body(
            Method::POST,
            "forwarding/{version}/documents/labels",
            members::HEADERS,
            members::LABEL,
            orders::label,
        ),
        with_body(
            Method::PATCH,
            SHIPMENTS,
            members::SUBMIT,
            members::PATCH,
            manifests::submit,
        ),
        with_body(
            Method::DELETE,
            SHIPMENTS,
            members::HEADERS,
            members::CANCEL_SHIPMENT,
            shipments::cancel,
        ),
        with_body(
            Method::POST,
            SHIPMENTS,
            members::HEADERS,
            members::SHIPMENT,
            shipments::create,
        ),
        get(SHIPMENTS, members::SHOW_SHIPMENT, shipments::show),
        with_body(
            Method::POST,
            "forwarding/{version}/documents/manifests",
            members::HEADERS,
            members::MANIFEST,
            manifests::print,
        ),
        get(
            "forwarding/{version}/info/cities",
            members::CITIES,
            info::cities,
        ),
        get(
            "forwarding/{version}/info/currencies",
            members::BY_ACCOUNT,
            info::currencies,
        ),
        get(
            "forwarding/{version}/info/payment-types",
            members::PAYMENT_TYPES,
            info::payment_types,
        ),
        get(
            "forwarding/{version}/info/countries",
            members::BY_ACCOUNT,
            info::countries,
        ),
        get(
            "forwarding/{version}/info/airports",
            members::AIRPORTS,
            info::airports,
        ),
        get(
            "forwarding/{version}/info/service-types",
            members::SERVICE_TYPES,
            info::service_types,
        ),
        with_body(
            Method::POST,
            "forwarding/{version}/info/accessorials",
            members::HEADERS,
            members::ACCESSORIALS,
            info::accessorials,
        ),
        with_body(
            Method::POST,
            QUOTES,
            members::HEADERS,
            members::QUOTE,
            quotes::create,
        ),
        get(QUOTES, members::SHOW_QUOTE, quotes::show),
        with_body(
            Method::PATCH,
            QUOTES,
            members::HEADERS,
            members::BOOK_QUOTE,
            quotes::book,
        ),
        get(
            "forwarding/{version}/shipments/milestones",
            members::MILESTONES,
            milestones::show,
        ),
    ],
    is_lenient: false,
    refuse: |_, refusal| {
        refusal.usual(Codes {
            missing: "FWD-400",
            invalid: "FWD-401",
            length: "FWD-402",
            unreadable: "FWD-403",
        })
    },
};

/// The product.
pub(crate) fn product(context: &ProductContext) -> Box<dyn Product> {
    Box::new(Declared::new(&CONTRACT, context, Forwarding::default()))
}
