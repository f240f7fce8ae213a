//! SHOWPLAN_XML: a document of the form that SQL Server gives, made of what SQLite says of its plan.

use rusqlite::Connection;

use crate::error::{Result, SqlError};

/// Rows that a scan of a table is thought to cost one unit for.
const PER_UNIT: f64 = 1000.0;

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Explains a statement of SQLite's; `original` is the text that is shown.
pub(crate) fn document(lite: &Connection, sql: &str, original: &str) -> Result<String> {
    let failed = |e: rusqlite::Error| SqlError::from_sqlite(&e);
    let mut statement = lite.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).map_err(failed)?;
    let steps = statement.query_map([], |row| row.get::<_, String>(3)).map_err(failed)?;
    let (mut rows, mut cost, mut operators) = (1.0_f64, 0.003_f64, String::new());
    for (at, step) in steps.enumerate() {
        let step = step.map_err(failed)?;
        let words: Vec<&str> = step.split(' ').collect();
        let scan = words.first() == Some(&"SCAN");
        if !scan && words.first() != Some(&"SEARCH") {
            continue;
        }
        let found = if scan { scanned(lite, &words) } else { 1.0 };
        rows = (rows * found.max(1.0)).min(1e30);
        cost += rows / PER_UNIT;
        let name = if scan { "Clustered Index Scan" } else { "Clustered Index Seek" };
        operators += &format!(
            "<RelOp NodeId=\"{at}\" PhysicalOp=\"{name}\" LogicalOp=\"{name}\" EstimateRows=\"{found}\" \
             EstimatedTotalSubtreeCost=\"{cost}\"/>"
        );
    }
    Ok(format!(
        "<ShowPlanXML xmlns=\"http://schemas.microsoft.com/sqlserver/2004/07/showplan\" Version=\"1.564\" \
         Build=\"16.0.4135.4\"><BatchSequence><Batch><Statements><StmtSimple StatementText=\"{}\" StatementId=\"1\" \
         StatementCompId=\"1\" StatementType=\"SELECT\" StatementSubTreeCost=\"{cost}\" StatementEstRows=\"{rows}\">\
         <QueryPlan>{operators}</QueryPlan></StmtSimple></Statements></Batch></BatchSequence></ShowPlanXML>",
        escaped(original)
    ))
}

/// How many rows a table has; SQLite calls it by its alias, which need not be its name.
fn scanned(lite: &Connection, words: &[&str]) -> f64 {
    let named = words.get(1).copied().unwrap_or_default();
    let count = format!("SELECT count(*) FROM \"{}\"", named.replace('"', "\"\""));
    lite.query_row(&count, [], |row| row.get::<_, i64>(0)).map_or(1000.0, |n| n as f64)
}
