//! A ledger that several gateways share, in memory, with the database's rules: leases by its own clock,
//! fenced writes, messages in the order of the changes.

use crate::support::{TokioClock, grant};
use gateway_model::{AccountId, Clock as _, GrantStatus, GrantVersion, IntentId, SecretBytes};
use gateway_store::{
    Claim, Completion, Fence, GrantRecord, Intent, Presentation, RenewalEntry, ReplicaId,
    Resolution, StoreChange,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

pub(crate) const LEASE: Duration = Duration::from_secs(15);
/// How long a token request takes at most.
pub(crate) const REQUEST: Duration = Duration::from_secs(20);

/// A write that is refused, as the store's own.
#[derive(Debug)]
pub(crate) struct Fenced;

#[derive(Debug, Default)]
pub(crate) struct Database(Mutex<Tables>);

#[derive(Debug, Default)]
pub(crate) struct Tables {
    grants: BTreeMap<AccountId, Row>,
    owners: BTreeMap<AccountId, (ReplicaId, Fence)>,
    /// Until when each lease holds; a gateway that left has no row.
    replicas: BTreeMap<ReplicaId, Instant>,
    journal: Vec<RenewalEntry>,
    inboxes: BTreeMap<usize, mpsc::UnboundedSender<StoreChange>>,
    joined: u32,
    /// So many messages are lost next.
    pub(crate) losing: u32,
    /// States whose last chance was announced.
    pub(crate) last_chances: BTreeSet<Vec<u8>>,
    /// States that came with an answer that was recorded.
    pub(crate) statements: u64,
}

#[derive(Clone, Debug)]
struct Row {
    record: GrantRecord,
    completed: Option<IntentId>,
}

impl Database {
    /// The tables, with the mailbox of the gateway that sends: it hears nothing of itself.
    pub(crate) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().expect("no panic under the lock")
    }

    pub(crate) fn grant(&self, account: &AccountId) -> Option<GrantRecord> {
        let tables = self.tables();
        tables.grants.get(account).map(|row| row.record.clone())
    }

    pub(crate) fn put(&self, record: GrantRecord) {
        let account = record.account.clone();
        let completed = None;
        self.tables()
            .grants
            .insert(account, Row { record, completed });
    }
}

fn now() -> Instant {
    TokioClock.now()
}

impl Tables {
    pub(crate) fn connect(&mut self, mailbox: usize) -> mpsc::UnboundedReceiver<StoreChange> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.inboxes.insert(mailbox, sender);
        receiver
    }

    pub(crate) fn disconnect(&mut self, mailbox: usize) {
        self.inboxes.remove(&mailbox);
    }

    /// Tells everybody but the sender.
    pub(crate) fn tell(&mut self, from: usize, change: &StoreChange) {
        if self.losing > 0 {
            self.losing -= 1;
            return;
        }
        for (mailbox, sender) in &self.inboxes {
            if *mailbox != from {
                drop(sender.send(change.clone()));
            }
        }
    }

    pub(crate) fn join(&mut self) -> ReplicaId {
        self.joined += 1;
        let id = ReplicaId::from_random(self.joined.into());
        self.replicas.insert(id.clone(), now() + LEASE);
        id
    }

    /// How many gateways have joined so far.
    pub(crate) fn joins(&self) -> u64 {
        self.joined.into()
    }

    pub(crate) fn is_live(&self, replica: &ReplicaId) -> bool {
        self.replicas
            .get(replica)
            .is_some_and(|until| now() < *until)
    }

    pub(crate) fn live(&self) -> Vec<ReplicaId> {
        let all = self.replicas.keys();
        all.filter(|id| self.is_live(id)).cloned().collect()
    }

    /// `false`: the lease has ended.
    pub(crate) fn extend(&mut self, replica: &ReplicaId) -> bool {
        let live = self.is_live(replica);
        if live {
            self.replicas.insert(replica.clone(), now() + LEASE);
        }
        live
    }

    pub(crate) fn leave(&mut self, replica: &ReplicaId) {
        self.replicas.remove(replica);
    }

    pub(crate) fn owner(&self, account: &AccountId) -> Option<ReplicaId> {
        self.owners.get(account).map(|(owner, _)| owner.clone())
    }

    pub(crate) fn claim(&mut self, me: &ReplicaId, account: &AccountId) -> Result<Claim, Fenced> {
        self.statements += 1;
        if !self.is_live(me) {
            return Err(Fenced);
        }
        let claim = match self.owners.get(account) {
            None => Claim::Mine,
            Some((owner, _)) if owner == me => return Ok(Claim::Mine),
            Some((owner, _)) if self.is_live(owner) => {
                return Ok(Claim::Theirs {
                    owner: owner.clone(),
                });
            }
            Some((owner, _)) => {
                let until = self.replicas.get(owner);
                let settled_at = until.map(|until| *until + REQUEST);
                Claim::Taken {
                    settled_in: settled_at
                        .unwrap_or_else(now)
                        .saturating_duration_since(now()),
                }
            }
        };
        let fence = self.owners.get(account).map_or(0, |(_, fence)| fence.0);
        let owner = (me.clone(), Fence(fence + 1));
        self.owners.insert(account.clone(), owner);
        Ok(claim)
    }

    /// The fence under which this gateway writes.
    fn fence(&self, me: &ReplicaId, account: &AccountId) -> Result<Fence, Fenced> {
        let owner = self.owners.get(account).filter(|(owner, _)| owner == me);
        let (_, fence) = owner.ok_or(Fenced)?;
        self.is_live(me).then_some(*fence).ok_or(Fenced)
    }

    fn row(&mut self, account: &AccountId, version: GrantVersion) -> Result<&mut Row, Fenced> {
        let row = self.grants.get_mut(account).ok_or(Fenced)?;
        if row.record.version == version {
            Ok(row)
        } else {
            Err(Fenced)
        }
    }

    pub(crate) fn record_intent(
        &mut self,
        me: &ReplicaId,
        account: &AccountId,
        version: GrantVersion,
        which: Presentation,
        intent: &Intent,
    ) -> Result<(), Fenced> {
        self.fence(me, account)?;
        let row = self.row(account, version)?;
        let (from, to) = match which {
            Presentation::Ordinary => (GrantStatus::Held, GrantStatus::Presenting),
            Presentation::LastChance => (GrantStatus::OutcomeUnknown, GrantStatus::LastChance),
        };
        let open = row.record.intent.as_ref().map(|open| open.id.clone());
        if row.record.status == to && open.as_ref() == Some(&intent.id) {
            return Ok(());
        }
        if row.record.status != from {
            return Err(Fenced);
        }
        row.record.status = to;
        row.record.intent = Some(intent.clone());
        let state = row.record.state.expose().to_vec();
        if which == Presentation::LastChance {
            self.last_chances.insert(state);
        }
        Ok(())
    }

    /// Needs no ownership: what the carrier answered to an intent is a fact.
    pub(crate) fn record_answer(
        &mut self,
        from: usize,
        account: &AccountId,
        intent: &IntentId,
        answer: &SecretBytes,
    ) -> Result<(), Fenced> {
        let row = self.grants.get_mut(account).ok_or(Fenced)?;
        let open = row.record.intent.as_mut().filter(|open| open.id == *intent);
        open.ok_or(Fenced)?.answer = Some(answer.clone());
        let version = row.record.version;
        let account = account.clone();
        self.tell(from, &StoreChange::Grant { account, version });
        Ok(())
    }

    /// As the store does it.
    pub(crate) fn end_doubt(
        &mut self,
        from: usize,
        account: &AccountId,
        version: GrantVersion,
        intent: &Intent,
    ) -> Result<(), Fenced> {
        let row = self.grants.get_mut(account).ok_or(Fenced)?;
        let kept = &mut row.record;
        let lost = kept.restored.is_some() && kept.intent.is_none() && kept.version == version;
        if !lost || kept.status != GrantStatus::OutcomeUnknown {
            return Err(Fenced);
        }
        kept.intent = Some(intent.clone());
        let account = account.clone();
        self.tell(from, &StoreChange::Grant { account, version });
        Ok(())
    }

    pub(crate) fn complete(
        &mut self,
        (from, me): (usize, &ReplicaId),
        account: &AccountId,
        version: GrantVersion,
        intent: Option<&IntentId>,
        completion: &Completion,
        entry: &RenewalEntry,
    ) -> Result<GrantVersion, Fenced> {
        let fence = self.fence(me, account)?;
        if intent.is_none() {
            let first = || Row {
                record: GrantRecord {
                    account: account.clone(),
                    version: GrantVersion::NONE,
                    ..grant(GrantStatus::Repeatable)
                },
                completed: None,
            };
            self.grants.entry(account.clone()).or_insert_with(first);
        }
        let row = self.grants.get_mut(account).ok_or(Fenced)?;
        let repeated = intent.is_some() && row.completed.as_ref() == intent;
        if repeated && row.record.version == version.next() {
            return Ok(row.record.version);
        }
        let open = row.record.intent.as_ref().map(|open| &open.id);
        if row.record.version != version || intent.is_some() && open != intent {
            return Err(Fenced);
        }
        row.completed = intent.cloned();
        let record = &mut row.record;
        record.version = version.next();
        record.status = completion.status;
        record.state = completion.state.clone();
        record.token = Some(completion.token.clone());
        record.facts = completion.facts.clone();
        record.expires_at = completion.expires_at;
        record.intent = None;
        record.written_by = Some((me.clone(), fence));
        let (account, version) = (account.clone(), record.version);
        self.journal.push(entry.clone());
        self.tell(from, &StoreChange::Grant { account, version });
        Ok(version)
    }

    pub(crate) fn resolve(
        &mut self,
        me: &ReplicaId,
        account: &AccountId,
        version: GrantVersion,
        intent: &IntentId,
        resolution: Resolution,
        entry: &RenewalEntry,
    ) -> Result<GrantStatus, Fenced> {
        self.fence(me, account)?;
        let row = self.row(account, version)?;
        if row.completed.as_ref() == Some(intent) {
            return Ok(row.record.status);
        }
        if row.record.intent.as_ref().map(|open| &open.id) != Some(intent) {
            return Err(Fenced);
        }
        row.record.status = match (row.record.status, resolution) {
            (GrantStatus::Presenting, Resolution::Unharmed) => GrantStatus::Held,
            (GrantStatus::Presenting, Resolution::Unknown)
            | (GrantStatus::LastChance, Resolution::Unharmed) => GrantStatus::OutcomeUnknown,
            (GrantStatus::LastChance, Resolution::Unknown)
            | (GrantStatus::Presenting | GrantStatus::LastChance, Resolution::Refused) => {
                GrantStatus::Spent
            }
            (
                GrantStatus::Repeatable
                | GrantStatus::Held
                | GrantStatus::OutcomeUnknown
                | GrantStatus::Spent,
                _,
            ) => return Err(Fenced),
        };
        if resolution != Resolution::Unknown {
            row.record.intent = None;
        }
        row.completed = Some(intent.clone());
        let status = row.record.status;
        self.journal.push(entry.clone());
        Ok(status)
    }

    pub(crate) fn note(&mut self, entry: &RenewalEntry) {
        self.journal.push(entry.clone());
    }

    pub(crate) fn newest_entry(&self, account: &AccountId) -> Option<&RenewalEntry> {
        let mut entries = self.journal.iter().rev();
        entries.find(|entry| entry.account == *account)
    }

    /// Over an older record, which a failover brought back.
    pub(crate) fn write_back(
        &mut self,
        (from, me): (usize, &ReplicaId),
        held: GrantRecord,
    ) -> Result<bool, Fenced> {
        self.claim(me, &held.account)?;
        let fence = self.fence(me, &held.account)?;
        let row = self.grants.get_mut(&held.account).ok_or(Fenced)?;
        if !held.is_ahead_of(&row.record) {
            return Ok(false);
        }
        row.completed = None;
        row.record = GrantRecord {
            written_by: Some((me.clone(), fence)),
            ..held
        };
        let (account, version) = (row.record.account.clone(), row.record.version);
        self.tell(from, &StoreChange::Grant { account, version });
        Ok(true)
    }

    /// A new login at any gateway.
    pub(crate) fn replace(&mut self, from: usize, me: &ReplicaId, login: GrantRecord) {
        let (account, version) = (login.account.clone(), login.version);
        let record = GrantRecord {
            written_by: Some((me.clone(), Fence(0))),
            ..login
        };
        let completed = None;
        self.grants
            .insert(account.clone(), Row { record, completed });
        self.tell(from, &StoreChange::Grant { account, version });
    }
}
