//! The gateway as a program: `querent-test-documents POSTGRES_URL [PORT]`. Prints the address it listens on, one line.

use std::process::ExitCode;

use test_documents::Gateway;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(url) = arguments.next() else {
        eprintln!("usage: querent-test-documents POSTGRES_URL [PORT]");
        return ExitCode::from(2);
    };
    let port = arguments.next().unwrap_or_else(|| "0".to_owned());
    let listener = match TcpListener::bind(format!("127.0.0.1:{port}")).await {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("port {port} cannot be used: {error}");
            return ExitCode::FAILURE;
        }
    };
    let gateway = match Gateway::new(&url).await {
        Ok(gateway) => gateway,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    match listener.local_addr() {
        Ok(address) => println!("{address}"),
        Err(error) => eprintln!("{error}"),
    }
    test_documents::serve(listener, gateway).await;
    ExitCode::SUCCESS
}
