//! The binary: a thin shell around the library.

fn main() {
    // One crypto provider for every connection, chosen before the first.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        eprintln!("a crypto provider was installed before the program started");
    }
    std::process::exit(querent::cli::main());
}
