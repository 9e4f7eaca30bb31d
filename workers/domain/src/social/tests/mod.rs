//! Given/when/then of the social network's rules.

mod laws;
mod policies;
mod posts;
mod profiles;
mod reports;
mod views;

use events::{
    post::{self, PostDeleted, PostEdited, PostPublished},
    profile::{self, Followed, ProfileCreated, ProfileEdited, Unfollowed},
};

fn created() -> profile::Event {
    ProfileCreated { display_name: "Ada".into(), bio: Some("engines".into()) }.into()
}

fn edited(name: Option<&str>, bio: Option<&str>) -> profile::Event {
    ProfileEdited { display_name: name.map(Into::into), bio: bio.map(Into::into) }.into()
}

fn followed(handle: &str) -> profile::Event {
    Followed { handle: handle.parse().unwrap() }.into()
}

fn unfollowed(handle: &str) -> profile::Event {
    Unfollowed { handle: handle.parse().unwrap() }.into()
}

fn published() -> post::Event {
    PostPublished { author: "alice".into(), text: "hello".into(), tags: vec!["first".into()] }.into()
}

fn rewritten(text: &str) -> post::Event {
    PostEdited { text: text.into() }.into()
}

fn deleted() -> post::Event {
    PostDeleted {}.into()
}
