//! Starts the test server by hand: `querent-test-tds [--port N] [--tls off|offered|required] [SCRIPT.sql ...]`. The
//! scripts are carried out in the database `querent`; the address is printed, and the server runs until it is
//! interrupted. It is not SQL Server.

use std::process::ExitCode;

use test_tds::{Options, Server, Tls};

struct Arguments {
    options: Options,
    scripts: Vec<String>,
}

fn arguments(mut given: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut read = Arguments { options: Options::default(), scripts: Vec::new() };
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--port" => {
                let port = given.next().and_then(|p| p.parse().ok());
                read.options.port = port.ok_or("--port takes a number up to 65535")?;
            }
            "--tls" => {
                read.options.tls = match given.next().as_deref() {
                    Some("off") => Tls::Off,
                    Some("offered") => Tls::Offered,
                    Some("required") => Tls::Required,
                    _ => return Err("--tls takes off, offered or required".to_owned()),
                };
            }
            option if option.starts_with("--") => return Err(format!("there is no option {option}")),
            script => read.scripts.push(script.to_owned()),
        }
    }
    Ok(read)
}

async fn run() -> Result<(), String> {
    let Arguments { options, scripts } = arguments(std::env::args().skip(1))?;
    let server = Server::start(options).await.map_err(|e| format!("the server does not start: {e}"))?;
    for path in scripts {
        let script = std::fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
        let done = server.execute("querent", &script).await;
        done.map_err(|e| format!("{path}: error {}, line {}: {}", e.number, e.line, e.message))?;
    }
    println!("mssql://sa:Querent-1@localhost:{}/querent", server.port());
    println!("authority: {}", server.authority().display());
    tokio::signal::ctrl_c().await.map_err(|e| e.to_string())
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("querent-test-tds: {error}");
            ExitCode::FAILURE
        }
    }
}
