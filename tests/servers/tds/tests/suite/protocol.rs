//! Encryption, parameters, transactions, attention, faults, and bytes that are no TDS.

use std::sync::Arc;

use futures::TryStreamExt;
use test_tds::{Fault, Options, Server, SqlError, Tls};
use tiberius::{Client, EncryptionLevel};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{cells, config, connect, connect_as, error_of, rows, server};

const NUMBERS: &str = "CREATE TABLE n (n int PRIMARY KEY); \
    WITH s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s WHERE n < 2000) INSERT INTO n SELECT n FROM s";
const ENDLESS: &str = "SELECT a.n FROM n AS a CROSS JOIN n AS b CROSS JOIN n AS c WHERE a.n + b.n + c.n = 0";
const ENDLESS_ROWS: &str = "SELECT a.n FROM n AS a CROSS JOIN n AS b CROSS JOIN n AS c";

async fn with_tls(tls: Tls) -> Server {
    let options = Options { tls, ..Options::default() };
    Server::start(options).await.unwrap()
}

#[tokio::test]
async fn encryption_is_negotiated() {
    use EncryptionLevel::{NotSupported, Off, On, Required, Strict};
    let cases = [
        (Tls::Off, NotSupported, true),
        (Tls::Off, Required, false),
        (Tls::Offered, NotSupported, true),
        (Tls::Offered, Off, true),
        (Tls::Offered, On, true),
        (Tls::Offered, Required, true),
        (Tls::Offered, Strict, true),
        (Tls::Required, Required, true),
        (Tls::Required, Off, true),
        (Tls::Required, NotSupported, false),
    ];
    for (tls, asked, works) in cases {
        let server = with_tls(tls).await;
        let mut config = config(&server);
        config.encryption(asked);
        config.trust_cert_ca(server.authority().to_str().unwrap());
        let client = connect_as(config).await;
        assert_eq!(client.is_ok(), works, "{tls:?} {asked:?}: {:?}", client.err());
        if let Ok(mut client) = client {
            let long = cells(&mut client, "SELECT REPLICATE(N'x', 4000), 1").await;
            assert_eq!(long[0][1], "I32(Some(1))", "{tls:?} {asked:?}");
        }
    }
}

#[tokio::test]
async fn the_certificate_is_for_this_machine_and_of_the_authority() {
    let server = with_tls(Tls::Required).await;
    let mut unknown = config(&server);
    unknown.encryption(EncryptionLevel::Required);
    assert!(connect_as(unknown).await.is_err(), "nobody vouches for it");
    let mut elsewhere = config(&server);
    elsewhere.encryption(EncryptionLevel::Required);
    elsewhere.host("elsewhere.example");
    elsewhere.trust_cert_ca(server.authority().to_str().unwrap());
    let stream = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
    let stream = tokio_util::compat::TokioAsyncWriteCompatExt::compat_write(stream);
    assert!(Client::connect(elsewhere, stream).await.is_err(), "it is for another machine");
}

#[tokio::test]
async fn parameters_have_types_and_values() {
    let server = server(
        "CREATE TABLE t (id int PRIMARY KEY, name nvarchar(20)); INSERT INTO t VALUES (1, N'Zoë'), (2, NULL)",
    )
    .await;
    let mut client = connect(&server).await;
    let query = "SELECT id, @P2, @P3, @P4, @P5, @P6 FROM t WHERE id = @P1 AND (name = @P2 OR @P2 IS NULL)";
    let (name, none) = ("zoë", None::<i32>);
    let found = client.query(query, &[&1_i32, &name, &2.5_f64, &true, &none, &&[1_u8, 2][..]]).await.unwrap();
    let found = found.into_first_result().await.unwrap();
    assert_eq!(found.len(), 1);
    let cells: Vec<_> = found[0].cells().map(|(_, d)| format!("{d:?}")).collect();
    let expected =
        ["String(Some(\"zoë\"))", "F64(Some(2.5))", "Bit(Some(true))", "I32(None)", "Binary(Some([1, 2]))"];
    assert_eq!(cells[1..], expected);
    let failed = client.query("SELECT CAST(@P1 AS int)", &[&"x"]).await.unwrap().into_results().await;
    assert_eq!(failed.unwrap_err().code(), Some(245));
    let described =
        "SELECT column_ordinal, system_type_name FROM sys.dm_exec_describe_first_result_set(@P1, NULL, 0)";
    let described = client.query(described, &[&"SELECT id, name AS n FROM t"]).await.unwrap();
    let described = described.into_first_result().await.unwrap();
    assert_eq!(described[1].get::<&str, _>(1), Some("nvarchar(20)"));
}

#[tokio::test]
async fn transactions_are_counted_and_taken_back() {
    let server = server("CREATE TABLE t (id int PRIMARY KEY)").await;
    let mut client = connect(&server).await;
    let settings = "SET NOCOUNT ON; SET XACT_ABORT ON SET LOCK_TIMEOUT 500; SET TRANSACTION ISOLATION LEVEL SNAPSHOT; \
        BEGIN TRANSACTION; INSERT INTO t VALUES (1); SELECT @@TRANCOUNT, @@LOCK_TIMEOUT, @@OPTIONS & 16384, \
        CAST(s.transaction_isolation_level AS int), (SELECT COUNT(*) FROM t) FROM sys.dm_exec_sessions AS s \
        WHERE s.session_id = @@SPID";
    let found = cells(&mut client, settings).await;
    assert_eq!(
        found[0],
        ["I32(Some(1))", "I32(Some(500))", "I32(Some(16384))", "I32(Some(5))", "I32(Some(1))"]
    );
    rows(&mut client, "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION").await;
    let found = cells(&mut client, "SELECT @@TRANCOUNT, COUNT(*) FROM t").await;
    assert_eq!(found[0], ["I32(Some(0))", "I32(Some(0))"]);
    assert_eq!(error_of(&mut client, "ROLLBACK").await, 3903);
}

#[tokio::test]
async fn an_attention_ends_what_runs() {
    let server = Arc::new(server(NUMBERS).await);
    for (number, sql) in [(1, ENDLESS), (2, ENDLESS_ROWS)] {
        let mut client = connect(&server).await;
        let started = server.counts().started;
        {
            let asked = client.simple_query(sql);
            let begun = server.wait_for(|c| c.started > started && c.running > 0);
            tokio::select! {
                // rows come at once, or never
                stream = asked => {
                    let mut stream = stream.unwrap();
                    assert!(stream.try_next().await.unwrap().is_some());
                }
                () = async { begun.await; if number == 2 { std::future::pending::<()>().await } } => {}
            }
        }
        client.cancel_query().await.unwrap();
        server.wait_for(|c| c.running == 0).await;
        assert_eq!(server.interrupted(), number, "{sql}");
        assert_eq!(cells(&mut client, "SELECT COUNT(*) FROM n").await[0], ["I32(Some(2000))"], "{sql}");
    }
}

#[tokio::test]
async fn a_client_that_goes_away_ends_what_runs() {
    let server = Arc::new(server(NUMBERS).await);
    let mut client = connect(&server).await;
    let watched = Arc::clone(&server);
    let asked = tokio::spawn(async move {
        let _ = client.simple_query(ENDLESS).await.map(|_| ());
    });
    watched.wait_for(|c| c.running == 1).await;
    asked.abort();
    server.wait_for(|c| c.running == 0 && c.interrupted == 1 && c.sessions == 0).await;
}

#[test]
fn a_server_that_ends_lets_nothing_run_on() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let server = server(NUMBERS).await;
        let mut client = connect(&server).await;
        tokio::spawn(async move {
            let _ = client.simple_query(ENDLESS).await.map(|_| ());
        });
        server.wait_for(|c| c.running == 1).await;
    });
    // this waits for every thread
    drop(runtime);
}

#[tokio::test]
async fn statements_fail_wait_and_are_cut_as_planned() {
    let server = server(NUMBERS).await;
    let mut client = connect(&server).await;
    server.fail_next("sys.columns", Fault::Error(SqlError::new(229, "denied").class(14)));
    assert_eq!(error_of(&mut client, "SELECT name FROM sys.columns").await, 229);
    assert!(!cells(&mut client, "SELECT name FROM sys.columns").await.is_empty(), "once only");
    server.fail_next("from n", Fault::ErrorAfter(3, SqlError::new(8134, "zero")));
    let mut stream = client.simple_query("SELECT n FROM n").await.unwrap().into_row_stream();
    for n in 1..=3 {
        assert_eq!(stream.try_next().await.unwrap().unwrap().get::<i32, _>(0), Some(n));
    }
    assert_eq!(stream.try_next().await.unwrap_err().code(), Some(8134));
    drop(stream);
    let hold = server.hold("from n", 2);
    let mut stream = client.simple_query("SELECT n FROM n").await.unwrap().into_row_stream();
    assert!(stream.try_next().await.unwrap().is_some());
    hold.reached().await;
    hold.release();
    assert_eq!(stream.try_fold(1, |count, _| async move { Ok(count + 1) }).await.unwrap(), 2000);
    server.fail_next("from n", Fault::CutAfter(1));
    let cut = client.simple_query("SELECT n FROM n").await.unwrap().into_first_result().await;
    assert!(cut.is_err());
    server.wait_for(|c| c.sessions == 0).await;
}

#[tokio::test]
async fn logins_may_do_what_was_granted() {
    let server = server(
        "CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE LOGIN r WITH PASSWORD = 'p-1'; \
         CREATE USER r FOR LOGIN r; GRANT SELECT ON dbo.a TO r",
    )
    .await;
    let mut as_r = config(&server);
    as_r.authentication(tiberius::AuthMethod::sql_server("r", "p-1"));
    let mut client = connect_as(as_r).await.unwrap();
    assert!(cells(&mut client, "SELECT id FROM a").await.is_empty());
    assert_eq!(error_of(&mut client, "SELECT id FROM b").await, 229);
    assert_eq!(error_of(&mut client, "INSERT INTO a VALUES (1)").await, 229);
    assert_eq!(error_of(&mut client, "CREATE TABLE c (id int)").await, 262);
    assert_eq!(cells(&mut client, "SELECT name FROM sys.tables").await, [["String(Some(\"a\"))"]]);
    let asked = "SELECT HAS_PERMS_BY_NAME('[dbo].[a]', 'OBJECT', 'SELECT'), HAS_PERMS_BY_NAME('dbo.a', 'OBJECT', 'INSERT'), USER_NAME()";
    assert_eq!(cells(&mut client, asked).await[0], ["I32(Some(1))", "I32(Some(0))", "String(Some(\"r\"))"]);
}

#[tokio::test]
async fn a_plan_is_given_and_nothing_runs() {
    let server = server(NUMBERS).await;
    let mut client = connect(&server).await;
    rows(&mut client, "SET SHOWPLAN_XML ON").await;
    let plan = cells(&mut client, ENDLESS).await;
    assert!(
        plan[0][0].contains("StatementSubTreeCost") && plan[0][0].contains("StatementEstRows"),
        "{plan:?}"
    );
}

#[tokio::test]
async fn bytes_that_are_no_tds_end_their_connection_only() {
    let server = server("").await;
    let hostile: [&[u8]; 7] = [
        b"GET / HTTP/1.1\r\n\r\n",
        &[0x12, 1, 0, 4, 0, 0, 0, 0],
        &[0x12, 1, 0, 14, 0, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x10, 1, 0, 12, 0, 0, 1, 0, 0xff, 0xff, 0xff, 0xff],
        &[0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5],
        &[0x12, 0, 0, 9, 0, 0, 1, 0, 0xff, 0x01, 1, 0, 9, 0, 0, 1, 0, 0],
        &[0x01, 1, 0, 8, 0, 0, 1, 0],
    ];
    for bytes in hostile {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
    }
    let mut client = connect(&server).await;
    assert_eq!(cells(&mut client, "SELECT 1").await[0], ["I32(Some(1))"]);
}

fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u16 + 8).to_be_bytes();
    [&[kind, 1, length[0], length[1], 0, 0, 1, 0], body].concat()
}

/// LOGIN7 of `sa` into `querent`, written by hand.
fn login() -> Vec<u8> {
    let units = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let hidden: Vec<u8> = units("Querent-1").iter().map(|b| b.rotate_left(4) ^ 0xa5).collect();
    let texts = [vec![], units("sa"), hidden, vec![], vec![], vec![], vec![], vec![], units("querent")];
    let mut offset = 94_u16;
    let (mut table, mut data) = (Vec::new(), Vec::new());
    for text in texts {
        table.extend(offset.to_le_bytes());
        table.extend((text.len() as u16 / 2).to_le_bytes());
        offset += text.len() as u16;
        data.extend(text);
    }
    table.resize(58, 0);
    let fixed =
        [&u32::from(offset).to_le_bytes()[..], &[4, 0, 0, 0x74], &4096_u32.to_le_bytes(), &[0; 24]].concat();
    [fixed, table, data].concat()
}

#[tokio::test]
async fn requests_that_cannot_be_read_are_answered() {
    let server = server("").await;
    let broken: [(u8, &[u8]); 6] = [
        (1, &[0xff; 6]),
        (1, &[4, 0, 0, 0, 0x41]),
        (3, &[22, 0, 0, 0]),
        (3, &[4, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 0, 0, 0, 0x99]),
        (3, &[4, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 0, 0, 0, 0xe7, 0xff, 0xff, 0, 0, 0, 0, 0, 1, 2, 3]),
        (14, &[4, 0, 0, 0, 99, 0]),
    ];
    for (kind, body) in broken {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
        for message in [packet(0x12, &[1, 0, 6, 0, 1, 0xff, 2]), packet(0x10, &login())] {
            stream.write_all(&message).await.unwrap();
            let mut header = [0; 8];
            stream.read_exact(&mut header).await.unwrap();
            let mut body = vec![0; usize::from(u16::from_be_bytes([header[2], header[3]])) - 8];
            stream.read_exact(&mut body).await.unwrap();
            assert_eq!((header[0], header[1]), (4, 1), "one packet is the whole answer");
        }
        stream.write_all(&packet(kind, body)).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let said: Vec<u8> = "stream is malformed".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(answer.windows(said.len()).any(|w| w == said), "{kind} {body:?}");
    }
    let mut client = connect(&server).await;
    assert_eq!(cells(&mut client, "SELECT 1").await[0], ["I32(Some(1))"]);
}
