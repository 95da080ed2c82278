//! Many accounts in a SQLite store, each with a token that is good already, and the shipped gateway on
//! that store. Their carrier is a mock of its own, so that signing their tokens takes no time from
//! the ordinary answers.

use crate::{
    candidates::{Candidate, Extra, start_waybill},
    machine::Plan,
    options::Options,
    world::{ALL, Carrier, Mock, World, client_id},
};
use anyhow::{Context as _, Result, ensure};
use benches::{ask::Ask, now};
use gateway_broker::{
    AccountSpec, Authorization, Authorizer, BoxFuture, GrantChange, Issued, KeyParts, SlotKey,
    Transport, completion,
};
use gateway_model::{
    ClientSecret, Environment, Failure, FailureClass, GrantKind, GrantVersion, ManagedBy,
    SecretBytes, TokenFacts,
};
use gateway_store::{
    Access, AccountRecord, GrantRecord, MasterKeySource, Store, StoreOptions, StoreUrl, Timestamp,
};
use http::{HeaderValue, header};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// Accounts that are written at once.
const CHUNK: usize = 500;
/// The secret of every client of the mock.
const SECRET: &str = "mock-secret";

/// How a fleet's tokens are when the gateway starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    /// From the making of the store to their end.
    pub(super) lifetime: Duration,
    /// From the making of the store until they are due; `None`: after four fifths of their life.
    pub(super) due: Option<Duration>,
}

/// What a fleet is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) accounts: usize,
    /// Requests for each account that the carrier's journal must be able to hold.
    pub(super) requests_each: usize,
}

/// A gateway on a store of many accounts.
pub(super) struct Fleet {
    pub(super) world: World,
    pub(super) carrier: Carrier,
    pub(super) gateway: Candidate,
    pub(super) accounts: usize,
    /// Where the carrier's journal was before the gateway's start.
    pub(super) before: u64,
    /// When the stored tokens' times began to count.
    pub(super) begun: SystemTime,
    /// From the start of the process to its serving, of a gateway that had this store before.
    pub(super) ready: Duration,
}

impl Fleet {
    /// Makes the store and starts the gateway on it. `stored` says for each account how its token is.
    pub(super) fn start(
        options: &Options,
        size: Size,
        stored: impl Fn(usize) -> Stored,
    ) -> Result<Self> {
        let accounts = size.accounts;
        let plan = Plan::storm(options.workers);
        let world = World::start_with(options, plan, &Mock::default())?;
        let mock = Mock {
            journal: accounts * size.requests_each + 1_000,
            clients: accounts,
            gives_way: true,
        };
        let folder = world.folder.path();
        let carrier = Carrier::start(options, "mock-fleet", &world.plan.fleet, folder, &mock)?;
        let begun = wall();
        fill(folder, &carrier, accounts, begun, stored)?;
        let before = newest(&carrier)?;
        let extra = Extra {
            sections: "[tokens]\njitter = 0.0\n[store]\nurl = \"sqlite://fleet.db\"\n".to_owned(),
            tables: format!(
                "[[route]]\ncarrier = \"ups\"\nenvironment = \"production\"\nprefix = \"/fleet\"\n\
                 origin = \"http://{}\"\ndanger_plaintext_upstream = true\n",
                carrier.addr
            ),
            ..Extra::default()
        };
        // The first start adds the configuration's own account to the store. What is measured is a start
        // like every later one.
        start_waybill(options, 0, &world, &extra)?.server.stop()?;
        let start = now();
        let gateway = start_waybill(options, 0, &world, &extra)?;
        let ready = now() - start;
        Ok(Self {
            world,
            carrier,
            gateway,
            accounts,
            before,
            begun,
            ready,
        })
    }

    /// A request for one of the accounts.
    pub(super) fn ask(at: usize) -> Ask {
        Ask::shop()
            .below("/fleet")
            .with("waybill-account", &client_id(at))
    }

    /// How long it is to that time after the store was begun.
    pub(super) fn until(&self, after: Duration) -> Duration {
        let due = self.begun + after;
        due.duration_since(wall()).unwrap_or_default()
    }

    /// Where the carrier's journal is now.
    pub(super) fn mark(&self) -> Result<u64> {
        newest(&self.carrier)
    }

    /// Whether the carrier has had `requests` requests since a mark. The mock is asked, because a question to the
    /// gateway would disturb what is measured.
    pub(super) fn asked_since(&self, mark: u64, requests: usize) -> Result<bool> {
        Ok(newest(&self.carrier)? >= mark + requests as u64)
    }

    /// Token requests since a mark, as the carrier saw them, by account.
    pub(super) fn token_requests(&self, mark: u64) -> Result<TokenRequests> {
        let mut each = BTreeMap::new();
        for entry in whole(&self.carrier, &format!("&after={mark}"), ALL)? {
            let client = entry["client_id"].as_str().unwrap_or_default();
            *each.entry(client.to_owned()).or_insert(0) += 1;
        }
        Ok(TokenRequests {
            accounts: self.accounts,
            each,
        })
    }

    /// Token requests of one account since a mark.
    pub(super) fn token_requests_of(&self, at: usize, mark: u64) -> Result<u64> {
        let filter = format!("&after={mark}&client_id={}", client_id(at));
        Ok(whole(&self.carrier, &filter, ALL)?.len() as u64)
    }

    /// Fails if the gateway did not take over the stored tokens: then it measures another thing.
    pub(super) fn taken_over(&self) -> Result<()> {
        let made = self.token_requests(self.before)?.total();
        ensure!(
            made == 0,
            "the gateway asked for {made} tokens at its start, though its store holds good ones"
        );
        Ok(())
    }

    /// Names what failed, and says what became of the gateway.
    pub(super) fn named<T>(&self, what: &'static str, done: Result<T>) -> Result<T> {
        done.context(what)
            .map_err(|error| self.gateway.server.explain(error))
    }
}

/// The newest token requests in the carrier's journal, which must not have forgotten any.
fn whole(carrier: &Carrier, filter: &str, limit: usize) -> Result<Vec<serde_json::Value>> {
    let (entries, lost) = carrier.token_requests(filter, limit)?;
    ensure!(
        lost == 0,
        "the mock's journal was too small and lost {lost} requests"
    );
    Ok(entries)
}

/// The number of the newest token request.
fn newest(carrier: &Carrier) -> Result<u64> {
    let entries = whole(carrier, "", 1)?;
    Ok(entries
        .first()
        .and_then(|entry| entry["seq"].as_u64())
        .unwrap_or(0))
}

/// Token requests by account.
#[derive(Debug)]
pub(super) struct TokenRequests {
    accounts: usize,
    each: BTreeMap<String, u64>,
}

impl TokenRequests {
    /// Of all accounts together.
    pub(super) fn total(&self) -> u64 {
        self.each.values().sum()
    }

    /// The most that one account made.
    pub(super) fn most(&self) -> u64 {
        self.each.values().copied().max().unwrap_or(0)
    }

    /// How many accounts made any.
    pub(super) fn of(&self) -> usize {
        self.each.len()
    }

    /// Whether every account made exactly one.
    pub(super) fn one_each(&self) -> Result<()> {
        ensure!(
            self.of() == self.accounts && self.most() == 1,
            "{} token requests of {} accounts, up to {} of one, where {} accounts should make one each",
            self.total(),
            self.of(),
            self.most(),
            self.accounts
        );
        Ok(())
    }
}

/// Writes the store as the gateway would have left it.
fn fill(
    folder: &Path,
    carrier: &Carrier,
    accounts: usize,
    begun: SystemTime,
    stored: impl Fn(usize) -> Stored,
) -> Result<()> {
    let options = StoreOptions {
        url: StoreUrl::Sqlite(folder.join("fleet.db")),
        master_key: MasterKeySource::File(folder.join("waybill.key")),
        old_keys: Vec::new(),
        listen_url: None,
    };
    let token = carrier.token()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let store = Store::open(&options, Access::Create).await?;
        let all: Vec<usize> = (0..accounts).collect();
        for chunk in all.chunks(CHUNK) {
            let records = chunk.iter().map(|at| {
                let account = account(*at, begun)?;
                let grant = grant(&account, carrier, &token, begun, stored(*at))?;
                Ok((account, grant))
            });
            let records = records.collect::<Result<Vec<_>>>()?;
            store.fill(&records).await?;
        }
        store.close().await;
        Ok(())
    })
}

fn account(at: usize, begun: SystemTime) -> Result<AccountRecord> {
    let id = client_id(at);
    Ok(AccountRecord {
        name: id.parse()?,
        aliases: Vec::new(),
        carrier: "ups".parse()?,
        environment: Environment::Production,
        numbers: Vec::new(),
        grant: GrantKind::ClientCredentials,
        client_id: id,
        client_secrets: vec![ClientSecret::new(SECRET.to_owned())],
        settings: BTreeMap::new(),
        secret_settings: BTreeMap::new(),
        active: true,
        default: false,
        managed_by: ManagedBy::Operator,
        created_at: Timestamp::from(begun),
        updated_at: Timestamp::from(begun),
        revision: 0,
    })
}

fn grant(
    account: &AccountRecord,
    carrier: &Carrier,
    token: &str,
    begun: SystemTime,
    stored: Stored,
) -> Result<GrantRecord> {
    let origin = format!("http://{}", carrier.addr).parse()?;
    let spec = AccountSpec {
        account: account.name.clone(),
        carrier: account.carrier.clone(),
        environment: account.environment,
        client_id: account.client_id.clone(),
        slot: String::new(),
        grant: account.grant,
        last_chance: true,
        // As the control plane makes it; a difference shows as tokens that are not taken over.
        key: SlotKey::new(&KeyParts {
            account: &account.name,
            carrier: &account.carrier,
            environment: account.environment,
            origin: &origin,
            client_id: &account.client_id,
            client_secret: &ClientSecret::new(format!("{}:{SECRET}", SECRET.len())),
            account_number: None,
            slot: "",
        }),
        authorizer: Arc::new(NeverAsked),
    };
    let mut bearer = HeaderValue::try_from(format!("Bearer {token}"))?;
    bearer.set_sensitive(true);
    let issued = Issued {
        headers: vec![(header::AUTHORIZATION, bearer)],
        lifetime: Some(stored.lifetime),
        renew_after: stored.due,
        state: SecretBytes::default(),
        grant: GrantChange::NotSingleUse,
        facts: TokenFacts::default(),
        slots: Vec::new(),
    };
    let completion = completion(&spec, &issued, begun, None);
    Ok(GrantRecord {
        account: account.name.clone(),
        version: GrantVersion(1),
        status: completion.status,
        state: completion.state,
        token: Some(completion.token),
        facts: completion.facts,
        consented_at: None,
        expires_at: completion.expires_at,
        intent: None,
        restored: None,
        written_by: None,
    })
}

/// An authorizer that is never called: a specification cannot be made without one.
struct NeverAsked;

impl Authorizer for NeverAsked {
    fn authorize(&self, _: Authorization, _: Transport) -> BoxFuture<'_, Result<Issued, Failure>> {
        let failure = Failure::new(
            FailureClass::Config,
            "bench",
            "this authorizer is never called",
        );
        Box::pin(async { Err(failure) })
    }
}

/// The time that stored tokens are dated by.
#[expect(
    clippy::disallowed_methods,
    reason = "the gateway under test has the system's clock"
)]
fn wall() -> SystemTime {
    SystemTime::now()
}
