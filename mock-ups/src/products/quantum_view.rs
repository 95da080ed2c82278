//! Quantum View: `POST /api/quantumview/{version}/events`.
//!
//! What happened to the packages of the caller's accounts, as files of an hour each. Without criteria the call gives
//! what it has not given before, of the last seven days; with a range of time or names of files it gives those. What
//! does not fit into one answer follows with its bookmark.

mod criteria;
mod events;
mod page;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::Method;
use jiff::Timestamp;
use serde_json::json;

use crate::api::{ApiRequest, ApiResponse, Product};
use crate::products::context::ProductContext;
use crate::products::contract::operation::list;
use crate::products::contract::refusal::{Codes, answered};
use crate::products::contract::{Answer, Call, Contract, Declared, Operation, Refusal, State};
use crate::products::shipping::store::Shipments;
use crate::products::versions::Api;

use criteria::{Criteria, SUBSCRIPTION};
use page::Page;

const MEMBERS: &str = "
QuantumViewRequest* object
  Request* object
    TransactionReference object
      CustomerContext text ..512
    RequestAction* one-of QVEvents
  SubscriptionRequest list
    Name text ..21
    DateTimeRange object
      BeginDateTime digits 14
      EndDateTime digits ..14
    FileName each .. text 16
  Bookmark text
";

/// The state: up to when each user has read.
struct QuantumView {
    shipments: Arc<Shipments>,
    read_until: Mutex<HashMap<Arc<str>, Timestamp>>,
}

impl State for QuantumView {
    fn reset(&self) {
        self.lock().clear();
    }
}

static CONTRACT: Contract<QuantumView> = Contract {
    first: "quantumview",
    api: Api::QuantumView,
    operations: &[Operation {
        method: Method::POST,
        path: "quantumview/{version}/events",
        parameters: "",
        body: Some(MEMBERS),
        answer: answer_events,
    }],
    is_lenient: true,
    refuse,
};

/// The product.
pub(crate) fn product(context: &ProductContext) -> Box<dyn Product> {
    let state = QuantumView {
        shipments: Arc::clone(&context.shipments),
        read_until: Mutex::default(),
    };
    Box::new(Declared::new(&CONTRACT, context, state))
}

fn refuse(_: &ApiRequest<'_>, refusal: &Refusal) -> ApiResponse {
    refusal.usual(Codes {
        missing: "330001",
        invalid: "330002",
        length: "330003",
        unreadable: "330001",
    })
}

impl QuantumView {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Arc<str>, Timestamp>> {
        // A time is whole or absent, whatever panicked.
        self.read_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer_events(state: &QuantumView, call: &Call<'_>) -> Answer {
    let user = &call.request.caller.user;
    let now = call.request.now;
    let read_until = state.lock().get(user).copied();
    let criteria = Criteria::of(call, read_until)?;
    let events = events::between(&state.shipments, call, criteria.after(), criteria.end);
    let page = Page::of(events, &criteria);
    if criteria.is_unread {
        // Only what was handed out counts as read: the rest follows with the bookmark.
        let until = page.is_last().then_some(now).or_else(|| page.until());
        if let Some(until) = until {
            state.lock().insert(Arc::clone(user), until);
        }
    }
    let is_old = call.version == 1;
    let mut subscription = json!({
        "Name": SUBSCRIPTION,
        "Number": "1",
        "SubscriptionStatus": {"Code": "A", "Description": "Active"},
    });
    if let Some(range) = criteria.shown_range() {
        subscription["DateRange"] = range;
    }
    let subscriber: String = user.chars().take(16).collect();
    let bookmark = page.bookmark(&subscriber, &criteria);
    let files = page.files(is_old, read_until);
    if !files.is_empty() {
        subscription["SubscriptionFile"] = list(is_old, files);
    }
    let context = call.text("/QuantumViewRequest/Request/TransactionReference/CustomerContext");
    let mut response = json!({
        "Response": {
            "TransactionReference": {"CustomerContext": context},
            "ResponseStatusCode": "1",
            "ResponseStatusDescription": "Success",
        },
        "QuantumViewEvents": {
            "SubscriberID": subscriber,
            "SubscriptionEvents": list(is_old, vec![subscription]),
        },
    });
    if let Some(bookmark) = bookmark {
        response["Bookmark"] = json!(bookmark);
    }
    answered(&json!({ "QuantumViewResponse": response }))
}
