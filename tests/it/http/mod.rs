//! The HTTP surface, seen by a client.

mod cancels;
mod door;
mod impact;
mod jobs;
mod problems;
mod repeats;
mod streams;
mod understanding;
mod walk;
mod workspaces;
