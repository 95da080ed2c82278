//! `[[account]]`: credentials at a carrier.

use crate::{
    description::{Effect, Key, Kind, Preset, Section},
    error::Place,
    reader::{At, Context, Settings, Table, shortened},
};
use gateway_model::{
    AccountId, AccountNumber, CarrierId, ClientSecret, Environment, GrantKind, Secret, SettingName,
};
use serde_json::Value as Json;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    str::FromStr,
};

/// Credentials at a carrier.
#[derive(Clone, Debug)]
pub struct Account {
    /// The place of the account's table in the file.
    pub place: Place,
    /// The operator's name for the account.
    pub id: AccountId,
    /// The carrier.
    pub carrier: CarrierId,
    /// The carrier's environment.
    pub environment: Environment,
    /// The numbers that the carrier issued; a login must own each of them.
    pub account_numbers: Vec<AccountNumber>,
    /// Other names that apps may use for it.
    pub aliases: Vec<AccountId>,
    /// How the account's tokens are obtained.
    pub grant: GrantKind,
    /// The client id at the carrier's token endpoint.
    pub client_id: String,
    /// Our secrets there, in the order in which they are tried; at least one.
    pub client_secrets: Vec<ClientSecret>,
    /// What the carrier's plugin wants to know besides.
    pub settings: BTreeMap<SettingName, Json>,
    /// Secrets that the carrier's plugin wants to know besides.
    pub secret_settings: BTreeMap<SettingName, Secret>,
    /// Where the values of the table were written, for mistakes that only a plugin finds.
    pub places: BTreeMap<String, Place>,
    /// Whether the gateway serves the account, renews its tokens and sends reminders about it.
    pub active: bool,
    /// Whether it is the default of its carrier and environment.
    pub default: bool,
}

impl Account {
    /// The secret that is tried first.
    pub fn client_secret(&self) -> &ClientSecret {
        self.client_secrets
            .first()
            .expect("an account without a secret is refused when it is read")
    }
}

static NAME: Key = Key {
    name: "name",
    kind: Kind::Text("\"main\""),
    preset: Preset::Required,
    effect: Effect::Reload,
    doc: "The account's name in routes, in apps and in the `Waybill-Account` field.",
};
static CARRIER: Key = Key {
    name: "carrier",
    kind: Kind::Text("\"ups\""),
    preset: Preset::Required,
    effect: Effect::Reload,
    doc: "The carrier's name, as its plugin defines it.",
};
static ENVIRONMENT: Key = Key {
    name: "environment",
    kind: Kind::OneOf(&["production", "test"]),
    preset: Preset::Required,
    effect: Effect::Reload,
    doc: "The carrier's environment that the credentials are for.",
};
static ACCOUNT_NUMBER: Key = Key {
    name: "account_number",
    kind: Kind::Text("\"A1B2C3\""),
    preset: Preset::Unset("none"),
    effect: Effect::Reload,
    doc: "The number that the carrier issued (UPS: six characters). A sign-in that does not own it \
          is refused.",
};
static ACCOUNT_NUMBERS: Key = Key {
    name: "account_numbers",
    kind: Kind::Texts("\"A1B2C3\""),
    preset: Preset::Unset("none"),
    effect: Effect::Reload,
    doc: "Several account numbers of one login, instead of `account_number`. A sign-in must own \
         each of them.",
};
static GRANT: Key = Key {
    name: "grant",
    kind: Kind::OneOf(&["client_credentials", "authorization_code"]),
    preset: Preset::Text("client_credentials"),
    effect: Effect::Reload,
    doc: "How tokens are obtained: with the client id and secret alone, or with a person's sign-in \
          (`waybill account authorize`).",
};
static ALIASES: Key = Key {
    name: "aliases",
    kind: Kind::Texts("\"old-name\""),
    preset: Preset::Unset("none"),
    effect: Effect::Reload,
    doc: "Other names that apps may use for the account.",
};
static CLIENT_ID: Key = Key {
    name: "client_id",
    kind: Kind::Text("\"the id that the carrier shows\""),
    preset: Preset::Required,
    effect: Effect::Reload,
    doc: "Client id at the carrier's token endpoint.",
};
static CLIENT_SECRET: Key = Key {
    name: "client_secret",
    kind: Kind::Secret,
    preset: Preset::Unset("required, unless `client_secrets` is given"),
    effect: Effect::Reload,
    doc: "Client secret at the carrier's token endpoint.",
};
static CLIENT_SECRETS: Key = Key {
    name: "client_secrets",
    kind: Kind::Secrets,
    preset: Preset::Unset("none"),
    effect: Effect::Reload,
    doc: "Several client secrets instead of `client_secret`, in the order in which they are \
         tried. With two of them you can change a secret without down-time.",
};
static SETTINGS: Key = Key {
    name: "settings",
    kind: Kind::Settings("{ name = \"value\" }, the value of a secret as { env = \"VARIABLE\" }"),
    preset: Preset::Unset("none"),
    effect: Effect::Reload,
    doc: "What the carrier's plugin wants to know besides, under the names that the plugin defines \
          ([plugins.md](plugins.md#settings-of-an-account)).",
};
static ACTIVE: Key = Key {
    name: "active",
    kind: Kind::Bool,
    preset: Preset::Bool(true),
    effect: Effect::Reload,
    doc: "Whether the gateway serves the account, renews its tokens and sends reminders about it.",
};
static DEFAULT: Key = Key {
    name: "default",
    kind: Kind::Bool,
    preset: Preset::Bool(false),
    effect: Effect::Reload,
    doc: "Makes the account the default of its carrier and environment: callers that name no \
         account use it.",
};

pub(crate) static SECTION: Section = Section {
    path: "account",
    repeated: true,
    doc: "Credentials at a carrier.",
    keys: &[
        &NAME,
        &CARRIER,
        &ENVIRONMENT,
        &ACCOUNT_NUMBER,
        &ACCOUNT_NUMBERS,
        &ALIASES,
        &GRANT,
        &CLIENT_ID,
        &CLIENT_SECRET,
        &CLIENT_SECRETS,
        &SETTINGS,
        &ACTIVE,
        &DEFAULT,
    ],
};

/// An account as far as it could be read; the checks between sections work on this.
pub(crate) struct Draft {
    pub(crate) place: Place,
    pub(crate) id: Option<At<AccountId>>,
    pub(crate) carrier: Option<At<CarrierId>>,
    pub(crate) environment: Option<At<Environment>>,
    pub(crate) aliases: Vec<At<AccountId>>,
    pub(crate) default: bool,
    account_numbers: Vec<At<AccountNumber>>,
    grant: GrantKind,
    client_id: Option<At<String>>,
    client_secrets: Vec<At<ClientSecret>>,
    settings: Settings,
    places: BTreeMap<String, Place>,
    active: bool,
}

impl Draft {
    pub(crate) fn read(cx: &mut Context<'_>, table: &mut Table<'_>) -> Self {
        let id: Option<At<AccountId>> = table.parsed(cx, &NAME, str::parse);
        if let Some(id) = &id {
            // From here on messages name the account and not only the section.
            table.title = format!("account {:?}", id.value.as_str());
        }
        let draft = Self {
            place: table.place.clone(),
            id,
            carrier: table.parsed(cx, &CARRIER, str::parse),
            environment: table.parsed(cx, &ENVIRONMENT, str::parse),
            account_numbers: account_numbers(cx, table),
            aliases: parsed_list(cx, table, &ALIASES),
            grant: grant(cx, table),
            client_id: table.parsed(cx, &CLIENT_ID, client_id),
            client_secrets: client_secrets(cx, table),
            settings: table.settings(cx, &SETTINGS),
            places: places(cx, table),
            active: table.bool(cx, &ACTIVE),
            default: table.bool(cx, &DEFAULT),
        };
        draft.advise(cx, table);
        draft
    }

    fn advise(&self, cx: &mut Context<'_>, table: &Table<'_>) {
        let by_consent = matches!(self.grant, GrantKind::AuthorizationCode);
        // A number that could not be read was meant, so its absence is not noted as well.
        if by_consent && self.account_numbers.is_empty() && !names_number(table) {
            let message = format!(
                "{} has no account_number: a sign-in with the wrong user would not be noticed",
                table.title
            );
            cx.note(table.place.clone(), message);
        }
        // Refused: requests that name no account would meet one that is not served.
        if self.default && !self.active {
            let message = format!("{} is the default but not active", table.title);
            cx.mistake(
                table.place.clone(),
                message,
                "remove default or active = false",
            );
        }
    }

    pub(crate) fn finish(self) -> Option<Account> {
        let mut places = self.places;
        places.extend(self.settings.places);
        Some(Account {
            place: self.place,
            id: self.id?.value,
            carrier: self.carrier?.value,
            environment: self.environment?.value,
            account_numbers: values(self.account_numbers),
            aliases: values(self.aliases),
            grant: self.grant,
            client_id: self.client_id?.value,
            // An account without a usable secret is none; its mistake is on record.
            client_secrets: Some(values(self.client_secrets)).filter(|list| !list.is_empty())?,
            settings: self.settings.plain,
            secret_settings: self.settings.secret,
            places,
            active: self.active,
            default: self.default,
        })
    }
}

fn values<T>(list: Vec<At<T>>) -> Vec<T> {
    list.into_iter().map(|at| at.value).collect()
}

fn grant(cx: &mut Context<'_>, table: &Table<'_>) -> GrantKind {
    let grant = table.parsed(cx, &GRANT, |text| match text {
        "client_credentials" => Ok(GrantKind::ClientCredentials),
        "authorization_code" => Ok(GrantKind::AuthorizationCode),
        other => Err(format!("{:?} is not a grant", shortened(other))),
    });
    grant.map_or(GrantKind::ClientCredentials, |at| at.value)
}

/// Where the keys stand that a plugin reads. Of a list it reads one item, so the list's place is enough.
fn places(cx: &Context<'_>, table: &Table<'_>) -> BTreeMap<String, Place> {
    let read_as = [
        (&CLIENT_ID, "client_id"),
        (&CLIENT_SECRET, "client_secret"),
        (&CLIENT_SECRETS, "client_secret"),
        (&ACCOUNT_NUMBER, "account_number"),
        (&ACCOUNT_NUMBERS, "account_number"),
        (&GRANT, "grant"),
        (&ENVIRONMENT, "environment"),
    ];
    let placed = read_as.into_iter().filter_map(|(key, name)| {
        let value = table.value(key)?;
        Some((name.to_owned(), cx.place(value.span)))
    });
    placed.collect()
}

fn names_number(table: &Table<'_>) -> bool {
    table.value(&ACCOUNT_NUMBER).is_some() || table.value(&ACCOUNT_NUMBERS).is_some()
}

fn account_numbers(cx: &mut Context<'_>, table: &Table<'_>) -> Vec<At<AccountNumber>> {
    one_of_both(cx, table, &ACCOUNT_NUMBER, &ACCOUNT_NUMBERS);
    // Both lists together, although only one may be given: the mistake is on record by then.
    let one = table.parsed(cx, &ACCOUNT_NUMBER, str::parse);
    let several = parsed_list(cx, table, &ACCOUNT_NUMBERS);
    one.into_iter().chain(several).collect()
}

fn client_secrets(cx: &mut Context<'_>, table: &Table<'_>) -> Vec<At<ClientSecret>> {
    let given = |key| table.value(key).is_some();
    // Neither key is required by itself, so the reader cannot tell that both are missing.
    if !given(&CLIENT_SECRET) && !given(&CLIENT_SECRETS) {
        cx.mistake(
            table.place.clone(),
            format!("{} has no {}", table.title, CLIENT_SECRET.name),
            format!(
                "write {} = {}",
                CLIENT_SECRET.name,
                CLIENT_SECRET.kind.form()
            ),
        );
    }
    one_of_both(cx, table, &CLIENT_SECRET, &CLIENT_SECRETS);
    let one = table.secret(cx, &CLIENT_SECRET);
    let several = table.secrets(cx, &CLIENT_SECRETS).unwrap_or_default();
    one.into_iter().chain(several).collect()
}

/// Both would leave open which comes first.
fn one_of_both(cx: &mut Context<'_>, table: &Table<'_>, one: &Key, several: &Key) {
    if let (Some(_), Some(value)) = (table.value(one), table.value(several)) {
        cx.mistake(
            cx.place(value.span),
            format!("{} has both {} and {}", table.title, one.name, several.name),
            format!("write all of them in {}, the first one first", several.name),
        );
    }
}

/// A list of texts of one form, none of them twice.
fn parsed_list<T: FromStr<Err: Display> + Clone + Ord + Display>(
    cx: &mut Context<'_>,
    table: &Table<'_>,
    key: &Key,
) -> Vec<At<T>> {
    let mut list: Vec<At<T>> = Vec::new();
    let mut seen = BTreeSet::new();
    for At { value: text, place } in table.texts(cx, key).unwrap_or_default() {
        match text.parse::<T>() {
            Err(error) => {
                let message = format!("{}: {error}", table.label(key));
                cx.mistake(place, message, format!("write {}", key.kind.form()));
            }
            Ok(value) if seen.insert(value.clone()) => list.push(At { value, place }),
            Ok(value) => {
                let message = format!("{} lists {value} twice", table.label(key));
                cx.mistake(place, message, "remove one of them");
            }
        }
    }
    list
}

/// RFC 7617 section 2: no colon, no control characters. Not quoted, because a secret ends up here
/// when somebody swaps the two.
pub(crate) fn client_id(text: &str) -> Result<String, &'static str> {
    if text.is_empty() {
        Err("the client id is empty")
    // Room for any carrier's id, and short enough for a header field.
    } else if text.len() > 512 {
        Err("the client id is longer than 512 bytes")
    } else if !text.bytes().all(|b| b.is_ascii_graphic() && b != b':') {
        Err("the client id holds a space, a colon or a character outside ASCII")
    } else {
        Ok(text.to_owned())
    }
}
