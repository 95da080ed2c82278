//! Which accounts are of one login at a carrier, as far as the gateway can know it.
//!
//! Only the carrier knows for certain. Here two accounts of a carrier count as one login's if they have an account
//! number in common (such as the same number in both environments), or if the list of the last migration names the same
//! user for them (whose numbers may have been too many for one account).

use crate::{
    ControlError, ControlPlane, account_index::IndexedAccount, account_list::AccountSummary,
};
use gateway_model::{AccountId, AccountNumber, CarrierId};
use std::collections::BTreeMap;

/// The most accounts of a login that are looked for: as many as an invitation may have.
const MOST: usize = 20;

/// Who signs in for an account, as far as it is known.
type Users = BTreeMap<AccountId, String>;

/// What tells the login of an account.
#[derive(Clone, Copy)]
struct Mark<'a> {
    name: &'a AccountId,
    carrier: &'a CarrierId,
    numbers: &'a [AccountNumber],
}

impl<'a> Mark<'a> {
    fn of(account: &'a IndexedAccount) -> Self {
        let record = &account.account.record;
        Self {
            name: &record.name,
            carrier: &record.carrier,
            numbers: &record.numbers,
        }
    }

    fn of_summary(summary: &'a AccountSummary) -> Self {
        Self {
            name: &summary.name,
            carrier: &summary.carrier,
            numbers: &summary.numbers,
        }
    }

    fn is_of_same_login(self, other: Self, users: &Users) -> bool {
        // Carriers ignore the case of a number, and of a user's name.
        let same_number = |one: &AccountNumber| {
            let mut others = other.numbers.iter();
            others.any(|other| one.as_str().eq_ignore_ascii_case(other.as_str()))
        };
        let user = |mark: Self| users.get(mark.name);
        let same_user = user(self)
            .zip(user(other))
            .is_some_and(|(one, other)| one.eq_ignore_ascii_case(other));
        self.carrier == other.carrier && (same_user || self.numbers.iter().any(same_number))
    }
}

impl ControlPlane {
    /// The other accounts of the login of this one for which a person signs in, ordered by name; with it at most 20.
    ///
    /// # Errors
    /// When what is served is not known and the store cannot be read.
    pub async fn accounts_of_login(
        &self,
        account: &AccountId,
    ) -> Result<Vec<AccountId>, ControlError> {
        let users = self.users_of_migration().await;
        let name = self.known_account(account).await?.name;
        let look = |accounts: &[IndexedAccount]| {
            let marks = accounts.iter().filter(|it| it.signs_in).map(Mark::of);
            of_login(&name, &marks.collect::<Vec<_>>(), &users)
        };
        self.look_at_served(look).await
    }

    /// These accounts, those of one login together, in the order of the first of each.
    pub async fn by_login(&self, accounts: Vec<AccountSummary>) -> Vec<Vec<AccountSummary>> {
        let users = self.users_of_migration().await;
        let mut logins: Vec<Vec<AccountSummary>> = Vec::new();
        for account in accounts {
            let is_its = |login: &Vec<AccountSummary>| {
                let mark = Mark::of_summary(&account);
                let mut known = login.iter().map(Mark::of_summary);
                known.any(|known| known.is_of_same_login(mark, &users))
            };
            // It may join two that had nothing in common so far.
            let (mut its, mut others): (Vec<_>, Vec<_>) = logins.into_iter().partition(is_its);
            its.push(vec![account]);
            others.push(its.concat());
            logins = others;
        }
        logins.sort_by_key(|login| login.first().map(|it| it.name.clone()));
        logins
    }
}

fn of_login(name: &AccountId, marks: &[Mark<'_>], users: &Users) -> Vec<AccountId> {
    let first = marks.iter().find(|it| it.name == name);
    let mut found: Vec<Mark<'_>> = first.copied().into_iter().collect();
    // One that was found may lead to the next: a number in common, then a user.
    let mut at = 0;
    while let Some(known) = found.get(at).copied() {
        for mark in marks {
            if found.len() < MOST
                && known.is_of_same_login(*mark, users)
                && found.iter().all(|it| it.name != mark.name)
            {
                found.push(*mark);
            }
        }
        at += 1;
    }
    let mut names: Vec<AccountId> = found.iter().skip(1).map(|it| it.name.clone()).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Vec<AccountNumber> {
        let texts = text.split(' ').filter(|it| !it.is_empty());
        texts.map(|it| it.parse().expect("a number")).collect()
    }

    #[test]
    fn accounts_of_a_login_have_a_number_or_a_user_in_common() {
        let accounts = [
            ("shop", "ups", "A1B2C3"),
            ("shop-test", "ups", "a1b2c3 D4E5F6"),
            ("depot", "ups", "D4E5F6"),
            ("rest", "ups", "R0R0R0"),
            ("other", "ups", "X9Y8Z7"),
            ("bare", "ups", ""),
            ("abroad", "fedex", "A1B2C3"),
        ];
        let accounts = accounts.map(|(name, carrier, text)| {
            let name: AccountId = name.parse().expect("a name");
            let carrier: CarrierId = carrier.parse().expect("a carrier");
            (name, carrier, numbers(text))
        });
        let marks: Vec<Mark<'_>> = (accounts.iter())
            .map(|(name, carrier, numbers)| Mark {
                name,
                carrier,
                numbers,
            })
            .collect();
        let users = [("depot", "Ada"), ("rest", "ada"), ("abroad", "ada")];
        let users = users.map(|(name, user)| (name.parse().expect("a name"), user.to_owned()));
        let users = Users::from(users);
        let of = |name: &str| {
            let found = of_login(&name.parse().expect("a name"), &marks, &users);
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            found.join(" ")
        };
        for (name, expected) in [
            ("shop", "depot rest shop-test"),
            ("rest", "depot shop shop-test"),
            ("other", ""),
            ("bare", ""),
            ("abroad", ""),
            ("nobody", ""),
        ] {
            assert_eq!(of(name), expected, "{name}");
        }
    }
}
