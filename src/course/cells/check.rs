//! A cell against its task: first on the example that the learner sees, then on inputs that they do not.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use super::compare;
use super::language::{Output, Program};
use super::meter::{Limits, Meter, Wanted};
use super::problem::{CellError, Problem};
use super::report::{CellReport, Fault, Input, Shown, Verdict, Wrong};
use super::tasks::{Arguments, Function, Task};
use super::tensor::Tensor;

/// Runs a cell and compares it with its task. Takes no longer than [`Limits::time`] and a moment.
pub fn check(task: &Task, source: &str, limits: &Limits, wanted: Wanted) -> CellReport {
    let begin = Instant::now();
    let (program, printed) = Program::begin(source, limits, wanted);
    let mut kept = None;
    let verdict = match &program {
        Ok(program) => judge(task, program, || kept = Some(program.printed())),
        Err(error) => Verdict::Failed { error: error.clone(), input: None },
    };
    // Of what is printed for hidden inputs nothing is shown.
    let printed = kept.unwrap_or_else(|| printed.lock().unwrap_or_else(PoisonError::into_inner).clone());
    CellReport { printed: printed.text, printed_cut: printed.cut, verdict, seconds: begin.elapsed().as_secs_f64() }
}

fn judge(task: &Task, program: &Program, after_example: impl FnOnce()) -> Verdict {
    for function in task.functions {
        if !program.has(function.name, function.parameters.len()) {
            let problem = Problem::MissingFunction(function.signature());
            return Verdict::Failed { error: CellError { line: None, problem }, input: None };
        }
    }
    let meter = Meter::unlimited();
    let mut judge = Judge { task, program, meter, example: Vec::new(), shown: Vec::new() };
    let on_example = judge.on_example();
    after_example();
    let verdict = on_example.and_then(|()| judge.on_hidden());
    verdict.unwrap_or_else(|verdict| *verdict)
}

/// What is known while a cell is judged.
struct Judge<'a> {
    task: &'a Task,
    program: &'a Program,
    /// For references and mistakes, which nobody limits.
    meter: Arc<Meter>,
    /// What each function gave on the example.
    example: Vec<Tensor>,
    shown: Vec<Shown>,
}

/// A verdict that ends the judgement.
type Stop = Box<Verdict>;

impl Judge<'_> {
    fn on_example(&mut self) -> Result<(), Stop> {
        let all = (self.task.example)(&self.meter).map_err(|problem| inside(problem, Input::Example))?;
        let mut first_wrong = None;
        for (function, arguments) in self.task.functions.iter().zip(&all) {
            let (output, expected) = self.run(function, arguments, &Input::Example)?;
            let (given, given_shape, wrong) = match output {
                Output::Tensor(given) => {
                    let wrong = compare::fault(&given, &expected).map(|fault| {
                        let mistake = compare::mistake(function, arguments, &given, &expected, &self.meter);
                        (fault, mistake)
                    });
                    let (text, shape) = (given.to_string(), given.shape().to_vec());
                    self.example.push(given);
                    (text, Some(shape), wrong)
                }
                Output::Other(kind) => (kind.name(), None, Some((Fault::Kind(kind), None))),
            };
            let (call, arguments) = (function.signature(), function.write(arguments));
            let (expected, expected_shape) = (expected.to_string(), expected.shape().to_vec());
            self.shown.push(Shown { call, arguments, given, given_shape, expected, expected_shape });
            if let Some((fault, mistake)) = wrong
                && first_wrong.is_none()
            {
                first_wrong = Some((function.name, fault, mistake));
            }
        }
        match first_wrong {
            None => Ok(()),
            Some((function, fault, mistake)) => Err(self.wrong(function, Input::Example, fault, mistake)),
        }
    }

    fn on_hidden(&mut self) -> Result<Verdict, Stop> {
        let mut count = 0;
        for (seed, sizes) in self.task.hidden.iter().enumerate() {
            let all = self.task.draw(seed as u64, sizes, &self.meter);
            let all = all.map_err(|problem| inside(problem, Input::Hidden(Vec::new())))?;
            for ((function, arguments), on_example) in self.task.functions.iter().zip(&all).zip(self.example.clone()) {
                let input = Input::Hidden(function.describe(arguments));
                let (output, expected) = self.run(function, arguments, &input)?;
                let (fault, mistake) = match output {
                    Output::Other(kind) => (Some(Fault::Kind(kind)), None),
                    Output::Tensor(given) => match compare::fault(&given, &expected) {
                        None => (None, None),
                        Some(fault) if compare::is_constant(&given, &on_example) => (Some(fault), Some("constant")),
                        Some(fault) => {
                            (Some(fault), compare::mistake(function, arguments, &given, &expected, &self.meter))
                        }
                    },
                };
                if let Some(fault) = fault {
                    return Err(self.wrong(function.name, input, fault, mistake));
                }
            }
            count += 1;
        }
        Ok(Verdict::Right { hidden: count, example: std::mem::take(&mut self.shown) })
    }

    /// What the learner's function gives, and what the reference.
    fn run(&self, function: &Function, arguments: &Arguments, input: &Input) -> Result<(Output, Tensor), Stop> {
        let expected =
            (function.reference)(arguments, &self.meter).map_err(|problem| inside(problem, input.clone()))?;
        let output = self.program.call(function.name, arguments);
        match output {
            Ok(output) => Ok((output, expected)),
            Err(error) => Err(Box::new(Verdict::Failed { error, input: Some(input.clone()) })),
        }
    }

    fn wrong(&mut self, function: &'static str, input: Input, fault: Fault, mistake: Option<&'static str>) -> Stop {
        let example = std::mem::take(&mut self.shown);
        Box::new(Verdict::Wrong(Wrong { function, input, fault, mistake, example }))
    }
}

/// Our own formula failed: a fault of this program, not of the learner.
fn inside(problem: Problem, input: Input) -> Stop {
    tracing::error!("a task's reference failed: {problem}");
    Box::new(Verdict::Failed { error: CellError { line: None, problem: Problem::Inside }, input: Some(input) })
}
