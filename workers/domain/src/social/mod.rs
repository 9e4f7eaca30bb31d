//! The social network: profiles, who follows whom, and posts.
//!
//! | file | what it owns |
//! |---|---|
//! | `profile` | what is told of a member, and whom they follow |
//! | `post` | the posts |
//! | `profiles`, `follows`, `posts` | what can be searched |
//! | `feed`, `profile_page` | what is reported |

mod feed;
mod follows;
pub mod post;
mod posts;
pub mod profile;
mod profile_page;
mod profiles;
#[cfg(test)]
mod tests;

use kernel::catalog::PolicySource;

pub use feed::Feed;
pub use follows::Follows;
pub use post::Post;
pub use posts::Posts;
pub use profile::Profile;
pub use profile_page::ProfilePage;
pub use profiles::Profiles;

/// Who may publish and follow, and who may read it.
pub const POLICIES: PolicySource = PolicySource {
    name: "social",
    policies: include_str!("policies.cedar"),
    schema: include_str!("policies.cedarschema"),
};
