//! What is kept: orders, shipments, quotes and manifests.

use http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::price::{self, Cargo, Service};
use crate::label::{Format, document_base64};
use crate::products::contract::ledger::Ledger;
use crate::products::contract::operation::items;
use crate::products::contract::refusal::{refused, refused_with};
use crate::products::contract::{Call, Refusal, State};

/// Manifests that are kept. Each lists shipments, so they are fewer than those.
const MAX_MANIFESTS: usize = 200;

/// Items of a shipment that are kept. Sums are made of all of them before.
const MAX_ITEMS: usize = 100;

/// Characters of a text that is kept.
const MAX_TEXT: usize = 255;

/// What is kept.
pub(super) struct Forwarding {
    /// Orders and shipments, by their shipment number.
    pub(super) records: Ledger<Record>,
    pub(super) quotes: Ledger<Quote>,
    pub(super) manifests: Ledger<Manifest>,
}

impl Default for Forwarding {
    fn default() -> Self {
        Self {
            records: Ledger::default(),
            quotes: Ledger::default(),
            manifests: Ledger::bounded(MAX_MANIFESTS),
        }
    }
}

impl State for Forwarding {
    fn reset(&self) {
        self.records.clear();
        self.quotes.clear();
        self.manifests.clear();
    }
}

/// How far a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// An order that can be moved, cancelled and submitted.
    Open,
    Submitted,
    Cancelled,
}

impl Status {
    /// Code and name, as a search gives them.
    pub(super) const fn named(self) -> (u32, &'static str) {
        match self {
            Self::Open => (2, "OPEN"),
            Self::Submitted => (8, "POSTED"),
            Self::Cancelled => (9, "CANCELLED"),
        }
    }
}

/// An order or a shipment.
#[derive(Clone)]
pub(super) struct Record {
    pub(super) shipment_number: String,
    pub(super) order_number: String,
    pub(super) account: String,
    pub(super) status: Status,
    pub(super) day: Date,
    pub(super) created_at: Timestamp,
    pub(super) manifest: String,
    pub(super) cargo: Cargo,
    pub(super) service: &'static Service,
    /// What is shown of the request.
    pub(super) body: Value,
}

/// The members of a request that are shown later. The others, which a stranger chooses, take no memory.
pub(super) fn kept(body: &Value) -> Value {
    let members = |value: &Value, names: &[&str]| {
        let found = names.iter().filter_map(|name| {
            let member = value.get(name)?;
            let kept = match member.as_str() {
                Some(text) => json!(text.chars().take(MAX_TEXT).collect::<String>()),
                None => member.clone(),
            };
            Some((*name, kept))
        });
        let scalars = found.filter(|(_, member)| !member.is_object() && !member.is_array());
        scalars.collect::<Value>()
    };
    const PARTY: [&str; 10] = [
        "account",
        "company",
        "address1",
        "city",
        "state",
        "postalCode",
        "countryCode",
        "contactName",
        "contactPhone",
        "contactEmail",
    ];
    const SHIPMENT: [&str; 6] = [
        "paymentType",
        "orderDescription",
        "shipperReference",
        "consigneeReference",
        "isMetric",
        "currency",
    ];
    let mut shipment = members(&body["shipment"], &SHIPMENT);
    let items = items(body["shipment"].get("items"));
    let items = items.iter().take(MAX_ITEMS);
    shipment["items"] = items
        .map(|item| members(item, &["count", "length", "width", "height", "weight"]))
        .collect();
    json!({
        "shipper": members(&body["shipper"], &PARTY),
        "consignee": members(&body["consignee"], &PARTY),
        "shipment": shipment,
    })
}

impl Record {
    /// A new one with the next numbers.
    pub(super) fn new(
        state: &Forwarding,
        call: &Call<'_>,
        status: Status,
    ) -> Result<Self, Refusal> {
        let account = call.text("/shipper/account").to_owned();
        may_use(call, &account)?;
        let number = state.records.next_number();
        let is_metric = call.body["shipment"]["isMetric"] == true;
        Ok(Self {
            shipment_number: format!("91{number:08}"),
            order_number: format!("91{number:08}001"),
            account: account.to_ascii_uppercase(),
            status,
            day: price::pickup_day(call, call.text("/shipment/pickupDate")),
            created_at: call.request.now,
            manifest: String::new(),
            cargo: Cargo::of(call.body.pointer("/shipment/items"), is_metric),
            service: price::by_code(call.text("/shipment/serviceType")),
            body: kept(&call.body),
        })
    }

    pub(super) fn is_of(&self, account: &str) -> bool {
        self.account.eq_ignore_ascii_case(account)
    }

    /// The label, in base64.
    pub(super) fn label(&self, format: &str) -> String {
        let lines = [
            self.service.name.to_owned(),
            format!("SHIPMENT {}", self.shipment_number),
            text(&self.body, "/consignee/company").to_owned(),
            text(&self.body, "/consignee/address1").to_owned(),
            text(&self.body, "/consignee/city").to_owned(),
        ];
        // The other formats of the file come as PDF.
        document_base64(Format::parse(format).unwrap_or(Format::Pdf), &lines)
    }
}

impl Forwarding {
    /// Does something with a record of an account.
    pub(super) fn with_record<R>(
        &self,
        call: &Call<'_>,
        (account, shipment_number): (&str, &str),
        action: impl FnOnce(&mut Record) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        may_use(call, account)?;
        let found = self.records.with(shipment_number, |record| {
            record.is_of(account).then(|| action(record))
        });
        found
            .flatten()
            .ok_or_else(|| not_found("The shipment was not found."))?
    }
}

/// A quote.
#[derive(Clone)]
pub(super) struct Quote {
    pub(super) id: String,
    pub(super) confirmation: String,
    pub(super) user: String,
    pub(super) created_at: Timestamp,
    pub(super) service: &'static Service,
    pub(super) cargo: Cargo,
    /// The shipment that it became.
    pub(super) booked: Option<String>,
    pub(super) body: Value,
}

/// What was submitted at a time.
pub(super) struct Manifest {
    pub(super) account: String,
    pub(super) answer: Value,
}

pub(super) fn not_found(text: &'static str) -> Refusal {
    refused_with(StatusCode::NOT_FOUND, "FWD-404", text)
}

pub(super) fn may_use(call: &Call<'_>, account: &str) -> Result<(), Refusal> {
    match call.request.caller.is_refused(account) {
        true => Err(refused(
            "FWD-405",
            "The account belongs to another account.",
        )),
        false => Ok(()),
    }
}

/// The text of a member, empty when it is absent.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    let member = value.pointer(pointer);
    member.and_then(Value::as_str).unwrap_or_default()
}
