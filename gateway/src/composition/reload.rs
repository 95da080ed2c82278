//! The configuration is read again, and takes over while the gateway serves.

mod live;
mod report;
mod watch;

pub(super) use live::{LiveState, LogLevel};

use live::Live;

use super::{
    broker_credentials::AcquireWait,
    data_plane::Routes,
    declared,
    listen_tls::TlsSide,
    prepared::Prepared,
    store_owner::{Environment, OpenStore},
};
use gateway_admin::AdminHandle;
use gateway_api::{ConfigurationView, ReloadReport};
use gateway_config::{Changes, Config, Mistake, Setting};
use gateway_control::{
    Actor, ControlError, ControlPlane, Fault, NewConfiguration, ReloadRefusal, Reloader,
};
use gateway_model::{Clock, SecretBytes};
use gateway_proxy::{MetricsReader, SettingsHandle};
use gateway_store::Purpose;
use report::{bad_config, detail, mistake_of, report};
use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;

/// Reads the configuration again. One reload after another.
pub(super) struct ConfigReloader {
    live: Arc<Live>,
    control: ControlPlane,
    workers: SettingsHandle,
    token_key: SecretBytes,
    clock: Arc<dyn Clock>,
    turn: tokio::sync::Mutex<()>,
    ended: AtomicBool,
    /// A signal asked for a reload. Several that come during one reload are one.
    asked: Arc<Notify>,
    /// What is told of the settings. Not in the running configuration, because a file in which only lines
    /// have moved changes nothing there.
    settings: Mutex<Vec<Setting>>,
}

/// What the file says, as far as it can be taken, and everything.
struct FileContent {
    whole: Config,
    prepared: Prepared,
}

/// What a reload changes of the data plane.
pub(super) struct DataPlaneParts {
    pub(super) metrics: MetricsReader,
    pub(super) settings: SettingsHandle,
    pub(super) routes: Arc<Routes>,
    pub(super) wait: Arc<AcquireWait>,
}

impl ConfigReloader {
    /// For the owner of a store, whose control plane hears of it.
    pub(super) fn start(
        environment: &Environment,
        data_plane: DataPlaneParts,
        opened: &OpenStore,
        admin: AdminHandle,
    ) -> Arc<Self> {
        let live = Live {
            broker: Arc::clone(&opened.broker),
            routes: data_plane.routes,
            wait: data_plane.wait,
            admin,
            log_level: Arc::clone(&environment.log_level),
            state: Arc::clone(&environment.state),
        };
        let running = live.running();
        let reloader = Arc::new(Self {
            live: Arc::new(live),
            control: opened.control.clone(),
            workers: data_plane.settings,
            token_key: opened.store.derived_key(Purpose::AppTokens),
            clock: Arc::clone(&environment.clock),
            turn: tokio::sync::Mutex::default(),
            ended: AtomicBool::new(false),
            asked: Arc::clone(&environment.reload_request),
            settings: Mutex::new(running.settings.clone()),
        });
        let as_reloader: Arc<dyn Reloader> = Arc::<Self>::clone(&reloader);
        opened.control.attach_reloader(Arc::downgrade(&as_reloader));
        reloader
    }

    /// The configuration that runs.
    pub(super) fn running(&self) -> Arc<Config> {
        self.live.running()
    }

    fn settings(&self) -> MutexGuard<'_, Vec<Setting>> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins no reload any more, and waits for one that is under way.
    pub(super) async fn end(&self, patience: Duration) {
        self.ended.store(true, Ordering::Relaxed);
        // One that still waits for a carrier then has changed nothing, and changes nothing after the store is closed.
        drop(tokio::time::timeout(patience, self.turn.lock()).await);
    }

    async fn run(&self, actor: &Actor, dry_run: bool) -> Result<ReloadReport, ControlError> {
        let _turn = self.turn.lock().await;
        if self.ended.load(Ordering::Relaxed) {
            let message = "the gateway is shutting down, so it reads no configuration";
            return Err(ControlError::new(Fault::Unavailable, "draining", message)
                .remedy("the next start reads it"));
        }
        let running = self.running();
        let FileContent { whole, prepared } = match self.read(&running).await? {
            Ok(read) => read,
            Err(mistakes) => return self.refuse(actor, dry_run, &running, &mistakes).await,
        };
        let new = whole.clone().without_restart(&running);
        let changes = Changes::between(&running, &new);
        let left = Changes::between(&new, &whole).needs_restart;
        let mut done = report(&changes, left, &new);
        done.dry_run = dry_run;
        done.certificate = TlsSide::ALL
            .into_iter()
            .any(|side| self.live.other_certificate(side, &prepared));
        done.plugins = self.control.plugins_to_reload().await?;
        let same_roots = self.live.trusts(&prepared);
        let to_declare = self.configuration(&running, &new, &prepared)?;
        if dry_run {
            let checked = self.control.check_configuration(&to_declare).await;
            checked.map_err(|refusal| refused(refusal, &new))?;
            return Ok(done);
        }
        let nothing = changes.is_empty() && same_roots && !done.certificate;
        let work = async {
            if nothing && done.plugins.is_empty() {
                return Ok(Vec::new());
            }
            let applied = self.control.apply_configuration(to_declare).await;
            // Also after a failure that came when the parts had taken over: they must agree.
            if !nothing && self.live.runs(&new) {
                self.reconfigure_workers().await;
            }
            applied.map_err(|refusal| refused(refusal, &new))
        };
        let plugins = self
            .control
            .audited_reload(actor, detail(&done), work)
            .await?;
        done.plugins = plugins;
        self.settings().clone_from(&new.settings);
        Ok(done)
    }

    /// Reads the file and those that it names.
    async fn read(
        &self,
        running: &Config,
    ) -> Result<Result<FileContent, Vec<Mistake>>, ControlError> {
        let (file, live, now) = (
            running.file.clone(),
            Arc::clone(&self.live),
            self.clock.wall(),
        );
        let read = move || {
            let whole = Config::load(&file).map_err(|errors| errors.mistakes().to_vec())?;
            // An editor that saves the file empties it first.
            if whole.routes.is_empty() && whole.accounts.is_empty() && whole.apps.is_empty() {
                let message =
                    "the file has no [[route]], [[account]] and [[app]], so it may be half written";
                let fix =
                    "save the whole file, and reload again; a restart takes a file without them";
                return Err(vec![report::in_file(message.to_owned(), fix)]);
            }
            let prepared = Prepared::of(&whole).map_err(|errors| {
                let fix = "correct the file, or its path in the configuration";
                let each = errors
                    .iter()
                    .map(|error| report::in_file(error.to_string(), fix));
                each.collect::<Vec<_>>()
            })?;
            match live.expired(&prepared, now) {
                Some(expired) => Err(vec![report::in_file(expired, "renew it")]),
                None => Ok(FileContent { whole, prepared }),
            }
        };
        let read = tokio::task::spawn_blocking(read).await;
        read.map_err(|_| {
            let message = "reading the configuration ended early";
            ControlError::new(Fault::Unavailable, "internal", message)
        })
    }

    async fn refuse(
        &self,
        actor: &Actor,
        dry_run: bool,
        running: &Config,
        mistakes: &[Mistake],
    ) -> Result<ReloadReport, ControlError> {
        let error = bad_config(&running.file, mistakes);
        if dry_run {
            return Err(error);
        }
        let detail = serde_json::json!({ "mistakes": mistakes.len() });
        let work = std::future::ready(Err(error));
        self.control.audited_reload(actor, detail, work).await
    }

    fn configuration(
        &self,
        running: &Config,
        new: &Config,
        prepared: &Prepared,
    ) -> Result<NewConfiguration, ControlError> {
        let (live, config, checked) = (Arc::clone(&self.live), new.clone(), new.clone());
        let http = self.live.other_http(prepared).map_err(|error| {
            ControlError::new(Fault::Unavailable, "no_trust", error.to_string())
        })?;
        let (plugins, prepared) = (self.live.plugins(), prepared.clone());
        let reminders = |name: &String| name.starts_with("[reminders.");
        let changes = Changes::between(running, new);
        Ok(NewConfiguration {
            declared: declared::declared(new),
            switched: new.switched_accounts(running),
            settings: declared::control_settings(new),
            redirect_uri: new.redirect_uri(self.live.admin_addr()),
            http,
            other_receivers: changes.settings.iter().any(reminders),
            check: Box::new(move |state| live::check(&checked, &plugins, state)),
            switch: Box::new(move || live.take_over(config, prepared)),
        })
    }

    async fn reconfigure_workers(&self) {
        let settings = self.live.worker_settings(self.token_key.clone());
        if !self.workers.replace(settings).await {
            tracing::warn!("a worker is held up, and takes the new settings when it goes on");
        }
    }
}

/// The refusal with the lines of the file.
fn refused(refusal: ReloadRefusal, new: &Config) -> ControlError {
    match refusal {
        ReloadRefusal::Failed(error) => error,
        ReloadRefusal::Objections(objections) => {
            let mistakes = objections.into_iter().map(|it| mistake_of(it, new));
            bad_config(&new.file, &mistakes.collect::<Vec<_>>())
        }
    }
}

impl Reloader for ConfigReloader {
    fn reload<'a>(
        &'a self,
        actor: &'a Actor,
        dry_run: bool,
    ) -> Pin<Box<dyn Future<Output = Result<ReloadReport, ControlError>> + Send + 'a>> {
        Box::pin(async move {
            let result = self.run(actor, dry_run).await;
            if !dry_run {
                report::log(&result);
            }
            result
        })
    }

    fn configuration(&self) -> ConfigurationView {
        let settings = self.settings();
        ConfigurationView {
            file: self.running().file.display().to_string(),
            settings: settings.iter().map(report::setting).collect(),
        }
    }
}
