//! WorldEase: master shipments across a border, below `/api/ship/{version}`.
//!
//! The mock has no call that creates a master shipment, so each well-formed number is one until it is deleted.

use http::{Method, StatusCode};
use serde_json::json;

use crate::api::Product;
use crate::label::{Format, document_base64};
use crate::products::context::ProductContext;
use crate::products::contract::ledger::Ledger;
use crate::products::contract::refusal::{Codes, answered, refused, refused_with};
use crate::products::contract::{Answer, Call, Contract, Declared, Operation, Refusal, State};
use crate::products::versions::Api;

/// What became of a master shipment.
#[derive(Default)]
struct Master {
    is_deleted: bool,
    is_closed_out: bool,
    deleted_children: Vec<String>,
}

#[derive(Default)]
struct Masters(Ledger<Master>);

impl State for Masters {
    fn reset(&self) {
        self.0.clear();
    }
}

/// Children whose deletion is remembered.
const MAX_CHILDREN: usize = 200;

const MASTER: &str = "
    header transId* token 32
    header transactionSrc* text 1..
    path shipment-gccn* alphanumeric 11
";

const BODY: &str = "
shipperAccountNumber* alphanumeric 6..10
";

static CONTRACT: Contract<Masters> = Contract {
    first: "ship",
    api: Api::WorldEase,
    operations: &[
        Operation {
            method: Method::POST,
            path: "ship/{version}/master-shipment/closeout/{shipment-gccn}",
            parameters: MASTER,
            body: Some(BODY),
            answer: close_out,
        },
        Operation {
            method: Method::DELETE,
            path: "ship/{version}/master-shipment/{shipment-gccn}",
            parameters: MASTER,
            body: Some(BODY),
            answer: delete,
        },
        Operation {
            method: Method::DELETE,
            path: "ship/{version}/child-shipment/{shipment-gccn}/{tracking-number}",
            parameters: "
                header transId* token 32
                header transactionSrc* text 1..
                path shipment-gccn* alphanumeric 11
                path tracking-number* alphanumeric 7..34
            ",
            body: None,
            answer: delete_child,
        },
    ],
    is_lenient: false,
    refuse: |_, refusal| refusal.bare(Codes::one("WE0400")),
};

/// The product.
pub(crate) fn product(context: &ProductContext) -> Box<dyn Product> {
    Box::new(Declared::new(&CONTRACT, context, Masters::default()))
}

impl Masters {
    /// Does something with a master shipment that was neither deleted nor closed out.
    fn with_open(
        &self,
        call: &Call<'_>,
        action: impl FnOnce(&mut Master) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let number = call.path[0].to_ascii_uppercase();
        self.0.with_or_new(&number, |master| {
            if master.is_deleted {
                return Err(not_found("The master shipment was not found."));
            }
            if master.is_closed_out {
                return Err(refused(
                    "WE0409",
                    "The master shipment has been closed out.",
                ));
            }
            action(master)
        })
    }
}

fn not_found(text: &'static str) -> Refusal {
    refused_with(StatusCode::NOT_FOUND, "WE0404", text)
}

fn may_use(call: &Call<'_>) -> Result<(), Refusal> {
    match call
        .request
        .caller
        .is_refused(call.text("/shipperAccountNumber"))
    {
        true => Err(refused("WE0403", "The account belongs to another account.")),
        false => Ok(()),
    }
}

fn close_out(state: &Masters, call: &Call<'_>) -> Answer {
    may_use(call)?;
    state.with_open(call, |master| {
        master.is_closed_out = true;
        Ok(())
    })?;
    let number = &call.path[0];
    let account = call.text("/shipperAccountNumber");
    let lines = [
        "WORLDEASE MASTER".to_owned(),
        format!("GCCN {number}"),
        format!("SHIPPER {account}"),
    ];
    let answer = answered(&json!({
        "transId": call.header("transid"),
        "label": {
            "opTyp": "PDF",
            "lblNmbr": number,
            "lblData": document_base64(Format::Pdf, &lines),
        },
    }));
    answer.map(|answer| answer.with_status(StatusCode::ACCEPTED))
}

fn delete(state: &Masters, call: &Call<'_>) -> Answer {
    may_use(call)?;
    state.with_open(call, |master| {
        master.is_deleted = true;
        Ok(())
    })?;
    deleted("The master shipment has been deleted")
}

fn delete_child(state: &Masters, call: &Call<'_>) -> Answer {
    let child = call.path[1].to_ascii_uppercase();
    state.with_open(call, |master| {
        if master.deleted_children.contains(&child) || master.deleted_children.len() >= MAX_CHILDREN
        {
            return Err(not_found("The child shipment was not found."));
        }
        master.deleted_children.push(child);
        Ok(())
    })?;
    deleted("The child shipment has been deleted")
}

fn deleted(message: &str) -> Answer {
    answered(&json!({"code": "1", "message": message}))
}
