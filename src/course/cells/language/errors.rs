//! rhai's errors as problems with a line.

use rhai::{AST, EvalAltResult, LexError, ParseError, ParseErrorType, Position};

use super::super::lexer::from_rhai;
use super::super::meter::Meter;
use super::super::problem::{CellError, Problem};
use super::functions::NAMES;
use super::values::{kind, kind_by_name};

/// Signs that are names of functions to rhai, and operators to a person.
const OPERATORS: [&str; 18] =
    ["+", "-", "*", "/", "%", "**", "==", "!=", "<", "<=", ">", ">=", "!", "&", "|", "&&", "||", "^"];

/// What cannot be read.
pub(super) fn of_parsing(error: &ParseError) -> CellError {
    CellError { line: line(error.position()), problem: parsing_problem(error.err_type()) }
}

fn line(position: Position) -> Option<usize> {
    position.line()
}

fn parsing_problem(error: &ParseErrorType) -> Problem {
    use ParseErrorType as E;
    match error {
        E::UnexpectedEOF => Problem::UnexpectedEnd,
        E::BadInput(LexError::UnterminatedString) => Problem::MissingSign("\"".to_owned()),
        E::BadInput(LexError::StringTooLong(_)) | E::LiteralTooLarge(..) => Problem::TooLarge,
        E::BadInput(LexError::UnexpectedInput(text) | LexError::ImproperSymbol(text, _))
        | E::BadInput(LexError::MalformedNumber(text) | LexError::MalformedIdentifier(text))
        | E::UnknownOperator(text) => Problem::Unreadable(text.clone()),
        E::MissingToken(sign, _) if !sign.is_empty() => Problem::MissingSign(sign.clone()),
        E::Reserved(word) => Problem::Reserved(word.clone()),
        E::ExprExpected(_) => Problem::ExpressionExpected,
        E::AssignmentToConstant(name) => Problem::Constant(name.clone()),
        E::VariableUndefined(name) => Problem::UnknownName(from_rhai(name).to_owned()),
        E::ExprTooDeep => Problem::TooNested,
        E::TooManyFunctions => Problem::TooManyNames,
        other => Problem::Syntax(other.to_string()),
    }
}

/// What went wrong on the way.
pub(super) fn of_running(error: &EvalAltResult, meter: &Meter, ast: &AST) -> CellError {
    // Calls wrap what went wrong inside them: the innermost one says where.
    if let EvalAltResult::ErrorInFunctionCall(_, _, inner, position) = error {
        let found = of_running(inner, meter, ast);
        return CellError { line: found.line.or_else(|| line(*position)), ..found };
    }
    CellError { line: line(error.position()), problem: running_problem(error, meter, ast) }
}

fn running_problem(error: &EvalAltResult, meter: &Meter, ast: &AST) -> Problem {
    use EvalAltResult as E;
    match error {
        E::ErrorRuntime(value, _) | E::ErrorTerminated(value, _) if value.is::<Problem>() => {
            value.clone().try_cast::<Problem>().unwrap_or(Problem::Inside)
        }
        E::ErrorTerminated(..) => meter.look().err().unwrap_or(Problem::Stopped),
        E::ErrorTooManyOperations(_) => Problem::TooManySteps,
        E::ErrorStackOverflow(_) => Problem::TooDeep,
        E::ErrorDataTooLarge(..) => Problem::TooLarge,
        E::ErrorTooManyVariables(_) | E::ErrorTooManyModules(_) => Problem::TooManyNames,
        E::ErrorParsing(error, _) => parsing_problem(error),
        E::ErrorVariableNotFound(name, _) | E::ErrorModuleNotFound(name, _) => Problem::UnknownName(name.clone()),
        E::ErrorFunctionNotFound(signature, _) => function_problem(signature, ast),
        E::ErrorPropertyNotFound(name, _) | E::ErrorDotExpr(name, _) => Problem::UnknownProperty(property(name)),
        E::ErrorArrayBounds(length, index, _) | E::ErrorStringBounds(length, index, _) => {
            Problem::Index(*index, *length)
        }
        E::ErrorAssignmentToConstant(name, _) => Problem::Constant(name.clone()),
        E::ErrorIndexingType(name, _) => Problem::WrongKind("[]".to_owned(), kind_by_name(first_type(name))),
        E::ErrorFor(_) => Problem::WrongKind("for".to_owned(), super::Kind::Other),
        E::ErrorMismatchDataType(wanted, given, _) if wanted == "bool" => Problem::NotACondition(kind_by_name(given)),
        E::ErrorMismatchDataType(wanted, given, _) => Problem::WrongKind(wanted.clone(), kind_by_name(given)),
        E::ErrorArithmetic(detail, _) if detail.to_lowercase().contains("zero") => Problem::DivisionByZero,
        E::ErrorArithmetic(detail, _) => Problem::Arithmetic(detail.clone()),
        E::ErrorRuntime(value, _) => Problem::Thrown(thrown(value)),
        other => Problem::Syntax(other.to_string()),
    }
}

fn thrown(value: &rhai::Dynamic) -> String {
    value.clone().into_string().unwrap_or_else(|_| kind(value).name())
}

/// `softmax (tensor, string)` as rhai says it: a name that does not exist, or values that it does not take.
fn function_problem(signature: &str, ast: &AST) -> Problem {
    let (name, given) = signature.split_once(" (").unwrap_or((signature, ""));
    let name = from_rhai(name.trim());
    let kinds = given
        .trim_end_matches(')')
        .split(", ")
        .filter(|part| !part.is_empty())
        .map(|part| kind_by_name(part.trim_start_matches("&mut ").trim()))
        .collect();
    let exists = NAMES.contains(&name) || OPERATORS.contains(&name) || ast.iter_functions().any(|f| f.name == name);
    if exists { Problem::WrongArguments(name.to_owned(), kinds) } else { Problem::UnknownFunction(name.to_owned()) }
}

/// rhai names a property's getter `get$name`, and says more in a sentence of its own.
fn property(name: &str) -> String {
    let name = name.rsplit('\'').nth(1).unwrap_or(name);
    name.trim_start_matches("get$").trim_start_matches("set$").to_owned()
}

/// The type in `tensor [string]`.
fn first_type(name: &str) -> &str {
    name.split([' ', '[']).next().unwrap_or(name)
}
