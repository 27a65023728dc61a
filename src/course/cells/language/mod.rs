//! The language of code cells: rhai with tensors, cut down to what a lesson needs.
//!
//! **Invariant**: a cell reaches nothing but its own values. There is no file, module, clock or `eval` in it, `print`
//! writes to the cell's own output, and all that it uses is metered ([`super::Limits`]).

mod errors;
mod functions;
mod operators;
mod values;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage, BasicMathPackage,
    BasicStringPackage, LogicPackage, Package,
};
use rhai::{AST, CallFnOptions, Dynamic, Engine, Module, OptimizationLevel, Scope};

use super::lexer::for_rhai;
use super::meter::{Limits, Meter, Wanted};
use super::problem::{CellError, Kind, Problem};
use super::tensor::Tensor;

pub use functions::NAMES as FUNCTIONS;

/// Words of the language, for colouring.
pub const KEYWORDS: [&str; 18] = [
    "fn", "let", "const", "if", "else", "for", "in", "while", "loop", "do", "until", "break", "continue", "return",
    "switch", "true", "false", "this",
];

/// What a thread that reads or runs a cell has for its calls. The parser and the calls go down as far as
/// [`Limits::expression_depth`] and [`Limits::call_levels`] allow, a thread's usual two megabytes would not do for that.
const STACK: usize = 64 << 20;

/// A value that goes into a function.
#[derive(Clone, Debug)]
pub enum Value {
    /// A tensor.
    Tensor(Tensor),
    /// A whole number.
    Whole(i64),
}

/// What came out of a function.
#[derive(Clone, Debug)]
pub enum Output {
    /// A tensor, or something that is one for all purposes: a number, a list of numbers.
    Tensor(Tensor),
    /// Something else.
    Other(Kind),
}

/// What `print` wrote.
#[derive(Clone, Debug, Default)]
pub struct Printed {
    /// As far as it is kept.
    pub text: String,
    /// Whether there was more.
    pub cut: bool,
}

/// A cell that was read, ready to be called.
pub struct Program {
    engine: Engine,
    ast: AST,
    meter: Arc<Meter>,
    printed: Arc<Mutex<Printed>>,
}

impl Program {
    /// Reads a cell and runs what stands outside of its functions. What it prints can be read even where it fails.
    ///
    /// # Errors
    /// What cannot be read, or what went wrong, with its line.
    pub fn begin(source: &str, limits: &Limits, wanted: Wanted) -> (Result<Self, CellError>, Arc<Mutex<Printed>>) {
        let printed = Arc::new(Mutex::new(Printed::default()));
        let meter = Meter::new(*limits, wanted);
        let made = Self::read(source, meter, printed.clone());
        (made, printed)
    }

    fn read(source: &str, meter: Arc<Meter>, printed: Arc<Mutex<Printed>>) -> Result<Self, CellError> {
        let most = meter.limits().source_bytes;
        if source.len() > most {
            return Err(CellError { line: None, problem: Problem::SourceTooLong(source.len(), most) });
        }
        let engine = engine(&meter, &printed);
        let ast = on_large_stack(|| {
            let ast = engine
                .compile_with_scope(&constants(), for_rhai(source))
                .map_err(|error| errors::of_parsing(&error))?;
            let run = engine.run_ast(&ast);
            run.map_err(|error| errors::of_running(&error, &meter, &ast))?;
            Ok(ast)
        })?;
        Ok(Self { engine, ast, meter, printed })
    }

    /// The meter of this run: tensors that go in must be its own.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// What `print` wrote until now.
    pub fn printed(&self) -> Printed {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether there is a function of this name with so many parameters.
    pub fn has(&self, function: &str, parameters: usize) -> bool {
        self.ast.iter_functions().any(|found| found.name == function && found.params.len() == parameters)
    }

    /// Calls a function of the cell.
    ///
    /// # Errors
    /// What went wrong, with its line.
    pub fn call(&self, function: &str, arguments: &[Value]) -> Result<Output, CellError> {
        let arguments: Vec<Dynamic> = arguments.iter().map(values::into_language).collect();
        on_large_stack(|| {
            let options = CallFnOptions::new().eval_ast(false);
            let mut scope = Scope::new();
            self.engine
                .call_fn_with_options::<Dynamic>(options, &mut scope, &self.ast, function, arguments)
                .map_err(|error| errors::of_running(&error, &self.meter, &self.ast))
                .and_then(|value| {
                    values::output(value, &self.meter).map_err(|problem| CellError { line: None, problem })
                })
        })
    }
}

/// An engine with nothing in it but what is named here.
fn engine(meter: &Arc<Meter>, printed: &Arc<Mutex<Printed>>) -> Engine {
    let mut engine = Engine::new_raw();
    ArithmeticPackage::new().register_into_engine(&mut engine);
    LogicPackage::new().register_into_engine(&mut engine);
    BasicMathPackage::new().register_into_engine(&mut engine);
    BasicArrayPackage::new().register_into_engine(&mut engine);
    BasicMapPackage::new().register_into_engine(&mut engine);
    BasicFnPackage::new().register_into_engine(&mut engine);
    BasicIteratorPackage::new().register_into_engine(&mut engine);
    BasicStringPackage::new().register_into_engine(&mut engine);
    for word in ["eval", "import", "export"] {
        engine.disable_symbol(word);
    }
    limit(&mut engine, meter.limits());
    // Strict: an unknown name is found when the cell is read, with its line. The optimizer would compute before the
    // limits hold, and operators that are faster than ours could not be replaced.
    engine.set_strict_variables(true);
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_fast_operators(false);
    let mut module = Module::new();
    for (name, value) in CONSTANTS {
        module.set_var(name, value);
    }
    engine.register_global_module(module.into());
    operators::register(&mut engine, meter);
    functions::register(&mut engine, meter);
    let clock = meter.clone();
    engine.on_progress(move |steps| {
        // A look at the clock costs as much as several steps.
        (steps.is_multiple_of(64) && clock.look().is_err()).then_some(Dynamic::UNIT)
    });
    let (printed, most) = (printed.clone(), meter.limits().printed_bytes);
    engine.on_print(move |text| {
        let mut printed = printed.lock().unwrap_or_else(PoisonError::into_inner);
        if printed.text.len() + text.len() > most {
            printed.cut = true;
        } else {
            printed.text.push_str(text);
            printed.text.push('\n');
        }
    });
    engine
}

/// Numbers with a name.
const CONSTANTS: [(&str, f64); 2] = [("inf", f64::INFINITY), ("pi", std::f64::consts::PI)];

/// The same for the parser, which asks whether a name exists.
fn constants() -> Scope<'static> {
    let mut scope = Scope::new();
    for (name, value) in CONSTANTS {
        scope.push_constant(name, value);
    }
    scope
}

fn limit(engine: &mut Engine, limits: &Limits) {
    engine.set_max_operations(limits.operations);
    engine.set_max_call_levels(limits.call_levels);
    engine.set_max_expr_depths(limits.expression_depth, limits.expression_depth);
    engine.set_max_variables(limits.variables);
    engine.set_max_functions(limits.variables);
    engine.set_max_modules(0);
    engine.set_max_string_size(limits.text_bytes);
    engine.set_max_array_size(limits.list_elements);
    engine.set_max_map_size(limits.list_elements);
}

/// Does work on a thread with a large stack, and waits for it.
fn on_large_stack<T: Send>(work: impl FnOnce() -> Result<T, CellError> + Send) -> Result<T, CellError> {
    let inside = |detail: &dyn std::fmt::Debug| {
        tracing::error!("a code cell could not be run: {detail:?}");
        CellError { line: None, problem: Problem::Inside }
    };
    std::thread::scope(|scope| {
        let thread = Builder::new().name("cell".into()).stack_size(STACK).spawn_scoped(scope, work);
        match thread {
            Ok(thread) => thread.join().unwrap_or_else(|payload| Err(inside(&payload))),
            Err(error) => Err(inside(&error)),
        }
    })
}
