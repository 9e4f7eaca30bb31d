//! What happens to a command and to a commit, in order.

pub mod batch;
