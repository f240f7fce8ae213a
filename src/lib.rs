//! Querent, as a library: the daemon behind the binary.
