//! Impact by the few tables that statements need gives what impact by whole versions gives, over generated changes.

use std::sync::Arc;

use catalog::{
    Catalog, Column, Engine, ForeignKey, Key, Routine, Schema, Sensitivity, Snapshot, Table, TableKind,
    TypeClass,
};
use guard::Policy;
use querent::impact::{self, Judged, Statement};
use querent::model::understanding::Tag;
use querent::model::{Connection, SchemaVersion, SubjectType, new_id};
use querent::overlay::lay_over;
use querent::store::annotations::{self, AnnotationChange, Place};
use querent::store::catalog as versions;
use querent::store::queries::{self, NewQuery};
use querent::store::{evaluation_cases, impacts, relationships};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::json;

use super::store_suite;
use crate::harness::TestStore;

store_suite!(the_needed_tables_judge_as_the_whole_does, what_people_say_holds_right_after_a_crawl);

/// Generated databases; each goes through some versions.
const DATABASES: u64 = 8;
/// Versions after the first.
const VERSIONS: usize = 4;
/// Tables at the beginning.
const TABLES: usize = 24;
/// Statements that are kept.
const STATEMENTS: usize = 30;
const NAMES: [&str; 8] = ["name", "total", "status", "country", "email", "note", "placed_on", "customer_id"];

struct World {
    found: Snapshot,
    dice: StdRng,
    made: usize,
}

impl World {
    fn new(seed: u64) -> World {
        let schemas = ["app", "public"].map(|name| Schema { name: name.to_owned(), comment: None });
        let found = Snapshot {
            engine: Engine::Postgres,
            search_path: vec!["app".to_owned(), "public".to_owned()],
            schemas: schemas.to_vec(),
            ..Snapshot::default()
        };
        let mut world = World { found, dice: StdRng::seed_from_u64(seed), made: 0 };
        for _ in 0..TABLES {
            world.add_table();
        }
        for _ in 0..TABLES / 3 {
            world.add_view();
        }
        world
    }

    fn chance(&mut self, share: f64) -> bool {
        self.dice.random_bool(share)
    }

    fn schema(&mut self) -> String {
        (if self.chance(0.3) { "app" } else { "public" }).to_owned()
    }

    fn put(&mut self, table: Table) {
        let same = |t: &Table| t.schema == table.schema && t.name == table.name;
        if !self.found.tables.iter().any(same) {
            self.found.tables.push(table);
            self.found.tables.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
        }
    }

    fn add_table(&mut self) {
        self.made += 1;
        let mut names = vec!["id"];
        names.extend(NAMES.iter().filter(|_| self.dice.random_bool(0.5)));
        let columns = names.iter().zip(1..).map(|(name, at)| column(name, at)).collect();
        let mut foreign_keys = Vec::new();
        if let Some(to) = self.found.tables.choose(&mut self.dice)
            && names.contains(&"customer_id")
        {
            foreign_keys.push(ForeignKey {
                columns: vec!["customer_id".to_owned()],
                to_schema: to.schema.clone(),
                to_table: to.name.clone(),
                to_columns: vec!["id".to_owned()],
                ..ForeignKey::default()
            });
        }
        let primary_key = Some(Key { name: None, columns: vec!["id".to_owned()] });
        let (schema, name) = (self.schema(), format!("thing_{}", self.made));
        self.put(Table { schema, name, columns, primary_key, foreign_keys, ..Table::default() });
    }

    fn add_view(&mut self) {
        self.made += 1;
        let Some(below) = self.found.tables.choose(&mut self.dice).cloned() else { return };
        let named = if self.chance(0.6) { below.name.clone() } else { below.full_name() };
        let list: Vec<&str> = below.columns.iter().map(|c| c.name.as_str()).collect();
        let table = Table {
            schema: self.schema(),
            name: format!("view_{}", self.made),
            kind: TableKind::View,
            columns: below.columns.clone(),
            view_text: Some(format!("SELECT {} FROM {named}", list.join(", "))),
            ..Table::default()
        };
        self.put(table);
    }

    fn change(&mut self) {
        let count = self.found.tables.len();
        let at = self.dice.random_range(0..count);
        let fresh = format!("other_{}", self.dice.random_range(0..1000));
        let kind = self.dice.random_range(0..11);
        let Some(table) = self.found.tables.get_mut(at) else { return };
        let last = table.columns.len() - 1;
        match kind {
            0 | 1 if last > 0 => table.columns[last].name = fresh,
            2 if last > 0 => drop(table.columns.pop()),
            3 => table.columns.push(column(&fresh, last as u32 + 2)),
            4 => {
                (table.columns[last].native_type, table.columns[last].class) =
                    ("integer".to_owned(), TypeClass::Integer)
            }
            5 => table.name = fresh,
            6 => drop(self.found.tables.remove(at)),
            // a name that comes earlier on the search path than the one that statements mean
            7 => {
                let shadow = Table {
                    schema: "app".to_owned(),
                    view_text: None,
                    kind: TableKind::Table,
                    ..table.clone()
                };
                let columns = shadow.columns.iter().take(2).cloned().collect();
                self.put(Table { columns, foreign_keys: Vec::new(), ..shadow });
            }
            8 => self.add_view(),
            9 => self.found.search_path.reverse(),
            10 => self.found.routines.push(Routine {
                schema: "public".to_owned(),
                name: "upper".to_owned(),
                arguments: fresh,
                ..Routine::default()
            }),
            _ => self.add_table(),
        }
        self.found.tables.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    }

    fn statement(&mut self) -> String {
        let mut pick = || self.found.tables.choose(&mut self.dice).cloned().unwrap_or_default();
        let (one, two) = (pick(), pick());
        let first = one.columns.choose(&mut self.dice).map(|c| c.name.clone()).unwrap_or_default();
        let second = NAMES.choose(&mut self.dice).copied().unwrap_or_default();
        let named = if self.dice.random_bool(0.7) { one.name.clone() } else { one.full_name() };
        match self.dice.random_range(0..9) {
            0 => format!("SELECT {first}, upper({first}) FROM {named} WHERE {first} = 'x'"),
            1 => format!("SELECT * FROM {named}"),
            // right in some tables alone
            2 => format!("SELECT {second} FROM {named}"),
            3 => format!(
                "SELECT a.{first}, b.id FROM {named} AS a JOIN {} AS b ON b.id = a.id",
                two.full_name()
            ),
            4 => format!("SELECT count(*) FROM {named} WHERE id IN (SELECT id FROM {})", two.name),
            5 => format!("WITH {} AS (SELECT {first} FROM {named}) SELECT * FROM {}", two.name, two.name),
            6 => format!("SELECT {first} FROM {}s", one.name),
            7 => format!("SELECT {first}, count(*) AS n FROM {named} GROUP BY {first} ORDER BY n DESC"),
            _ => format!("SELECT id FROM {named} WHERE {first} > 5 UNION SELECT id FROM {}", two.name),
        }
    }

    fn policy(&mut self) -> serde_json::Value {
        match self.dice.random_range(0..5) {
            0 => json!({ "hidden_tables": ["thing_1*"], "hidden_columns": ["note"] }),
            1 => json!({ "masks": [{ "sensitivity": ["email"], "how": "null" }] }),
            2 => json!({ "row_filters": [{ "table": "thing_*", "predicate": "id > 3" }] }),
            _ => json!({}),
        }
    }
}

fn column(name: &str, position: u32) -> Column {
    let text = name != "id" && name != "customer_id";
    Column {
        position,
        name: name.to_owned(),
        native_type: if text { "text" } else { "integer" }.to_owned(),
        class: if text { TypeClass::Text } else { TypeClass::Integer },
        nullable: name != "id",
        sensitivity: (name == "email").then_some(Sensitivity::Email),
        ..Column::default()
    }
}

async fn publish(store: &TestStore, connection: &Connection, found: &Snapshot) -> (SchemaVersion, bool) {
    let prepared = versions::prepare(Arc::new(found.clone())).await.unwrap();
    let tx = store.db.begin().await.unwrap();
    let published = versions::publish(&tx, connection.id, &prepared, None).await.unwrap();
    tx.commit().await.unwrap();
    (published.version, published.is_new)
}

async fn tag(store: &TestStore, connection: &Connection, table: &Table, column: &str, tag: Tag) {
    let place =
        Place { schema: table.schema.clone(), table: table.name.clone(), column: Some(column.to_owned()) };
    let change = AnnotationChange { sensitivity: Some(Some(tag)), ..AnnotationChange::default() };
    let tx = store.db.begin().await.unwrap();
    annotations::put(&tx, connection.id, &place, change, None).await.unwrap();
    tx.commit().await.unwrap();
}

/// What both versions, loaded whole, say of the statements.
async fn by_whole(
    store: &TestStore,
    connection: &Connection,
    (from, to): (&SchemaVersion, &SchemaVersion),
    statements: &[Statement],
) -> Vec<Judged> {
    let policy = Policy::read(&connection.policy).unwrap();
    let annotations = annotations::all(&store.db, connection.id).await.unwrap();
    let relationships = relationships::all(&store.db, connection.id).await.unwrap();
    let diff = versions::changes(&store.db, from, to).await.unwrap();
    let (old, new) = versions::sides(&store.db, from, to).await.unwrap();
    let mut newer = versions::load(&store.db, to).await.unwrap();
    lay_over(&mut newer, &annotations, &relationships);
    let older = impact::before(&newer, old, &new, &diff, &annotations);
    let (older, newer) = (Catalog::new(older), Catalog::new(newer));
    impact::sorted(impact::judge_all(&older, &newer, &diff, &policy, statements).into_iter())
}

async fn the_needed_tables_judge_as_the_whole_does(store: TestStore) {
    let mut felt = 0;
    for seed in 0..DATABASES {
        let mut world = World::new(seed);
        let mut connection = store.connection(&format!("world_{seed}")).await;
        connection.policy = world.policy();
        let (mut last, _) = publish(&store, &connection, &world.found).await;
        let mut statements = Vec::new();
        for number in 0..STATEMENTS {
            let (question, sql) = (format!("question {number}"), world.statement());
            let case = evaluation_cases::create(&store.db, connection.id, &question, &sql, None, "owner");
            let id = case.await.unwrap().id;
            statements.push(Statement::new(SubjectType::EvaluationCase, id, question, sql));
        }
        // the newest first, as they are listed
        statements.reverse();
        let said = world.found.tables[3].clone();
        tag(&store, &connection, &said, "id", Tag::Is(Sensitivity::Email)).await;
        for version in 0..VERSIONS {
            for _ in 0..world.dice.random_range(1..4) {
                world.change();
            }
            let (to, is_new) = publish(&store, &connection, &world.found).await;
            if !is_new {
                continue;
            }
            let whole = by_whole(&store, &connection, (&last, &to), &statements).await;
            let needed = impact::between(&store.db, &connection, &last, &to).await.unwrap();
            assert_eq!(needed.statements, whole, "database {seed}, version {version}");
            felt += whole.iter().filter(|j| !j.causes.is_empty() || !j.meaning.is_empty()).count();
            if version + 1 == VERSIONS {
                let found = Arc::new(world.found.clone());
                let crawled = impact::check_with(&store.db, &connection, &last, &to, found).await.unwrap();
                assert_eq!(crawled.statements, whole, "database {seed}, after the crawl");
                // backwards, the newer version is not the one that holds
                let back = impact::between(&store.db, &connection, &to, &last).await.unwrap();
                let open = impacts::open(&store.db, connection.id).await.unwrap();
                if open.is_empty() {
                    let whole = by_whole(&store, &connection, (&to, &last), &statements).await;
                    assert_eq!(back.statements, whole, "database {seed}, backwards");
                }
            }
            last = to;
        }
    }
    assert!(felt > 100, "the changes reached {felt} statements alone");
}

async fn what_people_say_holds_right_after_a_crawl(store: TestStore) {
    let connection = store.connection("shop").await;
    let people = |columns: [&str; 3]| Table {
        schema: "public".to_owned(),
        name: "people".to_owned(),
        columns: columns.into_iter().zip(1..).map(|(name, at)| column(name, at)).collect(),
        ..Table::default()
    };
    let found = |columns| Snapshot {
        engine: Engine::Postgres,
        search_path: vec!["public".to_owned()],
        schemas: vec![Schema { name: "public".to_owned(), comment: None }],
        tables: vec![people(columns)],
        ..Snapshot::default()
    };
    let before = found(["id", "contact", "status"]);
    let (from, _) = publish(&store, &connection, &before).await;
    // crawls take the column for plain text: a person knows better, and the query is checked by that
    tag(&store, &connection, &before.tables[0], "contact", Tag::Is(Sensitivity::Email)).await;
    let mut seen = before.clone();
    lay_over(&mut seen, &annotations::all(&store.db, connection.id).await.unwrap(), &[]);
    let sql = "SELECT contact FROM people";
    let proof = guard::check(sql, &Catalog::new(seen), &Policy::default()).unwrap();
    assert_eq!(proof.report().output[0].sensitivity, Some(Sensitivity::Email));
    let new = NewQuery {
        id: new_id(),
        connection_id: connection.id,
        chat_message_id: None,
        question: Some("How do we reach them?".to_owned()),
        sql: sql.to_owned(),
        canonical_sql: proof.sql().to_owned(),
        schema_version_id: Some(from.id),
        reading: proof.report().reading.clone(),
        report: serde_json::to_value(proof.report()).unwrap(),
        source: "user".to_owned(),
        confidence: None,
        created_by: None,
    };
    queries::create(&store.db, new).await.unwrap();
    let after = found(["id", "contact", "state"]);
    let (to, _) = publish(&store, &connection, &after).await;
    let crawled = impact::check_with(&store.db, &connection, &from, &to, Arc::new(after)).await.unwrap();
    assert!(crawled.statements.is_empty(), "nothing that it reads is different: {crawled:#?}");
    let asked = impact::between(&store.db, &connection, &from, &to).await.unwrap();
    assert_eq!(asked, crawled, "what is stored says the same");
    // somebody changes their mind: the next version tells
    tag(&store, &connection, &before.tables[0], "contact", Tag::None).await;
    let asked = impact::between(&store.db, &connection, &from, &to).await.unwrap();
    assert_eq!(asked.statements.len(), 1, "{asked:#?}");
    assert!(asked.statements[0].meaning[0].contains("not sensitive"), "{asked:#?}");
}
