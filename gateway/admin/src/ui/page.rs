//! What every page has: its frame, its style, and the fields of its response.

use super::{
    visitor::{Flash, Visitor},
    words::Moment,
};
use crate::error::AdminError;
use askama::{Template, filters::HtmlSafe};
use axum::response::{Html, IntoResponse, Redirect, Response};
use gateway_control::{ControlError, Identity};
use gateway_model::{Role, Secret};
use http::{HeaderValue, StatusCode, header};
use sha2::{Digest as _, Sha256};
use std::{fmt::Write as _, sync::LazyLock};

/// The path under which all pages are.
pub(super) const ROOT: &str = "/ui";

/// The path of the style sheet.
pub(super) const STYLE_PATH: &str = "/ui/style.css";

/// The path of the script.
pub(super) const SCRIPT_PATH: &str = "/ui/live.js";

/// The path of the icon.
pub(super) const ICON_PATH: &str = "/ui/icon.svg";

const STYLE: &str = include_str!("../../templates/ui/style.css");
const SCRIPT: &str = include_str!("../../templates/ui/live.js");
const ICON: &str = include_str!("../../templates/ui/icon.svg");

/// The addresses of the style sheet and the script. An address changes with the content, so that a browser may keep it for ever.
static STYLE_ADDRESS: LazyLock<String> = LazyLock::new(|| address_of(STYLE_PATH, STYLE));
static SCRIPT_ADDRESS: LazyLock<String> = LazyLock::new(|| address_of(SCRIPT_PATH, SCRIPT));

fn address_of(path: &str, content: &str) -> String {
    let digest = Sha256::digest(content);
    digest
        .iter()
        .take(8)
        .fold(format!("{path}?"), |mut address, byte| {
            // Writing to a `String` does not fail.
            let _ = write!(address, "{byte:02x}");
            address
        })
}

/// No scripts, nothing from another server, and forms that lead here only.
static POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'",
);

/// The same for a page with the script: it may reach this listener only.
static SCRIPT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// The part of the interface that a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Overview,
    Accounts,
    Apps,
    Requests,
    Notices,
    Audit,
    Plugins,
    Doctor,
    Migration,
    Backup,
    AdminTokens,
    Configuration,
    /// Not in the navigation.
    Other,
}

/// One entry of the navigation.
pub(super) struct Entry {
    pub(super) path: &'static str,
    pub(super) text: &'static str,
    section: Section,
    /// Whether a read-only token is refused there.
    changes: bool,
}

const NAVIGATION: &[Entry] = &[
    entry("/ui", "Overview", Section::Overview),
    entry("/ui/accounts", "Accounts", Section::Accounts),
    entry("/ui/apps", "Apps", Section::Apps),
    entry("/ui/requests", "Requests", Section::Requests),
    entry("/ui/notices", "Notices", Section::Notices),
    Entry {
        changes: true,
        ..entry("/ui/doctor", "Doctor", Section::Doctor)
    },
    entry("/ui/plugins", "Plugins", Section::Plugins),
    entry("/ui/audit", "Audit", Section::Audit),
    entry("/ui/migration", "Migration", Section::Migration),
    entry("/ui/backup", "Backup", Section::Backup),
    entry("/ui/admin-tokens", "Admin tokens", Section::AdminTokens),
    entry("/ui/configuration", "Configuration", Section::Configuration),
];

const fn entry(path: &'static str, text: &'static str, section: Section) -> Entry {
    Entry {
        path,
        text,
        section,
        changes: false,
    }
}

/// Who is signed in, as every page shows it.
pub(super) struct SignedIn {
    pub(super) name: String,
    pub(super) may_change: bool,
    own_fields: OwnFields,
}

/// What each form sends back beside what a person types.
#[derive(Clone, Template)]
#[template(
    ext = "html",
    source = r#"<input type="hidden" name="csrf" value="{{ csrf.expose() }}"><input type="hidden" name="seen" value="{{ seen }}">"#
)]
pub(super) struct OwnFields {
    /// A page of another site cannot know it.
    csrf: Secret,
    /// How new the page is, in entries of the audit trail.
    seen: String,
}

// The template escapes its own parts.
impl HtmlSafe for OwnFields {}

/// What every page has around its own content.
pub(super) struct Frame {
    pub(super) title: String,
    section: Section,
    pub(super) signed_in: Option<SignedIn>,
    pub(super) flash: Option<Flash>,
}

impl Frame {
    /// The frame of a page for who is signed in.
    pub(super) fn new(visitor: &Visitor, section: Section, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            section,
            signed_in: Some(SignedIn {
                name: visitor.actor.0.clone(),
                may_change: visitor.may_change(),
                own_fields: OwnFields {
                    csrf: visitor.csrf.clone(),
                    seen: visitor.newest_entry.0.to_string(),
                },
            }),
            flash: visitor.flash(),
        }
    }

    /// The frame of the page that a sign-in leads to at once.
    pub(super) fn of_sign_in(identity: &Identity, csrf: Secret, seen: String, title: &str) -> Self {
        Self {
            title: title.to_owned(),
            section: Section::Other,
            signed_in: Some(SignedIn {
                name: identity.actor.0.clone(),
                may_change: identity.role == Role::Admin,
                own_fields: OwnFields { csrf, seen },
            }),
            flash: None,
        }
    }

    /// The frame of a page for anybody.
    pub(super) fn anybody(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            section: Section::Other,
            signed_in: None,
            flash: None,
        }
    }

    /// The pages that this person may see.
    pub(super) fn navigation(&self) -> impl Iterator<Item = &'static Entry> {
        let may_change = self.may_change();
        NAVIGATION
            .iter()
            .filter(move |it| may_change || !it.changes)
    }

    pub(super) fn is_here(&self, entry: &Entry) -> bool {
        self.section == entry.section
    }

    pub(super) fn may_change(&self) -> bool {
        self.signed_in.as_ref().is_some_and(|it| it.may_change)
    }

    /// What a form of this page sends back beside what a person types.
    pub(super) fn own_fields(&self) -> OwnFields {
        let fields = self.signed_in.as_ref().map(|it| it.own_fields.clone());
        fields.unwrap_or_else(|| OwnFields {
            csrf: Secret::new(String::new()),
            seen: String::new(),
        })
    }

    pub(super) fn style(&self) -> &'static str {
        STYLE_ADDRESS.as_str()
    }

    pub(super) fn script(&self) -> &'static str {
        SCRIPT_ADDRESS.as_str()
    }
}

/// The result of a page's handler.
pub(super) type PageResult = Result<Response, PageError>;

/// An error that a person sees as a page.
pub(super) struct PageError(pub(super) AdminError);

impl From<AdminError> for PageError {
    fn from(error: AdminError) -> Self {
        Self(error)
    }
}

impl From<ControlError> for PageError {
    fn from(error: ControlError) -> Self {
        Self(error.into())
    }
}

#[derive(Template)]
#[template(path = "ui/error.html")]
struct ErrorPage {
    frame: Frame,
    message: String,
    remedy: Option<String>,
    code: String,
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut detail = self.0.detail();
        if self.0 == AdminError::NotFound {
            // A program is told the API's routes, which say nothing to a person.
            "there is no page at this address".clone_into(&mut detail.message);
            detail.remedy = Some("compare the address, or begin at the overview".to_owned());
        }
        let page = ErrorPage {
            frame: Frame::anybody("That did not work"),
            message: detail.message,
            remedy: detail.remedy,
            code: detail.code,
        };
        let mut response = render(self.0.status(), &page);
        if let Some(wait) = self.0.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, wait);
        }
        response
    }
}

/// A page as a response.
pub(super) fn page(template: &impl Template) -> PageResult {
    Ok(render(StatusCode::OK, template))
}

/// A page with a status of its own.
pub(super) fn render(status: StatusCode, template: &impl Template) -> Response {
    // Rendering writes to memory and fails with a template's own error only; none here has one.
    let Ok(html) = template.render() else {
        return AdminError::Internal.into_response();
    };
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    // With `no-referrer` a browser would name no origin in a form's request, and the check of the
    // origin would refuse the listener's own forms.
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        "cross-origin-opener-policy",
        HeaderValue::from_static("same-origin"),
    );
    response
}

/// A page that loads the script. It works without it, too.
pub(super) fn with_script(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, SCRIPT_POLICY.clone());
    response
}

/// Leads the browser to a page after a change, with what the change did.
pub(super) fn after(
    visitor: &Visitor,
    done: Result<impl Into<String>, PageError>,
    path: &str,
) -> Response {
    match done {
        Ok(text) => visitor.tell(text),
        Err(PageError(error)) => visitor.tell_error(&error),
    }
    // With 303 the browser asks for the page with GET, so that reloading it repeats no change.
    Redirect::to(path).into_response()
}

/// The style sheet.
pub(super) async fn style() -> Response {
    asset("text/css; charset=utf-8", STYLE)
}

/// The script.
pub(super) async fn script() -> Response {
    asset("text/javascript; charset=utf-8", SCRIPT)
}

/// The icon of the browser's tab.
pub(super) async fn icon() -> Response {
    asset("image/svg+xml", ICON)
}

/// A page that does not exist.
pub(super) async fn nothing() -> PageError {
    PageError(AdminError::NotFound)
}

fn asset(content_type: &'static str, content: &'static str) -> Response {
    (
        [
            (header::CONTENT_TYPE, content_type),
            (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        ],
        content,
    )
        .into_response()
}

/// A time in the zone of who reads the page.
pub(super) fn moment(visitor: &Visitor, at: jiff::Timestamp) -> Moment {
    Moment::new(at, visitor.now, &visitor.zone)
}
