//! The aggregate: what a member tells of themselves, and whom they follow. Its handle is the member's subject.

use std::collections::BTreeSet;

use events::profile::{Event, Followed, ProfileCreated, ProfileEdited, Unfollowed};
use kernel::{Attribute, Attributes, CommandData, Context, Decider, Decision, Id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tells who one is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateProfile {
    /// The name that others see.
    #[schemars(length(min = 1, max = 200))]
    pub display_name: String,
    /// What one says of oneself.
    #[schemars(length(min = 1, max = 2000))]
    pub bio: Option<String>,
}
impl CommandData for CreateProfile {}

/// Tells it otherwise: what is absent stays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditProfile {
    /// The name that others shall see.
    #[schemars(length(min = 1, max = 200))]
    pub display_name: Option<String>,
    /// What one says of oneself.
    #[schemars(length(min = 1, max = 2000))]
    pub bio: Option<String>,
}
impl CommandData for EditProfile {}

/// Follows another: their posts then stand in one's feed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Follow {
    /// Whom.
    pub handle: Id,
}
impl CommandData for Follow {}

/// Follows another no longer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unfollow {
    /// Whom.
    pub handle: Id,
}
impl CommandData for Unfollow {}

kernel::commands! {
    /// What can be asked of a profile.
    pub enum Command { CreateProfile, EditProfile, Follow, Unfollow }
}

/// What a member tells of themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// The name that others see.
    pub display_name: String,
    /// What they say of themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bio: Option<String>,
}

impl Details {
    fn edit(&mut self, edited: &ProfileEdited) {
        if let Some(name) = &edited.display_name {
            self.display_name.clone_from(name);
        }
        if edited.bio.is_some() {
            self.bio.clone_from(&edited.bio);
        }
    }
}

/// All that decisions need to know of a profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// What is told, once it is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
    /// Whom the member follows.
    pub follows: BTreeSet<Id>,
}

/// Why a profile says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// There is a profile of this handle, which tells something else.
    AlreadyCreated,
    /// There is no profile of this handle.
    UnknownProfile,
    /// One neither follows oneself nor stops it.
    NotSelf,
}

impl kernel::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyCreated => "already-created",
            Self::UnknownProfile => "unknown-profile",
            Self::NotSelf => "not-self",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::AlreadyCreated => "the profile was already created with other data",
            Self::UnknownProfile => "there is no profile of this handle",
            Self::NotSelf => "nobody follows themselves",
        }
        .into()
    }
}

/// A profile.
pub struct Profile;

impl Decider for Profile {
    type Command = Command;
    type Event = Event;
    type State = State;
    type Rejection = Rejection;

    const AGGREGATE: &'static str = "profile";
    const REVISION: u32 = 1;

    fn evolve(mut state: State, event: &Event) -> State {
        match event {
            Event::ProfileCreated(e) => {
                state.details = Some(Details { display_name: e.display_name.clone(), bio: e.bio.clone() });
            }
            Event::ProfileEdited(e) => {
                if let Some(details) = &mut state.details {
                    details.edit(e);
                }
            }
            Event::Followed(e) => {
                state.follows.insert(e.handle.clone());
            }
            Event::Unfollowed(e) => {
                state.follows.remove(&e.handle);
            }
        }
        state
    }

    fn decide(
        state: &State,
        command: &Command,
        context: &Context<'_>,
    ) -> Result<Decision<Event, Rejection>, Rejection> {
        let details = match (command, &state.details) {
            (Command::CreateProfile(new), details) => return create(details.as_ref(), new),
            (_, None) => return Err(Rejection::UnknownProfile),
            (_, Some(details)) => details,
        };
        let others =
            |handle: &Id| if handle.as_str() == context.stream.id() { Err(Rejection::NotSelf) } else { Ok(()) };
        Ok(match command {
            Command::CreateProfile(new) => return create(Some(details), new),
            Command::EditProfile(edit) => self::edit(details, edit),
            Command::Follow(Follow { handle }) => {
                others(handle)?;
                let follows = state.follows.contains(handle);
                if follows { Decision::already_so() } else { Decision::one(Followed { handle: handle.clone() }) }
            }
            Command::Unfollow(Unfollow { handle }) => {
                others(handle)?;
                let follows = state.follows.contains(handle);
                if follows { Decision::one(Unfollowed { handle: handle.clone() }) } else { Decision::already_so() }
            }
        })
    }

    /// Whether there is a profile: what isn't there is answered before the question whose it is.
    fn resource(state: &State, _: &Command) -> Attributes {
        vec![("created", Attribute::Boolean(state.details.is_some()))]
    }
}

fn create(details: Option<&Details>, new: &CreateProfile) -> Result<Decision<Event, Rejection>, Rejection> {
    let CreateProfile { display_name, bio } = new.clone();
    match details {
        None => Ok(Decision::one(ProfileCreated { display_name, bio })),
        Some(details) if *details == Details { display_name, bio } => Ok(Decision::already_so()),
        Some(_) => Err(Rejection::AlreadyCreated),
    }
}

/// The event holds only what changes.
fn edit(details: &Details, edit: &EditProfile) -> Decision<Event, Rejection> {
    let display_name = edit.display_name.clone().filter(|name| *name != details.display_name);
    let bio = edit.bio.clone().filter(|bio| Some(bio) != details.bio.as_ref());
    if display_name.is_none() && bio.is_none() {
        return Decision::already_so();
    }
    Decision::one(ProfileEdited { display_name, bio })
}
