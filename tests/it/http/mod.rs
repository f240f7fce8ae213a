//! The HTTP surface, seen by a client.

mod audits;
mod cache;
mod cancels;
mod door;
mod identity;
mod identity_keys;
mod identity_links;
mod impact;
mod jobs;
mod oidc;
mod people;
mod permissions;
mod problems;
mod quotas;
mod repeats;
mod roles;
mod streams;
mod understanding;
mod walk;
mod workspaces;
