//! Planning a migration, and beginning it.
//!
//! The list may have access keys, which are secrets. So between the plan and the beginning it is kept with
//! the session, sealed, and no page contains it.

use super::{
    fields::{Fields, LIST, UploadedFile},
    migration::{self, Item},
    page::{Frame, PageError, PageResult, Section, after, page, render},
    table::{Asked, Compare, Table, TableKind},
    visitor::Visitor,
    words::counted,
};
use crate::error::AdminError;
use askama::Template;
use axum::response::{IntoResponse as _, Redirect, Response};
use gateway_api::{
    CarrierView, MigrationItem, MigrationPlan, MigrationProfile, MigrationState, SecretText,
    StartMigration,
    migration_list::{self, BrokenRow, Format},
};
use gateway_model::SecretBytes;
use serde::{Deserialize, Serialize};

/// The page of the form.
const FORM: &str = "/ui/new-migration";

/// The page of the plan.
const PLAN: &str = "/ui/migration/plan";

const TABLE: TableKind<Compare<MigrationItem>> = migration::table_at(PLAN);

/// The broken lines that a page shows. A list has at most this many rows.
const MAX_SHOWN: usize = 1000;

/// A migration that a person has planned and not yet begun.
#[derive(Serialize, Deserialize)]
struct PlannedMigration {
    /// Tells this plan from a later one of the same session.
    id: String,
    migration: StartMigration,
    /// What the person has seen.
    plan: MigrationPlan,
}

#[derive(Template)]
#[template(path = "ui/new_migration.html")]
struct NewMigrationPage {
    frame: Frame,
    carriers: Vec<CarrierView>,
    typed: Fields,
    list: String,
    /// Whether the list was left out, because it may have access keys.
    list_left_out: bool,
    mistake: Option<Mistake>,
}

/// Why there is no plan.
#[derive(Default)]
struct Mistake {
    message: String,
    remedy: Option<String>,
    broken: Vec<BrokenRow>,
    /// The broken lines that are not shown.
    more: usize,
}

#[derive(Template)]
#[template(path = "ui/migration_plan.html")]
struct PlanPage {
    frame: Frame,
    id: String,
    carrier: String,
    summary: String,
    new_accounts: bool,
    items: Vec<Item>,
    /// Whether the plan has no login at all.
    is_empty: bool,
    table: Table,
    problems: Vec<String>,
}

impl From<AdminError> for Mistake {
    fn from(error: AdminError) -> Self {
        let detail = error.detail();
        Self {
            message: detail.message,
            remedy: detail.remedy,
            ..Self::default()
        }
    }
}

impl Mistake {
    fn of(message: &str, remedy: &str) -> Self {
        Self {
            message: message.to_owned(),
            remedy: Some(remedy.to_owned()),
            ..Self::default()
        }
    }

    fn of_rows(mut broken: Vec<BrokenRow>) -> Self {
        let more = broken.len().saturating_sub(MAX_SHOWN);
        let lines = counted(broken.len(), "problem");
        broken.truncate(MAX_SHOWN);
        Self {
            message: format!("the list has {lines}, and nothing was changed"),
            remedy: Some("correct these lines, and send the list again".to_owned()),
            broken,
            more,
        }
    }
}

impl PlannedMigration {
    /// Keeps the plan with the session, until it is begun or another one is planned.
    async fn keep(&self, visitor: &Visitor) -> Result<(), PageError> {
        let json = serde_json::to_vec(self).map_err(|_no_json| PageError(AdminError::Internal))?;
        let kept = SecretBytes::new(json);
        let control = &visitor.control;
        Ok(control.keep_with_session(visitor.session, &kept).await?)
    }

    /// The plan that is kept with the session. One of another version of the gateway counts as none.
    async fn kept(visitor: &Visitor) -> Result<Option<Self>, PageError> {
        let kept = visitor.control.kept_with_session(visitor.session).await?;
        Ok(kept.and_then(|kept| serde_json::from_slice(kept.expose()).ok()))
    }
}

/// The form.
pub(super) async fn form(visitor: Visitor) -> PageResult {
    page(&new(&visitor, Fields::default(), None))
}

fn new(visitor: &Visitor, typed: Fields, mistake: Option<Mistake>) -> NewMigrationPage {
    let carriers = visitor.control.carriers();
    // A migration is to OAuth with a person's consent.
    let carriers = carriers.into_iter().filter(|carrier| carrier.consent);
    let list = typed.text(LIST);
    let left_out = !list.is_empty() && migration_list::may_hold_keys(list);
    NewMigrationPage {
        frame: Frame::new(visitor, Section::Migration, "Plan a migration"),
        carriers: carriers.collect(),
        list: if left_out {
            String::new()
        } else {
            list.to_owned()
        },
        list_left_out: left_out,
        typed,
        mistake,
    }
}

/// Plans a migration and leads to the plan. A mistake shows the form again.
pub(super) async fn plan(visitor: Visitor, fields: Fields) -> PageResult {
    let planned = match profiles(&fields) {
        Ok(profiles) => planned_migration(&visitor, &fields, profiles).await,
        Err(mistake) => Err((http::StatusCode::BAD_REQUEST, mistake)),
    };
    match planned {
        Ok(planned) => {
            planned.keep(&visitor).await?;
            Ok(Redirect::to(PLAN).into_response())
        }
        Err((status, mistake)) => {
            let page = new(&visitor, fields, Some(mistake));
            Ok(render(status, &page))
        }
    }
}

async fn planned_migration(
    visitor: &Visitor,
    fields: &Fields,
    profiles: Vec<MigrationProfile>,
) -> Result<PlannedMigration, (http::StatusCode, Mistake)> {
    let migration = StartMigration {
        carrier: fields.text("carrier").to_owned(),
        profiles,
        client_id: fields.text("client_id").to_owned(),
        client_secret: SecretText(fields.secret("secret")),
    };
    let plan = visitor.control.plan_migration(migration.clone()).await;
    let plan = plan.map_err(|error| {
        let error = AdminError::from(error);
        (error.status(), error.into())
    })?;
    Ok(PlannedMigration {
        id: visitor.control.random_text().expose().to_owned(),
        migration,
        plan,
    })
}

/// The list: what was typed, or the file.
fn profiles(fields: &Fields) -> Result<Vec<MigrationProfile>, Mistake> {
    let typed = fields.text(LIST);
    match (fields.file("file"), typed.is_empty()) {
        (Some(_), false) => Err(Mistake::of(
            "there is a file and a pasted list",
            "choose a file or paste the list, and not both",
        )),
        (None, true) => Err(Mistake::of(
            "there is no list",
            "choose a file, or paste the list",
        )),
        (None, false) => parsed(typed, Format::of(typed)),
        (Some(file), true) => {
            let text = text_of(file)?;
            let named_toml = file.name.to_ascii_lowercase().ends_with(".toml");
            let format = if named_toml {
                Format::Toml
            } else {
                Format::of(text)
            };
            parsed(text, format)
        }
    }
}

fn parsed(text: &str, format: Format) -> Result<Vec<MigrationProfile>, Mistake> {
    migration_list::parse(text, format).map_err(Mistake::of_rows)
}

fn text_of(file: &UploadedFile) -> Result<&str, Mistake> {
    // The first bytes of a ZIP archive, which such a file is.
    if file.content.starts_with(b"PK\x03\x04") {
        return Err(Mistake::of(
            "the file is a spreadsheet or an archive, not a list",
            "save it as “CSV UTF-8” in the spreadsheet program, and choose that file",
        ));
    }
    std::str::from_utf8(&file.content).map_err(|_other_encoding| {
        Mistake::of(
            "the file is not UTF-8 text",
            "save it as “CSV UTF-8” in the spreadsheet program, and choose it again",
        )
    })
}

/// The plan that the person has asked for.
pub(super) async fn planned(visitor: Visitor, asked: Asked) -> PageResult {
    let Some(planned) = PlannedMigration::kept(&visitor).await? else {
        return Ok(Redirect::to(FORM).into_response());
    };
    let plan = planned.plan;
    let (summary, is_empty) = (summary(&plan), plan.items.is_empty());
    let (items, table) = TABLE.page(asked, plan.items, migration::texts);
    page(&PlanPage {
        frame: Frame::new(&visitor, Section::Migration, "What the migration would do"),
        id: planned.id,
        carrier: planned.migration.carrier,
        summary,
        new_accounts: plan.sign_ins > 0,
        problems: plan.problems,
        items: items.into_iter().map(Item::planned).collect(),
        is_empty,
        table,
    })
}

/// `2 sign-ins for 12 numbers`: a person signs in once for each login.
fn summary(plan: &MigrationPlan) -> String {
    let waiting = (plan.items.iter()).filter(|item| item.state == MigrationState::NeedsConsent);
    let numbers = waiting.map(|item| item.numbers.len()).sum();
    match plan.sign_ins {
        0 => "nobody has to sign in.".to_owned(),
        count => format!(
            "{} for {}: a person signs in once for each login.",
            counted(count, "sign-in"),
            counted(numbers, "number")
        ),
    }
}

/// Begins what the person has seen, and nothing else.
pub(super) async fn apply(visitor: Visitor, fields: Fields) -> Result<Response, PageError> {
    let stale = |message: &str, path: &str| {
        let error = PageError(AdminError::Invalid("stale_form", message.to_owned()));
        Ok(after(&visitor, Err::<String, _>(error), path))
    };
    let Some(planned) = PlannedMigration::kept(&visitor).await? else {
        return stale("the list is not here any more: send it again", FORM);
    };
    if fields.text("plan") != planned.id {
        let message = "another list was planned meanwhile, and nothing was begun: this is its plan";
        return stale(message, PLAN);
    }
    let migration = planned.migration;
    let plan = visitor.control.plan_migration(migration.clone()).await?;
    // Somebody may have changed accounts since. A person must not begin what the page did not show.
    if plan != planned.plan {
        let planned = PlannedMigration {
            id: visitor.control.random_text().expose().to_owned(),
            migration,
            plan,
        };
        planned.keep(&visitor).await?;
        let message = "something has changed since this plan was made, and nothing was begun: this is \
                       the plan now";
        return stale(message, PLAN);
    }
    let begun = visitor
        .control
        .start_migration(&visitor.actor, migration)
        .await;
    Ok(match begun {
        Ok(_) => {
            // It has begun: an error only leaves the plan behind, which the next one replaces.
            drop(visitor.control.forget_with_session(visitor.session).await);
            let text = "The migration has begun. A backup was made before.";
            after(&visitor, Ok(text), migration::PATH)
        }
        Err(error) => after(&visitor, Err::<String, _>(error.into()), PLAN),
    })
}
