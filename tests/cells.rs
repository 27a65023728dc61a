//! Code cells against PyTorch, and inside the shipped model.

mod lab;

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui_kittest::Harness;
use lab::Lab;
use serde_json::Value as Json;
use telar::course::cells::tasks::{self, Task};
use telar::course::cells::tensor::Tensor;
use telar::course::cells::{
    CellError, CellReport, Limits, Meter, Output, Problem, Program, Trial, Value, Verdict, check, try_in_model,
};
use telar::data::Home;
use telar::engine::{Command, EngineHandle, Event, JobId, LessonRequest, LessonResult, ModelRef};
use telar::generate::prompt_ids;
use telar::hub;
use telar::nn::{Decoder, NoProbe, Positions, Weights, cpu, host_values};
use telar::panels::course::cell::CodeCell;
use telar::panels::{Preferences, Shared};
use telar::train::Preset;
use telar::widgets::theme;

fn read(name: &str) -> Json {
    let path = format!("{}/tests/fixtures/cells/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn tensor(json: &Json) -> Tensor {
    let shape: Vec<usize> = serde_json::from_value(json["shape"].clone()).unwrap();
    let values: Vec<f64> = serde_json::from_value(json["values"].clone()).unwrap();
    Tensor::new(&shape, &values, &Meter::unlimited()).unwrap()
}

fn argument(json: &Json) -> Value {
    json.as_i64().map_or_else(|| Value::Tensor(tensor(json)), Value::Whole)
}

fn assert_close(found: &Tensor, expected: &Tensor, what: &str) {
    assert_eq!(found.shape(), expected.shape(), "{what}");
    for (a, b) in found.values().iter().zip(expected.values()) {
        assert!((a - b).abs() <= 1e-12 + 1e-10 * b.abs(), "{what}: {a} {b}");
    }
}

#[test]
fn references_agree_with_pytorch() {
    let mut seen = Vec::new();
    for case in read("tasks").as_array().unwrap() {
        let (name, function) = (case["task"].as_str().unwrap(), case["function"].as_str().unwrap());
        let task = tasks::find(name).unwrap();
        let function = task.functions.iter().find(|found| found.name == function).unwrap();
        let arguments: Vec<Value> = case["arguments"].as_array().unwrap().iter().map(argument).collect();
        let found = (function.reference)(&arguments, &Meter::unlimited()).unwrap();
        assert_close(&found, &tensor(&case["expected"]), name);
        seen.push(name.to_owned());
    }
    assert!(tasks::all().iter().all(|task| seen.iter().any(|name| name == task.name)));
}

#[test]
fn the_example_of_section_2_4_gives_the_printed_numbers() {
    let task = tasks::find("dot_product_attention").unwrap();
    let arguments = (task.example)(&Meter::unlimited()).unwrap();
    let context = (task.functions[0].reference)(&arguments[0], &Meter::unlimited()).unwrap();
    for (found, printed) in context.values().iter().zip([0.1114412, 0.9529026, -1.5571996, -1.5321486f64]) {
        assert!((found - printed).abs() <= 1e-7 + 1e-5 * printed.abs(), "{found} {printed}");
    }
}

#[test]
fn operations_agree_with_pytorch() {
    let fixture = read("operations");
    let (x, y) = (tensor(&fixture["x"]), tensor(&fixture["y"]));
    for (expression, expected) in fixture["expressions"].as_object().unwrap() {
        let source = format!("fn f(x, y) {{ {expression} }}");
        let program = Program::begin(&source, &Limits::default(), Arc::new(|| true)).0.unwrap();
        let found = program.call("f", &[Value::Tensor(x.clone()), Value::Tensor(y.clone())]);
        match found {
            Ok(Output::Tensor(found)) => assert_close(&found, &tensor(expected), expression),
            other => panic!("{expression}: {other:?}"),
        }
    }
}

const DOT_PRODUCT: &str = "fn attention(q, k) { matmul(softmax(matmul(q, transpose(k)), -1), k) }";
const MASKED: &str = "fn attention(q, k, v, mask) {
    let s = matmul(q, transpose(k)) / sqrt(shape(k)[1]);
    matmul(softmax(where(mask, s, -inf), -1), v)
}";
const MASK: &str = "fn mask(n) { tril(ones(n, n)) }";
const HEADS: &str = "fn split(x, n_heads) { permute(reshape(x, [shape(x)[0], n_heads, -1]), [1, 0, 2]) }
fn join(x) { reshape(permute(x, [1, 0, 2]), [shape(x)[1], -1]) }";

fn solution(task: &Task) -> &'static str {
    match task.name {
        "dot_product_attention" => DOT_PRODUCT,
        "masked_attention" => MASKED,
        "causal_mask" => MASK,
        "split_heads" => HEADS,
        other => panic!("no solution for {other}"),
    }
}

fn inside(task: &str, source: &str, decoder: &Decoder, ids: &[u32]) -> Result<Trial, CellError> {
    try_in_model(tasks::find(task).unwrap(), source, &Limits::default(), Arc::new(|| true), decoder, ids)
}

fn difference(trial: &Trial) -> f32 {
    assert_eq!(trial.before.len(), trial.after.len());
    trial.before.iter().zip(&trial.after).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// A small model with everything that can differ: grouped keys, rotary positions, a window.
fn small() -> (Decoder, Vec<u32>) {
    let mut config = Preset::Char.settings().model;
    (config.vocabulary, config.d_model, config.d_ff) = (20, 24, 32);
    (config.n_layers, config.n_heads, config.n_kv_heads) = (2, 4, 2);
    (config.positions, config.windows) = (Positions::Rotary, vec![None, None]);
    let mut weights = Weights::init(&config, 5).unwrap();
    // Freshly drawn weights hardly say anything.
    weights.data.iter_mut().for_each(|weight| *weight *= 4.0);
    (Decoder::from_weights(&weights, &cpu()), vec![3, 1, 4, 1, 5, 9, 2, 6])
}

#[test]
fn right_functions_leave_a_model_as_it_is() {
    let (decoder, ids) = small();
    for task in tasks::all() {
        let trial = inside(task.name, solution(task), &decoder, &ids).unwrap();
        assert!(trial.calls > 0);
        assert!(difference(&trial) < 1e-4, "{}: {}", task.name, difference(&trial));
        let plain = host_values(decoder.forward(decoder.ids(&ids, 1), &mut NoProbe));
        assert_eq!(trial.before, plain);
    }
}

#[test]
fn wrong_functions_change_what_a_model_says() {
    let (decoder, ids) = small();
    for (task, source) in [
        ("dot_product_attention", "fn attention(q, k) { matmul(softmax(matmul(q, transpose(k)), 0), k) }"),
        ("masked_attention", "fn attention(q, k, v, mask) { matmul(softmax(matmul(q, transpose(k))), v) }"),
        ("causal_mask", "fn mask(n) { ones(n, n) }"),
        (
            "split_heads",
            "fn split(x, n_heads) { reshape(x, [n_heads, shape(x)[0], -1]) } fn join(x) { reshape(x, [shape(x)[1], -1]) }",
        ),
    ] {
        let trial = inside(task, source, &decoder, &ids).unwrap();
        assert!(difference(&trial) > 1e-2, "{task}: {}", difference(&trial));
    }
}

#[test]
fn a_function_that_stops_inside_a_model_says_where() {
    let (decoder, ids) = small();
    let error = inside("causal_mask", "fn mask(n) {\n    ones(n, n) + ones(2, 2)\n}", &decoder, &ids).unwrap_err();
    assert_eq!(error.line, Some(2));
    let error = inside("causal_mask", "fn mask(n) { ones(n) }", &decoder, &ids).unwrap_err();
    assert_eq!(error.problem, Problem::ResultShape("mask".into(), vec![8], vec![8, 8]));
    assert!(matches!(inside("causal_mask", "", &decoder, &ids).unwrap_err().problem, Problem::MissingFunction(_)));
}

#[test]
fn the_shipped_model_says_the_same_with_every_right_function_inside() {
    let home = Home::at(tempfile::tempdir().unwrap().path());
    let loaded = hub::load(&ModelRef::Builtin("shakespeare".into()), &home).unwrap();
    let ids = prompt_ids(&loaded.weights.config, &loaded.tokenizer, "ROMEO: But soft, what light").unwrap();
    let decoder = Decoder::from_weights(&loaded.weights, &cpu());
    let limits = Limits { time: Duration::from_secs(60), ..Limits::default() };
    for task in tasks::all() {
        let trial = try_in_model(task, solution(task), &limits, Arc::new(|| true), &decoder, &ids).unwrap();
        assert!(difference(&trial) < 1e-4, "{}: {}", task.name, difference(&trial));
        let config = &loaded.weights.config;
        let expected = match task.name {
            "dot_product_attention" => config.n_layers * config.n_heads * ids.len(),
            "masked_attention" => config.n_layers * config.n_heads,
            "causal_mask" => config.n_layers,
            // Queries, keys, values and the way back.
            _ => config.n_layers * 4,
        };
        assert_eq!(trial.calls, expected, "{}", task.name);
    }
}

fn cell(source: &str) -> LessonRequest {
    LessonRequest::RunCell { task: "causal_mask".into(), source: source.into() }
}

fn report(lab: &Lab, id: JobId) -> Arc<CellReport> {
    lab.until(|event| match event {
        Event::Lesson(job, LessonResult::Cell(report)) if *job == id => Some(report.clone()),
        _ => None,
    })
}

#[test]
fn the_engine_stops_what_does_not_end_and_goes_on() {
    let lab = Lab::new();
    let begin = Instant::now();
    let endless = lab.ask(|id| Command::Lesson(id, cell("fn mask(n) { loop { } }")));
    // Other work does not wait for it.
    let positions = lab.ask(|id| Command::PositionDots(id, 10, 4));
    lab.until(|event| matches!(event, Event::PositionDots(job, _) if *job == positions).then_some(()));
    assert!(begin.elapsed() < Duration::from_secs(1));
    let stopped = report(&lab, endless);
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    assert!(matches!(stopped.verdict, Verdict::Failed { .. }));
    let right = lab.ask(|id| Command::Lesson(id, cell(MASK)));
    assert!(report(&lab, right).verdict.is_right());
}

#[test]
fn a_cell_gives_way_to_a_newer_one_and_can_be_cancelled() {
    let lab = Lab::new();
    lab.ask(|id| Command::Lesson(id, cell("fn mask(n) { loop { } }")));
    let begin = Instant::now();
    let right = lab.ask(|id| Command::Lesson(id, cell(MASK)));
    assert!(report(&lab, right).verdict.is_right());
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    let endless = lab.ask(|id| Command::Lesson(id, cell("fn mask(n) { loop { } }")));
    std::thread::sleep(Duration::from_millis(100));
    lab.engine.handle().send(Command::Cancel(endless));
    let begin = Instant::now();
    lab.until(|event| matches!(event, Event::Cancelled(job) if *job == endless).then_some(()));
    // Before the time limit of a cell would have ended it anyway.
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
}

#[test]
fn the_engine_compares_a_model_with_and_without_the_learners_function() {
    let lab = Lab::new();
    let model = ModelRef::Builtin("quijote".into());
    let ask = |source: &str| {
        let id = lab.ask(|id| {
            let (task, source, text) = ("causal_mask".into(), source.into(), "En un lugar de la Mancha".into());
            Command::Lesson(id, LessonRequest::RunCellInModel { task, source, model: model.clone(), text })
        });
        lab.until(|event| match event {
            Event::Lesson(job, LessonResult::CellInModel(report)) if *job == id => Some(report.clone()),
            _ => None,
        })
    };
    let right = ask(MASK);
    assert_eq!(right.tokens.concat(), "En un lugar de la Mancha");
    let comparison = right.outcome.clone().unwrap();
    assert!(comparison.same() && comparison.losses[0] == comparison.losses[1], "{comparison:?}");
    assert_eq!(comparison.next[0][0].0, comparison.next[1][0].0);
    assert!(comparison.losses[0] > 0.5 && comparison.losses[0] < 7.0);
    let wrong = ask("fn mask(n) { ones(n, n) }").outcome.clone().unwrap();
    assert!(!wrong.same() && (wrong.losses[0] - wrong.losses[1]).abs() > 0.05, "{wrong:?}");
    assert!(ask("fn mask(n) { m }").outcome.is_err());
}

#[test]
fn what_is_wrong_is_said_in_the_language_of_the_moment() {
    let (engine, commands) = EngineHandle::pair();
    let preferences = Preferences { language: "en", motion: false, ..Preferences::default() };
    let shared = Shared::new(engine, Home::at("nowhere"), preferences);
    let starter = "fn mask(n) {\n    ones(n, n)\n}";
    let cell = CodeCell::new("2.8 mask", "causal_mask", starter, None);
    let draw = |ui: &mut egui::Ui, (cell, shared): &mut (CodeCell, Shared)| _ = cell.ui(ui, shared);
    let builder = Harness::builder().with_size([700.0, 800.0]).with_max_steps(64).with_context_setup(theme::install);
    let mut harness = builder.build_ui_state(draw, (cell, shared));
    rust_i18n::set_locale("en");
    let (cell, shared) = harness.state_mut();
    cell.run(shared);
    let Ok(Command::Lesson(job, LessonRequest::RunCell { task, source })) = commands.try_recv() else { panic!() };
    let report = check(tasks::find(&task).unwrap(), &source, &Limits::default(), Arc::new(|| true));
    cell.on_event(&Event::Lesson(job, LessonResult::Cell(Arc::new(report))));
    for (language, words) in [("en", "Everything is allowed"), ("es", "Todo está permitido")] {
        rust_i18n::set_locale(language);
        harness.run();
        let shown = format!("{:?}", harness.root());
        assert!(shown.contains(words), "{shown}");
        assert_eq!(harness.state().0.source(), starter);
    }
    let error = CellError { line: Some(4), problem: Problem::Shapes("+".into(), vec![2, 3], vec![4]) };
    assert_eq!(error.to_string(), "Línea 4: Las formas no encajan en +: [2, 3] y [4].");
    rust_i18n::set_locale("en");
}
