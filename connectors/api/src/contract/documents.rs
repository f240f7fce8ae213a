//! The suite's database for engines of documents: the same rows, as commands that make them.

use serde_json::{Value, json};

use super::fixture::NUMBERS;

/// Documents in one command: all, since an engine may count in between and keep that count for a while.
const TOGETHER: u64 = NUMBERS;

/// The commands that make the database, in order, as extended JSON.
pub fn commands() -> Vec<Value> {
    let mut commands = vec![
        json!({ "create": "contract_customers", "validator": { "$jsonSchema": {
            "bsonType": "object",
            "required": ["_id", "id", "email", "name", "balance"],
            "properties": {
                "_id": { "bsonType": "int" },
                "id": { "bsonType": "int" },
                "email": { "bsonType": "string", "description": "where invoices go" },
                "name": { "bsonType": "string" },
                "born": { "bsonType": ["date", "null"] },
                "balance": { "bsonType": "decimal" },
            },
        } } }),
        json!({ "create": "contract_orders" }),
        json!({ "create": "contract_lines", "validator": { "$jsonSchema": {
            "properties": {
                "order_id": { "bsonType": "int" },
                "line_no": { "bsonType": "int" },
                "quantity": { "bsonType": "int" },
            },
        } } }),
        json!({ "create": "contract_numbers" }),
        unique("contract_customers", "email"),
        unique("contract_customers", "id"),
        unique("contract_orders", "id"),
        json!({ "createIndexes": "contract_orders", "indexes": [
            { "key": { "customer_id": 1, "placed_at": 1 }, "name": "contract_orders_by_customer" }] }),
        json!({ "create": "contract_order_list", "viewOn": "contract_orders", "pipeline": [
            { "$lookup": { "from": "contract_customers", "localField": "customer_id", "foreignField": "id", "as": "c" } },
            { "$unwind": "$c" },
            { "$project": { "_id": 0, "id": 1, "name": "$c.name", "status": 1 } }] }),
        insert(
            "contract_customers",
            vec![
                customer(1, "ada@example.org", "Ada", Some("1990-05-01T00:00:00Z"), "12.50"),
                customer(2, "bob@example.org", "Bob", None, "0"),
                customer(3, "eve@example.org", "Ève", Some("2001-12-31T00:00:00Z"), "99999.99"),
            ],
        ),
        insert(
            "contract_orders",
            vec![
                order(10, 1, "open", Some("2024-01-02T03:04:05Z")),
                order(11, 1, "paid", Some("2024-02-03T00:00:00Z")),
                order(12, 3, "paid", None),
                order(13, 3, "paid", Some("2024-03-04T23:59:59Z")),
            ],
        ),
    ];
    for first in (1..=NUMBERS).step_by(usize::try_from(TOGETHER).unwrap_or(1)) {
        let last = (first + TOGETHER - 1).min(NUMBERS);
        let numbers = (first..=last).map(|n| json!({ "_id": int(n), "n": int(n) })).collect();
        commands.push(insert("contract_numbers", numbers));
    }
    commands
}

fn unique(collection: &str, field: &str) -> Value {
    let name = format!("{field}_1");
    json!({ "createIndexes": collection, "indexes": [{ "key": { field: 1 }, "name": name, "unique": true }] })
}

fn insert(collection: &str, documents: Vec<Value>) -> Value {
    json!({ "insert": collection, "documents": documents })
}

fn int(n: u64) -> Value {
    json!({ "$numberInt": n.to_string() })
}

fn moment(text: Option<&str>) -> Value {
    text.map_or(Value::Null, |text| json!({ "$date": text }))
}

fn customer(id: u64, email: &str, name: &str, born: Option<&str>, balance: &str) -> Value {
    json!({ "_id": int(id), "id": int(id), "email": email, "name": name, "born": moment(born),
        "balance": { "$numberDecimal": balance } })
}

fn order(id: u64, customer: u64, status: &str, placed: Option<&str>) -> Value {
    json!({ "_id": int(id), "id": int(id), "customer_id": int(customer), "status": status, "placed_at": moment(placed) })
}
