//! Connecting: TLS by `sslmode`, logins, what the login may do, and errors that say what to do next.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::Write;

use connector_api::{Connector, ConnectorError, ErrorKind, ServerInfo};
use connector_postgres::PostgresConnector;
use support::Database;

async fn test(url: &str) -> Result<ServerInfo, ConnectorError> {
    PostgresConnector::new(url)?.test().await
}

async fn kind(url: &str) -> ErrorKind {
    let error = test(url).await.expect_err("it does not connect");
    assert!(error.hint.is_some(), "{error:?}");
    error.kind
}

/// The server's own certificate authority, as a file.
async fn authority(database: &Database) -> tempfile::NamedTempFile {
    let text = database.value("pg_read_file(current_setting('ssl_ca_file'))").await;
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    file
}

#[tokio::test]
async fn uses_tls_as_sslmode_says() {
    let database = Database::new(&[]).await;
    for (mode, encrypted) in [("disable", false), ("allow", false), ("prefer", true), ("require", true)] {
        let info = test(&database.url(&format!("sslmode={mode}"))).await.expect("it connects");
        assert_eq!(info.tls.is_some(), encrypted, "{mode}");
        assert!(info.tls.is_none_or(|tls| tls.starts_with("TLSv1.")), "{mode}");
    }
    assert!(test(&database.url("")).await.expect("it connects").tls.is_some(), "prefer is the default here");
}

#[tokio::test]
async fn verifies_the_server_as_sslmode_says() {
    let database = Database::new(&[]).await;
    let authority = authority(&database).await;
    let other = tempfile::NamedTempFile::new().expect("a file");
    let ca = authority.path().display();
    // the certificate is for localhost, the address is 127.0.0.1
    let by_name = |params: &str| database.url(params).replace("127.0.0.1", "localhost");
    let by_address = |params: &str| database.url(params).replace("localhost", "127.0.0.1");
    for url in [
        by_name(&format!("sslmode=verify-full&sslrootcert={ca}")),
        by_address(&format!("sslmode=verify-ca&sslrootcert={ca}")),
        by_address(&format!("sslmode=require&sslrootcert={ca}")),
    ] {
        assert!(test(&url).await.expect("it connects").tls.is_some(), "{url}");
    }
    assert_eq!(kind(&by_address(&format!("sslmode=verify-full&sslrootcert={ca}"))).await, ErrorKind::Tls);
    assert_eq!(kind(&by_name("sslmode=verify-ca&sslrootcert=system")).await, ErrorKind::Tls);
    let empty = format!("sslmode=verify-ca&sslrootcert={}", other.path().display());
    assert_eq!(kind(&by_name(&empty)).await, ErrorKind::BadConfig);
}

#[tokio::test]
async fn allow_falls_back_to_tls_where_plain_is_refused() {
    let mut database = Database::new(&[]).await;
    let role = database.role("tls", "").await;
    database.run(&format!("GRANT querent_tls_only TO {role}")).await;
    let url = |mode: &str| database.url_as(Some(&role), &format!("sslmode={mode}"));
    assert!(test(&url("allow")).await.expect("it connects").tls.is_some());
    assert_eq!(kind(&url("disable")).await, ErrorKind::BadLogin);
}

#[tokio::test]
async fn logs_in_with_a_password() {
    let mut database = Database::new(&[]).await;
    let role = database.role("pw", "PASSWORD 'right one'").await;
    database.run(&format!("GRANT querent_password TO {role}")).await;
    let url = |password: &str| database.url_as(Some(&format!("{role}{password}")), "");
    assert_eq!(test(&url(":right%20one")).await.expect("it connects").privileges.login, role);
    let error = test(&url(":geheim")).await.expect_err("it does not connect");
    assert_eq!((error.kind, error.engine_code.as_deref()), (ErrorKind::BadLogin, Some("28P01")));
    assert!(!format!("{error:?}").contains("geheim"));
    assert_eq!(kind(&url("")).await, ErrorKind::BadLogin);
}

#[tokio::test]
async fn says_what_is_missing() {
    let database = Database::new(&[]).await;
    let gone = database.url("").replace(&database.name, "querent_there_is_no_such_database");
    assert_eq!(kind(&gone).await, ErrorKind::NoDatabase);
    assert_eq!(kind("postgres://ada@127.0.0.1:1/shop").await, ErrorKind::Unreachable);
    assert_eq!(kind("postgres://ada@no-such-host.invalid/shop").await, ErrorKind::Unreachable);
}

#[tokio::test]
async fn names_what_the_login_could_write() {
    let mut database = Database::new(&["CREATE TABLE a (id int)", "CREATE TABLE b (id int)"]).await;
    let reader = database.role("reader", "").await;
    let writer = database.role("writer", "CREATEDB").await;
    let name = database.name.clone();
    database.run(&format!("REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC")).await;
    database.run(&format!("GRANT SELECT ON a TO {reader}; GRANT SELECT, INSERT ON a, b TO {writer}")).await;
    database.run(&format!("GRANT DELETE ON b TO {writer}; GRANT CREATE ON SCHEMA public TO {writer}")).await;
    database.run(&format!("GRANT pg_read_server_files TO {writer}; CREATE TABLE c (id int)")).await;
    database.run(&format!("ALTER TABLE c OWNER TO {writer}")).await;

    let privileges = test(&database.url_as(Some(&reader), "")).await.expect("it connects").privileges;
    assert_eq!((privileges.can_write, privileges.fixes, privileges.readable_tables), (vec![], vec![], 1));

    let privileges = test(&database.url_as(Some(&writer), "")).await.expect("it connects").privileges;
    let said = privileges.can_write.join("\n");
    for expected in [
        "CREATEDB",
        "pg_read_server_files",
        "owns 1 table",
        "INSERT on 3 tables",
        "DELETE on 2 tables",
        "schema public",
    ] {
        assert!(said.contains(expected), "{expected} in {said}");
    }
    assert!(!said.contains("temporary"), "{said}");

    let privileges = test(&database.url("")).await.expect("it connects").privileges;
    assert!(privileges.can_write[0].contains("superuser"));
    // the fixes are statements that the server takes, and they make a login that cannot write
    database.run("BEGIN").await;
    for fix in &privileges.fixes {
        database.run(fix).await;
    }
    let writes = "has_table_privilege('querent_reader', 'a', 'INSERT') OR has_schema_privilege('querent_reader', \
                  'public', 'CREATE') OR has_database_privilege('querent_reader', current_database(), 'TEMPORARY')";
    assert_eq!(database.value(writes).await, "false");
    assert_eq!(database.value("has_table_privilege('querent_reader', 'a', 'SELECT')").await, "true");
    database.run("ROLLBACK").await;
    database.run(&format!("DROP OWNED BY {reader}, {writer}")).await;
}

/// On a socket nobody stands in between: there is no TLS.
#[tokio::test]
async fn connects_over_a_unix_socket() {
    let database = Database::new(&["CREATE TABLE t (id int)"]).await;
    let folder = database.value("current_setting('unix_socket_directories')").await;
    let port = database.value("current_setting('port')").await;
    let name = &database.name;
    for url in [
        format!("postgres://postgres@:{port}/{name}?host={folder}"),
        format!("postgres://postgres@{}:{port}/{name}", folder.replace('/', "%2F")),
    ] {
        let info = test(&url).await.unwrap_or_else(|e| panic!("{url}: {e:?}"));
        assert_eq!((info.tls, info.privileges.readable_tables), (None, 1), "{url}");
    }
    let gone = format!("postgres://postgres@:{port}/{name}?host={folder}/gone");
    assert_eq!(kind(&gone).await, ErrorKind::Unreachable);
}
