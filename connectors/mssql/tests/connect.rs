//! Connecting: TLS as the URL says, logins, what the login may do, and errors that say what to do next.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use catalog::Engine;
use connector_api::{Connector, ConnectorError, ErrorKind, ServerInfo};
use connector_mssql::MssqlConnector;
use support::Database;
use test_tds::{Options, Tls, User};

async fn test(url: &str) -> Result<ServerInfo, ConnectorError> {
    MssqlConnector::new(url)?.test().await
}

async fn kind(url: &str) -> ErrorKind {
    let error = test(url).await.expect_err("it does not connect");
    assert!(error.hint.is_some(), "{error:?}");
    error.kind
}

async fn database(tls: Tls) -> Database {
    Database::ours(Options { tls, ..Options::default() }, &[]).await
}

#[tokio::test]
async fn uses_tls_as_the_url_says() {
    let database = database(Tls::Offered).await;
    let authority = format!("ca={}", database.server().authority().display());
    for (encrypt, told) in [("yes", true), ("strict", true), ("login", false), ("no", false)] {
        let info = test(&database.url(&format!("encrypt={encrypt}&{authority}"))).await;
        let info = info.unwrap_or_else(|e| panic!("{encrypt}: {e:?}"));
        assert_eq!(info.tls.is_some(), told, "{encrypt}");
        assert_eq!((info.engine, info.database.as_str()), (Engine::Mssql, "querent"));
    }
}

#[tokio::test]
async fn verifies_the_server_by_its_name() {
    let database = database(Tls::Offered).await;
    let ours = format!("encrypt=yes&ca={}", database.server().authority().display());
    let by = |host: &str, params: &str| database.url(params).replace("localhost", host);
    assert!(test(&by("localhost", &ours)).await.expect("it connects").tls.is_some());
    // nobody vouches for it
    assert_eq!(kind(&by("localhost", "encrypt=yes")).await, ErrorKind::Tls);
    let other_name = format!("{ours}&certificate_host=db.example.org");
    assert_eq!(kind(&by("localhost", &other_name)).await, ErrorKind::Tls);
    assert!(test(&by("localhost", "encrypt=yes&trust_server_certificate=yes")).await.is_ok());
    assert_eq!(kind(&by("localhost", "encrypt=yes&ca=gone.pem")).await, ErrorKind::BadConfig);
}

#[tokio::test]
async fn never_goes_on_without_the_encryption_that_was_asked_for() {
    let database = database(Tls::Off).await;
    assert_eq!(kind(&database.url("encrypt=yes")).await, ErrorKind::Tls);
}

#[tokio::test]
async fn logs_in_with_a_password() {
    let users = vec![
        User { name: "sa".to_owned(), password: "Querent-1".to_owned(), admin: true },
        User { name: "reader".to_owned(), password: "right one".to_owned(), admin: true },
    ];
    let database = Database::ours(Options { users, ..Options::default() }, &[]).await;
    let info = test(&database.url_as(Some("reader:right%20one"), "")).await.expect("it connects");
    assert_eq!(info.privileges.login, "reader");
    let error = test(&database.url_as(Some("reader:geheim"), "")).await.expect_err("it does not connect");
    assert_eq!((error.kind, error.engine_code.as_deref()), (ErrorKind::BadLogin, Some("18456")));
    assert!(!format!("{error:?}").contains("geheim"));
}

#[tokio::test]
async fn says_what_is_missing() {
    let database = database(Tls::Offered).await;
    let gone = database.url("").replace("/querent?", "/querent_there_is_no_such_database?");
    assert_eq!(kind(&gone).await, ErrorKind::NoDatabase);
    assert_eq!(kind("mssql://ada@127.0.0.1:1/shop?encrypt=no").await, ErrorKind::Unreachable);
    assert_eq!(kind("mssql://ada@no-such-host.invalid/shop?encrypt=no").await, ErrorKind::Unreachable);
}

#[tokio::test]
async fn names_what_the_login_could_write() {
    let database = Database::new(&["CREATE TABLE a (id int)", "CREATE TABLE b (id int)"]).await;
    let name = format!("{}_login", database.name);
    for statement in [
        format!("CREATE LOGIN {name} WITH PASSWORD = 'Querent-1'"),
        format!("CREATE USER {name} FOR LOGIN {name}"),
        format!("GRANT SELECT ON dbo.a TO {name}"),
    ] {
        database.run(&statement).await;
    }
    let url = database.url_as(Some(&format!("{name}:Querent-1")), "");
    let privileges = test(&url).await.expect("it connects").privileges;
    assert_eq!((privileges.can_write, privileges.fixes, privileges.readable_tables), (vec![], vec![], 1));

    for grant in ["GRANT INSERT ON dbo.a", "GRANT SELECT, DELETE ON dbo.b"] {
        database.run(&format!("{grant} TO {name}")).await;
    }
    let privileges = test(&url).await.expect("it connects").privileges;
    let said = privileges.can_write.join("\n");
    assert!(said.contains("INSERT into 1 tables") && said.contains("DELETE from 1 tables"), "{said}");
    assert!(
        privileges.fixes.iter().any(|fix| fix.contains("GRANT SELECT ON SCHEMA::[dbo]")),
        "{privileges:?}"
    );
    database.run(&format!("DROP USER {name}")).await;
    database.run(&format!("DROP LOGIN {name}")).await;

    let privileges = test(&database.url("")).await.expect("it connects").privileges;
    assert!(privileges.can_write.iter().any(|line| line.contains("everything")), "{privileges:?}");
    assert_eq!(privileges.readable_tables, 2);
}
