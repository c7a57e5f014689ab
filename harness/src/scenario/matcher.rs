//! What a fact is held against, as plain data.

use crate::value::Value;
use crate::world::facts::schema::Subject;

use super::source::{At, Span};
use super::template::Template;

/// What a step expects of its subject: the content of `expect:`.
#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    /// Whose facts are meant.
    pub subject: Subject,
    /// The fields and what is expected of each; at least one.
    pub fields: Vec<Field>,
    /// Where `expect` stands.
    pub span: Span,
}

/// A field and what is expected of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: At<String>,
    /// What is expected of it.
    pub matcher: Matcher,
}

/// What is expected of a value, and where that stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Matcher {
    /// The test.
    pub test: Test,
    /// Where the expected value stands.
    pub span: Span,
}

/// A test of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// It equals the operand; `null` means that there is no value.
    Equals(Operand),
    /// It is a list of exactly these, in any order.
    Set(Vec<Operand>),
    /// The test fails.
    Not(Box<Matcher>),
    /// Every test passes.
    Every(Vec<Matcher>),
    /// It is a record, and each of these fields passes.
    Record(Vec<Field>),
    /// Text that has each of these in it, or a list that has each of these
    /// among its elements.
    Contains(Vec<Operand>),
    /// Text or a list that has none of these.
    Lacks(Vec<Operand>),
    /// Text in which this regular expression finds something.
    Matches(Template),
    /// Text that begins like this.
    StartsWith(Operand),
    /// Text that ends like this.
    EndsWith(Operand),
    /// Text that is like this one, in which a line `...` stands for any number
    /// of lines, and `[..]` for anything within a line.
    Like(Operand),
    /// It equals one of these.
    OneOf(Vec<Operand>),
    /// It compares like this with the operand.
    Order(Order, Operand),
    /// Text, a list or a map that is empty, or is not.
    Empty(bool),
    /// There is a value, or there is none.
    Exists(bool),
    /// The number of its elements, or of the lines of a text.
    Count(Box<Matcher>),
    /// Each of its elements passes.
    All(Box<Matcher>),
    /// At least one of its elements passes.
    Any(Box<Matcher>),
}

/// How two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Less than.
    Lt,
    /// Less than or equal.
    Le,
    /// Greater than.
    Gt,
    /// Greater than or equal.
    Ge,
}

/// A value that is expected.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A value.
    Literal(Value),
    /// A value that a run fills in.
    Template(Template),
    /// A list, some of whose elements a run fills in.
    List(Vec<Operand>),
    /// A map, some of whose values a run fills in.
    Map(Vec<(String, Operand)>),
}
