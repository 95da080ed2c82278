//! What is asked in a load, and what comes back.

use benches::ask::Ask;
use bytes::Bytes;
use clap::ValueEnum;
use std::fmt;

/// What is asked, and what comes back.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// POST of 2 KB to `mock-ups`, which computes an answer of about 5 KB.
    #[default]
    Shop,
    /// GET, answered with 7 KB.
    Get,
    /// GET, answered with 100 KB.
    #[value(name = "answer-100k")]
    Answer100K,
    /// GET, answered with 1 MB.
    #[value(name = "answer-1m")]
    Answer1M,
    /// POST of 64 KB with a short answer.
    #[value(name = "upload-64k")]
    Upload64K,
    /// POST of 1 MB with a short answer.
    #[value(name = "upload-1m")]
    Upload1M,
}

impl Form {
    /// Those that the mock cannot answer: [`crate::hand_made::carrier`] does.
    pub(crate) const OF_THE_STAND_IN: [Self; 5] = [
        Self::Get,
        Self::Answer100K,
        Self::Answer1M,
        Self::Upload64K,
        Self::Upload1M,
    ];

    /// Whether most of the work is content.
    pub(crate) const fn is_large(self) -> bool {
        match self {
            Self::Shop | Self::Get => false,
            Self::Answer100K | Self::Answer1M | Self::Upload64K | Self::Upload1M => true,
        }
    }

    /// The request.
    pub(crate) fn ask(self) -> Ask {
        match self {
            Self::Shop => Ask::shop(),
            Self::Get => answered(7 * 1024),
            Self::Answer100K => answered(100 * 1024),
            Self::Answer1M => answered(1024 * 1024),
            Self::Upload64K => upload(64 * 1024),
            Self::Upload1M => upload(1024 * 1024),
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shop => "Shop",
            Self::Get => "GET of 7 KB",
            Self::Answer100K => "GET of 100 KB",
            Self::Answer1M => "GET of 1 MB",
            Self::Upload64K => "POST of 64 KB",
            Self::Upload1M => "POST of 1 MB",
        })
    }
}

fn answered(bytes: usize) -> Ask {
    Ask::get(&format!("/api/answer/{bytes}")).answered_with(bytes)
}

fn upload(bytes: usize) -> Ask {
    let answer = received(bytes).len();
    Ask::post("/api/upload", Bytes::from(vec![b'u'; bytes])).answered_with(answer)
}

/// The stand-in's answer to an upload: how much of it arrived.
pub(crate) fn received(bytes: usize) -> String {
    format!("{{\"received\":{bytes}}}")
}
