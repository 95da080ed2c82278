//! Interactive Description Guidance: `/api/export-assure/{version}/interactive`.
//!
//! A session asks what the goods are made of, what they are for and whether they are new, and puts the answers into
//! the description. A question that the description already answers is assumed to be answered.

mod questions;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::{ApiResponse, Product};
use crate::products::context::ProductContext;
use crate::products::contract::ledger::{Ledger, digest};
use crate::products::contract::refusal::{Codes, answered, refused, refused_with};
use crate::products::contract::{Answer, Call, Contract, Declared, Operation, Refusal, State};
use crate::products::versions::Api;

use questions::QUESTIONS;

/// One session.
struct Session {
    description: String,
    hts: String,
    /// For each question the option that was chosen, and whether the mock assumed it.
    selected: [Option<(usize, bool)>; QUESTIONS.len()],
}

#[derive(Default)]
struct Sessions(Ledger<Session>);

impl State for Sessions {
    fn reset(&self) {
        self.0.clear();
    }
}

/// Characters of a description.
const MAX_DESCRIPTION: usize = 2_000;

const START: &str = "
importCountryCode* one-of US|CA|CN|UK|DE|HK|NL|IT|ES|FR|GB|IE
exportCountryCode text
commodityValue text
commodityCurrencyCode text
commodityQuantity text
commodityUnitOfMeasure text
commodityDescription* text 1..
commodityHtsCode text
commodityCountryOfOrigin text
shipperName text
shipperAccountNumber text
locale one-of EN
";

const ITERATE: &str = "
questions* list
  id* text
  selected* integer 0..
";

const FEEDBACK: &str = "
id* text
sentiment* flag
feedback text
";

/// `transId` is 32 characters at most.
const PARAMETERS: &str = "
    header transId* text 1..32
    header transactionSrc* text 1..
    path sessionId text 1..
";

static CONTRACT: Contract<Sessions> = Contract {
    first: "export-assure",
    api: Api::DescriptionGuidance,
    operations: &[
        Operation {
            method: Method::POST,
            path: "export-assure/{version}/interactive",
            parameters: PARAMETERS,
            body: Some(START),
            answer: start,
        },
        Operation {
            method: Method::POST,
            path: "export-assure/{version}/interactive/{sessionId}",
            parameters: PARAMETERS,
            body: Some(ITERATE),
            answer: iterate,
        },
        Operation {
            method: Method::POST,
            path: "export-assure/{version}/interactive/feedback/{sessionId}",
            parameters: "",
            body: Some(FEEDBACK),
            answer: feedback,
        },
    ],
    is_lenient: false,
    refuse: |_, refusal| {
        refusal.usual(Codes {
            missing: "IDG-400",
            invalid: "IDG-401",
            length: "IDG-402",
            unreadable: "IDG-403",
        })
    },
};

/// The product.
pub(crate) fn product(context: &ProductContext) -> Box<dyn Product> {
    Box::new(Declared::new(&CONTRACT, context, Sessions::default()))
}

fn start(state: &Sessions, call: &Call<'_>) -> Answer {
    // Kept for the session, so what a stranger sends has a bound.
    let description = call.text("/commodityDescription").trim();
    let description: String = description.chars().take(MAX_DESCRIPTION).collect();
    if !description.chars().any(char::is_alphabetic) {
        let text = "The commodityDescription does not name any goods.";
        return Err(refused_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            "IDG-422",
            text,
        ));
    }
    let session = Session {
        selected: questions::assumed(&description),
        description,
        hts: call.text("/commodityHtsCode").chars().take(15).collect(),
    };
    let number = state.0.next_number();
    let id = digest(
        &format!("{} {number} {}", call.request.caller.user, call.body),
        32,
    );
    let answer = session.answer(&id);
    state.0.insert(&id, session);
    answered(&answer)
}

fn unknown_session() -> Refusal {
    let text = "The session does not exist or has ended.";
    refused_with(StatusCode::UNPROCESSABLE_ENTITY, "IDG-404", text)
}

fn iterate(state: &Sessions, call: &Call<'_>) -> Answer {
    let id = &call.path[0];
    let chosen = call.items("/questions").iter().map(|question| {
        let id = question["id"].as_str().unwrap_or_default();
        let index = QUESTIONS.iter().position(|known| known.id == id);
        let index = index.ok_or_else(|| refused("IDG-410", "The question does not exist."))?;
        let selected = question["selected"]
            .as_f64()
            .map_or(usize::MAX, |number| number as usize);
        match selected < QUESTIONS[index].options.len() {
            true => Ok((index, selected)),
            false => Err(refused("IDG-411", "The option does not exist.")),
        }
    });
    let chosen: Vec<(usize, usize)> = chosen.collect::<Result<_, Refusal>>()?;
    let answer = state.0.with(id, |session| {
        for (index, selected) in chosen {
            session.selected[index] = Some((selected, false));
        }
        session.answer(id)
    });
    answered(&answer.ok_or_else(unknown_session)?)
}

fn feedback(state: &Sessions, call: &Call<'_>) -> Answer {
    state
        .0
        .with(&call.path[0], |_| ())
        .ok_or_else(unknown_session)?;
    Ok(ApiResponse::json("").with_status(StatusCode::NO_CONTENT))
}

impl Session {
    fn answer(&self, id: &str) -> Value {
        let answers = QUESTIONS.iter().zip(self.selected);
        let open = answers.clone().filter(|(_, selected)| selected.is_none());
        let open: Vec<Value> = open.map(|(question, _)| question.shown()).collect();
        let history = answers.clone().filter_map(|(question, selected)| {
            let (selected, assumed) = selected?;
            Some(json!({"id": question.id, "selected": selected, "assumed": assumed}))
        });
        let added = answers.filter_map(|(question, selected)| {
            let (selected, assumed) = selected?;
            (!assumed).then(|| question.options[selected])
        });
        let mut description = self.description.clone();
        for words in added {
            description.push_str(", ");
            description.push_str(words);
        }
        let code = questions::code(&self.description, &self.hts);
        let known = self.selected.iter().flatten().count();
        let mut body = json!({
            "newProductDescription": description,
            "suggestedHts": code,
            // A third more with each answer.
            "confidence": (40 + 20 * known) as f64 / 100.0,
            "noMoreQuestions": open.is_empty(),
            "questions": open,
            "session": {"id": id, "historyDesc": history.collect::<Vec<Value>>()},
        });
        if !self.hts.is_empty() {
            body["actualHts"] = json!(self.hts);
        }
        body
    }
}
