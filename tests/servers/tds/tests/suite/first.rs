//! Logging in, batches, tables, the catalog.

use tiberius::{AuthMethod, ColumnType};

use crate::support::{cells, config, connect, connect_as, error_of, rows, server};

#[tokio::test]
async fn a_batch_is_answered() {
    let server = server("").await;
    let mut client = connect(&server).await;
    let rows = rows(&mut client, "SELECT 1 AS one, N'zwei' AS two, CAST(NULL AS int)").await;
    assert_eq!(rows[0].get::<i32, _>("one"), Some(1));
    assert_eq!(rows[0].get::<&str, _>("two"), Some("zwei"));
    assert_eq!(rows[0].get::<i32, _>(2), None);
    assert_eq!(server.counts().sessions, 1);
}

#[tokio::test]
async fn wrong_logins_are_refused() {
    let server = server("").await;
    let mut wrong = config(&server);
    wrong.authentication(AuthMethod::sql_server("sa", "nothing"));
    assert_eq!(connect_as(wrong).await.err().unwrap().code(), Some(18_456));
    let mut elsewhere = config(&server);
    elsewhere.database("nowhere");
    assert_eq!(connect_as(elsewhere).await.err().unwrap().code(), Some(4060));
}

#[tokio::test]
async fn tables_keep_their_types() {
    let server = server(
        "CREATE TABLE pet (id int IDENTITY(1,1) NOT NULL, name nvarchar(40) NOT NULL, born date NULL, weight decimal(6,2) NULL,
            CONSTRAINT pk_pet PRIMARY KEY (id));
         INSERT INTO pet (name, born, weight) VALUES (N'Zoë', '2020-02-29', 4.5), ('Rex', NULL, NULL)",
    )
    .await;
    let mut client = connect(&server).await;
    let rows =
        rows(&mut client, "SELECT TOP (5) id, name, born, weight FROM dbo.pet ORDER BY name DESC").await;
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0].get::<i32, _>(0), rows[0].get::<&str, _>(1)), (Some(1), Some("Zoë")));
    let types: Vec<_> = rows[0].columns().iter().map(|c| c.column_type()).collect();
    assert_eq!(types, [ColumnType::Int4, ColumnType::NVarchar, ColumnType::Daten, ColumnType::Decimaln]);
    let found =
        cells(&mut client, "SELECT weight * 2, LEN(name), name + N'!' FROM pet WHERE name = 'REX'").await;
    assert_eq!(found.len(), 1);
    assert_eq!(error_of(&mut client, "SELECT gone FROM pet").await, 207);
    assert_eq!(error_of(&mut client, "SELECT 1 FROM gone").await, 208);
    assert_eq!(error_of(&mut client, "SELECT CAST(name AS int) FROM pet").await, 245);
    assert_eq!(error_of(&mut client, "SELECT 1 / 0").await, 8134);
    assert_eq!(cells(&mut client, "SELECT COUNT(*) FROM pet").await.len(), 1);
}

#[tokio::test]
async fn the_catalog_says_what_was_made() {
    let server = server(
        "CREATE TABLE a (id int NOT NULL PRIMARY KEY, code varchar(10) NOT NULL DEFAULT 'x', n int NULL DEFAULT 0)
         GO
         CREATE VIEW v AS SELECT id, UPPER(code) AS code FROM a
         GO
         EXEC sys.sp_addextendedproperty @name=N'MS_Description', @value=N'a code', @level0type=N'SCHEMA',
           @level0name=N'dbo', @level1type=N'TABLE', @level1name=N'a', @level2type=N'COLUMN', @level2name=N'code'",
    )
    .await;
    let mut client = connect(&server).await;
    let columns = rows(
        &mut client,
        "SELECT o.name, c.name, t.name, c.max_length, c.is_nullable, d.definition FROM sys.columns AS c \
         JOIN sys.objects AS o ON o.object_id = c.object_id JOIN sys.types AS t ON t.user_type_id = c.user_type_id \
         LEFT JOIN sys.default_constraints AS d ON d.object_id = c.default_object_id \
         WHERE o.type IN ('U', 'V') ORDER BY o.name, c.column_id",
    )
    .await;
    let found: Vec<_> = columns
        .iter()
        .map(|r| {
            let text = |at: usize| r.get::<&str, _>(at).unwrap_or("-").to_owned();
            format!(
                "{} {} {} {} {} {}",
                text(0),
                text(1),
                text(2),
                r.get::<i16, _>(3).unwrap(),
                r.get::<bool, _>(4).unwrap(),
                text(5)
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            "a id int 4 false -",
            "a code varchar 10 false ('x')",
            "a n int 4 true ((0))",
            "v id int 4 false -",
            "v code varchar 10 false -"
        ]
    );
    let comment =
        rows(&mut client, "SELECT CAST(value AS nvarchar(4000)) FROM sys.extended_properties").await;
    assert_eq!(comment[0].get::<&str, _>(0), Some("a code"));
}
