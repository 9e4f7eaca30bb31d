//! The words of a text, as both hosts find them.

use tantivy::tokenizer::{AsciiFoldingFilter, Language, LowerCaser, SimpleTokenizer, Stemmer, TextAnalyzer};

/// The analyzer's name in the index.
pub(super) const WORDS: &str = "words";

/// A word is a maximal run of letters and digits (Unicode's Alphabetic and Numeric), lower-cased, ASCII-folded,
/// stemmed by Snowball's English. No stop words, no longest word.
pub(super) fn analyzer() -> TextAnalyzer {
    TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .filter(Stemmer::new(Language::English))
        .build()
}

/// The words of a text, in order, as they are searched for.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    analyzer().token_stream(text).process(&mut |token| words.push(token.text.clone()));
    words
}

/// The whole text, escaped for HTML, with the words that are among `found` in `<em>`; `None` if there is none.
pub(super) fn highlight(text: &str, found: &[String]) -> Option<String> {
    let mut marked = String::with_capacity(text.len() + 16);
    let (mut done, mut any) = (0, false);
    analyzer().token_stream(text).process(&mut |token| {
        if found.contains(&token.text) {
            any = true;
            escape(&text[done..token.offset_from], &mut marked);
            marked.push_str("<em>");
            escape(&text[token.offset_from..token.offset_to], &mut marked);
            marked.push_str("</em>");
            done = token.offset_to;
        }
    });
    escape(&text[done..], &mut marked);
    any.then_some(marked)
}

fn escape(text: &str, into: &mut String) {
    for c in text.chars() {
        match c {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\'' => into.push_str("&#x27;"),
            other => into.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_run_of_letters_and_digits_folded_and_stemmed() {
        assert_eq!(
            words("Running at the Café's 2nd sea-view, ÜBER_42"),
            ["run", "at", "the", "cafe", "s", "2nd", "sea", "view", "uber", "42"]
        );
        assert_eq!(words("— !?"), Vec::<String>::new());
    }

    #[test]
    fn a_highlight_is_the_whole_text_escaped() {
        let found = words("run cafes");
        assert_eq!(
            highlight("<b>Runs & a \"café\"", &found).as_deref(),
            Some("&lt;b&gt;<em>Runs</em> &amp; a &quot;<em>café</em>&quot;")
        );
        assert_eq!(highlight("nothing", &found), None);
    }
}
