//! Connecting: TLS by `ssl-mode`, logins, what the login may do, and errors that say what to do next.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[macro_use]
mod support;

use connector_api::{Connector, ConnectorError, ErrorKind, ServerInfo};
use connector_mysql::MysqlConnector;
use support::{Database, Server};

async fn test(url: &str) -> Result<ServerInfo, ConnectorError> {
    MysqlConnector::new(url)?.test().await
}

async fn kind(url: &str) -> ErrorKind {
    let error = test(url).await.expect_err("it does not connect");
    assert!(error.hint.is_some(), "{error:?}");
    error.kind
}

async fn uses_tls_as_ssl_mode_says(server: Server) {
    let database = Database::new(server, &[]).await;
    for (mode, encrypted) in [("DISABLED", false), ("PREFERRED", true), ("REQUIRED", true)] {
        let info = test(&database.url(&format!("ssl-mode={mode}"))).await.expect("it connects");
        assert_eq!(info.tls.is_some(), encrypted, "{mode}");
        assert!(info.tls.is_none_or(|tls| tls.starts_with("TLSv1.")), "{mode}");
        assert_eq!((info.engine, info.database.as_str()), (server.engine(), database.name.as_str()));
    }
}

async fn verifies_the_server_by_its_name(server: Server) {
    let database = Database::new(server, &[]).await;
    let authority = database.value("SELECT @@ssl_ca").await;
    // the certificate is for localhost, the address is 127.0.0.1
    let by_name = |params: &str| database.url(params).replace("127.0.0.1", "localhost");
    let by_address = |params: &str| database.url(params).replace("localhost", "127.0.0.1");
    let ours = format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={authority}");
    assert!(test(&by_name(&ours)).await.expect("it connects").tls.is_some());
    assert_eq!(kind(&by_address(&ours)).await, ErrorKind::Tls);
    assert_eq!(kind(&by_name("ssl-mode=VERIFY_IDENTITY")).await, ErrorKind::Tls);
    assert_eq!(kind(&by_name("ssl-mode=VERIFY_IDENTITY&ssl-ca=gone.pem")).await, ErrorKind::BadConfig);
}

async fn logs_in_with_a_password(server: Server) {
    let mut database = Database::new(server, &["CREATE TABLE t (id int)"]).await;
    let user = database.user("pw", "IDENTIFIED BY 'right one' REQUIRE SSL").await;
    database.run(&format!("GRANT SELECT ON {}.* TO {user}@'%'", database.name)).await;
    let url = |password: &str, params: &str| database.url_as(Some(&format!("{user}{password}")), params);
    let info = test(&url(":right%20one", "")).await.expect("it connects");
    assert!(info.privileges.login.starts_with(&user));
    let error = test(&url(":geheim", "")).await.expect_err("it does not connect");
    assert_eq!((error.kind, error.engine_code.as_deref()), (ErrorKind::BadLogin, Some("1045")));
    assert!(!format!("{error:?}").contains("geheim"));
    assert_eq!(kind(&url(":right%20one", "ssl-mode=DISABLED")).await, ErrorKind::BadLogin);
}

async fn says_what_is_missing(server: Server) {
    let database = Database::new(server, &[]).await;
    let gone = database.url("").replace(&database.name, "querent_there_is_no_such_database");
    assert_eq!(kind(&gone).await, ErrorKind::NoDatabase);
    assert_eq!(kind("mysql://ada@127.0.0.1:1/shop").await, ErrorKind::Unreachable);
    assert_eq!(kind("mysql://ada@no-such-host.invalid/shop?ssl-mode=DISABLED").await, ErrorKind::Unreachable);
}

async fn names_what_the_login_could_write(server: Server) {
    let mut database = Database::new(
        server,
        &["CREATE TABLE a (id int)", "CREATE TABLE b (id int)", "CREATE FUNCTION f() RETURNS int RETURN 1"],
    )
    .await;
    let (name, reader, writer) =
        (database.name.clone(), database.user("reader", "").await, database.user("writer", "").await);
    for grant in [
        format!("GRANT SELECT ON {name}.a TO {reader}@'%'"),
        format!("GRANT SELECT, INSERT ON {name}.* TO {writer}@'%' WITH GRANT OPTION"),
        format!("GRANT UPDATE (id) ON {name}.a TO {writer}@'%'"),
        format!("GRANT EXECUTE ON FUNCTION {name}.f TO {writer}@'%'"),
        format!("GRANT FILE ON *.* TO {writer}@'%'"),
        format!("CREATE ROLE {name}_role"),
        format!("GRANT DROP ON {name}.* TO {name}_role"),
        format!("GRANT {name}_role TO {writer}@'%'"),
    ] {
        database.run(&grant).await;
    }
    let privileges = test(&database.url_as(Some(&reader), "")).await.expect("it connects").privileges;
    assert_eq!((privileges.can_write, privileges.fixes, privileges.readable_tables), (vec![], vec![], 1));

    let privileges = test(&database.url_as(Some(&writer), "")).await.expect("it connects").privileges;
    let said = privileges.can_write.join("\n");
    for expected in ["INSERT", "UPDATE", "stored routines", "FILE", "DROP", "grant its rights"] {
        assert!(said.contains(expected), "{expected} in {said}");
    }

    let privileges = test(&database.url("")).await.expect("it connects").privileges;
    assert!(privileges.can_write.iter().any(|line| line.contains("everything")), "{privileges:?}");
    // the fixes are statements that the server takes, and they make a login that cannot write
    let fixed = format!("{name}_fixed");
    for fix in &privileges.fixes {
        database.run(&fix.replace("querent_reader", &fixed).replace("'(choose one)'", "''")).await;
    }
    let privileges = test(&database.url_as(Some(&fixed), "")).await.expect("it connects").privileges;
    assert_eq!((privileges.can_write, privileges.readable_tables), (vec![], 2));
    database.run(&format!("DROP USER {fixed}@'%'")).await;
    database.run(&format!("DROP ROLE {name}_role")).await;
}

/// Without TLS, and with a password: on a socket nobody stands in between.
async fn connects_over_a_unix_socket(server: Server) {
    let mut database = Database::new(server, &["CREATE TABLE t (id int)"]).await;
    let socket = database.value("SELECT @@socket").await;
    let user = database.user("socket", "IDENTIFIED BY 'right one'").await;
    database.run(&format!("GRANT SELECT ON {}.* TO {user}@'%'", database.name)).await;
    // no server is at this port
    let url = format!("mysql://{user}:right%20one@localhost:1/{}?socket={socket}", database.name);
    let info = test(&url).await.expect("it connects");
    assert_eq!((info.tls, info.privileges.readable_tables), (None, 1));
    assert_eq!(kind(&url.replace("right", "wrong")).await, ErrorKind::BadLogin);
    assert_eq!(kind(&url.replace(".sock", ".gone")).await, ErrorKind::Unreachable);
}

on_every_server!(
    connects_over_a_unix_socket,
    uses_tls_as_ssl_mode_says,
    verifies_the_server_by_its_name,
    logs_in_with_a_password,
    says_what_is_missing,
    names_what_the_login_could_write,
);
