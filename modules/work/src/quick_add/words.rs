//! The words of a line, and where they stand in it.

/// One word, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// The word with its punctuation.
    pub text: &'a str,
    /// Its first byte in the line.
    pub start: usize,
}

impl<'a> Word<'a> {
    /// The word without punctuation at its end, lower case.
    pub fn plain(&self) -> String {
        self.bare().to_lowercase()
    }

    /// The word without punctuation at its end.
    pub fn bare(&self) -> &'a str {
        self.text.trim_end_matches([',', ';', '.'])
    }
}

/// Splits a line at white space.
pub(super) fn split(text: &str) -> Vec<Word<'_>> {
    text.split_whitespace().map(|word| Word { text: word, start: word.as_ptr() as usize - text.as_ptr() as usize }).collect()
}
