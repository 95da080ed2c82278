//! One gateway's connection to the shared ledger. A frozen process does nothing there, and a dead one nothing
//! any more.

use super::database::{Database, Fenced, LEASE, Tables};
use crate::support::TokioClock;
use gateway_broker::{BoxFuture, Ledger, LedgerError};
use gateway_model::{
    AccountId, Clock as _, GrantStatus, GrantVersion, IntentId, SecretBytes, TokenBucketPolicy,
};
use gateway_store::{
    Claim, Completion, DemandCause, GrantRecord, Intent, Presentation, RenewalEntry, ReplicaId,
    Resolution, StoreChange,
};
use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// How much earlier than the database a gateway takes its own lease for ended.
const MARGIN: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) mailbox: usize,
    database: Arc<Database>,
    me: Mutex<(ReplicaId, Instant)>,
    frozen_until: Mutex<Option<Instant>>,
    dead: AtomicBool,
    /// The answers to so many statements are lost next, after they took effect.
    losing: AtomicU32,
    /// Nothing reaches the database.
    pub(crate) cut: AtomicBool,
    /// How long it takes to write a token, in milliseconds.
    pub(crate) slow: AtomicU64,
}

impl Member {
    pub(crate) fn new(mailbox: usize, database: &Arc<Database>) -> Arc<Self> {
        let id = database.tables().join();
        Arc::new(Self {
            mailbox,
            database: Arc::clone(database),
            me: Mutex::new((id, TokioClock.now() + LEASE - MARGIN)),
            frozen_until: Mutex::new(None),
            dead: AtomicBool::new(false),
            losing: AtomicU32::new(0),
            cut: AtomicBool::new(false),
            slow: AtomicU64::new(0),
        })
    }

    pub(crate) fn id(&self) -> ReplicaId {
        self.me.lock().expect("no panic").0.clone()
    }

    pub(crate) fn freeze(&self, span: Duration) {
        *self.frozen_until.lock().expect("no panic") = Some(TokioClock.now() + span);
    }

    pub(crate) fn die(&self) {
        self.dead.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Relaxed)
    }

    /// Whether it can do nothing now.
    pub(crate) fn is_away(&self) -> bool {
        let frozen_until = *self.frozen_until.lock().expect("no panic");
        let frozen = frozen_until.is_some_and(|until| TokioClock.now() < until);
        frozen || self.cut.load(Ordering::Relaxed)
    }

    pub(crate) fn lose_answers(&self, count: u32) {
        self.losing.store(count, Ordering::Relaxed);
    }

    /// Waits while the process is frozen; for ever if it is dead.
    pub(crate) async fn runs(&self) {
        loop {
            if self.dead.load(Ordering::Relaxed) {
                pending::<()>().await;
            }
            let until = *self.frozen_until.lock().expect("no panic");
            let now = TokioClock.now();
            match until.filter(|until| now < *until) {
                Some(until) => tokio::time::sleep(until - now).await,
                None => return,
            }
        }
    }

    /// Extends the lease, or joins anew.
    pub(crate) async fn heartbeat(&self) {
        self.runs().await;
        if self.cut.load(Ordering::Relaxed) {
            return;
        }
        // Taken before the statement.
        let sent = TokioClock.now();
        let mut me = self.me.lock().expect("no panic");
        let mut tables = self.database.tables();
        if !tables.extend(&me.0) {
            me.0 = tables.join();
            tables.tell(self.mailbox, &StoreChange::Replicas);
        }
        me.1 = sent + LEASE - MARGIN;
    }

    pub(crate) fn leave(&self) {
        let mut tables = self.database.tables();
        tables.leave(&self.id());
        tables.tell(self.mailbox, &StoreChange::Replicas);
    }

    /// One statement, which may wait on both sides of the database while the process is frozen.
    async fn statement<T>(
        &self,
        run: impl FnOnce(&mut Tables, &ReplicaId) -> Result<T, Fenced>,
    ) -> Result<T, LedgerError> {
        let away = || LedgerError::Failed("the connection was lost".to_owned());
        self.runs().await;
        if self.cut.load(Ordering::Relaxed) {
            return Err(away());
        }
        let result = run(&mut self.database.tables(), &self.id());
        self.runs().await;
        let lose = |losing: u32| losing.checked_sub(1);
        let lost = self
            .losing
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, lose);
        if lost.is_ok() {
            return Err(away());
        }
        result.map_err(|Fenced| LedgerError::Fenced)
    }
}

impl Ledger for Member {
    fn record_intent<'a>(
        &'a self,
        account: &'a AccountId,
        version: GrantVersion,
        which: Presentation,
        intent: &'a Intent,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        Box::pin(
            self.statement(move |tables, me| {
                tables.record_intent(me, account, version, which, intent)
            }),
        )
    }

    fn record_answer<'a>(
        &'a self,
        account: &'a AccountId,
        intent: &'a IntentId,
        answer: &'a SecretBytes,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        let from = self.mailbox;
        Box::pin(
            self.statement(move |tables, _| tables.record_answer(from, account, intent, answer)),
        )
    }

    fn end_doubt<'a>(
        &'a self,
        account: &'a AccountId,
        version: GrantVersion,
        intent: &'a Intent,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        let from = self.mailbox;
        Box::pin(self.statement(move |tables, _| tables.end_doubt(from, account, version, intent)))
    }

    fn complete<'a>(
        &'a self,
        account: &'a AccountId,
        version: GrantVersion,
        intent: Option<&'a IntentId>,
        completion: &'a Completion,
        entry: &'a RenewalEntry,
    ) -> BoxFuture<'a, Result<GrantVersion, LedgerError>> {
        let (from, slow) = (self.mailbox, self.slow.load(Ordering::Relaxed));
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(slow)).await;
            let complete = self.statement(move |tables, me| {
                tables.complete((from, me), account, version, intent, completion, entry)
            });
            complete.await
        })
    }

    fn resolve<'a>(
        &'a self,
        account: &'a AccountId,
        version: GrantVersion,
        intent: &'a IntentId,
        resolution: Resolution,
        entry: &'a RenewalEntry,
    ) -> BoxFuture<'a, Result<GrantStatus, LedgerError>> {
        Box::pin(self.statement(move |tables, me| {
            tables.resolve(me, account, version, intent, resolution, entry)
        }))
    }

    fn load<'a>(
        &'a self,
        account: &'a AccountId,
    ) -> BoxFuture<'a, Result<Option<GrantRecord>, LedgerError>> {
        Box::pin(async move {
            self.statement(|_, _| Ok(())).await?;
            Ok(self.database.grant(account))
        })
    }

    fn note<'a>(&'a self, entry: &'a RenewalEntry) -> BoxFuture<'a, Result<(), LedgerError>> {
        Box::pin(self.statement(move |tables, _| {
            tables.note(entry);
            Ok(())
        }))
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn claim<'a>(&'a self, account: &'a AccountId) -> BoxFuture<'a, Result<Claim, LedgerError>> {
        Box::pin(self.statement(move |tables, me| tables.claim(me, account)))
    }

    fn demand<'a>(
        &'a self,
        account: &'a AccountId,
        version: GrantVersion,
        cause: DemandCause,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        let change = StoreChange::Demand {
            account: account.clone(),
            version,
            cause,
        };
        let from = self.mailbox;
        Box::pin(self.statement(move |tables, _| {
            tables.tell(from, &change);
            Ok(())
        }))
    }

    fn tell_failure<'a>(
        &'a self,
        account: &'a AccountId,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        let account = account.clone();
        let from = self.mailbox;
        Box::pin(self.statement(move |tables, _| {
            tables.tell(from, &StoreChange::Failed { account });
            Ok(())
        }))
    }

    fn may_present(&self) -> bool {
        TokioClock.now() < self.me.lock().expect("no panic").1
    }

    fn take_budget<'a>(
        &'a self,
        _: &'a str,
        _: TokenBucketPolicy,
    ) -> BoxFuture<'a, Result<Result<(), Duration>, LedgerError>> {
        Box::pin(self.statement(|_, _| Ok(Ok(()))))
    }
}
