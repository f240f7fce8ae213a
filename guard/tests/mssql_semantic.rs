//! SQL Server: what names, functions and policy become, seen through `check` alone.

#![allow(clippy::expect_used, clippy::panic)] // helpers of tests fail by panicking, like the tests themselves

use catalog::{Catalog, Engine, TypeClass, ddl};
use guard::{Code, Policy, ReadOnly, check};

const SCHEMA: &str = "
    CREATE TABLE dbo.Members(Id int PRIMARY KEY, Name nvarchar(50) NOT NULL, [Order] int, Joined datetime2, Secret nvarchar(20));
    CREATE TABLE dbo.Loans(Id int PRIMARY KEY, MemberId int REFERENCES dbo.Members(Id), Fee decimal(8,2), Extra xml);
    CREATE TABLE hr.Members(Id int PRIMARY KEY, Salary money);
    GO
    CREATE VIEW dbo.Fees AS SELECT MemberId, SUM(Fee) AS Total FROM dbo.Loans GROUP BY MemberId;
    GO
    CREATE VIEW dbo.Remote AS SELECT * FROM OPENQUERY(s, 'SELECT 1');
    GO
";

fn library() -> Catalog {
    Catalog::new(ddl::read(SCHEMA, Engine::Mssql).snapshot)
}

fn under(policy: &Policy, sql: &str) -> Result<ReadOnly, Code> {
    check(sql, &library(), policy).map_err(|f| f.first().map_or(Code::G012, |f| f.code))
}

fn text(sql: &str) -> String {
    under(&Policy::default(), sql).unwrap_or_else(|code| panic!("{sql:?}: {code:?}")).sql().to_owned()
}

fn code(sql: &str) -> Code {
    match under(&Policy::default(), sql) {
        Ok(read) => panic!("accepted {sql:?} as {:?}", read.sql()),
        Err(code) => code,
    }
}

#[test]
fn names_are_found_without_case_and_written_as_stored() {
    assert_eq!(
        text("SELECT NAME, [order] FROM MEMBERS"),
        "SELECT [Members].[Name], [Members].[Order] FROM [dbo].[Members]"
    );
    assert_eq!(text("SELECT m.id FROM HR.members M"), "SELECT [M].[Id] FROM [hr].[Members] AS [M]");
    assert_eq!(
        text("SELECT dbo.members.name FROM dbo.members"),
        "SELECT [Members].[Name] FROM [dbo].[Members]"
    );
    let mut snapshot = library().snapshot().clone();
    snapshot.database = "Shop".into();
    let read = check(
        "SELECT shop.dbo.members.name FROM SHOP.dbo.members",
        &Catalog::new(snapshot),
        &Policy::default(),
    );
    assert_eq!(read.expect("its own database").sql(), "SELECT [Members].[Name] FROM [dbo].[Members]");
    assert_eq!(code("SELECT a.b.c.d FROM Members"), Code::G103);
    assert_eq!(code("SELECT Nam FROM Members"), Code::G101);
    assert_eq!(code("SELECT Name FROM Missing"), Code::G100);
    assert_eq!(code("SELECT Name FROM other.dbo.Members"), Code::G100);
    assert_eq!(code("SELECT name FROM sys.sql_logins"), Code::G100);
    assert_eq!(code("SELECT * FROM dbo.Remote"), Code::G100);
}

#[test]
fn group_by_knows_columns_and_order_by_aliases() {
    assert_eq!(
        text("SELECT YEAR(Joined) AS y, COUNT(*) AS n FROM Members GROUP BY YEAR(Joined) ORDER BY n DESC, 1"),
        "SELECT year([Members].[Joined]) AS [y], count(*) AS [n] FROM [dbo].[Members] GROUP BY year([Members].[Joined]) ORDER BY [n] DESC, 1"
    );
    assert_eq!(code("SELECT YEAR(Joined) AS y, COUNT(*) FROM Members GROUP BY y"), Code::G101);
    assert_eq!(code("SELECT Name, COUNT(*) FROM Members GROUP BY 1"), Code::G310);
    assert_eq!(code("SELECT Name AS x FROM Members WHERE x = 'a'"), Code::G101);
    // an alias that is also a column: the column groups
    assert_eq!(
        text("SELECT UPPER(Name) AS Name FROM Members GROUP BY Name"),
        "SELECT upper([Members].[Name]) AS [Name] FROM [dbo].[Members] GROUP BY [Members].[Name]"
    );
}

#[test]
fn a_common_table_expression_may_read_itself_and_those_before() {
    assert_eq!(
        text(
            "WITH n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5), m AS (SELECT i FROM n) SELECT i FROM m"
        ),
        "WITH [n] AS (SELECT 1 AS [i] UNION ALL SELECT [n].[i] + 1 FROM [n] WHERE [n].[i] < 5), [m] AS (SELECT [n].[i] FROM [n]) SELECT [m].[i] FROM [m]"
    );
    assert_eq!(code("WITH a AS (SELECT i FROM b), b AS (SELECT 1 AS i) SELECT i FROM a"), Code::G100);
    // its own name is never the table of that name
    assert_eq!(code("WITH Members AS (SELECT Id FROM Members) SELECT Id FROM Members"), Code::G100);
    assert_eq!(
        text("WITH Members AS (SELECT Id FROM dbo.Members) SELECT Id FROM Members"),
        "WITH [Members] AS (SELECT [Members].[Id] FROM [dbo].[Members]) SELECT [Members].[Id] FROM [Members]"
    );
}

#[test]
fn apply_sees_what_stands_left_of_it_and_a_join_does_not() {
    assert_eq!(
        text(
            "SELECT m.Name, l.Fee FROM Members m OUTER APPLY (SELECT TOP 1 Fee FROM Loans WHERE MemberId = m.Id ORDER BY Fee) l"
        ),
        "SELECT [m].[Name], [l].[Fee] FROM [dbo].[Members] AS [m] OUTER APPLY (SELECT TOP (1) [Loans].[Fee] FROM [dbo].[Loans] WHERE [Loans].[MemberId] = [m].[Id] ORDER BY [Loans].[Fee]) AS [l]"
    );
    assert_eq!(
        code("SELECT 1 FROM Members m JOIN (SELECT Fee FROM Loans WHERE MemberId = m.Id) l ON 1 = 1"),
        Code::G103
    );
    assert_eq!(
        text("SELECT s.value FROM Members m CROSS APPLY STRING_SPLIT(m.Name, ' ') s"),
        "SELECT [s].[value] FROM [dbo].[Members] AS [m] CROSS APPLY string_split([m].[Name], ' ') AS [s]"
    );
}

#[test]
fn words_that_are_parts_of_dates_are_no_columns() {
    assert_eq!(
        text("SELECT DATEADD(year, 1, Joined) FROM Members"),
        "SELECT dateadd(year, 1, [Members].[Joined]) FROM [dbo].[Members]"
    );
    assert_eq!(code("SELECT DATEADD(Secret, 1, Joined) FROM Members"), Code::G201);
    assert_eq!(code("SELECT DATEADD([year], 1, Joined) FROM Members"), Code::G201);
    assert_eq!(code("SELECT DATEADD(year, 1) FROM Members"), Code::G201);
}

#[test]
fn what_the_caller_may_not_see_is_in_no_form() {
    let policy = Policy {
        hidden_columns: vec!["Members.Secret".into()],
        hidden_tables: vec!["hr.*".into()],
        ..Policy::default()
    };
    for sql in [
        "SELECT Secret FROM Members",
        "SELECT CONVERT(int, Secret) FROM Members",
        "SELECT DATEADD(day, Secret, Joined) FROM Members",
        "SELECT STRING_AGG(Secret, ',') FROM Members",
        "SELECT Name FROM Members WHERE CONTAINS(Secret, 'x')",
        "SELECT x.value FROM Members CROSS APPLY STRING_SPLIT(Secret, ',') x",
        "SELECT (SELECT Secret FROM Members FOR XML PATH('')) AS x",
        "SELECT Salary FROM hr.Members",
        "SELECT value FROM STRING_SPLIT((SELECT TOP 1 Salary FROM hr.Members), ',')",
    ] {
        let found = under(&policy, sql).map(|r| r.sql().to_owned());
        assert!(matches!(found, Err(Code::G100 | Code::G101)), "{sql:?}: {found:?}");
    }
    let all = under(&policy, "SELECT * FROM Members FOR JSON AUTO").expect("accepted");
    assert!(!all.sql().contains("Secret"), "{}", all.sql());
    let policy = Policy { forbidden_functions: vec!["convert".into(), "newid".into()], ..Policy::default() };
    assert_eq!(under(&policy, "SELECT CONVERT(int, Name) FROM Members").err(), Some(Code::G400));
    assert_eq!(under(&policy, "SELECT NEWID()").err(), Some(Code::G400));
}

#[test]
fn turned_tables_and_rows_of_json_have_their_columns() {
    assert_eq!(
        text(
            "SELECT p.Name, p.[1] FROM (SELECT Name, [Order], Id FROM Members) s PIVOT (COUNT(id) FOR [order] IN ([1], [2])) p"
        ),
        "SELECT [p].[Name], [p].[1] FROM (SELECT [Members].[Name], [Members].[Order], [Members].[Id] FROM [dbo].[Members]) AS [s] PIVOT (count([Id]) FOR [Order] IN ([1], [2])) AS [p]"
    );
    assert_eq!(
        code(
            "SELECT p.Id FROM (SELECT Name, [Order], Id FROM Members) s PIVOT (COUNT(Id) FOR [Order] IN ([1])) p"
        ),
        Code::G101
    );
    assert_eq!(code("SELECT 1 FROM Members PIVOT (COUNT(Nam) FOR [Order] IN ([1])) p"), Code::G101);
    assert_eq!(
        text(
            "SELECT u.k, u.v, u.MemberId FROM (SELECT MemberId, Fee, Fee AS Twice FROM Loans) l UNPIVOT (v FOR k IN (fee, twice)) u"
        ),
        "SELECT [u].[k], [u].[v], [u].[MemberId] FROM (SELECT [Loans].[MemberId], [Loans].[Fee], [Loans].[Fee] AS [Twice] FROM [dbo].[Loans]) AS [l] UNPIVOT ([v] FOR [k] IN ([Fee], [Twice])) AS [u]"
    );
    assert_eq!(
        text("SELECT j.x FROM Members m CROSS APPLY OPENJSON(m.Name) WITH (X int '$.x') j"),
        "SELECT [j].[X] FROM [dbo].[Members] AS [m] CROSS APPLY openjson([m].[Name]) WITH ([X] int '$.x') AS [j]"
    );
    assert_eq!(
        text("SELECT e.n.value('.', 'int') AS v FROM Loans CROSS APPLY Loans.Extra.nodes('/a') e(n)"),
        "SELECT [e].[n].value('.', 'int') AS [v] FROM [dbo].[Loans] CROSS APPLY [Loans].[Extra].nodes('/a') AS [e] ([n])"
    );
    let policy = Policy { hidden_columns: vec!["Members.Secret".into()], ..Policy::default() };
    for sql in [
        "SELECT Name FROM Members FOR SYSTEM_TIME ALL",
        "SELECT Name FROM Members TABLESAMPLE (1 PERCENT)",
        "SELECT p.[a] FROM Members PIVOT (COUNT(Id) FOR Secret IN ([a])) p",
        "SELECT k FROM Members UNPIVOT (v FOR k IN (Secret)) u",
        "SELECT j.x FROM Members CROSS APPLY OPENJSON(Secret) WITH (x int) j",
    ] {
        assert!(under(&policy, sql).is_err(), "{sql:?}");
    }
    let turned =
        under(&policy, "SELECT * FROM Members PIVOT (COUNT(Id) FOR [Order] IN ([1])) p").expect("accepted");
    assert!(!turned.sql().contains("Secret"), "{}", turned.sql());
}

#[test]
fn a_users_function_needs_the_policy_and_has_two_parts() {
    let policy = Policy { allowed_functions: vec!["dbo.Score".into()], ..Policy::default() };
    assert_eq!(
        under(&policy, "SELECT dbo.score(Id) FROM Members").expect("accepted").sql(),
        "SELECT [dbo].[score]([Members].[Id]) FROM [dbo].[Members]"
    );
    assert_eq!(code("SELECT dbo.Score(Id) FROM Members"), Code::G300);
}

#[test]
fn the_report_tells_classes_and_lineage() {
    let read = under(
        &Policy::default(),
        "SELECT COUNT(*) AS n, CONVERT(date, MAX(Joined)) AS d, $1.5 AS m FROM Members",
    );
    let read = read.expect("accepted");
    let classes: Vec<_> = read.report().output.iter().map(|o| o.class).collect();
    assert_eq!(classes, [Some(TypeClass::Integer), Some(TypeClass::Date), Some(TypeClass::Decimal)]);
    let read = under(&Policy::default(), "SELECT Id, Name FROM Members FOR JSON PATH").expect("accepted");
    let [only] = read.report().output.as_slice() else { panic!("one text") };
    assert_eq!((only.class, only.lineage.len()), (Some(TypeClass::Json), 2));
}

#[test]
fn products_of_three_tables_are_refused() {
    assert_eq!(code("SELECT COUNT(*) FROM Members a, Members b, Loans c"), Code::G303);
    text("SELECT COUNT(*) FROM Members a, Members b, Loans c WHERE a.Id = b.Id AND b.Id = c.MemberId");
}

#[test]
fn a_hash_of_a_text_is_taken_as_it_is_stored() {
    assert_eq!(
        text("SELECT Total FROM dbo.Fees WHERE HASHBYTES('SHA2_256', CAST(MemberId AS varchar(9))) = 0x00"),
        "SELECT [Fees].[Total] FROM [dbo].[Fees] WHERE hashbytes('SHA2_256', CAST([Fees].[MemberId] AS varchar(9))) = 0x00"
    );
}
