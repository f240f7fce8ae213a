//! Row filters: the policy's conditions, parsed and resolved over one table.
//!
//! A filter sees the whole table, what is hidden or masked too, and nothing else: no sub-query, aggregate, window or
//! function of the user's. One that does not hold to this refuses every statement that reads the table.

use std::rc::Rc;
use std::sync::LazyLock;

use catalog::{Catalog, Engine, Table, TypeClass};

use crate::finding::{Code, Finding};
use crate::policy::Policy;
use crate::tree::{
    BinaryOp, Expr, FromItem, GroupItem, Literal, ObjectName, Query, Select, SelectItem, SetExpr, Tail,
};

use super::Resolver;
use super::scope::{Entry, Field, Info, Namespace, Scope};
use super::stand_in::Filter;
use super::views::Readable;

/// Filters are judged without the caller's policy.
static PLAIN: LazyLock<Policy> = LazyLock::new(Policy::default);

/// All conditions of a table put together.
pub(super) fn of<'a>(catalog: &'a Catalog, readable: &Readable<'a, '_>, table: &'a Table) -> Filter {
    let mut all: Option<Expr> = None;
    for predicate in readable.visibility().filters(table) {
        let read = placed(predicate, catalog.engine()).and_then(|text| read(&text, catalog.engine()));
        let condition = match read {
            Ok(parsed) => resolved(parsed, catalog, readable, table),
            Err(why) => Err(why),
        };
        let condition = match condition {
            Ok(condition) => condition,
            Err(why) => return Filter::Broken(why),
        };
        all = Some(both(all, condition));
    }
    match above(catalog, readable, table) {
        Err(why) => return Filter::Broken(why),
        Ok(None) => {}
        Ok(Some(condition)) => all = Some(both(all, condition)),
    }
    all.map_or(Filter::No, |condition| Filter::Where(Rc::new(condition)))
}

fn both(all: Option<Expr>, condition: Expr) -> Expr {
    let Some(before) = all else { return condition };
    Expr::Binary { op: BinaryOp::And, left: Box::new(before), right: Box::new(condition) }
}

/// The elements of an array exist where their document does: its `_id` is among those that the filter leaves.
fn above<'a>(
    catalog: &'a Catalog,
    readable: &Readable<'a, '_>,
    table: &'a Table,
) -> Result<Option<Expr>, String> {
    let Some(nested) = table.nested.as_ref().filter(|_| readable.visibility().filtered_above(table)) else {
        return Ok(None);
    };
    let unclear =
        || "the documents around the array are filtered in a way that cannot be followed".to_owned();
    let collection = catalog.stored_table(&table.schema, &nested.collection).ok_or_else(unclear)?;
    if nested.parent != nested.collection {
        return Err(unclear());
    }
    let Filter::Where(condition) = of(catalog, readable, collection) else { return Err(unclear()) };
    let column = |table: &str, column: &str| Expr::Column(ObjectName::quoted([table, column]));
    let id = SelectItem::Expr { expr: column(&collection.name, "_id"), alias: None };
    let parts = [collection.schema.as_str(), collection.name.as_str()];
    let name = ObjectName::quoted(parts.into_iter().filter(|p| !p.is_empty()));
    let from = vec![FromItem::Table { name, alias: None }];
    let selection = Some(condition.as_ref().clone());
    let select = Select { items: vec![id], from, selection, ..Select::default() };
    let query = Box::new(Query { body: SetExpr::Select(Box::new(select)), ..Query::default() });
    let expr = Box::new(column(&table.name, catalog::nested::PARENT_ID));
    Ok(Some(Expr::InSubquery { expr, query, negated: false }))
}

/// Stands around the name of a `:name` where it was put as a text: of a private use, so in no text that people write.
const MARK: char = '\u{e000}';

/// The name in a text that stands for `:name`.
fn named(text: &str) -> Option<&str> {
    text.strip_prefix(MARK)?.strip_suffix(MARK)
}

/// The condition with each `:name` as a text that only names it: its value takes its place in the tree.
fn placed(predicate: &str, engine: Engine) -> Result<String, String> {
    if !predicate.contains(':') {
        return Ok(predicate.to_owned());
    }
    let mut out = String::with_capacity(predicate.len() + 16);
    let mut at = 0;
    while let Some(rest) = predicate.get(at..).filter(|rest| !rest.is_empty()) {
        let name: String = rest
            .strip_prefix(':')
            .map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect())
            .unwrap_or_default();
        if rest.starts_with("::") {
            out.push_str("::");
            at += 2;
        } else if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            out.extend(['\'', MARK]);
            out.push_str(&name);
            out.extend([MARK, '\'']);
            at += 1 + name.len();
        } else {
            let end = crate::lex::step_over(predicate, engine, at).map_err(|f| f.message)?;
            let token = predicate.get(at..end).filter(|t| !t.is_empty());
            out.push_str(token.ok_or_else(|| "it cannot be read".to_owned())?);
            at = end;
        }
    }
    Ok(out)
}

impl Resolver<'_, '_> {
    /// In a filter, gives a text that stands for `:name` what is known of the caller.
    pub(super) fn know_caller(&mut self, literal: &mut Literal) {
        let (true, Literal::String(text) | Literal::National(text)) = (self.in_filter, &*literal) else {
            return;
        };
        let Some(name) = named(text) else { return };
        let control = |text: &str| text.chars().any(char::is_control);
        match self.readable.of_caller(name) {
            Some(None) => *literal = Literal::Null,
            Some(Some(value)) if !control(value) => *literal = Literal::String(value.to_owned()),
            Some(Some(_)) => {
                self.refuse(Finding::new(Code::G400, format!(":{name} holds a control character")));
            }
            None => {
                let message =
                    format!("nothing is known as :{name} (known: {})", self.readable.caller_names());
                self.refuse(Finding::new(Code::G400, message));
            }
        }
    }
}

/// The condition alone, as text of that engine.
fn read(predicate: &str, engine: Engine) -> Result<Expr, String> {
    let text = format!("SELECT 1 FROM t WHERE {predicate}");
    let query = crate::parse_tree(&text, engine, &PLAIN).map_err(|f| f.message)?;
    alone(query).ok_or_else(|| "it is more than one condition".to_owned())
}

/// The WHERE of a query that has nothing beside it.
fn alone(query: Query) -> Option<Expr> {
    let Query { recursive: false, with, body, order_by, limit: None, offset: None, with_ties: false, tail } =
        query
    else {
        return None;
    };
    let SetExpr::Select(select) = body else { return None };
    let Select { distinct: _, items, from, selection, group_by, having: None, windows } = *select else {
        return None;
    };
    let bare = with.is_empty()
        && tail == Tail::default()
        && order_by.is_empty()
        && windows.is_empty()
        && group_by == [] as [GroupItem; 0];
    let one_table = matches!(from.as_slice(), [FromItem::Table { name: ObjectName(parts), alias: None }] if parts.len() == 1);
    let one_item = matches!(items.as_slice(), [SelectItem::Expr { expr: Expr::Literal(..), alias: None }]);
    selection.filter(|_| bare && one_table && one_item)
}

fn resolved<'a>(
    mut condition: Expr,
    catalog: &'a Catalog,
    readable: &Readable<'a, '_>,
    table: &'a Table,
) -> Result<Expr, String> {
    let mut resolver = Resolver::new(catalog, &PLAIN, readable);
    resolver.in_filter = true;
    let engine = catalog.engine();
    let fields = table.columns.iter().map(|c| {
        let class = (c.class != TypeClass::Other).then_some(c.class);
        Field::new(engine, &c.name, Info { class, element: c.element, ..Info::default() })
    });
    let entry = Entry {
        name: table.name.clone(),
        key: engine.stored_key(&table.name),
        bare: true,
        fields: fields.collect(),
        ..Entry::default()
    };
    resolver.scopes.push(Scope { names: Namespace::of(entry), ..Scope::default() });
    let info = resolver.value(&mut condition);
    if let Some(finding) = resolver.findings.first() {
        return Err(finding.message.clone());
    }
    let boolean = matches!(info.class, None | Some(TypeClass::Boolean));
    match (info.folded, boolean || engine == Engine::Sqlite) {
        (true, _) => Err("a filter is no place for aggregates".to_owned()),
        (false, false) => Err("it is no condition".to_owned()),
        (false, true) => Ok(condition),
    }
}
