//! Waits for the first token after a change of credentials, and prints whether they work.

use super::show;
use crate::{
    error::{CliError, CommandOutcome},
    remote::Session,
    terminal::{Output, progress},
};
use gateway_api::client::{Client, ClientError};
use gateway_api::{AccountState, AccountView};
use std::time::Duration;

/// How long the command waits for the first token.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often the command asks for it.
const PERIOD: Duration = Duration::from_millis(150);

/// Waits until the first token is there or refused, and shows the account as it is then.
pub(super) fn print(
    account: &AccountView,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    let spinner = progress::spinner("asking the carrier for a token");
    let settled = session.wait(settled(&session.client, account));
    spinner.finish_and_clear();
    // The change is made already: a failed wait must not look like a failed change.
    let account = settled.as_ref().unwrap_or(account);
    show::one(account, output)?;
    Ok(match account.state {
        AccountState::Ready
        | AccountState::Pending
        | AccountState::NeedsConsent
        | AccountState::Inactive => CommandOutcome::Done,
        // The account is kept, so this is a finding and no error.
        AccountState::Failing | AccountState::Refused => {
            output.warn("the account is kept, but it gets no token: see above");
            CommandOutcome::FaultFound
        }
    })
}

async fn settled(client: &Client, account: &AccountView) -> Result<AccountView, ClientError> {
    let wait = async {
        let mut newest = account.clone();
        // Only `Pending` says that the first token is still under way.
        while newest.state == AccountState::Pending {
            tokio::time::sleep(PERIOD).await;
            newest = client.account(&account.name).await?;
        }
        Ok(newest)
    };
    match tokio::time::timeout(PATIENCE, wait).await {
        Ok(settled) => settled,
        // Asked once more: the last look may be older than the decision.
        Err(_) => client.account(&account.name).await,
    }
}
