//! Stack for deep trees: what a statement needs is bounded before it is parsed, and made room for once.
//!
//! A stack overflow aborts the process. Parsing, converting, resolving and rendering recurse as deep as the tree is;
//! `measure` bounds that depth, so one look at the remaining stack is enough. Ordinary statements stay on the
//! caller's stack; only deep ones pay for a larger one.

use crate::measure::Size;

/// Bytes of stack that one link of a chain takes in the hungriest pass. Unoptimized frames are large.
const LINK: usize = if cfg!(debug_assertions) { 64 * 1024 } else { 8 * 1024 };
/// Bytes of stack that one level of brackets takes: it may be a whole query.
const BRACKET: usize = if cfg!(debug_assertions) { 320 * 1024 } else { 32 * 1024 };
/// What every statement takes.
const BASE: usize = if cfg!(debug_assertions) { 1024 * 1024 } else { 192 * 1024 };

/// Runs `work` with enough stack for a tree of that size.
pub(crate) fn with_room<T>(size: Size, work: impl FnOnce() -> T) -> T {
    let need = BASE + size.links.saturating_mul(LINK) + size.brackets.saturating_mul(BRACKET);
    stacker::maybe_grow(need, need + 64 * 1024, work)
}
