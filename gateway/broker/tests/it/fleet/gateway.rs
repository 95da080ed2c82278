//! One gateway of a fleet: a broker, its place in the fleet, and the messages of the others.

use super::{
    carrier::{Carrier, Client},
    database::{Database, LEASE, REQUEST},
    member::Member,
};
use crate::support::{TokioClock, main_account, soon, spec};
use gateway_broker::{AccountSpec, Authorizer, Broker, BrokerConfig, Handle, failure_of};
use gateway_model::{
    CredentialCell, CredentialState, Generation, GrantKind, GrantStatus, GrantVersion, SecretBytes,
    Unavailable,
};
use gateway_store::{GrantRecord, ReplicaId, StoreChange};
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, task::AbortHandle};

pub(crate) struct Gateway {
    pub(crate) broker: Arc<Broker>,
    pub(crate) handle: Handle,
    pub(crate) member: Arc<Member>,
    pub(crate) cell: Arc<CredentialCell>,
    database: Arc<Database>,
    carrier: Arc<Carrier>,
    kind: GrantKind,
    tasks: Vec<AbortHandle>,
}

impl Gateway {
    /// Starts one with the account `main`, and takes over what the ledger keeps of it.
    pub(crate) fn start(
        mailbox: usize,
        database: &Arc<Database>,
        carrier: &Arc<Carrier>,
        kind: GrantKind,
    ) -> Self {
        let member = Member::new(mailbox, database);
        let config = BrokerConfig {
            authorize_timeout: REQUEST + Duration::from_secs(1),
            lease: LEASE,
            ..BrokerConfig::default()
        };
        let ledger = Arc::clone(&member);
        // Another one for each process, or two of them would name their intents alike.
        let seed = database.tables().joins();
        let broker = Broker::new(config, Arc::new(TokioClock), ledger as _, seed);
        let broker = Arc::new(broker);
        let mut gateway = Self {
            handle: broker.handle(),
            cell: broker.add_account(account(kind, "secret", carrier, &member)),
            broker,
            member,
            database: Arc::clone(database),
            carrier: Arc::clone(carrier),
            kind,
            tasks: Vec::new(),
        };
        let changes = database.tables().connect(mailbox);
        gateway.sweep();
        let messages = tokio::spawn(hear(gateway.ear(), changes));
        let beats = tokio::spawn(beat(gateway.ear()));
        gateway.tasks = vec![messages.abort_handle(), beats.abort_handle()];
        gateway
    }

    fn ear(&self) -> Ear {
        Ear {
            broker: Arc::clone(&self.broker),
            member: Arc::clone(&self.member),
            database: Arc::clone(&self.database),
        }
    }

    fn sweep(&self) {
        self.ear().sweep();
    }

    pub(crate) async fn acquire(&self) -> Result<(), Unavailable> {
        self.handle.acquire(&main_account(), soon(30)).await
    }

    pub(crate) async fn renew(&self, seconds: u64) -> Result<(), Unavailable> {
        self.handle.renew(&main_account(), soon(seconds)).await
    }

    pub(crate) fn generation(&self) -> Generation {
        let status = self.handle.status(&main_account());
        status.expect("the account is kept").generation
    }

    /// The published token.
    pub(crate) fn token(&self) -> Option<String> {
        match &*self.cell.load().1 {
            CredentialState::Usable(credential) => {
                let (_, value) = credential.headers.first()?;
                value.to_str().ok().map(str::to_owned)
            }
            CredentialState::Absent(_) => None,
        }
    }

    pub(crate) fn version(&self) -> GrantVersion {
        self.broker.held_grants()[0].version
    }

    /// The account's client secret is another one from now on.
    pub(crate) fn change_secret(&self, secret: &str) {
        let changed = account(self.kind, secret, &self.carrier, &self.member);
        self.broker.add_account(changed);
    }

    /// A person signs in here.
    pub(crate) fn sign_in(&self) {
        let number = {
            let mut books = self.carrier.books();
            books.accepted = (books.accepted / 1_000 + 1) * 1_000;
            books.revoked = false;
            books.accepted
        };
        let before = self.database.grant(&main_account()).expect("a grant");
        let login = GrantRecord {
            version: before.version.next(),
            status: GrantStatus::Held,
            state: SecretBytes::new(format!("state-{number}").into_bytes()),
            token: None,
            intent: None,
            ..before
        };
        let (from, me) = (self.member.mailbox, self.member.id());
        let mut tables = self.database.tables();
        tables.replace(from, &me, login.clone());
        drop(tables);
        self.broker.adopt(&login);
    }

    /// The process ends without a word.
    pub(crate) fn crash(&mut self) {
        self.member.die();
        self.end();
    }

    /// The process leaves the fleet, after it has finished its calls.
    pub(crate) async fn stop(&mut self) {
        self.broker.shutdown(REQUEST).await;
        self.member.leave();
        self.end();
    }

    /// The process leaves the fleet, and its calls are cut off.
    pub(crate) fn leave_at_once(&mut self) {
        self.member.leave();
        self.member.die();
        self.end();
    }

    fn end(&mut self) {
        // Ended before: the mailbox may be its successor's now.
        if self.tasks.is_empty() {
            return;
        }
        self.database.tables().disconnect(self.member.mailbox);
        for task in self.tasks.drain(..) {
            task.abort();
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.end();
    }
}

fn account(
    kind: GrantKind,
    secret: &str,
    carrier: &Arc<Carrier>,
    member: &Arc<Member>,
) -> AccountSpec {
    let client = Client {
        carrier: Arc::clone(carrier),
        member: Arc::clone(member),
        single_use: kind == GrantKind::AuthorizationCode,
    };
    AccountSpec {
        grant: kind,
        authorizer: Arc::new(client) as Arc<dyn Authorizer>,
        ..spec("main", secret, &crate::support::Script::new([]))
    }
}

/// What the control plane does for the fleet.
struct Ear {
    broker: Arc<Broker>,
    member: Arc<Member>,
    database: Arc<Database>,
}

impl Ear {
    fn record(&self) -> Option<(GrantRecord, bool)> {
        let record = self.database.grant(&main_account())?;
        let tables = self.database.tables();
        let by = record.written_by.as_ref().map(|(by, _)| by.clone());
        let lives = by.is_some_and(|by| by != self.member.id() && tables.is_live(&by));
        Some((record, lives))
    }

    fn sweep(&self) {
        let Some((record, writer_lives)) = self.record() else {
            return;
        };
        let held = self.broker.held(&main_account());
        match held.filter(|held| held.is_ahead_of(&record)) {
            Some(held) => {
                let by = (self.member.mailbox, &self.member.id());
                let _fenced = self.database.tables().write_back(by, held);
            }
            None => self.broker.changed_elsewhere(&record, writer_lives),
        }
    }

    fn live(&self) -> Vec<ReplicaId> {
        self.database.tables().live()
    }

    fn heard(&self, change: StoreChange) {
        match change {
            StoreChange::Grant { .. } => self.sweep(),
            StoreChange::Failed { account } => {
                let entry = self.database.tables().newest_entry(&account).cloned();
                if let Some(failure) = entry.as_ref().and_then(failure_of) {
                    self.broker.failed_elsewhere(&account, failure);
                }
            }
            StoreChange::Demand {
                account,
                version,
                cause,
            } => self.broker.demanded_elsewhere(&account, version, cause),
            StoreChange::Replicas => self.broker.replicas_changed(&self.live()),
            StoreChange::Account(_)
            | StoreChange::App(_)
            | StoreChange::AdminTokens
            | StoreChange::Notices
            | StoreChange::Manifests
            | StoreChange::KeyRing
            | StoreChange::Resync => {}
        }
    }
}

async fn hear(ear: Ear, mut changes: mpsc::UnboundedReceiver<StoreChange>) {
    while let Some(change) = changes.recv().await {
        ear.member.runs().await;
        ear.heard(change);
    }
}

async fn beat(ear: Ear) {
    for turn in 0_u32.. {
        tokio::time::sleep(LEASE / 3).await;
        ear.member.heartbeat().await;
        ear.broker.replicas_changed(&ear.live());
        if turn.is_multiple_of(6) {
            ear.sweep();
        }
    }
}
