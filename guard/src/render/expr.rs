//! Expressions as text: parentheses wherever two engines, or two readers, could disagree.

use catalog::Engine;

use super::Writer;
use super::symbols::{like, symbol};
use crate::tree::{BinaryOp, Expr, IsTest, JsonShape, Literal, NormalForm, UnaryOp};

/// How tightly a form binds; an operand below what its place asks for goes into parentheses.
const OR: u8 = 10;
const XOR: u8 = 15;
const AND: u8 = 20;
const NOT: u8 = 30;
const TEST: u8 = 40;
/// Operators other than arithmetic.
pub(super) const OTHER: u8 = 70;
pub(super) const SUM: u8 = 80;
const PRODUCT: u8 = 90;
const POWER: u8 = 100;
pub(super) const UNARY: u8 = 125;
pub(super) const PRIMARY: u8 = 200;

fn level(expr: &Expr) -> u8 {
    match expr {
        Expr::Binary { op, left: _, right: _ } => binary_level(*op),
        // EXISTS too: a NOT before it would be taken as its own.
        Expr::Unary { op: UnaryOp::Not, expr: _ } | Expr::Exists { query: _, negated: _ } => NOT,
        Expr::Unary { op: UnaryOp::Minus | UnaryOp::Plus, expr: _ } => UNARY,
        Expr::Unary { op: _, expr: _ } | Expr::AtTimeZone { expr: _, zone: _ } | Expr::Collate { .. } => {
            OTHER
        }
        Expr::Is { .. }
        | Expr::Between { .. }
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Like { .. }
        | Expr::Quantified { .. } => TEST,
        Expr::Column(_)
        | Expr::Literal(_, _)
        | Expr::Param(_)
        | Expr::Case { .. }
        | Expr::Cast { .. }
        | Expr::Typed { .. }
        | Expr::Interval { .. }
        | Expr::Call(_)
        | Expr::Extract { .. }
        | Expr::Special(_)
        | Expr::Subquery(_)
        | Expr::Row(_)
        | Expr::Array(_)
        | Expr::ArraySubquery(_)
        | Expr::Subscript { .. }
        | Expr::Field { .. } => PRIMARY,
    }
}

fn binary_level(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => OR,
        BinaryOp::Xor => XOR,
        BinaryOp::And => AND,
        BinaryOp::Eq
        | BinaryOp::NotEq
        | BinaryOp::Lt
        | BinaryOp::LtEq
        | BinaryOp::Gt
        | BinaryOp::GtEq
        | BinaryOp::NotDistinct
        | BinaryOp::Distinct
        | BinaryOp::SqliteMatch
        | BinaryOp::MemberOf
        | BinaryOp::Overlaps => TEST,
        BinaryOp::Plus | BinaryOp::Minus => SUM,
        BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo | BinaryOp::IntDivide => PRODUCT,
        BinaryOp::Power => POWER,
        _ => OTHER,
    }
}

/// What the left and right places of an operator ask for.
fn places(op: BinaryOp, left: &Expr) -> (u8, u8) {
    match binary_level(op) {
        OR => (OR, XOR),
        XOR => (XOR, AND),
        AND => (AND, NOT),
        TEST => (OTHER, OTHER),
        SUM => (SUM, PRODUCT),
        PRODUCT => (PRODUCT, UNARY),
        POWER => (PRIMARY, PRIMARY),
        // A chain of one and the same operator needs no parentheses: a || b || c.
        _ if matches!(left, Expr::Binary { op: inner, left: _, right: _ } if chains(*inner, op)) => {
            (OTHER, PRIMARY)
        }
        _ => (PRIMARY, PRIMARY),
    }
}

fn chains(inner: BinaryOp, outer: BinaryOp) -> bool {
    let json = |op| matches!(op, BinaryOp::JsonGet | BinaryOp::JsonGetText);
    inner == outer || (json(inner) && json(outer))
}

impl Writer {
    /// An operand, in parentheses unless it binds at least as tightly as `place` asks.
    pub(super) fn operand(&mut self, expr: &Expr, place: u8) {
        // SQL Server's signs bind no tighter than sums
        let sign = self.mssql() && matches!(expr, Expr::Unary { op: UnaryOp::Minus | UnaryOp::Plus, .. });
        let level = if sign { OTHER } else { level(expr) };
        if level >= place {
            return self.expr(expr);
        }
        self.text("(");
        self.expr(expr);
        self.text(")");
    }

    pub(super) fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Column(name) => self.name(name),
            Expr::Literal(literal, _) => self.literal(literal),
            Expr::Param(number) => {
                self.text(if matches!(self.engine, Engine::Postgres | Engine::Mongodb) { "$" } else { "?" });
                if !self.mysql() {
                    self.text(&number.to_string());
                }
            }
            Expr::Unary { op, expr } => self.unary(*op, expr),
            Expr::Binary { op, left, right } => self.binary(*op, left, right),
            Expr::Is { expr, test, negated } => self.is(expr, *test, *negated),
            Expr::Between { expr, low, high, negated, symmetric } => {
                self.operand(expr, OTHER);
                self.text(if *negated { " NOT BETWEEN " } else { " BETWEEN " });
                self.text(if *symmetric { "SYMMETRIC " } else { "" });
                self.operand(low, OTHER);
                self.text(" AND ");
                self.operand(high, OTHER);
            }
            Expr::InList { expr, list, negated } => {
                self.operand(expr, OTHER);
                self.text(if *negated { " NOT IN (" } else { " IN (" });
                self.list(list, Writer::expr);
                self.text(")");
            }
            Expr::InSubquery { expr, query, negated } => {
                self.operand(expr, OTHER);
                self.text(if *negated { " NOT IN " } else { " IN " });
                self.nested(query);
            }
            Expr::Like { op, expr, pattern, escape, negated } => {
                self.operand(expr, OTHER);
                self.text(if *negated { " NOT " } else { " " });
                self.text(like(*op));
                if self.mysql() {
                    return self.mysql_like(*op, pattern, escape.as_deref());
                }
                self.operand(pattern, OTHER);
                if let Some(escape) = escape {
                    self.text(" ESCAPE ");
                    self.operand(escape, PRIMARY);
                }
            }
            Expr::Quantified { left, op, all, right } => self.quantified(left, *op, *all, right),
            Expr::Case { operand, branches, otherwise } => {
                self.case(operand.as_deref(), branches, otherwise.as_deref())
            }
            Expr::Cast { expr, to, try_cast } => {
                self.text(if *try_cast { "TRY_CAST(" } else { "CAST(" });
                self.expr(expr);
                self.text(" AS ");
                self.type_name(to);
                self.text(")");
            }
            Expr::Typed { ty, value, span: _ } => {
                self.text(if self.mssql() { "{" } else { "" });
                self.type_name(ty);
                self.text(" ");
                self.string(value);
                self.text(if self.mssql() { "}" } else { "" });
            }
            Expr::Interval { value, unit } => {
                self.text("INTERVAL ");
                self.operand(value, PRIMARY);
                if let Some(unit) = unit {
                    self.text(" ");
                    self.text(&unit.to_ascii_uppercase());
                }
            }
            Expr::Call(call) => self.call(call),
            Expr::Extract { field, expr } => {
                self.text("EXTRACT(");
                self.text(field);
                self.text(" FROM ");
                self.expr(expr);
                self.text(")");
            }
            Expr::Special(call) => self.special(call),
            Expr::AtTimeZone { expr, zone } => {
                self.operand(expr, PRIMARY);
                self.text(" AT TIME ZONE ");
                self.operand(zone, PRIMARY);
            }
            Expr::Collate { expr, collation } => {
                self.operand(expr, PRIMARY);
                self.text(" COLLATE ");
                self.collation(collation);
            }
            Expr::Exists { query, negated } => {
                self.text(if *negated { "NOT EXISTS " } else { "EXISTS " });
                self.nested(query);
            }
            Expr::Subquery(query) => self.nested(query),
            Expr::Row(values) => self.row(values),
            Expr::Array(values) => {
                self.text("ARRAY[");
                self.list(values, Writer::expr);
                self.text("]");
            }
            Expr::ArraySubquery(query) => {
                self.text("ARRAY");
                self.nested(query);
            }
            Expr::Subscript { expr, index, slice_to } => {
                self.base(expr);
                self.text("[");
                if let Some(index) = index {
                    self.operand(index, SUM);
                }
                if let Some(upper) = slice_to {
                    self.text(" : ");
                    if let Some(upper) = upper {
                        self.operand(upper, SUM);
                    }
                }
                self.text("]");
            }
            Expr::Field { expr, field } => {
                self.text("(");
                self.expr(expr);
                self.text(").");
                self.ident(field);
            }
        }
    }

    /// What a subscript stands after: a column, another subscript, or anything in parentheses.
    fn base(&mut self, expr: &Expr) {
        if matches!(expr, Expr::Column(_) | Expr::Subscript { .. }) {
            return self.expr(expr);
        }
        self.text("(");
        self.expr(expr);
        self.text(")");
    }

    fn row(&mut self, values: &[Expr]) {
        self.text("(");
        self.list(values, Writer::expr);
        self.text(")");
    }

    fn unary(&mut self, op: UnaryOp, expr: &Expr) {
        self.text(match op {
            UnaryOp::Not => "NOT ",
            UnaryOp::Minus => "-",
            UnaryOp::Plus => "+",
            UnaryOp::BitNot => "~",
            UnaryOp::SquareRoot => "|/ ",
            UnaryOp::CubeRoot => "||/ ",
            UnaryOp::Abs => "@ ",
            UnaryOp::TsNot => "!! ",
        });
        match (op, expr) {
            // `NOT EXISTS` is a form of its own.
            (UnaryOp::Not, Expr::Exists { .. }) => self.operand(expr, u8::MAX),
            // One mode of MySQL lets NOT bind tightly.
            (UnaryOp::Not, _) => self.operand(expr, if self.mysql() { PRIMARY } else { NOT }),
            _ => self.operand(expr, PRIMARY),
        }
    }

    fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr) {
        if op == BinaryOp::MemberOf {
            return self.member_of(left, right);
        }
        let (left_place, right_place) = places(op, left);
        self.operand(left, left_place);
        self.text(" ");
        self.text(self.operator(op));
        self.text(" ");
        self.operand(right, right_place);
    }

    fn quantified(&mut self, left: &Expr, op: BinaryOp, all: bool, right: &Expr) {
        self.operand(left, OTHER);
        self.text(" ");
        self.text(self.operator(op));
        self.text(if all { " ALL " } else { " ANY " });
        if let Expr::Subquery(query) = right {
            return self.nested(query);
        }
        self.text("(");
        self.operand(right, OTHER);
        self.text(")");
    }

    fn is(&mut self, expr: &Expr, test: IsTest, negated: bool) {
        self.operand(expr, OTHER);
        self.text(if negated { " IS NOT " } else { " IS " });
        self.text(match test {
            IsTest::Null => "NULL",
            IsTest::True => "TRUE",
            IsTest::False => "FALSE",
            IsTest::Unknown => "UNKNOWN",
            IsTest::Json { shape: None, unique: _ } => "JSON",
            IsTest::Json { shape: Some(JsonShape::Object), unique: _ } => "JSON OBJECT",
            IsTest::Json { shape: Some(JsonShape::Array), unique: _ } => "JSON ARRAY",
            IsTest::Json { shape: Some(JsonShape::Scalar), unique: _ } => "JSON SCALAR",
            IsTest::Normalized(NormalForm::Nfc) => "NFC NORMALIZED",
            IsTest::Normalized(NormalForm::Nfd) => "NFD NORMALIZED",
            IsTest::Normalized(NormalForm::Nfkc) => "NFKC NORMALIZED",
            IsTest::Normalized(NormalForm::Nfkd) => "NFKD NORMALIZED",
        });
        self.text(if matches!(test, IsTest::Json { unique: true, .. }) { " WITH UNIQUE KEYS" } else { "" });
    }

    fn case(&mut self, operand: Option<&Expr>, branches: &[(Expr, Expr)], otherwise: Option<&Expr>) {
        self.text("CASE");
        if let Some(operand) = operand {
            self.text(" ");
            self.expr(operand);
        }
        for (when, then) in branches {
            self.text(" WHEN ");
            self.expr(when);
            self.text(" THEN ");
            self.expr(then);
        }
        if let Some(otherwise) = otherwise {
            self.text(" ELSE ");
            self.expr(otherwise);
        }
        self.text(" END");
    }

    fn literal(&mut self, literal: &Literal) {
        match literal {
            Literal::Null => self.text("NULL"),
            Literal::Bool(true) => self.text("TRUE"),
            Literal::Bool(false) => self.text("FALSE"),
            Literal::Number(digits) => self.text(digits),
            Literal::String(text) => self.string(text),
            Literal::National(text) => {
                self.text("N");
                self.string(text);
            }
            Literal::Money(digits) => {
                self.text("$");
                self.text(digits);
            }
            Literal::Hex(digits) if self.mssql() => {
                self.text("0x");
                self.text(digits);
            }
            Literal::Hex(digits) => {
                self.text("X'");
                self.text(digits);
                self.text("'");
            }
            Literal::Bits(digits) => {
                self.text("B'");
                self.text(digits);
                self.text("'");
            }
        }
    }

    fn operator(&self, op: BinaryOp) -> &'static str {
        match op {
            BinaryOp::NotDistinct if self.sqlite() => "IS",
            BinaryOp::Distinct if self.sqlite() => "IS NOT",
            BinaryOp::NotDistinct if self.mysql() => "<=>",
            BinaryOp::BitXor if !matches!(self.engine, Engine::Postgres | Engine::Mongodb) => "^",
            _ => symbol(op),
        }
    }
}
