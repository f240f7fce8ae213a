//! Puts the catalog queries' answers together into a snapshot: numbers become names, partitions fold into their table.

use std::collections::{HashMap, HashSet};

use catalog::types::classify;
use catalog::{Column, Engine, Partitioning, Routine, Schema, Snapshot, Table, TableKind, TypeClass};
use connector_api::{ConnectorError, CrawlOptions};

use super::answers::Answers;
use super::raw::{RowRef, get, letter, maybe, text};
use super::{gone, keys, statistics};

/// A relation while it is put together.
pub(super) struct Building {
    pub table: Table,
    /// Type and modifier of the columns, in their order.
    types: Vec<(u32, i32)>,
    pub pages: i64,
    tuples: f64,
}

/// What is looked up by number.
pub(super) struct Lookup<'a> {
    schemas: HashMap<u32, &'a str>,
    members: HashSet<u32>,
    /// The root of a partition.
    pub roots: HashMap<u32, u32>,
    pub methods: HashMap<u32, &'a str>,
}

#[derive(Clone, Default)]
struct ColumnType {
    text: String,
    class: TypeClass,
    element: Option<TypeClass>,
    labels: Vec<String>,
}

/// The whole.
pub(super) fn snapshot(answers: &Answers, options: &CrawlOptions) -> Result<Snapshot, ConnectorError> {
    let lookup = lookup(answers)?;
    let mut tables = relations(answers, &lookup, options)?;
    columns(answers, &mut tables)?;
    defaults(answers, &mut tables)?;
    comments(answers, &mut tables)?;
    gone::leave_out(answers, &mut tables)?;
    let keyed = keys::constraints(answers, &lookup, &mut tables)?;
    keys::indexes(answers, &lookup, &mut tables, &keyed)?;
    let server = answers.server.get()?.rows().next();
    let block = server.map_or(Ok(8192), |row| get::<i32>(row, 2))?;
    let types = types(answers)?;
    let mut tables: Vec<Table> = tables.into_values().map(|b| finish(b, block, &types)).collect();
    tables.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    let routines = routines(answers, &lookup)?;
    if options.statistics {
        statistics::add(answers, &mut tables, options)?;
    }
    Ok(Snapshot {
        engine: Engine::Postgres,
        server_version: server.map_or(Ok(String::new()), version)?,
        database: server.map_or(Ok(String::new()), |row| text(row, 1))?,
        search_path: answers.search_path.clone(),
        schemas: schemas(answers, &lookup)?,
        tables,
        routines,
    })
}

/// `15.18` of `15.18 (Debian 15.18-0+deb12u1)`.
fn version(row: RowRef<'_>) -> Result<String, ConnectorError> {
    Ok(get::<&str>(row, 0)?.split(' ').next().unwrap_or_default().to_owned())
}

fn lookup(answers: &Answers) -> Result<Lookup<'_>, ConnectorError> {
    let members: HashSet<u32> = answers.members.get()?.rows().map(|r| get(r, 0)).collect::<Result<_, _>>()?;
    let mut schemas = HashMap::new();
    for row in answers.schemas.get()?.rows() {
        let oid = get(row, 0)?;
        if !members.contains(&oid) {
            schemas.insert(oid, get(row, 1)?);
        }
    }
    let parents: HashMap<u32, u32> = answers
        .partitions
        .get()?
        .rows()
        .map(|r| Ok((get(r, 0)?, get(r, 1)?)))
        .collect::<Result<_, ConnectorError>>()?;
    let methods = answers
        .methods
        .get()?
        .rows()
        .map(|r| Ok((get(r, 0)?, get(r, 1)?)))
        .collect::<Result<_, ConnectorError>>()?;
    Ok(Lookup { schemas, members, roots: roots(&parents), methods })
}

/// The topmost table of every partition. Partitions nest, but never in a circle; the bound is for a broken catalog.
fn roots(parents: &HashMap<u32, u32>) -> HashMap<u32, u32> {
    let top = |child: u32| {
        let mut current = child;
        for _ in 0..64 {
            match parents.get(&current) {
                Some(parent) => current = *parent,
                None => break,
            }
        }
        current
    };
    parents.keys().map(|child| (*child, top(*child))).collect()
}

fn types(answers: &Answers) -> Result<HashMap<(u32, i32), ColumnType>, ConnectorError> {
    let mut labels: HashMap<u32, Vec<String>> = HashMap::new();
    for row in answers.enums.get()?.rows() {
        labels.entry(get(row, 0)?).or_default().push(text(row, 1)?);
    }
    let mut types = HashMap::with_capacity(answers.types.get()?.len());
    for row in answers.types.get()?.rows() {
        let (oid, modifier, name): (u32, i32, String) = (get(row, 0)?, get(row, 1)?, text(row, 2)?);
        let (base, element): (u32, u32) = (get(row, 4)?, get(row, 5)?);
        // a domain is what it is based on
        let base_text = maybe(row, 6)?;
        let (mut class, mut element_class) =
            classify(Engine::Postgres, base_text.as_deref().unwrap_or(&name));
        let known = labels.get(&oid).or_else(|| labels.get(&base));
        match letter(row, 3)? {
            'r' | 'm' => class = TypeClass::Range,
            _ if known.is_some() => class = TypeClass::Enum,
            _ => {}
        }
        if class == TypeClass::Array && labels.contains_key(&element) {
            element_class = Some(TypeClass::Enum);
        }
        let labels = known.or_else(|| labels.get(&element)).cloned().unwrap_or_default();
        types.insert((oid, modifier), ColumnType { text: name, class, element: element_class, labels });
    }
    Ok(types)
}

fn schemas(answers: &Answers, lookup: &Lookup<'_>) -> Result<Vec<Schema>, ConnectorError> {
    let mut schemas = Vec::with_capacity(lookup.schemas.len());
    for row in answers.schemas.get()?.rows() {
        if lookup.schemas.contains_key(&get(row, 0)?) {
            schemas.push(Schema { name: text(row, 1)?, comment: maybe(row, 2)? });
        }
    }
    schemas.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(schemas)
}

/// Relations by number.
pub(super) type Tables = HashMap<u32, Building>;

fn relations(
    answers: &Answers,
    lookup: &Lookup<'_>,
    options: &CrawlOptions,
) -> Result<Tables, ConnectorError> {
    let mut tables = Tables::with_capacity(answers.relations.get()?.len());
    let mut toast_pages: HashMap<u32, i64> = HashMap::new();
    let mut folded: Vec<(u32, f64, i64, bool)> = Vec::new();
    for row in answers.relations.get()?.rows() {
        let oid: u32 = get(row, 0)?;
        let (pages, tuples) = (i64::from(get::<i32>(row, 6)?), get::<f64>(row, 5)?);
        let kind = match letter(row, 3)? {
            't' => {
                toast_pages.insert(oid, pages);
                continue;
            }
            kind => table_kind(kind),
        };
        if get(row, 4)? {
            // where the root is left out, so are its partitions
            if let Some(root) = lookup.roots.get(&oid) {
                folded.push((*root, tuples, pages, kind != TableKind::Partitioned));
            }
            continue;
        }
        let (Some(schema), name) = (lookup.schemas.get(&get(row, 1)?), get::<&str>(row, 2)?) else {
            continue;
        };
        if lookup.members.contains(&oid) || !options.wants(Engine::Postgres, schema, name) {
            continue;
        }
        let partitioning = maybe(row, 8)?.map(|strategy| Partitioning { strategy, partitions: 0 });
        let table = Table {
            schema: (*schema).to_owned(),
            name: name.to_owned(),
            kind,
            partitioning,
            ..Table::default()
        };
        tables.insert(oid, Building { table, types: Vec::new(), pages, tuples });
    }
    for row in answers.relations.get()?.rows() {
        if let (Some(building), Some(pages)) = (tables.get_mut(&get(row, 0)?), toast_pages.get(&get(row, 7)?))
        {
            building.pages += pages;
        }
    }
    for (root, tuples, pages, leaf) in folded {
        fold(tables.get_mut(&root), tuples, pages, leaf);
    }
    views(answers, &mut tables)?;
    Ok(tables)
}

/// Counts a partition in its root.
fn fold(root: Option<&mut Building>, tuples: f64, pages: i64, leaf: bool) {
    let Some(root) = root else { return };
    if let Some(partitioning) = root.table.partitioning.as_mut().filter(|_| leaf) {
        partitioning.partitions += 1;
        root.pages += pages;
        // a partitioned table has an estimate of its own only after ANALYZE of itself; the leaves' sum is as good
        if tuples >= 0.0 {
            root.tuples = root.table.row_estimate.map_or(tuples, |rows| rows as f64 + tuples);
            root.table.row_estimate = Some(root.tuples as u64);
        }
    }
}

fn table_kind(kind: char) -> TableKind {
    match kind {
        'v' => TableKind::View,
        'm' => TableKind::MaterializedView,
        'f' => TableKind::Foreign,
        'p' => TableKind::Partitioned,
        _ => TableKind::Table,
    }
}

fn views(answers: &Answers, tables: &mut Tables) -> Result<(), ConnectorError> {
    for row in answers.views.get()?.rows() {
        if let Some(building) = tables.get_mut(&get(row, 0)?) {
            building.table.view_text = maybe(row, 1)?.map(|t| t.trim().trim_end_matches(';').to_owned());
        }
    }
    Ok(())
}

/// Columns, whose types come later.
fn columns(answers: &Answers, tables: &mut Tables) -> Result<(), ConnectorError> {
    for row in answers.columns.get()?.rows() {
        let Some(building) = tables.get_mut(&get(row, 0)?) else { continue };
        let (position, name): (i16, String) = (get(row, 1)?, text(row, 2)?);
        let column = Column {
            position: u32::try_from(position).unwrap_or(0),
            name,
            nullable: !get::<bool>(row, 5)?,
            generated: match (letter(row, 6)?, letter(row, 7)?) {
                ('a' | 'd', _) => Some("identity".to_owned()),
                // the expression comes with the defaults
                (_, 's' | 'v') => Some(String::new()),
                _ => None,
            },
            ..Column::default()
        };
        // they mostly come in order
        let place = building.table.columns.partition_point(|c| c.position < column.position);
        building.table.columns.insert(place, column);
        building.types.insert(place, (get(row, 3)?, get(row, 4)?));
    }
    Ok(())
}

/// The column of a number. Positions have gaps where columns were dropped.
pub(super) fn place(table: &Table, number: i16) -> Option<usize> {
    let position = u32::try_from(number).ok()?;
    table.columns.binary_search_by_key(&position, |c| c.position).ok()
}

fn column_mut(table: &mut Table, number: i16) -> Option<&mut Column> {
    let place = place(table, number)?;
    table.columns.get_mut(place)
}

fn defaults(answers: &Answers, tables: &mut Tables) -> Result<(), ConnectorError> {
    for row in answers.defaults.get()?.rows() {
        let Some(building) = tables.get_mut(&get(row, 0)?) else { continue };
        let Some(column) = column_mut(&mut building.table, get(row, 1)?) else { continue };
        let expression = maybe(row, 2)?;
        match &mut column.generated {
            Some(generated) if generated.is_empty() => *generated = expression.unwrap_or_default(),
            _ => column.default = expression,
        }
    }
    Ok(())
}

fn comments(answers: &Answers, tables: &mut Tables) -> Result<(), ConnectorError> {
    for row in answers.comments.get()?.rows() {
        let Some(building) = tables.get_mut(&get(row, 0)?) else { continue };
        let comment = maybe(row, 2)?;
        match get::<i32>(row, 1)? {
            0 => building.table.comment = comment,
            number => {
                let number = i16::try_from(number).unwrap_or(0);
                if let Some(column) = column_mut(&mut building.table, number) {
                    column.comment = comment;
                }
            }
        }
    }
    Ok(())
}

fn finish(building: Building, block: i32, types: &HashMap<(u32, i32), ColumnType>) -> Table {
    let mut table = building.table;
    for (column, pair) in table.columns.iter_mut().zip(&building.types) {
        let Some(kind) = types.get(pair) else { continue };
        column.native_type.clone_from(&kind.text);
        (column.class, column.element) = (kind.class, kind.element);
        column.enum_labels.clone_from(&kind.labels);
    }
    let stored = !matches!(table.kind, TableKind::View | TableKind::Foreign);
    // -1: never analyzed
    table.row_estimate =
        (building.tuples >= 0.0 && table.kind != TableKind::View).then_some(building.tuples as u64);
    table.size_bytes = u64::try_from(building.pages * i64::from(block)).ok().filter(|_| stored);
    table.foreign_keys.sort_by(|a, b| a.name.cmp(&b.name));
    table.unique_keys.sort_by(|a, b| a.name.cmp(&b.name));
    table.indexes.sort_by(|a, b| a.name.cmp(&b.name));
    table.checks.sort_by(|a, b| a.name.cmp(&b.name));
    table.columns.shrink_to_fit();
    table
}

/// Extensions bring hundreds of functions: of theirs, those that a statement may call are kept.
fn vetted(name: &str) -> bool {
    use guard::functions::{Judgement, Kind, of};
    matches!(of(Engine::Postgres).judge(name), Judgement::Allowed(f) if f.kind == Kind::Extension)
}

fn routines(answers: &Answers, lookup: &Lookup<'_>) -> Result<Vec<Routine>, ConnectorError> {
    let mut routines = Vec::new();
    for row in answers.routines.get()?.rows() {
        let Some(schema) = lookup.schemas.get(&get(row, 1)?) else { continue };
        let name = text(row, 2)?;
        if lookup.members.contains(&get(row, 0)?) && !vetted(&name) {
            continue;
        }
        let kind = match letter(row, 3)? {
            'p' => "procedure",
            'a' => "aggregate",
            'w' => "window",
            _ => "function",
        };
        let volatility = match letter(row, 6)? {
            'i' => "immutable",
            's' => "stable",
            _ => "volatile",
        };
        routines.push(Routine {
            schema: (*schema).to_owned(),
            name,
            kind: kind.to_owned(),
            arguments: maybe(row, 4)?.unwrap_or_default(),
            returns: maybe(row, 5)?,
            volatility: Some(volatility.to_owned()),
            language: maybe(row, 7)?,
            extension: maybe(row, 9)?,
            comment: maybe(row, 8)?,
        });
    }
    routines.sort_by(|a, b| (&a.schema, &a.name, &a.arguments).cmp(&(&b.schema, &b.name, &b.arguments)));
    Ok(routines)
}
