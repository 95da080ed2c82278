//! `[[account]]`: credentials at a carrier.

use super::{
    key::{Key, Kind, Preset, Section},
    read::{At, Context, Table},
};
use gateway_model::{AccountId, AccountNumber, CarrierId, ClientSecret, Environment};

/// Credentials at a carrier.
#[derive(Clone, Debug)]
pub struct Account {
    /// The operator's name of it.
    pub id: AccountId,
    /// At which carrier.
    pub carrier: CarrierId,
    /// In which of its environments.
    pub environment: Environment,
    /// The number that the carrier issued.
    pub account_number: Option<AccountNumber>,
    /// Our id at the carrier's token endpoint.
    pub client_id: String,
    /// Our secret there.
    pub client_secret: ClientSecret,
}

static NAME: Key = Key {
    name: "name",
    kind: Kind::Text("\"main\""),
    preset: Preset::Required,
    doc: "What routes, apps and the `Waybill-Account` field call it.",
};
static CARRIER: Key = Key {
    name: "carrier",
    kind: Kind::Text("\"ups\""),
    preset: Preset::Required,
    doc: "The carrier, as its plugin calls it.",
};
static ENVIRONMENT: Key = Key {
    name: "environment",
    kind: Kind::OneOf(&["production", "test"]),
    preset: Preset::Required,
    doc: "Which of the carrier's environments the credentials are for.",
};
static ACCOUNT_NUMBER: Key = Key {
    name: "account_number",
    kind: Kind::Text("\"A1B2C3\""),
    preset: Preset::Unset("none"),
    doc: "The number that the carrier issued (UPS: six characters).",
};
static CLIENT_ID: Key = Key {
    name: "client_id",
    kind: Kind::Text("\"the id that the carrier shows\""),
    preset: Preset::Required,
    doc: "Client id at the carrier's token endpoint.",
};
static CLIENT_SECRET: Key = Key {
    name: "client_secret",
    kind: Kind::Secret,
    preset: Preset::Required,
    doc: "Client secret at the carrier's token endpoint.",
};

pub(super) static SECTION: Section = Section {
    path: "account",
    repeated: true,
    doc: "Credentials at a carrier.",
    keys: &[
        &NAME,
        &CARRIER,
        &ENVIRONMENT,
        &ACCOUNT_NUMBER,
        &CLIENT_ID,
        &CLIENT_SECRET,
    ],
};

/// An account as far as it could be read; the checks between sections work on this.
pub(super) struct Draft {
    pub(super) place: super::Place,
    pub(super) id: Option<At<AccountId>>,
    pub(super) carrier: Option<At<CarrierId>>,
    pub(super) environment: Option<At<Environment>>,
    account_number: Option<At<AccountNumber>>,
    client_id: Option<At<String>>,
    client_secret: Option<At<ClientSecret>>,
}

impl Draft {
    pub(super) fn read(cx: &mut Context<'_>, table: &mut Table<'_>) -> Self {
        let id: Option<At<AccountId>> = table.parsed(cx, &NAME, str::parse);
        if let Some(id) = &id {
            table.title = format!("account {:?}", id.value.as_str());
        }
        Self {
            place: table.place.clone(),
            id,
            carrier: table.parsed(cx, &CARRIER, str::parse),
            environment: table.parsed(cx, &ENVIRONMENT, str::parse),
            account_number: table.parsed(cx, &ACCOUNT_NUMBER, str::parse),
            client_id: table.parsed(cx, &CLIENT_ID, client_id),
            client_secret: table.secret(cx, &CLIENT_SECRET),
        }
    }

    pub(super) fn finish(self) -> Option<Account> {
        Some(Account {
            id: self.id?.value,
            carrier: self.carrier?.value,
            environment: self.environment?.value,
            account_number: self.account_number.map(|at| at.value),
            client_id: self.client_id?.value,
            client_secret: self.client_secret?.value,
        })
    }
}

/// RFC 7617 section 2: no colon, no control characters. Not quoted, because a secret ends up here
/// when somebody swaps the two.
pub(super) fn client_id(text: &str) -> Result<String, &'static str> {
    if text.is_empty() {
        Err("the client id is empty")
    } else if text.len() > 512 {
        Err("the client id is longer than 512 bytes")
    } else if !text.bytes().all(|b| b.is_ascii_graphic() && b != b':') {
        Err("the client id holds a space, a colon or a character outside ASCII")
    } else {
        Ok(text.to_owned())
    }
}
