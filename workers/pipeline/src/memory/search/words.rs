//! Words, found naively; folding knows the letters of western Europe.

use frostem::{Algorithm, Stemmer};

/// The runs of letters and digits of a text, with their places.
pub(super) fn runs(text: &str) -> Vec<(usize, &str)> {
    let mut runs: Vec<(usize, &str)> = Vec::new();
    let mut at = 0;
    for run in text.split(|c: char| !c.is_alphanumeric()) {
        if !run.is_empty() {
            runs.push((at, run));
        }
        at += run.len();
        at += text[at..].chars().next().map_or(0, char::len_utf8);
    }
    runs
}

/// The words of a text, as they are searched for.
pub(super) fn words(text: &str) -> Vec<String> {
    runs(text).into_iter().map(|(_, run)| word(run)).collect()
}

fn word(run: &str) -> String {
    let mut folded = String::new();
    for c in run.chars().flat_map(char::to_lowercase) {
        match fold(c) {
            Some(ascii) => folded.push_str(ascii),
            None => folded.push(c),
        }
    }
    Stemmer::new(Algorithm::English).stem(&folded).into_owned()
}

fn fold(c: char) -> Option<&'static str> {
    Some(match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'ð' | 'ď' => "d",
        'è'..='ë' | 'ē' | 'ę' | 'ě' => "e",
        'ì'..='ï' | 'ī' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => "o",
        'œ' => "oe",
        'ř' => "r",
        'ś' | 'š' | 'ş' => "s",
        'ß' => "ss",
        'þ' => "th",
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

/// The whole text, escaped, with those of its words that are wanted in `<em>`; `None` if there is none.
pub(super) fn highlight(text: &str, wanted: &[String]) -> Option<String> {
    let (mut marked, mut done) = (String::new(), 0);
    for (at, run) in runs(text) {
        if wanted.contains(&word(run)) {
            marked.extend([&*escape(&text[done..at]), "<em>", &*escape(run), "</em>"]);
            done = at + run.len();
        }
    }
    (done > 0).then(|| marked + &escape(&text[done..]))
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#x27;")
}
