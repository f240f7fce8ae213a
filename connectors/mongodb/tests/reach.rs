//! A server that names members of its set: the driver goes to them by itself, and the gate is before every one.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::net::SocketAddr;

use bson::{Document, doc};
use connector_api::{Connector, ConnectorError, ErrorKind, Place, Reach};
use connector_mongodb::MongodbConnector;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Says of itself that it is a secondary of a set, and who else belongs to it.
async fn answer(mut socket: TcpStream, hello: Document) -> Option<()> {
    loop {
        let mut head = [0; 16];
        socket.read_exact(&mut head).await.ok()?;
        let number = |at: usize| i32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (length, id, code) = (number(0), number(4), number(12));
        let mut rest = vec![0; usize::try_from(length).ok()? - 16];
        socket.read_exact(&mut rest).await.ok()?;
        let body = bson::serialize_to_vec(&hello).ok()?;
        // the old form of a query wants the old form of an answer
        let (code, head) = if code == 2004 {
            let of: [&[u8]; 4] = [&8_i32.to_le_bytes(), &[0; 8], &[0; 4], &1_i32.to_le_bytes()];
            (1_i32, of.concat())
        } else {
            (2013, vec![0; 5])
        };
        let length = i32::try_from(16 + head.len() + body.len()).ok()?;
        let mut frame: Vec<u8> = [length, 1, id, code].iter().flat_map(|n| n.to_le_bytes()).collect();
        frame.extend(head);
        frame.extend(body);
        socket.write_all(&frame).await.ok()?;
    }
}

/// A set whose one member names another; gives that other's listener and what the test of a connection said.
async fn sent_on(may: impl Fn(SocketAddr, SocketAddr) -> bool + Send + Sync + 'static) -> (bool, ErrorKind) {
    let (first, second) =
        (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let (here, there) = (first.local_addr().unwrap(), second.local_addr().unwrap());
    let hello = doc! {
        "helloOk": true, "ismaster": false, "isWritablePrimary": false, "secondary": true, "setName": "rs0",
        "setVersion": 1, "hosts": [here.to_string(), there.to_string()], "me": here.to_string(),
        "minWireVersion": 0, "maxWireVersion": 25, "maxBsonObjectSize": 16_777_216,
        "maxMessageSizeBytes": 48_000_000, "maxWriteBatchSize": 100_000, "ok": 1.0,
    };
    tokio::spawn(async move {
        while let Ok((socket, _)) = first.accept().await {
            tokio::spawn(answer(socket, hello.clone()));
        }
    });
    let reach = Reach::by(move |place| match place {
        Place::Address(_, address) if !may(address, there) => {
            Err(ConnectorError::new(ErrorKind::OutOfReach, "not there"))
        }
        _ => Ok(()),
    });
    let url = format!("mongodb://{here}/shop?replicaSet=rs0&readPreference=primary&connect_timeout=2");
    let connector = MongodbConnector::within(&url, reach).unwrap();
    // it looks for a primary, which there is none of: the time is enough to try both
    let (kind, reached) = tokio::join!(
        async { connector.test().await.unwrap_err().kind },
        tokio::time::timeout(std::time::Duration::from_secs(3), second.accept())
    );
    (reached.is_ok(), kind)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_a_server_names_is_asked_about_like_any_other() {
    assert_eq!(sent_on(|_, _| true).await, (true, ErrorKind::Unreachable));
    assert_eq!(sent_on(|address, there| address != there).await, (false, ErrorKind::Unreachable));
}
