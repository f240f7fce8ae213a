//! Stack for deep trees: what a statement needs is bounded before it is parsed, and made room for once.
//!
//! A stack overflow aborts the process. Parsing, converting, resolving and rendering recurse as deep as the tree is;
//! `measure` bounds that depth, so one look at the remaining stack is enough. Ordinary statements stay on the
//! caller's stack; only deep ones pay for a larger one.

/// Bytes of stack that one level of a tree may take in the hungriest pass.
const LEVEL: usize = if cfg!(debug_assertions) { 40 * 1024 } else { 8 * 1024 };
/// Levels that every statement has before its first operator.
const BASE: usize = 24;

/// Runs `work` with enough stack for a tree of that depth.
pub(crate) fn with_room<T>(depth: usize, work: impl FnOnce() -> T) -> T {
    let need = depth.saturating_add(BASE).saturating_mul(LEVEL);
    stacker::maybe_grow(need, need + 64 * 1024, work)
}
