//! `querent health`: asks the daemon of these settings whether it is ready, where there is no other program to ask with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use crate::app::Setup;
use crate::error::{Class, Error, Result};

/// It must have answered by then.
const TIME: Duration = Duration::from_secs(5);

/// Asks; gives the process's exit code.
pub async fn run(setup: &Setup) -> Result<i32> {
    let server = &setup.config.server;
    let scheme = if server.tls().is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{}/readyz", reachable(server.listen));
    let client = reqwest::Client::builder()
        .timeout(TIME)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        // the certificate is for the public name, and nothing is told to whoever answers on this machine
        .tls_danger_accept_invalid_certs(true)
        .build()
        .map_err(|e| unwell(format!("the daemon cannot be asked: {e}")))?;
    let answer =
        client.get(&url).send().await.map_err(|e| unwell(format!("the daemon does not answer: {e}")))?;
    if !answer.status().is_success() {
        return Err(unwell(format!("the daemon is not ready: {}", answer.status())));
    }
    say!("ready");
    Ok(0)
}

/// The address under which this machine reaches a daemon that listens there.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn unwell(message: String) -> Error {
    Error::new("K078", Class::Upstream, message).hint("`querent doctor` looks at what the daemon needs.")
}
