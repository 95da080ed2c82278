//! `waybill account add`.

use super::{settings::SettingArgs, settle};
use crate::{
    error::{CliError, CommandOutcome},
    remote::Session,
    terminal::{Output, prompt, secret_input::SecretArgs},
};
use clap::ValueEnum;
use gateway_api::{AddAccount, SecretText};
use gateway_model::{AccountId, AccountNumber, CarrierId, Environment, GrantKind};

#[derive(Debug, clap::Args)]
pub(crate) struct AddArgs {
    /// What routes, apps and the Waybill-Account field call it
    name: AccountId,
    /// The carrier, as its plugin calls it
    #[arg(long, default_value = "ups")]
    carrier: CarrierId,
    /// Which of the carrier's environments: production or test
    #[arg(long = "env", value_name = "ENVIRONMENT")]
    environment: Environment,
    /// A number that the carrier issued, once for each; a sign-in must own all of them
    #[arg(long = "number", value_name = "NUMBER")]
    numbers: Vec<AccountNumber>,
    /// Another name by which apps may call it
    #[arg(long = "alias", value_name = "NAME")]
    aliases: Vec<AccountId>,
    /// How tokens are obtained
    #[arg(long, value_enum, default_value = "client-credentials")]
    grant: Grant,
    /// Client id at the carrier's token endpoint; asked for if absent
    #[arg(long)]
    client_id: Option<String>,
    #[command(flatten)]
    secret: SecretArgs,
    #[command(flatten)]
    settings: SettingArgs,
    /// Make it the account of callers who name none
    #[arg(long)]
    default: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Grant {
    /// With the client id and secret alone
    #[value(alias = "client_credentials")]
    ClientCredentials,
    /// With a person's sign-in
    #[value(alias = "authorization_code")]
    AuthorizationCode,
}

pub(super) fn run(
    args: &AddArgs,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    // Asked in this order, id and then secret, as carriers show them.
    let client_id = match &args.client_id {
        Some(id) => id.clone(),
        None => prompt::line("client id", "--client-id ID")?,
    };
    let secret = args.secret.read("client secret")?;
    let account = AddAccount {
        name: args.name.clone(),
        aliases: args.aliases.clone(),
        carrier: args.carrier.clone(),
        environment: args.environment,
        numbers: args.numbers.clone(),
        grant: match args.grant {
            Grant::ClientCredentials => GrantKind::ClientCredentials,
            Grant::AuthorizationCode => GrantKind::AuthorizationCode,
        },
        client_id,
        client_secrets: vec![SecretText(secret)],
        settings: args.settings.plain(),
        secret_settings: args.settings.secret()?,
        default: args.default,
    };
    let added = session.ask(session.client.add_account(&account))?;
    // The account is added now; waiting for its first token says whether the credentials are good.
    let outcome = settle::print(&added, session, output)?;
    if args.grant == Grant::AuthorizationCode {
        output.hint(&format!(
            "a person signs in next: `waybill account authorize {}`",
            args.name
        ));
    }
    // What comes after the answer is advice: that it cannot be had is no error.
    if let Ok(status) = session.ask(session.client.status())
        && status.store == "memory"
    {
        output.warn(
            "the gateway keeps accounts in memory: this one is gone when the gateway stops; set \
             url = \"sqlite://waybill.db\" in [store] to keep it",
        );
    }
    Ok(outcome)
}
