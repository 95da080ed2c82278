//! Which events a call asks for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::products::contract::operation::items;
use crate::products::contract::refusal::refused;
use crate::products::contract::{Call, Refusal};

/// How far back events are kept.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The name of the one subscription that each user has.
pub(super) const SUBSCRIPTION: &str = "OutboundXML";

/// The length of a file's name.
const FILE_NAME: usize = 16;

/// The wanted span of time, and the files in it.
pub(super) struct Criteria {
    pub(super) begin: Timestamp,
    pub(super) end: Timestamp,
    /// Only what was not given before.
    pub(super) is_unread: bool,
    /// Only files of these names; empty: all files.
    pub(super) files: Vec<String>,
    /// The first file of this page, from a bookmark.
    pub(super) first_file: Option<String>,
    has_range: bool,
}

impl Criteria {
    pub(super) fn of(call: &Call<'_>, read_until: Option<Timestamp>) -> Result<Self, Refusal> {
        let now = call.request.now;
        let oldest = now.saturating_sub(WEEK).unwrap_or(Timestamp::MIN);
        let request = call
            .items("/QuantumViewRequest/SubscriptionRequest")
            .first();
        let text = |pointer: &str| {
            let member = request.and_then(|request| request.pointer(pointer)?.as_str());
            member.unwrap_or_default()
        };
        if !["", SUBSCRIPTION].contains(&text("/Name")) {
            let text = "The subscription name does not exist. The mock has OutboundXML.";
            return Err(refused("330010", text));
        }
        let files = items(request.and_then(|request| request.get("FileName")));
        let files: Vec<String> = files
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let begin = text("/DateTimeRange/BeginDateTime");
        let end = text("/DateTimeRange/EndDateTime");
        if begin.is_empty() && !end.is_empty() {
            return Err(refused("330011", "Missing BeginDateTime"));
        }
        let has_range = !begin.is_empty();
        let (begin, end) = match has_range {
            true => range(begin, end, oldest, now)?,
            false => (oldest, now),
        };
        let is_unread = !has_range && files.is_empty();
        let bookmark = call.text("/QuantumViewRequest/Bookmark");
        Ok(Self {
            begin: read_until
                .filter(|_| is_unread)
                .map_or(begin, |read| read.max(begin)),
            end,
            is_unread,
            files,
            first_file: first_file(call, bookmark)?,
            has_range,
        })
    }

    /// The moment after which events are meant: a range includes its begin, what was read is not given again.
    pub(super) fn after(&self) -> Timestamp {
        let before = || self.begin.saturating_sub(SignedDuration::from_nanos(1));
        match self.has_range {
            true => before().unwrap_or(self.begin),
            false => self.begin,
        }
    }

    /// The range as an answer shows it.
    pub(super) fn shown_range(&self) -> Option<Value> {
        let shown = |at: Timestamp| at.strftime("%m-%d-%Y-%H-%M").to_string();
        let range = || json!({"BeginDate": shown(self.begin), "EndDate": shown(self.end)});
        self.has_range.then(range)
    }
}

fn range(
    begin: &str,
    end: &str,
    oldest: Timestamp,
    now: Timestamp,
) -> Result<(Timestamp, Timestamp), Refusal> {
    let begin = moment(begin)?;
    // Without an end the range is the file's seven days.
    let end = match end {
        "" => begin.saturating_add(WEEK).unwrap_or(now),
        end => moment(end)?,
    };
    // A minute of grace for clocks that differ.
    if begin
        < oldest
            .saturating_sub(SignedDuration::from_mins(1))
            .unwrap_or(oldest)
        || end < begin
    {
        let text = "The date time range must lie within the last seven days";
        return Err(refused("330012", text));
    }
    Ok((begin, end.min(now)))
}

fn moment(text: &str) -> Result<Timestamp, Refusal> {
    let moment = DateTime::strptime("%Y%m%d%H%M%S", text).ok();
    let zoned = moment.and_then(|moment| moment.to_zoned(TimeZone::UTC).ok());
    let zoned = zoned.ok_or_else(|| refused("330012", "Invalid date time range"));
    zoned.map(|zoned| zoned.timestamp())
}

/// What a bookmark says: the file that comes next, or nothing for unread data.
fn first_file(call: &Call<'_>, bookmark: &str) -> Result<Option<String>, Refusal> {
    if bookmark.is_empty() {
        return Ok(None);
    }
    let invalid = || refused("330013", "Invalid bookmark");
    let bytes = STANDARD.decode(bookmark).map_err(|_| invalid())?;
    let text = String::from_utf8(bytes).map_err(|_| invalid())?;
    let mut parts = text.split('|');
    let subscriber: String = call.request.caller.user.chars().take(16).collect();
    if parts.next() != Some(&*subscriber) {
        return Err(invalid());
    }
    match (parts.next(), parts.next()) {
        (None, None) => Ok(None),
        (Some(SUBSCRIPTION), Some(file)) if file.len() == FILE_NAME => Ok(Some(file.to_owned())),
        _ => Err(invalid()),
    }
}
