//! Groups the rows of a list by the login that they need: one account, and one sign-in, for each.

use super::{
    known::{Known, has, same},
    list::Row,
    progress::Progress,
};
use crate::account_record::MAX_NUMBERS;
use gateway_api::MigrationState;
use gateway_model::{AccountId, AccountNumber, CarrierId, Environment};

/// The rows of one account.
pub(super) struct LoginGroup {
    /// The stored account, if there is one already.
    pub(super) account: Option<AccountId>,
    pub(super) environment: Environment,
    /// The account numbers, each once, in the order of the list.
    pub(super) numbers: Vec<AccountNumber>,
    /// The user who signs in, if the list names one.
    user: Option<String>,
    pub(super) rows: Vec<Row>,
}

impl LoginGroup {
    /// Whether another group belongs to the same account.
    fn takes(&self, other: &Self) -> bool {
        if self.environment != other.environment {
            return false;
        }
        match (&self.account, &other.account) {
            (Some(one), Some(other)) => one == other,
            (None, None) => {
                self.numbers.len() < MAX_NUMBERS
                    && same_user(self.user.as_deref(), other.user.as_deref())
            }
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

/// Groups the rows, in the list's order.
pub(super) fn group(
    rows: Vec<Row>,
    carrier: &CarrierId,
    known: &Known,
    progress: &Progress,
) -> Vec<LoginGroup> {
    let mut logins: Vec<LoginGroup> = Vec::new();
    // By number first: rows of one number never become two accounts, whatever users they name.
    for mut number in by_number(rows) {
        let owner = known.owner(carrier, &number.numbers[0], number.environment);
        number.account = match owner {
            Some((account, _)) => Some(account.name.clone()),
            None => waiting_account(&number, &logins, known, progress),
        };
        match logins.iter_mut().find(|login| login.takes(&number)) {
            Some(login) => {
                login.numbers.append(&mut number.numbers);
                login.rows.append(&mut number.rows);
            }
            None => logins.push(number),
        }
    }
    logins
}

fn by_number(rows: Vec<Row>) -> Vec<LoginGroup> {
    let mut groups: Vec<LoginGroup> = Vec::new();
    for row in rows {
        let fits = |group: &&mut LoginGroup| {
            group.environment == row.environment && same(&group.numbers[0], &row.number)
        };
        match groups.iter_mut().find(fits) {
            Some(group) => {
                group.user = group.user.take().or_else(|| row.user.clone());
                group.rows.push(row);
            }
            None => groups.push(LoginGroup {
                account: None,
                environment: row.environment,
                numbers: vec![row.number.clone()],
                user: row.user.clone(),
                rows: vec![row],
            }),
        }
    }
    groups
}

/// The account that the migration in progress added for the same user, if nobody has signed in for it
/// yet: the sign-in to come proves the new number as well.
fn waiting_account(
    new: &LoginGroup,
    logins: &[LoginGroup],
    known: &Known,
    progress: &Progress,
) -> Option<AccountId> {
    let items = progress.items.iter();
    let mut waiting = items.filter(|item| {
        let account = known.account(&item.account);
        let status = known.statuses.get(&item.account);
        item.environment == new.environment
            && same_user(item.users.first().map(String::as_str), new.user.as_deref())
            && account.is_some_and(|account| item.added(account))
            && status.is_some_and(|status| status.state == MigrationState::NeedsConsent)
    });
    let room = |name: &AccountId| {
        let stored = known
            .account(name)
            .map(|account| account.numbers.as_slice());
        let stored = stored.unwrap_or_default();
        let planned = logins
            .iter()
            .find(|login| login.account.as_ref() == Some(name));
        let planned = planned.map_or(&[][..], |login| &login.numbers);
        let new = planned.iter().filter(|number| !has(stored, number));
        stored.len() + new.count() < MAX_NUMBERS
    };
    let found = waiting.find(|item| room(&item.account))?;
    Some(found.account.clone())
}

/// Whether two rows name the same user. Two rows without one may need two people.
fn same_user(one: Option<&str>, other: Option<&str>) -> bool {
    // Case is ignored: carriers do so in user names, and people write them either way.
    one.zip(other)
        .is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
}
