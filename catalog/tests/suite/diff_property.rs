//! A snapshot, changes of a known kind made to it at random, and a diff that lists those and nothing else.

use std::collections::BTreeSet;

use catalog::diff::{ChangeKind as K, diff};
use catalog::{
    Check, Column, Engine, ForeignKey, Index, Key, Routine, Schema, Snapshot, Table, TableKind, TypeClass,
};
use proptest::prelude::*;

/// Tables to begin with; each is changed once at the most.
const TABLES: usize = 12;

/// A snapshot in which no two tables or columns are alike in name.
fn base() -> Snapshot {
    Snapshot {
        engine: Engine::Postgres,
        search_path: vec!["s".to_owned()],
        schemas: vec![Schema { name: "s".to_owned(), comment: None }],
        tables: (0..TABLES).map(table).collect(),
        routines: vec![routine("keep"), routine("drop"), routine("edit")],
        ..Snapshot::default()
    }
}

fn routine(name: &str) -> Routine {
    Routine {
        schema: "s".to_owned(),
        name: name.to_owned(),
        kind: "function".to_owned(),
        returns: Some("integer".to_owned()),
        ..Routine::default()
    }
}

fn table(number: usize) -> Table {
    // letters of their own, so that no name is like another
    let letter = char::from(b'a' + u8::try_from(number).unwrap());
    let name = |place: usize| format!("{}{place}", letter.to_string().repeat(4));
    let types = [
        ("integer", TypeClass::Integer),
        ("character varying(20)", TypeClass::Text),
        ("numeric(10,2)", TypeClass::Decimal),
        ("date", TypeClass::Date),
        ("boolean", TypeClass::Boolean),
    ];
    let column = |(place, (native, class)): (usize, &(&str, TypeClass))| Column {
        position: u32::try_from(place).unwrap() + 1,
        name: name(place),
        native_type: (*native).to_owned(),
        class: *class,
        nullable: place > 0,
        ..Column::default()
    };
    Table {
        schema: "s".to_owned(),
        name: letter.to_string().repeat(6),
        kind: if number % 4 == 3 { TableKind::View } else { TableKind::Table },
        view_text: (number % 4 == 3).then(|| "SELECT 1".to_owned()),
        columns: types.iter().enumerate().map(column).collect(),
        primary_key: Some(Key { name: None, columns: vec![name(0)] }),
        ..Table::default()
    }
}

/// Makes one change to a table; says what the diff must list, as kind and object under the old names.
fn change(what: usize, table: &mut Table) -> Vec<(K, String)> {
    let full = table.full_name();
    let at = |t: &Table, place: usize| format!("{full}.{}", t.columns[place].name);
    match what {
        0 => {
            table.columns[3].nullable = false;
            vec![(K::BecameRequired, at(table, 3))]
        }
        1 => {
            table.columns[1].native_type = "character varying(40)".to_owned();
            vec![(K::TypeWidened, at(table, 1))]
        }
        2 => {
            table.columns[1].native_type = "character varying(5)".to_owned();
            vec![(K::TypeNarrowed, at(table, 1))]
        }
        3 => {
            (table.columns[4].native_type, table.columns[4].class) = ("bytea".to_owned(), TypeClass::Bytes);
            vec![(K::TypeChanged, at(table, 4))]
        }
        4 => {
            table.columns[2].comment = Some("said".to_owned());
            vec![(K::ColumnCommentChanged, at(table, 2))]
        }
        5 => {
            table.columns[2].default = Some("0".to_owned());
            vec![(K::DefaultChanged, at(table, 2))]
        }
        6 => {
            table.comment = Some("said".to_owned());
            vec![(K::TableCommentChanged, full)]
        }
        7 => {
            let added =
                Column { position: 6, name: "zz_new".to_owned(), nullable: true, ..Column::default() };
            table.columns.push(added);
            vec![(K::ColumnAdded, format!("{full}.zz_new"))]
        }
        8 => {
            let gone = table.columns.pop().unwrap();
            vec![(K::ColumnRemoved, format!("{full}.{}", gone.name))]
        }
        9 => {
            let old = at(table, 2);
            table.columns[2].name.push_str("_renamed");
            vec![(K::ColumnRenamed, old)]
        }
        10 => {
            table.name.push_str("_renamed");
            vec![(K::TableRenamed, full)]
        }
        11 => {
            table.primary_key = None;
            vec![(K::PrimaryKeyRemoved, full)]
        }
        12 => {
            table.unique_keys.push(Key { name: None, columns: vec![table.columns[1].name.clone()] });
            vec![(K::UniqueAdded, full)]
        }
        13 => {
            let index = Index { name: "ix".to_owned(), method: "btree".to_owned(), ..Index::default() };
            table.indexes.push(Index { columns: vec![table.columns[3].name.clone()], ..index });
            vec![(K::IndexAdded, full)]
        }
        14 => {
            table.checks.push(Check { name: None, expression: "1 < 2".to_owned() });
            vec![(K::CheckAdded, full)]
        }
        15 => {
            let (to_schema, to_table) = ("s".to_owned(), "aaaaaa".to_owned());
            let columns = vec![table.columns[2].name.clone()];
            let key = ForeignKey { columns, to_schema, to_table, ..ForeignKey::default() };
            table.foreign_keys.push(ForeignKey { to_columns: vec!["aaaa0".to_owned()], ..key });
            vec![(K::ForeignKeyAdded, full)]
        }
        16 => {
            table.view_text = Some("SELECT 2".to_owned());
            vec![(K::ViewTextChanged, full)]
        }
        17 => {
            table.kind = TableKind::MaterializedView;
            vec![(K::TableKindChanged, full)]
        }
        _ => {
            table.columns[0].nullable = true;
            table.columns[4].enum_labels = vec!["x".to_owned()];
            vec![(K::BecameNullable, at(table, 0)), (K::LabelsAdded, at(table, 4))]
        }
    }
}

/// What a table can be met with: removal, or one of the changes.
fn step() -> impl Strategy<Value = Option<usize>> {
    prop_oneof![1 => Just(None), 9 => (0usize..19).prop_map(Some)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_was_changed_is_listed_and_nothing_else(
        steps in proptest::collection::btree_map(0..TABLES, step(), 0..TABLES),
        added in 0usize..3,
        routines in proptest::bits::u8::masked(0b111),
    ) {
        let old = base();
        let mut new = old.clone();
        let mut expected = BTreeSet::new();
        for (place, what) in &steps {
            match what {
                Some(what) => expected.extend(change(*what, &mut new.tables[*place])),
                None => drop(expected.insert((K::TableRemoved, new.tables[*place].full_name()))),
            }
        }
        let removed = |place: &usize| steps.get(place) == Some(&None);
        new.tables = new.tables.into_iter().enumerate().filter(|(i, _)| !removed(i)).map(|(_, t)| t).collect();
        for number in 0..added {
            let only = Column { position: 1, name: format!("q{number}"), ..Column::default() };
            let came = Table { schema: "s".to_owned(), name: format!("new_{number}"), columns: vec![only], ..Table::default() };
            expected.insert((K::TableAdded, came.full_name()));
            new.tables.push(came);
        }
        if routines & 1 > 0 {
            new.routines.retain(|r| r.name != "drop");
            expected.insert((K::RoutineRemoved, "s".to_owned()));
        }
        if routines & 2 > 0 {
            new.routines.iter_mut().filter(|r| r.name == "edit").for_each(|r| r.returns = None);
            expected.insert((K::RoutineChanged, "s".to_owned()));
        }
        if routines & 4 > 0 {
            new.routines.push(routine("more"));
            expected.insert((K::RoutineAdded, "s".to_owned()));
        }
        let changes = diff(&old, &new);
        let listed: BTreeSet<(K, String)> = changes.changes.iter().map(|c| (c.kind, c.object())).collect();
        prop_assert_eq!(&listed, &expected);
        prop_assert_eq!(changes.changes.len(), expected.len(), "each once: {}", changes.to_text());
        // the other way round something is listed for each
        prop_assert_eq!(diff(&new, &old).changes.len(), expected.len());
        for change in &changes.changes {
            let line = change.line();
            prop_assert!(!line.contains('\n') && line.len() > change.object().len(), "{}", line);
        }
    }
}
