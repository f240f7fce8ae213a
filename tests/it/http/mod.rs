//! The HTTP surface, seen by a client.

mod door;
mod problems;
mod streams;
mod walk;
