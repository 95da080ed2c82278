//! Trade Direct: master shipments, below `/api/ship/tradedirect/{version}`.
//!
//! The mock has no call that creates a master shipment, so each well-formed number is one until it is deleted. It is
//! closed out once; documents exist after that.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::{ApiResponse, Product};
use crate::label::{Format, document_base64};
use crate::products::context::ProductContext;
use crate::products::contract::ledger::{Ledger, digest};
use crate::products::contract::refusal::{Codes, answered, refused, refused_with};
use crate::products::contract::{Answer, Call, Contract, Declared, Operation, Refusal, State};
use crate::products::versions::Api;

/// What became of a master shipment.
#[derive(Default)]
struct Master {
    is_deleted: bool,
    /// The shipper of the close-out, and how many pallets it had.
    closed_out: Option<(String, usize)>,
    deleted_children: Vec<String>,
}

#[derive(Default)]
struct Masters(Ledger<Master>);

impl State for Masters {
    fn reset(&self) {
        self.0.clear();
    }
}

/// Children whose deletion is remembered; a master shipment has two hundred packages at most.
const MAX_CHILDREN: usize = 200;

const PARAMETERS: &str = "
    header transId* text 1..
    header transactionSrc* text 1..
    path usi-number* usi
";

const CLOSEOUT: &str = "
shipment* object
  shipper* object
    accountNumber* code 6
  packages list ..200
    numberOfIdenticalUnits* integer 1..200
    handlingUnits* object
      type* one-of BAGS|BOXES|CARTONS|CRATES|DRUMS|PALLET_SKIDS|ROLLS|TUBES
      dimensions* object
        length* number 1..99.99
        width* number 1..99.99
        height* number 1..99.99
        unitOfMeasurement* one-of IN|CM
      packageWeight* object
        weight* number 0.01..5000
        unitOfMeasurement* one-of KGS|LBS
      freightClass* one-of 50|55|60|65|70|77.5|85|92.5|100|110|125|150|175|200|250|300|400|500
      transportationService* object
        airService* integer 0..999
        groundService* integer 0..999
";

const DOCUMENT: &str = "
requestedDoc* one-of CCI|CBOL|BOL|PLT|PKGPLT
docFormat* one-of ZPL|EPL|STARPL|SPL|PNG|PDF|GIF
usiNumber* usi
shipperAccountNumber* code 6
subproNumber code 15..20
";

static CONTRACT: Contract<Masters> = Contract {
    first: "ship",
    api: Api::TradeDirect,
    operations: &[
        Operation {
            method: Method::DELETE,
            path: "ship/tradedirect/{version}/master-shipments/{usi-number}",
            parameters: "
                header transId* text 1..
                header transactionSrc* text 1..
                query shipper_account_number* code 6
                path usi-number* usi
            ",
            body: None,
            answer: delete,
        },
        Operation {
            method: Method::DELETE,
            path: "ship/tradedirect/{version}/master-shipments/{usi-number}/child-shipments/{tracking-number}",
            parameters: "
                header transId* text 1..
                header transactionSrc* text 1..
                path usi-number* usi
                path tracking-number* code 18
            ",
            body: None,
            answer: delete_child,
        },
        Operation {
            method: Method::DELETE,
            path: "ship/tradedirect/{version}/master-shipments/{usi-number}/ltl-child-shipments/{sub-pro-number}",
            parameters: "
                header transId* text 1..
                header transactionSrc* text 1..
                path usi-number* usi
                path sub-pro-number* code 15..20
            ",
            body: None,
            answer: delete_child,
        },
        Operation {
            method: Method::POST,
            path: "ship/tradedirect/{version}/master-shipments/{usi-number}/closeout",
            parameters: PARAMETERS,
            body: Some(CLOSEOUT),
            answer: close_out,
        },
        Operation {
            method: Method::POST,
            path: "ship/tradedirect/{version}/master-shipments/documents",
            parameters: "
                header transId* text 1..
                header transactionSrc* text 1..
            ",
            body: Some(DOCUMENT),
            answer: document,
        },
    ],
    is_lenient: false,
    refuse: |_, refusal| refusal.usual(Codes::one("00400")),
};

/// The product.
pub(crate) fn product(context: &ProductContext) -> Box<dyn Product> {
    Box::new(Declared::new(&CONTRACT, context, Masters::default()))
}

fn may_use(call: &Call<'_>, account: &str) -> Result<(), Refusal> {
    match call.request.caller.is_refused(account) {
        true => Err(refused("00403", "The account belongs to another account.")),
        false => Ok(()),
    }
}

impl Masters {
    /// Does something with a master shipment that was not deleted.
    fn with<R>(
        &self,
        number: &str,
        action: impl FnOnce(&mut Master) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        self.0
            .with_or_new(number, |master| match master.is_deleted {
                true => Err(not_found("The master shipment was not found.")),
                false => action(master),
            })
    }
}

fn not_found(text: &'static str) -> Refusal {
    refused_with(StatusCode::NOT_FOUND, "00404", text)
}

fn conflict(text: &'static str) -> Refusal {
    refused_with(StatusCode::UNPROCESSABLE_ENTITY, "00422", text)
}

fn no_content() -> Answer {
    let mut answer = ApiResponse::json("");
    answer.status = StatusCode::NO_CONTENT;
    Ok(answer)
}

fn delete(state: &Masters, call: &Call<'_>) -> Answer {
    may_use(call, &call.query("shipper_account_number"))?;
    state.with(&call.path[0], |master| {
        if master.closed_out.is_some() {
            return Err(refused("00409", "The master shipment has been closed out."));
        }
        master.is_deleted = true;
        Ok(())
    })?;
    no_content()
}

fn delete_child(state: &Masters, call: &Call<'_>) -> Answer {
    let child = &call.path[1];
    state.with(&call.path[0], |master| {
        if master.closed_out.is_some() {
            return Err(refused("00409", "The master shipment has been closed out."));
        }
        if master.deleted_children.contains(child) || master.deleted_children.len() >= MAX_CHILDREN
        {
            return Err(not_found("The child shipment was not found."));
        }
        master.deleted_children.push(child.clone());
        Ok(())
    })?;
    no_content()
}

fn close_out(state: &Masters, call: &Call<'_>) -> Answer {
    let account = call.text("/shipment/shipper/accountNumber");
    may_use(call, account)?;
    let packages = call.items("/shipment/packages");
    let mut pallets = 0;
    for package in packages {
        let count = |name: &str| package["handlingUnits"]["transportationService"][name].as_u64();
        if count("airService") == Some(0) && count("groundService") == Some(0) {
            let text = "One of airService and groundService must be at least 1.";
            return Err(conflict(text));
        }
        let units = package["numberOfIdenticalUnits"].as_u64().unwrap_or(0);
        pallets += usize::try_from(units).unwrap_or(0);
    }
    let number = &call.path[0];
    state.with(number, |master| {
        if master.closed_out.is_some() {
            return Err(conflict("The master shipment has already been closed out."));
        }
        master.closed_out = Some((account.to_owned(), pallets));
        Ok(())
    })?;
    let file = |title: &str| {
        let lines = [
            title.to_owned(),
            format!("USI {number}"),
            format!("SHIPPER {account}"),
        ];
        json!({"files": [{
            "data": document_base64(Format::Pdf, &lines),
            "fileFormat": "PDF",
            "referenceId": format!("DOC{}", digest(&format!("{title}{number}"), 12).to_uppercase()),
        }]})
    };
    let labels = match pallets {
        0 => json!({"warning": "Use Document API to generate missing documents."}),
        pallets => {
            let labels = (1..=pallets.min(200)).map(|index| pallet_label(number, index, pallets));
            json!({"files": labels.collect::<Vec<Value>>()})
        }
    };
    answered(&json!({
        "invoiceLabelResponse": file("COMMERCIAL INVOICE"),
        "bolLabelResponse": file("BILL OF LADING"),
        "palletLabelResponses": labels,
    }))
}

fn pallet_label(number: &str, index: usize, count: usize) -> Value {
    let lines = [
        "PALLET".to_owned(),
        format!("USI {number}"),
        format!("{index} OF {count}"),
    ];
    json!({
        "opTyp": "PDF",
        "lblNmbr": format!("{number}{index:03}"),
        "lblData": document_base64(Format::Pdf, &lines),
    })
}

fn document(state: &Masters, call: &Call<'_>) -> Answer {
    let account = call.text("/shipperAccountNumber");
    may_use(call, account)?;
    let kind = call.text("/requestedDoc");
    let number = call.text("/usiNumber");
    let pallets = state.with(number, |master| match &master.closed_out {
        Some((shipper, pallets)) if shipper.eq_ignore_ascii_case(account) => Ok(*pallets),
        Some(_) => Err(not_found("The master shipment is not one of the shipper.")),
        None => Err(conflict("The master shipment has not been closed out.")),
    })?;
    let lines = [
        kind.to_owned(),
        format!("USI {number}"),
        format!("SHIPPER {account}"),
    ];
    let format = Format::parse(call.text("/docFormat")).unwrap_or(Format::Pdf);
    let page = document_base64(format, &lines);
    let documents = match kind {
        "PLT" | "PKGPLT" => json!(vec![page; pallets.clamp(1, 200)]),
        _ => json!(page),
    };
    answered(&json!({"documents": {kind.to_lowercase(): documents}}))
}
