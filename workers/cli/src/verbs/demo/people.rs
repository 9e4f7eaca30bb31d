//! Who acts in the stories, and what they say.

/// First names, which are also handles.
pub(super) const NAMES: [&str; 24] = [
    "ada", "bruno", "chiara", "dmitri", "elif", "farid", "greta", "hanna", "ines", "jonas", "kofi", "lena", "marek",
    "nadia", "olu", "paula", "quentin", "rosa", "sami", "tuva", "ugo", "vera", "wim", "yuki",
];

/// Family names.
pub(super) const FAMILIES: [&str; 12] = [
    "Almeida",
    "Berg",
    "Costa",
    "Dubois",
    "Eriksen",
    "Fischer",
    "Gupta",
    "Haddad",
    "Ito",
    "Jansen",
    "Kaya",
    "Lindqvist",
];

/// The nth name, told from an earlier one like it by a number.
pub(super) fn handle(n: usize) -> String {
    let name = NAMES[n % NAMES.len()];
    match n / NAMES.len() {
        0 => name.to_owned(),
        round => format!("{name}{}", round + 1),
    }
}

/// A handle as a name is written, with a family name.
pub(super) fn full_name(n: usize) -> String {
    let name = NAMES[n % NAMES.len()];
    let family = FAMILIES[(n * 7 + n / NAMES.len()) % FAMILIES.len()];
    format!("{}{} {family}", name[..1].to_uppercase(), &name[1..])
}
