//! The reference systems, all on one kernel: one folder each, with its decisions, views, reports, policies and tests.
//!
//! [`catalog`] is all that the hosts know of them. To remove a system, delete its folder and its lines there.

pub mod comments;
pub mod common;
pub mod hotel;
pub mod social;
pub mod telemetry;

use kernel::Catalog;

/// Every system of this build.
pub fn catalog() -> Catalog {
    Catalog::new()
        .policies(common::POLICIES)
        .aggregate::<comments::Comment>()
        .view::<comments::Comments>()
        .policies(comments::POLICIES)
        .aggregate::<hotel::RoomType>()
        .view::<hotel::Bookings>()
        .view::<hotel::Availability>()
        .report::<hotel::Occupancy>()
        .policies(hotel::POLICIES)
        .aggregate::<social::Profile>()
        .aggregate::<social::Post>()
        .view::<social::Profiles>()
        .view::<social::Follows>()
        .view::<social::Posts>()
        .report::<social::Feed>()
        .report::<social::ProfilePage>()
        .policies(social::POLICIES)
        .aggregate::<telemetry::Device>()
        .view::<telemetry::Devices>()
        .view::<telemetry::ReadingsHourly>()
        .report::<telemetry::Dashboard>()
        .policies(telemetry::POLICIES)
}
