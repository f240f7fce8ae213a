//! Masks as expressions of each engine.

use catalog::{Engine, TypeClass};

use crate::policy::How;
use crate::tree::{Arg, BinaryOp, Call, Expr, Ident, IsTest, Literal, ObjectName, Span, TypeName, UnaryOp};

/// What stands for the characters that are not shown: always as many, so that the length does not show either.
const STARS: &str = "****";

/// Class of a masked value, of one that was of that class.
pub(super) fn class(how: How, class: Option<TypeClass>) -> Option<TypeClass> {
    match how {
        How::Null => class,
        How::Partial { .. } | How::Hash => Some(TypeClass::Text),
    }
}

/// The masked form of a column; `None` where the engine has no function for it.
pub(super) fn over(engine: Engine, how: How, column: Expr) -> Option<Expr> {
    match how {
        How::Null => Some(null(column)),
        How::Partial { keep_last } => partial(engine, keep_last, column),
        How::Hash => hash(engine, column),
    }
}

/// NULL of the column's own type, whatever that is called: a case that never holds.
fn null(column: Expr) -> Expr {
    let never = binary(BinaryOp::Eq, number(1), number(0));
    Expr::Case { operand: None, branches: vec![(never, column)], otherwise: None }
}

/// A short text is starred wholly: its last characters would be all of it.
fn partial(engine: Engine, keep: u8, column: Expr) -> Option<Expr> {
    let text = as_text(engine, column.clone())?;
    let length = match engine {
        Engine::Sqlite => "length",
        Engine::Mssql => "len",
        Engine::Postgres | Engine::Mysql | Engine::Mariadb | Engine::Mongodb => "char_length",
    };
    let longer = binary(BinaryOp::Gt, call(length, [text.clone()]), number(keep));
    let stars = || Expr::Literal(Literal::String(STARS.to_owned()), Span::default());
    let tail = match engine {
        Engine::Sqlite => {
            let from = Expr::Unary { op: UnaryOp::Minus, expr: Box::new(number(keep)) };
            call("substr", [text, from])
        }
        _ => call("right", [text, number(keep)]),
    };
    let shown = match engine {
        Engine::Postgres | Engine::Sqlite | Engine::Mongodb => binary(BinaryOp::Concat, stars(), tail),
        _ => call("concat", [stars(), tail]),
    };
    let shown = if keep == 0 { stars() } else { shown };
    let missing = Expr::Is { expr: Box::new(column), test: IsTest::Null, negated: false };
    let nothing = Expr::Literal(Literal::Null, Span::default());
    Some(Expr::Case {
        operand: None,
        branches: vec![(missing, nothing), (longer, shown)],
        otherwise: Some(Box::new(stars())),
    })
}

fn hash(engine: Engine, column: Expr) -> Option<Expr> {
    let text = as_text(engine, column)?;
    let word = |word: &str| Expr::Literal(Literal::String(word.to_owned()), Span::default());
    match engine {
        Engine::Postgres => {
            let bytes = call("convert_to", [text, word("UTF8")]);
            Some(call("encode", [call("sha256", [bytes]), word("hex")]))
        }
        Engine::Mysql | Engine::Mariadb => {
            let bits = Expr::Literal(Literal::Number("256".to_owned()), Span::default());
            Some(call("sha2", [text, bits]))
        }
        Engine::Mssql => Some(call("hashbytes", [word("SHA2_256"), text])),
        Engine::Sqlite | Engine::Mongodb => None,
    }
}

fn as_text(engine: Engine, column: Expr) -> Option<Expr> {
    let to = match engine {
        Engine::Postgres | Engine::Sqlite | Engine::Mongodb => TypeName::simple("text"),
        Engine::Mysql | Engine::Mariadb => TypeName::simple("char"),
        Engine::Mssql => TypeName { name: "nvarchar".to_owned(), args: vec![4000], dims: 0 },
    };
    Some(Expr::Cast { expr: Box::new(column), to, try_cast: false })
}

fn number(value: u8) -> Expr {
    Expr::Literal(Literal::Number(value.to_string()), Span::default())
}

fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    Expr::Binary { op, left: Box::new(left), right: Box::new(right) }
}

fn call<const N: usize>(name: &str, args: [Expr; N]) -> Expr {
    let name = ObjectName(vec![Ident { value: name.to_owned(), ..Ident::default() }]);
    Expr::Call(Box::new(Call { name, args: args.into_iter().map(Arg::plain).collect(), ..Call::default() }))
}
