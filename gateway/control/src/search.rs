//! What a person searches a list for.

/// The words of a search. Something is found if each of them is in one of its texts, in any case.
#[derive(Clone, Copy, Debug)]
pub struct SearchWords<'q>(&'q str);

impl<'q> SearchWords<'q> {
    /// The words of what a person has typed.
    pub fn new(typed: &'q str) -> Self {
        Self(typed.trim())
    }

    /// Whether there is none, so that everything is found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether each word is in one of these texts.
    pub fn are_in<'t, T: Iterator<Item = &'t str>>(&self, texts: impl Fn() -> T) -> bool {
        let mut words = self.0.split_whitespace();
        words.all(|word| texts().any(|text| contains(text, word)))
    }
}

/// Whether a text has a word in it.
fn contains(text: &str, word: &str) -> bool {
    if !word.is_ascii() {
        return text.to_lowercase().contains(&word.to_lowercase());
    }
    let word = word.as_bytes();
    let Some(first) = word.first() else {
        return true;
    };
    let mut parts = text.as_bytes().windows(word.len());
    // The first letter decides nearly always, and 10,000 accounts are looked through.
    let begins = |part: &[u8]| {
        part.first()
            .is_some_and(|it| it.eq_ignore_ascii_case(first))
    };
    parts.any(|part| begins(part) && part.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_found_in_one_of_the_texts_in_any_case() {
        for (typed, found) in [
            ("", true),
            (" \t", true),
            ("SHOP", true),
            ("münchen shop", true),
            ("MÜNCHEN", true),
            ("a1b2 nchen", true),
            ("shopx", false),
            ("shop nobody", false),
            ("shop-Müncheners", false),
            ("ü", true),
        ] {
            let words = SearchWords::new(typed);
            let texts = || ["Shop-München", "A1B2C3", ""].into_iter();
            assert_eq!(words.are_in(texts), found, "{typed:?}");
        }
    }
}
