//! Templates of paths.

use std::{fmt, str::FromStr, sync::Arc};

/// More segments than any path of an API has; it bounds every walk over a template.
const MAX_SEGMENTS: usize = 32;

/// A path whose segments are literals or placeholders: `/api/rating/{version}/{option}`.
///
/// A placeholder stands for one whole segment that is not empty.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PathTemplate {
    text: Arc<str>,
    segments: Arc<[Segment]>,
}

/// One segment of a template.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Segment {
    Literal(Box<str>),
    Placeholder(Box<str>),
}

/// Why a text is not the template of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Relative.
    #[error("a path starts with '/'")]
    NotAbsolute,
    /// A segment is empty, a dot segment, or has characters that need an escape.
    #[error("a segment is plain text or one {{placeholder}}, and never empty")]
    Segment,
    /// The name of a placeholder occurs twice.
    #[error("a placeholder occurs twice")]
    Twice,
    /// Too long.
    #[error("a path has at most 32 segments")]
    TooLong,
}

impl PathTemplate {
    /// The template as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names of its placeholders, in order.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Placeholder(name) => Some(&**name),
            Segment::Literal(_) => None,
        })
    }

    /// A path of this form, with `text` in the place of each placeholder.
    pub fn filled(&self, text: &str) -> String {
        let mut path = String::with_capacity(self.text.len());
        for segment in &*self.segments {
            path.push('/');
            path.push_str(match segment {
                Segment::Literal(literal) => literal,
                Segment::Placeholder(_) => text,
            });
        }
        path
    }

    /// Whether a path begins with this template, segment by segment, letter by letter.
    pub fn covers(&self, path: &str) -> bool {
        let mut segments = path.strip_prefix('/').unwrap_or_default().split('/');
        self.segments.iter().all(|wanted| {
            segments.next().is_some_and(|segment| match wanted {
                Segment::Literal(text) => **text == *segment,
                Segment::Placeholder(_) => !segment.is_empty(),
            })
        })
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }
}

impl FromStr for PathTemplate {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let path = text.strip_prefix('/').ok_or(TemplateError::NotAbsolute)?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
        let mut segments = Vec::new();
        for segment in path.split('/') {
            // Before the push, so that a long text is given up early.
            if segments.len() == MAX_SEGMENTS {
                return Err(TemplateError::TooLong);
            }
            let name = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'));
            let inner = name.unwrap_or(segment);
            // Dot segments as well: a server would resolve them, and the template would mean another path.
            if inner.is_empty() || matches!(inner, "." | "..") || !inner.bytes().all(plain) {
                return Err(TemplateError::Segment);
            }
            let segment = match name {
                None => Segment::Literal(inner.into()),
                Some(name) => Segment::Placeholder(name.into()),
            };
            // A name that occurs twice would stand for two values.
            if name.is_some() && segments.contains(&segment) {
                return Err(TemplateError::Twice);
            }
            segments.push(segment);
        }
        Ok(Self {
            text: text.into(),
            segments: segments.into(),
        })
    }
}

impl fmt::Display for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
