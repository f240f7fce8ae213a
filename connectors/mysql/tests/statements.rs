//! How many statements a crawl sends. A file of its own: where somebody changes tables on the server meanwhile, a crawl reads
//! some again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[macro_use]
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use connector_api::{Connector, CrawlOptions};
use connector_mysql::MysqlConnector;
use support::{Database, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A forwarder in front of the server that counts the commands sent through it.
struct Counter {
    address: String,
    commands: Arc<AtomicUsize>,
}

impl Counter {
    async fn start(server: String) -> Counter {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let commands = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&commands);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.expect("the server answers");
                tokio::spawn(forward(client, server, Arc::clone(&counted)));
            }
        });
        Counter { address, commands }
    }
}

/// Counts COM_QUERY and COM_STMT_EXECUTE: the first byte of a packet that begins a conversation.
async fn forward(client: TcpStream, server: TcpStream, counted: Arc<AtomicUsize>) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    loop {
        let mut head = [0; 4];
        from_client.read_exact(&mut head).await?;
        let mut body = vec![0; u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize];
        from_client.read_exact(&mut body).await?;
        if head[3] == 0 && matches!(body.first(), Some(0x03 | 0x17)) {
            counted.fetch_add(1, Ordering::SeqCst);
        }
        to_server.write_all(&head).await?;
        to_server.write_all(&body).await?;
    }
}

async fn commands_of_a_crawl(server: Server, tables: usize) -> usize {
    let database = Database::new(server, &[]).await;
    for n in 0..tables {
        let key =
            format!("CREATE TABLE t{n} (id int PRIMARY KEY, r int, m enum('a'), CHECK (r > 0), KEY (r))");
        database.run(&key).await;
        database.run(&format!("CREATE VIEW v{n} AS SELECT * FROM t{n}")).await;
    }
    let url = database.url("ssl-mode=DISABLED");
    let address =
        url.split('@').nth(1).and_then(|rest| rest.split('/').next()).expect("host and port").to_owned();
    let counter = Counter::start(address.clone()).await;
    let connector = MysqlConnector::new(&url.replace(&address, &counter.address)).expect("a connector");
    // a look at values takes one statement a table, and can be switched off
    let options = CrawlOptions { sample_rows: None, ..CrawlOptions::default() };
    let snapshot = connector.introspect(&options, &|_| {}).await.expect("the crawl works");
    assert_eq!(snapshot.tables.len(), 2 * tables);
    counter.commands.load(Ordering::SeqCst)
}

async fn a_crawl_sends_the_same_statements_for_few_and_many_tables(server: Server) {
    let (few, many) = (commands_of_a_crawl(server, 2).await, commands_of_a_crawl(server, 60).await);
    assert_eq!(few, many);
    assert!(few <= 20, "{few}");
}

on_every_server!(a_crawl_sends_the_same_statements_for_few_and_many_tables);
