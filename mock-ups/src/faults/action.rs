//! What a fault does.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::oauth_state::issuer::Issuer;
use crate::span::Span;

/// What happens to a call that a fault hits. Delays add up; of everything else the first fault wins.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Action {
    /// Another answer.
    Answer(CannedResponse),
    /// The answer comes later.
    Delay(Latency),
    /// The answer's body comes in small pieces.
    SlowBody {
        /// Bytes per piece.
        piece: usize,
        /// The pause before each piece.
        pause: Span,
    },
    /// The connection is reset and nothing is answered.
    ResetBefore,
    /// The connection is reset in the middle of the answer.
    ResetMidway,
    /// The connection is reset after the whole answer.
    ResetAfter,
    /// The call is carried out, a refresh token is rotated, and the answer is lost.
    LoseReply,
    /// 200 without a body.
    Empty,
    /// 403 with the HTML page of a firewall.
    #[serde(rename = "html-403")]
    Html403,
    /// 200 with text that begins like JSON.
    Garbage,
    /// The right answer, declared as `text/html`.
    WrongContentType,
    /// The token of the call expires now.
    ExpireToken,
    /// The token of the call is revoked now.
    RevokeToken,
    /// All tokens are revoked now.
    RevokeAll,
    /// Times in new tokens are off by so many seconds.
    ClockSkew(i64),
    /// 429 with code 10429.
    Quota,
    /// A user changes the password now, which kills the user's grants.
    ChangePassword {
        /// The user.
        user: String,
        /// The new password.
        password: String,
    },
}

/// An answer written beforehand.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CannedResponse {
    /// The status.
    pub status: u16,
    /// UPS's error code, for an answer in UPS's envelope.
    #[serde(default)]
    pub code: Option<String>,
    /// UPS's error text.
    #[serde(default)]
    pub message: Option<String>,
    /// A body of another kind, in place of the envelope.
    #[serde(default)]
    pub body: Option<String>,
    /// Its media type.
    #[serde(default)]
    pub content_type: Option<String>,
    /// `Retry-After` in seconds. UPS was never seen to send one.
    #[serde(default)]
    pub retry_after: Option<u64>,
}

impl CannedResponse {
    /// An error in UPS's envelope.
    #[must_use]
    pub fn error(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            code: Some(code.into()),
            message: Some(message.into()),
            body: None,
            content_type: None,
            retry_after: None,
        }
    }
}

/// How long a delay is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Latency {
    /// Always the same.
    Fixed(Span),
    /// Anything between the two, equally likely.
    Uniform(Span, Span),
    /// Half the calls take less than the median; sigma gives the tail (0.5 is mild, 1.5 long).
    LogNormal {
        /// The median.
        median: Span,
        /// The standard deviation of the logarithm.
        sigma: f64,
    },
}

/// No delay is longer.
// Longer than any client waits; it keeps a mistyped delay from holding connections for days.
const LONGEST: Duration = Duration::from_secs(600);

impl Latency {
    pub(super) fn draw(&self, issuer: &Issuer) -> Duration {
        let drawn = match self {
            Self::Fixed(span) => span.0,
            Self::Uniform(from, to) => {
                let width = to.0.saturating_sub(from.0);
                from.0.saturating_add(width.mul_f64(issuer.chance()))
            }
            Self::LogNormal { median, sigma } => {
                let factor = (sigma * standard_normal(issuer)).exp();
                let seconds = median.0.as_secs_f64() * factor;
                // A wide sigma can draw a number that no duration holds.
                Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST)
            }
        };
        drawn.min(LONGEST)
    }
}

/// A draw from the standard normal distribution (Box and Muller).
fn standard_normal(issuer: &Issuer) -> f64 {
    // One minus the draw, which lies in (0, 1]: the logarithm of zero is infinite.
    let radius = (-2.0 * (1.0 - issuer.chance()).ln()).sqrt();
    radius * (std::f64::consts::TAU * issuer.chance()).cos()
}

impl Action {
    /// The name for the journal.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Answer(_) => "answer",
            Self::Delay(_) => "delay",
            Self::SlowBody { .. } => "slow-body",
            Self::ResetBefore => "reset-before",
            Self::ResetMidway => "reset-midway",
            Self::ResetAfter => "reset-after",
            Self::LoseReply => "lose-reply",
            Self::Empty => "empty",
            Self::Html403 => "html-403",
            Self::Garbage => "garbage",
            Self::WrongContentType => "wrong-content-type",
            Self::ExpireToken => "expire-token",
            Self::RevokeToken => "revoke-token",
            Self::RevokeAll => "revoke-all",
            Self::ClockSkew(_) => "clock-skew",
            Self::Quota => "quota",
            Self::ChangePassword { .. } => "change-password",
        }
    }

    /// What is wrong with the action, if anything: found when it is added, not when it plays.
    pub(super) fn problem(&self) -> Option<String> {
        match self {
            // Informational statuses would be followed by another answer, which the mock does not send.
            Self::Answer(answer) if !(200..=599).contains(&answer.status) => {
                Some(format!("status {}: use 200 to 599", answer.status))
            }
            Self::SlowBody { piece: 0, .. } => {
                Some("slow-body: piece must be at least 1".to_owned())
            }
            // A sigma that is not a number would make every delay the longest.
            Self::Delay(Latency::LogNormal { sigma, .. }) if !sigma.is_finite() || *sigma < 0.0 => {
                Some("delay: sigma must not be negative".to_owned())
            }
            Self::Delay(Latency::Uniform(from, to)) if from.0 > to.0 => {
                Some("delay: uniform takes the smaller length first".to_owned())
            }
            // Farther, and dates in tokens could leave what calendars print.
            Self::ClockSkew(seconds) if seconds.unsigned_abs() > 10 * 365 * 86_400 => {
                Some("clock-skew: ten years at most".to_owned())
            }
            Self::Answer(_)
            | Self::Delay(_)
            | Self::SlowBody { .. }
            | Self::ResetBefore
            | Self::ResetMidway
            | Self::ResetAfter
            | Self::LoseReply
            | Self::Empty
            | Self::Html403
            | Self::Garbage
            | Self::WrongContentType
            | Self::ExpireToken
            | Self::RevokeToken
            | Self::RevokeAll
            | Self::ClockSkew(_)
            | Self::Quota
            | Self::ChangePassword { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Latency;
    use crate::oauth_state::issuer::Issuer;
    use crate::span::Span;
    use std::time::Duration;

    const fn ms(ms: u64) -> Span {
        Span(Duration::from_millis(ms))
    }

    #[test]
    fn log_normal_delay_has_its_median_and_a_tail() {
        let issuer = Issuer::new(3);
        let latency = Latency::LogNormal {
            median: ms(200),
            sigma: 1.0,
        };
        let mut drawn: Vec<_> = (0..2_001)
            .map(|_| latency.draw(&issuer).as_millis())
            .collect();
        drawn.sort_unstable();
        assert!((180..220).contains(&drawn[1_000]), "{}", drawn[1_000]);
        assert!(drawn[1_980] > 1_200, "{}", drawn[1_980]);
    }

    #[test]
    fn uniform_delay_stays_between_its_ends() {
        let issuer = Issuer::new(3);
        let latency = Latency::Uniform(ms(100), ms(300));
        let drawn: Vec<_> = (0..500).map(|_| latency.draw(&issuer)).collect();
        assert!(
            drawn
                .iter()
                .all(|delay| (ms(100).0..=ms(300).0).contains(delay))
        );
        assert!(drawn.iter().any(|delay| *delay < ms(150).0));
        assert!(drawn.iter().any(|delay| *delay > ms(250).0));
    }
}
