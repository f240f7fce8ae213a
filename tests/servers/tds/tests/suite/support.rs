//! A server with one database, and clients of it.

use test_tds::{Options, Server};
use tiberius::{AuthMethod, Client, Config, EncryptionLevel, Row};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

pub type Connected = Client<Compat<TcpStream>>;

/// A server after a script.
pub async fn server(script: &str) -> Server {
    let server = Server::start(Options::default()).await.unwrap();
    server.execute("querent", script).await.unwrap_or_else(|e| panic!("{e:?}"));
    server
}

/// How `sa` connects, without encryption.
pub fn config(server: &Server) -> Config {
    let mut config = Config::new();
    config.host("localhost");
    config.port(server.port());
    config.database("querent");
    config.authentication(AuthMethod::sql_server("sa", "Querent-1"));
    config.encryption(EncryptionLevel::NotSupported);
    config
}

/// Connects.
pub async fn connect_as(config: Config) -> tiberius::Result<Connected> {
    let stream = TcpStream::connect(("127.0.0.1", config_port(&config))).await?;
    Client::connect(config, stream.compat_write()).await
}

fn config_port(config: &Config) -> u16 {
    config.get_addr().rsplit(':').next().unwrap().parse().unwrap()
}

pub async fn connect(server: &Server) -> Connected {
    connect_as(config(server)).await.unwrap()
}

/// The rows of a batch.
pub async fn rows(client: &mut Connected, sql: &str) -> Vec<Row> {
    let stream = client.simple_query(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    stream.into_first_result().await.unwrap_or_else(|e| panic!("{sql}: {e}"))
}

/// Cells as `Debug` text, for comparing whole results.
pub async fn cells(client: &mut Connected, sql: &str) -> Vec<Vec<String>> {
    let rows = rows(client, sql).await;
    rows.into_iter().map(|r| r.into_iter().map(|c| format!("{c:?}")).collect()).collect()
}

/// The number of the error that a batch ends with.
pub async fn error_of(client: &mut Connected, sql: &str) -> u32 {
    let result = match client.simple_query(sql).await {
        Ok(stream) => stream.into_results().await.map(|_| ()),
        Err(error) => Err(error),
    };
    result.expect_err(sql).code().unwrap_or(0)
}
