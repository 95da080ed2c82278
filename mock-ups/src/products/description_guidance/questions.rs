//! The questions of a session.

use serde_json::{Value, json};

use crate::products::contract::ledger::draw;

/// A question and the words that answer it.
pub(super) struct Question {
    pub(super) id: &'static str,
    text: &'static str,
    pub(super) options: &'static [&'static str],
}

pub(super) const QUESTIONS: [Question; 3] = [
    Question {
        id: "material",
        text: "What are the goods made of?",
        options: &[
            "plastic", "metal", "cotton", "leather", "wood", "glass", "paper",
        ],
    },
    Question {
        id: "use",
        text: "What are the goods for?",
        options: &[
            "for household use",
            "for industrial use",
            "for sports",
            "for medical use",
        ],
    },
    Question {
        id: "condition",
        text: "Are the goods new?",
        options: &["new", "used", "refurbished"],
    },
];

impl Question {
    pub(super) fn shown(&self) -> Value {
        json!({
            "id": self.id,
            "type": "multiple_choice",
            "question": self.text,
            "options": self.options,
            "assumed": false,
        })
    }
}

/// What the description answers by itself.
pub(super) fn assumed(description: &str) -> [Option<(usize, bool)>; QUESTIONS.len()] {
    let lower = description.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphabetic()).collect();
    let holds = |option: &str| match option.contains(' ') {
        true => lower.contains(option),
        false => words.contains(&option),
    };
    QUESTIONS.map(|question| {
        let index = question.options.iter().position(|option| holds(option));
        index.map(|index| (index, true))
    })
}

/// A code of the tariff: the client's own, made longer, or one that depends on the description.
pub(super) fn code(description: &str, sent: &str) -> String {
    let digits: String = sent.chars().filter(char::is_ascii_digit).take(10).collect();
    match digits.is_empty() {
        false => format!("{digits:0<8}"),
        // The last chapter is 97.
        true => {
            let chapter = draw(description, 97) + 1;
            format!("{chapter:02}{:06}", draw(description, 1_000_000))
        }
    }
}
