//! Any tree that the guard can hold must be read back from its own text, on one line and on several.

use catalog::Engine;
use guard::tree::{
    Arg, BinaryOp, Call, Expr, FromItem, Ident, IsTest, JoinKind, JoinOn, LikeOp, Literal, ObjectName,
    OrderItem, Query, Select, SelectItem, SetExpr, SetOp, Span, TableAlias, TypeName, UnaryOp,
};
use guard::{Policy, parse_tree, render, render_pretty};
use proptest::prelude::*;

fn boxed(expr: Expr) -> Box<Expr> {
    Box::new(expr)
}

/// Names with everything that quoting must survive.
fn name() -> impl Strategy<Value = Ident> {
    prop_oneof![
        "[a-z_][a-z0-9_]{0,8}".prop_map(Ident::quoted),
        prop_oneof![
            Just("select"),
            Just("a\"b"),
            Just("x]y"),
            Just("Ñandú"),
            Just("--"),
            Just("'"),
            Just("a b`c")
        ]
        .prop_map(Ident::quoted),
    ]
}

fn literal() -> impl Strategy<Value = Expr> {
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Bool),
        (0u32..100_000).prop_map(|n| Literal::Number(n.to_string())),
        "[0-9]{1,4}\\.[0-9]{1,3}(e-?[0-9])?".prop_map(Literal::Number),
        "[ -~\n\té]{0,12}".prop_map(Literal::String),
        "([0-9A-F]{2}){0,3}".prop_map(Literal::Hex),
    ]
    .prop_map(|l| Expr::Literal(l, Span::default()))
}

fn column() -> impl Strategy<Value = Expr> {
    prop::collection::vec(name(), 1..=3).prop_map(|parts| Expr::Column(ObjectName(parts)))
}

fn binary_op(engine: Engine) -> BoxedStrategy<BinaryOp> {
    use BinaryOp as B;
    let mut ops = vec![
        B::And,
        B::Or,
        B::Eq,
        B::NotEq,
        B::Lt,
        B::LtEq,
        B::Gt,
        B::GtEq,
        B::Plus,
        B::Minus,
        B::Multiply,
        B::Divide,
        B::Modulo,
        B::BitAnd,
        B::BitOr,
        B::ShiftLeft,
        B::ShiftRight,
    ];
    if !matches!(engine, Engine::Mysql | Engine::Mariadb) {
        ops.extend([B::Concat, B::JsonGet, B::JsonGetText]);
    }
    match engine {
        Engine::Mysql => ops.extend([B::Xor, B::BitXor, B::IntDivide, B::NotDistinct, B::MemberOf]),
        Engine::Mariadb => ops.extend([B::Xor, B::BitXor, B::IntDivide, B::NotDistinct]),
        Engine::Postgres => ops.extend([
            B::Power,
            B::BitXor,
            B::Regex,
            B::NotRegexI,
            B::Contains,
            B::ContainedBy,
            B::Overlap,
            B::JsonPath,
            B::JsonMinus,
            B::HasKey,
            B::HasAnyKey,
            B::HasAllKeys,
            B::JsonPathExists,
            B::Match,
            B::LikeOp,
            B::StartsWith,
            B::Adjacent,
            B::NotRightOf,
            B::ContainedByEq,
            B::Distance,
            B::NegInnerProduct,
            B::CosineDistance,
            B::NotDistinct,
            B::Distinct,
        ]),
        _ => ops.push(B::SqliteMatch),
    }
    prop::sample::select(ops).boxed()
}

fn like_op(engine: Engine) -> BoxedStrategy<LikeOp> {
    let ops = match engine {
        Engine::Postgres => vec![LikeOp::Like, LikeOp::ILike, LikeOp::SimilarTo],
        Engine::Mysql | Engine::Mariadb => vec![LikeOp::Like, LikeOp::Regexp],
        _ => vec![LikeOp::Like, LikeOp::Glob, LikeOp::Regexp],
    };
    prop::sample::select(ops).boxed()
}

fn call(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Expr> {
    (prop::collection::vec(inner, 0..3), any::<bool>()).prop_map(|(args, distinct)| {
        let distinct = distinct && !args.is_empty();
        let args = args.into_iter().map(Arg::plain).collect();
        Expr::Call(Box::new(Call { name: ObjectName::quoted(["max"]), args, distinct, ..Call::default() }))
    })
}

fn expr(engine: Engine) -> BoxedStrategy<Expr> {
    let leaf = prop_oneof![literal(), column()].boxed();
    let number = if matches!(engine, Engine::Mysql | Engine::Mariadb) { "signed" } else { "integer" };
    leaf.prop_recursive(5, 40, 3, move |inner| {
        let inner = inner.boxed();
        let two = || (inner.clone(), inner.clone());
        prop_oneof![
            (binary_op(engine), two()).prop_map(|(op, (l, r))| Expr::Binary {
                op,
                left: boxed(l),
                right: boxed(r)
            }),
            (prop::sample::select(vec![UnaryOp::Not, UnaryOp::Minus, UnaryOp::BitNot]), inner.clone())
                .prop_map(|(op, e)| Expr::Unary { op, expr: boxed(e) }),
            (
                prop::sample::select(vec![IsTest::Null, IsTest::True, IsTest::False]),
                inner.clone(),
                any::<bool>()
            )
                .prop_map(|(test, e, negated)| Expr::Is { expr: boxed(e), test, negated }),
            (two(), inner.clone(), any::<bool>()).prop_map(|((e, low), high, negated)| Expr::Between {
                expr: boxed(e),
                low: boxed(low),
                high: boxed(high),
                negated,
                symmetric: false,
            }),
            (inner.clone(), prop::collection::vec(literal(), 1..3), any::<bool>())
                .prop_map(|(e, list, negated)| Expr::InList { expr: boxed(e), list, negated }),
            (like_op(engine), two(), any::<bool>()).prop_map(|(op, (e, p), negated)| Expr::Like {
                op,
                expr: boxed(e),
                pattern: boxed(p),
                escape: None,
                negated,
            }),
            (two(), inner.clone()).prop_map(|((w, t), e)| Expr::Case {
                operand: None,
                branches: vec![(w, t)],
                otherwise: Some(boxed(e)),
            }),
            inner.clone().prop_map(move |e| Expr::Cast {
                expr: boxed(e),
                to: TypeName::simple(number),
                try_cast: false,
            }),
            (inner.clone(), any::<bool>())
                .prop_map(|(e, negated)| Expr::Exists { query: Box::new(one(e)), negated }),
            inner.clone().prop_map(|e| Expr::Subquery(Box::new(one(e)))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::Row),
            inner
                .clone()
                .prop_map(|e| Expr::Collate { expr: boxed(e), collation: ObjectName::quoted(["c"]) }),
            call(inner),
        ]
    })
    .boxed()
}

/// `SELECT e`.
fn one(expr: Expr) -> Query {
    let items = vec![SelectItem::Expr { expr, alias: None }];
    Query { body: SetExpr::Select(Box::new(Select { items, ..Select::default() })), ..Query::default() }
}

fn from() -> impl Strategy<Value = FromItem> {
    let table = (name(), name()).prop_map(|(name, alias)| FromItem::Table {
        name: ObjectName(vec![name]),
        alias: Some(TableAlias { name: alias, columns: Vec::new() }),
    });
    table.prop_recursive(3, 6, 2, |inner| {
        (inner.clone(), inner, name()).prop_map(|(left, right, column)| FromItem::Join {
            kind: JoinKind::Left,
            left: Box::new(left),
            right: Box::new(right),
            on: JoinOn::Using(vec![column]),
        })
    })
}

fn select(engine: Engine) -> impl Strategy<Value = Query> {
    let order = (expr(engine), prop::option::of(any::<bool>()));
    (expr(engine), name(), from(), prop::option::of(expr(engine)), order).prop_map(
        |(e, alias, from, filter, order)| {
            let items =
                vec![SelectItem::Expr { expr: e, alias: Some(alias) }, SelectItem::Wildcard(Span::default())];
            let select = Select { items, from: vec![from], selection: filter, ..Select::default() };
            let order_by = vec![OrderItem { expr: order.0, asc: order.1, nulls_first: None }];
            Query { body: SetExpr::Select(Box::new(select)), order_by, ..Query::default() }
        },
    )
}

fn union(engine: Engine) -> impl Strategy<Value = Query> {
    let arm = expr(engine).prop_map(|e| one(e).body);
    let ops = prop::sample::select(vec![SetOp::Union, SetOp::Except, SetOp::Intersect]);
    prop::collection::vec((ops, arm), 2..5).prop_map(|arms| {
        let mut arms = arms.into_iter();
        let first = arms.next().map(|(_, body)| body).unwrap_or_default();
        let body = arms.fold(first, |left, (op, right)| SetExpr::SetOp {
            op,
            all: false,
            left: Box::new(left),
            right: Box::new(right),
        });
        Query { body, ..Query::default() }
    })
}

fn reads_back(query: &Query, engine: Engine) -> Result<(), TestCaseError> {
    let policy = Policy { max_bytes: 1 << 20, max_chain: 5_000, max_depth: 1_000, ..Policy::default() };
    for text in [render(query, engine), render_pretty(query, engine)] {
        let again = parse_tree(&text, engine, &policy);
        let again = again.map_err(|f| TestCaseError::fail(format!("{f}\n{text}")))?;
        prop_assert!(again == *query, "read back as {}\nfrom         {}", render(&again, engine), text);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn postgres_trees_are_read_back(query in select(Engine::Postgres)) {
        reads_back(&query, Engine::Postgres)?;
    }

    #[test]
    fn sqlite_trees_are_read_back(query in select(Engine::Sqlite)) {
        reads_back(&query, Engine::Sqlite)?;
    }

    #[test]
    fn mysql_trees_are_read_back(query in select(Engine::Mysql), other in select(Engine::Mariadb)) {
        reads_back(&query, Engine::Mysql)?;
        reads_back(&other, Engine::Mariadb)?;
    }

    #[test]
    fn mysql_set_operations_are_read_back(query in union(Engine::Mysql)) {
        reads_back(&query, Engine::Mysql)?;
    }

    #[test]
    fn set_operations_are_read_back(query in union(Engine::Postgres), other in union(Engine::Sqlite)) {
        reads_back(&query, Engine::Postgres)?;
        reads_back(&other, Engine::Sqlite)?;
    }
}
