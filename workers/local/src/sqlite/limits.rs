//! What bare SQLite can do on this disk.
