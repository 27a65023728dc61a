//! Code cells from the outside: right, wrong and hostile ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::*;

fn run(task: &str, source: &str) -> CellReport {
    check(tasks::find(task).unwrap(), source, &Limits::default(), Arc::new(|| true))
}

/// A report of the cell whose only function ends with this expression.
fn verdict(task: &str, body: &str) -> Verdict {
    let function = &tasks::find(task).unwrap().functions[0];
    run(task, &format!("fn {} {{\n{body}\n}}", function.signature())).verdict
}

fn mistake(task: &str, body: &str) -> &'static str {
    match verdict(task, body) {
        Verdict::Wrong(wrong) => wrong.mistake.unwrap_or_else(|| panic!("no name for {body}: {}", wrong.sentence())),
        other => panic!("{body}: {other:?}"),
    }
}

fn problem(source: &str) -> CellError {
    match run("causal_mask", source).verdict {
        Verdict::Failed { error, .. } => error,
        other => panic!("{source}: {other:?}"),
    }
}

#[test]
fn the_language_computes_what_lessons_need() {
    // Each line is true, or a tensor of ones.
    let lines = [
        "sum(where(tensor([1, 2]) > 1, 5, 7)) == 12",
        "shape(zeros([2, 3])) == [2, 3]",
        "zeros(2, 3).shape[1] == 3",
        "6 / 3 == 2 && 7 / 2 == 3.5 && 2 ** 3 == 8 && 2 ** -1 == 0.5",
        "tensor([[1, 2], [3, 4]])[1][0] == 3",
        "sum(arange(5)[1..3]) == 3 && sum(arange(5)[1..=3]) == 6",
        "len(concat([ones(2), zeros(3)])) == 5",
        "abs(var(tensor([1, 2, 3, 4]), 0) - 1.25) < 1e-12",
        "abs(sum(softmax(arange(4), -1)) - 1.0) < 1e-12",
        "abs(gelu(1.0) - 0.8413447460685429) < 1e-12",
        "abs(log_softmax([0, 0], 0)[0] + log(2.0)) < 1e-12",
        "max([3, 1, 2]) == 3 && max(2, 5) == 5 && argmax([3, 9, 2]) == 1",
        "sum(one_hot([1, 0], 3) * [1, 10, 100]) == 11",
        "exp(-inf) == 0",
        "mean(reshape(arange(6), [2, -1]), 1, true).shape == [2, 1]",
        "min(1 - tril(ones(3, 3)) + tril(ones(3, 3))) == 1",
        "sum(take(eye(3), [2, 2])[1]) == 1",
        "{ let x = zeros(2, 2); x[0][1] = 5; x[1] = [7, 8]; sum(x) == 20 }",
        "{ let s = 0; for i in 0..10 { if i % 2 == 0 { continue; } s += i; } s == 25 }",
        "sum([1, 2].map(|x| x * 2)) == 6",
        "{ let m = !(tensor([1, 0]) == 1) | tensor([1, 0]); sum(m) == 2 }",
        "relu(-3) == 0 && sigmoid(0.0) == 0.5 && tanh(0.0) == 0 && sqrt(9) == 3",
        "stack([[1, 2], [3, 4]], 1)[0][1] == 3",
    ];
    for line in lines {
        let source = format!("fn mask(n) {{ tril(ones(n, n)) * ({line}) }}");
        let report = run("causal_mask", &source);
        assert!(report.verdict.is_right(), "{line}: {:?}", report.verdict);
    }
}

#[test]
fn layer_norm_gelu_and_cross_entropy_can_be_written() {
    let source = "
        fn norm(x) { (x - mean(x, -1, true)) / sqrt(var(x, -1, true) + 1e-5) }
        fn loss(logits, ids) { -mean(sum(log_softmax(logits, -1) * one_hot(ids, shape(logits)[1]), -1)) }
        let x = norm([[1.0, 2.0, 3.0], [4.0, 6.0, 11.0]]);
        print(abs(mean(x)) < 1e-9 && abs(var(x, -1)[0] - 1.0) < 1e-4);
        print(abs(loss(zeros(4, 5), [0, 1, 2, 4]) - log(5)) < 1e-12);
        fn mask(n) { tril(ones(n, n)) }";
    let report = run("causal_mask", source);
    assert_eq!(report.printed, "true\ntrue\n", "{:?}", report.verdict);
}

#[test]
fn hostile_cells_are_stopped_in_time_with_a_sentence() {
    rust_i18n::set_locale("en");
    let megabyte = format!("fn mask(n) {{ 1 }} // {}", "x".repeat(1 << 20));
    let brackets = format!("fn mask(n) {{ {}1{} }}", "(".repeat(30_000), ")".repeat(30_000));
    let sums = format!("fn mask(n) {{ {}1 }}", "1 + ".repeat(10_000));
    type Expected = fn(&Problem) -> bool;
    let cells: Vec<(&str, String, Expected)> = vec![
        ("endless", "fn mask(n) { loop { } }".into(), |p| matches!(p, Problem::OutOfTime(_) | Problem::TooManySteps)),
        ("endless outside", "let i = 0; while true { i += 1; }".into(), |p| {
            matches!(p, Problem::OutOfTime(_) | Problem::TooManySteps)
        }),
        ("long range", "fn mask(n) { for i in 0..1000000000000 { } n }".into(), |p| {
            matches!(p, Problem::OutOfTime(_) | Problem::TooManySteps)
        }),
        ("recursion", "fn mask(n) { mask(n) }".into(), |p| *p == Problem::TooDeep),
        ("mutual recursion", "fn a(x) { mask(x) + 1 } fn mask(n) { a(n) + 1 }".into(), |p| *p == Problem::TooDeep),
        ("doubling text", "fn mask(n) { let s = \"ab\"; loop { s += s; } }".into(), |p| *p == Problem::TooLarge),
        ("doubling list", "fn mask(n) { let s = [1]; loop { s += s; } }".into(), |p| *p == Problem::TooLarge),
        ("pushing", "fn mask(n) { let s = []; loop { s.push(1); } }".into(), |p| *p == Problem::TooLarge),
        ("padding", "fn mask(n) { let s = []; s.pad(1000000000, 1); s }".into(), |p| *p == Problem::TooLarge),
        ("lists in lists", "fn mask(n) { let s = [1]; loop { s = [s, s]; } }".into(), |p| *p == Problem::TooLarge),
        ("large matrix", "fn mask(n) { zeros(1000000000, 1000000000) }".into(), |p| {
            matches!(p, Problem::OutOfMemory { .. })
        }),
        ("beyond counting", "fn mask(n) { ones([9000000000, 9000000000, 9000000000]) }".into(), |p| {
            matches!(p, Problem::OutOfMemory { .. })
        }),
        ("outer product", "fn mask(n) { reshape(arange(100000), [-1, 1]) + arange(100000) }".into(), |p| {
            matches!(p, Problem::OutOfMemory { .. })
        }),
        ("doubling tensor", "fn mask(n) { let x = ones(2); loop { x = concat([x, x]); } }".into(), |p| {
            matches!(p, Problem::OutOfMemory { .. })
        }),
        ("tensors kept", "fn mask(n) { let s = []; loop { s.push(ones(1000, 1000)); } }".into(), |p| {
            matches!(p, Problem::OutOfMemory { .. })
        }),
        ("long product", "fn mask(n) { let x = ones(1500, 1500); loop { x = matmul(x, x) / 1500; } }".into(), |p| {
            matches!(p, Problem::OutOfTime(_))
        }),
        ("deep tensor", "fn mask(n) { let x = ones(1); loop { x = stack([x]); } }".into(), |_| true),
        ("division", "fn mask(n) { 1 / 0 }".into(), |p| *p == Problem::DivisionByZero),
        ("division of numbers", "fn mask(n) { 1.5 / (n - 4) }".into(), |p| *p == Problem::DivisionByZero),
        ("remainder", "fn mask(n) { n % 0 }".into(), |p| *p == Problem::DivisionByZero),
        ("unknown name", "fn mask(n) { m }".into(), |p| *p == Problem::UnknownName("m".into())),
        ("unknown function", "fn mask(n) { sofmax(n) }".into(), |p| *p == Problem::UnknownFunction("sofmax".into())),
        ("a megabyte", megabyte, |p| matches!(p, Problem::SourceTooLong(..))),
        ("brackets", brackets, |p| matches!(p, Problem::TooNested)),
        ("long sum", sums, |p| matches!(p, Problem::TooNested)),
        ("eval", "fn mask(n) { eval(\"1\") }".into(), |_| true),
        ("import", "import \"x\" as y; fn mask(n) { 1 }".into(), |_| true),
        ("sleep", "fn mask(n) { sleep(100) }".into(), |p| *p == Problem::UnknownFunction("sleep".into())),
        ("caught", "fn mask(n) { loop { try { loop { } } catch { } } }".into(), |p| {
            matches!(p, Problem::OutOfTime(_) | Problem::TooManySteps)
        }),
        ("caught memory", "fn mask(n) { loop { try { zeros(99999, 99999) } catch { } } }".into(), |p| {
            matches!(p, Problem::OutOfTime(_) | Problem::TooManySteps)
        }),
        ("printing", "fn mask(n) { loop { print(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"); } }".into(), |p| {
            matches!(p, Problem::OutOfTime(_) | Problem::TooManySteps)
        }),
        ("overflow", "fn mask(n) { 9223372036854775807 + n }".into(), |p| matches!(p, Problem::Arithmetic(_))),
        ("unfinished", "fn mask(n) { (1".into(), |p| matches!(p, Problem::MissingSign(_) | Problem::UnexpectedEnd)),
        ("huge size", "fn mask(n) { arange(-5, 9223372036854775807) }".into(), |p| {
            matches!(p, Problem::OutOfMemory { .. })
        }),
    ];
    for (name, source, expected) in cells {
        let begin = Instant::now();
        let report = run("causal_mask", &source);
        let took = begin.elapsed();
        assert!(took < Duration::from_secs(2), "{name} took {took:?}");
        let Verdict::Failed { error, .. } = &report.verdict else { panic!("{name}: {:?}", report.verdict) };
        assert!(expected(&error.problem), "{name}: {error:?}");
        let sentence = error.to_string();
        assert!(sentence.len() > 8 && sentence.len() < 400 && !sentence.contains("cells."), "{name}: {sentence}");
        assert!(report.printed.len() <= Limits::default().printed_bytes, "{name}");
    }
}

#[test]
fn whatever_is_put_inside_itself_is_refused_or_computed() {
    let n = 3_000;
    let nested = |open: &str, middle: &str, close: &str| format!("{}{middle}{}", open.repeat(n), close.repeat(n));
    for source in [
        nested("(", "1", ")"),
        nested("[", "1", "]"),
        nested("{", "1", "}"),
        nested("#{a:", "1", "}"),
        nested("abs(", "1", ")"),
        nested("if true {", "1", "} else { 2 }"),
        nested("loop {", "break;", "}"),
        nested("|x| ", "1", ""),
        nested("-", "1", ""),
        nested("!", "true", ""),
        nested("- ", "1", ""),
        nested("`${", "1", "}`"),
        nested("/*", "", "*/"),
        nested("switch 1 { 1 => ", "1", "}"),
        nested("let a = ", "1", ";"),
        nested("return ", "1", ""),
        nested("try {", "1", "} catch {}"),
        format!("1{}", " + 1".repeat(n)),
        format!("1{}", " ** 1".repeat(n)),
        format!("true{}", " && true".repeat(n)),
        format!("true{}", " || false".repeat(n)),
        format!("1{}", " ?? 1".repeat(n)),
        format!("let a = [1]; a{}", "[0]".repeat(n)),
        format!("let a = #{{}}; a{}", ".a".repeat(n)),
        format!("let a = 1; a{}", ".abs()".repeat(n)),
        format!("if false {{ 1 }}{}", " else if false { 1 }".repeat(n)),
        format!("let a = 1; {}1", "a = ".repeat(n)),
        format!("let a = 1; {}", "a += 1; ".repeat(n)),
        format!("{} 1", "let a = 1; ".repeat(n)),
        format!("{} 1", "fn f() {} ".repeat(n)),
        format!("[{}]", "1, ".repeat(n)),
    ] {
        let begin = Instant::now();
        let report = run("causal_mask", &format!("fn mask(n) {{ tril(ones(n, n)) }}\n{source}"));
        assert!(begin.elapsed() < Duration::from_secs(2), "{}", &source[..40]);
        drop(report);
        let report = run("causal_mask", &format!("fn mask(n) {{\n{source}\n}}"));
        assert!(begin.elapsed() < Duration::from_secs(3), "{}", &source[..40]);
        assert!(!report.verdict.is_right());
    }
}

#[test]
fn a_cell_that_is_not_wanted_any_more_ends_at_once() {
    let wanted = Arc::new(AtomicBool::new(true));
    let asked = wanted.clone();
    let thread = std::thread::spawn(move || {
        let limits = Limits { time: Duration::from_secs(60), operations: u64::MAX, ..Limits::default() };
        let task = tasks::find("causal_mask").unwrap();
        check(task, "fn mask(n) { loop { } }", &limits, Arc::new(move || asked.load(Ordering::Relaxed)))
    });
    std::thread::sleep(Duration::from_millis(50));
    let begin = Instant::now();
    wanted.store(false, Ordering::Relaxed);
    let report = thread.join().unwrap();
    assert!(begin.elapsed() < Duration::from_secs(2));
    assert!(matches!(report.verdict, Verdict::Failed { error: CellError { problem: Problem::Stopped, .. }, .. }));
}

#[test]
fn errors_say_their_line_and_both_shapes() {
    rust_i18n::set_locale("en");
    let error = problem("// one\nfn mask(n) {\n    let a = ones(2, 3);\n    matmul(a, a)\n}");
    assert_eq!(error.line, Some(4));
    let sentence = error.to_string();
    assert!(sentence.contains("Line 4") && sentence.matches("[2, 3]").count() == 2, "{sentence}");
    assert!(sentence.contains("transpose"), "{sentence}");
    let error = problem("fn mask(n) {\n    helper(ones(2, 3))\n}\nfn helper(x) {\n    x + ones(4)\n}");
    assert_eq!(error, CellError { line: Some(5), problem: Problem::Shapes("+".into(), vec![2, 3], vec![4]) });
    let error = problem("fn mask(n) {\n    softmax(\"x\", 1)\n}");
    assert_eq!(error, CellError { line: Some(2), problem: Problem::WrongKind("softmax".into(), Kind::Text) });
    let error = problem("fn mask(n) {\n    softmax(n, 1, 2, 3)\n}");
    assert!(matches!(error.problem, Problem::WrongArguments(ref name, _) if name == "softmax"), "{error:?}");
    let error = problem("fn mask(n) {\n    if ones(2) > 0 { 1 } else { 2 }\n}");
    assert_eq!(error, CellError { line: Some(2), problem: Problem::NotACondition(Kind::Tensor) });
    let error = problem("fn mask(n) {\n    ones(2)[7]\n}");
    assert_eq!(error, CellError { line: Some(2), problem: Problem::Index(7, 2) });
    let error = problem("fn mask(n) {\n    let var = 3;\n    foo\n}");
    assert_eq!(error.line, Some(3));
    assert_eq!(problem("fn mask(n, m) { n }").problem, Problem::MissingFunction("mask(n)".into()));
    assert_eq!(problem("fn mask(n) { let new = 1; new }").problem, Problem::Reserved("new".into()));
}

#[test]
fn dot_product_attention_is_judged() {
    let task = "dot_product_attention";
    let right = "let w = softmax(matmul(q, transpose(k)), -1);\nmatmul(w, k)";
    match verdict(task, right) {
        Verdict::Right { hidden, example } => {
            assert_eq!(hidden, 4);
            assert!(example[0].given.contains("0.111441") && example[0].given.contains("-1.53215"), "{example:?}");
        }
        other => panic!("{other:?}"),
    }
    // By hand, with loops.
    let loops = "let n = shape(q)[0];
        let out = zeros(n, shape(q)[1]);
        for i in 0..n {
            let s = sum(k * q[i], 1);
            let e = exp(s - max(s));
            out[i] = matmul(e / sum(e), k);
        }
        out";
    assert!(verdict(task, loops).is_right(), "{:?}", verdict(task, loops));
    for (body, key) in [
        ("matmul(softmax(matmul(q, k), -1), k)", "no_transpose"),
        ("matmul(q, k)", "no_transpose"),
        ("matmul(softmax(matmul(q, transpose(k)), 0), k)", "softmax_wrong_axis"),
        ("matmul(matmul(q, transpose(k)), k)", "no_softmax"),
        ("matmul(exp(matmul(q, transpose(k))), k)", "not_normalized"),
        ("matmul(softmax(matmul(q, transpose(k)) / sqrt(shape(k)[1]), -1), k)", "scaled_too_early"),
        ("matmul(softmax(matmul(q, transpose(k)), -1), q)", "queries_as_values"),
        ("softmax(matmul(q, transpose(k)), -1)", "weights_returned"),
        ("transpose(matmul(softmax(matmul(q, transpose(k)), -1), k))", "result_transposed"),
        ("q", "argument_returned"),
        ("[[0.11144117, 0.95290256], [-1.55719961, -1.53214864]]", "constant"),
    ] {
        assert_eq!(mistake(task, body), key, "{body}");
    }
}

#[test]
fn masked_attention_is_judged() {
    let task = "masked_attention";
    for fill in ["-inf", "-1e9", "-1e30"] {
        let right = format!(
            "let s = matmul(q, transpose(k)) / sqrt(shape(k)[1]);
            matmul(softmax(where(mask, s, {fill}), -1), v)"
        );
        assert!(verdict(task, &right).is_right(), "{:?}", verdict(task, &right));
    }
    let s = "matmul(q, transpose(k)) / sqrt(shape(k)[1])";
    for (body, key) in [
        ("matmul(softmax(where(mask, matmul(q, k) / sqrt(3), -inf), -1), v)".to_owned(), "no_transpose"),
        (format!("matmul(softmax(where(mask, {s}, -inf), 0), v)"), "softmax_wrong_axis"),
        ("matmul(softmax(where(mask, matmul(q, transpose(k)), -inf), -1), v)".to_owned(), "no_scale"),
        (
            "matmul(softmax(where(mask, matmul(q, transpose(k)) / shape(k)[1], -inf)), v)".to_owned(),
            "scale_without_root",
        ),
        (
            "matmul(softmax(where(mask, matmul(q, transpose(k)) * sqrt(shape(k)[1]), -inf)), v)".to_owned(),
            "scale_upwards",
        ),
        (format!("matmul(softmax({s} + mask), v)"), "mask_added"),
        (format!("matmul(softmax(({s}) * mask), v)"), "mask_filled_with_zero"),
        (format!("matmul(softmax({s}) * mask, v)"), "mask_after_softmax"),
        (format!("matmul(softmax(where(mask, -inf, {s})), v)"), "mask_inverted"),
        (format!("matmul(softmax(where(mask, -1e9, {s})), v)"), "mask_inverted"),
        (format!("matmul(softmax({s}), v)"), "mask_ignored"),
        (format!("matmul(softmax(where(mask, {s}, -inf)), k)"), "keys_as_values"),
        (
            "matmul(softmax(where(mask, matmul(q, transpose(k)), -inf)), v) / sqrt(shape(k)[1])".to_owned(),
            "scale_after_softmax",
        ),
        (format!("softmax(where(mask, {s}, -inf))"), "weights_returned"),
    ] {
        assert_eq!(mistake(task, &body), key, "{body}");
    }
}

#[test]
fn causal_mask_is_judged() {
    let task = "causal_mask";
    for right in [
        "tril(ones(n, n))",
        "let i = arange(n); reshape(i, [n, 1]) >= i",
        "let m = zeros(n, n); for i in 0..n { for j in 0..=i { m[i][j] = 1; } } m",
        "let rows = []; for i in 0..n { let row = []; for j in 0..n { row.push(j <= i); } rows.push(row); } rows",
    ] {
        assert!(verdict(task, right).is_right(), "{right}: {:?}", verdict(task, right));
    }
    for (body, key) in [
        ("triu(ones(n, n))", "looks_ahead"),
        ("tril(ones(n, n)) - eye(n)", "not_itself"),
        ("1 - tril(ones(n, n))", "blocked_marked"),
        ("where(tril(ones(n, n)), 0, -inf)", "to_be_added"),
        ("where(tril(ones(n, n)), 0, -1e9)", "to_be_added"),
        ("ones(n, n)", "everything_allowed"),
        ("eye(n)", "only_itself"),
        ("tril(ones(4, 4))", "constant"),
    ] {
        assert_eq!(mistake(task, body), key, "{body}");
    }
}

#[test]
fn splitting_and_joining_heads_is_judged() {
    let split = "fn split(x, n_heads) {
        let t = shape(x)[0];
        permute(reshape(x, [t, n_heads, shape(x)[1] / n_heads]), [1, 0, 2])
    }";
    let join = "fn join(x) { reshape(permute(x, [1, 0, 2]), [shape(x)[1], -1]) }";
    let report = run("split_heads", &format!("{split}\n{join}"));
    assert!(report.verdict.is_right(), "{:?}", report.verdict);
    let named = |source: &str| match run("split_heads", source).verdict {
        Verdict::Wrong(wrong) => (wrong.function, wrong.mistake),
        other => panic!("{source}: {other:?}"),
    };
    for (body, key) in [
        ("reshape(x, [n_heads, shape(x)[0], -1])", "split_rows"),
        ("reshape(x, [shape(x)[0], n_heads, -1])", "heads_not_first"),
        ("permute(reshape(x, [shape(x)[0], -1, n_heads]), [2, 0, 1])", "heads_interleaved"),
        ("permute(reshape(x, [shape(x)[0], n_heads, -1]), [1, 2, 0])", "time_last"),
    ] {
        assert_eq!(named(&format!("fn split(x, n_heads) {{ {body} }}\n{join}")), ("split", Some(key)), "{body}");
    }
    for (body, key) in [
        ("reshape(x, [shape(x)[1], -1])", "joined_rows"),
        ("reshape(permute(x, [1, 2, 0]), [shape(x)[1], -1])", "heads_interleaved"),
        ("reshape(x, [shape(x)[0] * shape(x)[1], -1])", "joined_under_each_other"),
        ("permute(x, [1, 0, 2])", "not_joined"),
    ] {
        assert_eq!(named(&format!("{split}\nfn join(x) {{ {body} }}")), ("join", Some(key)), "{body}");
    }
}

#[test]
fn feedback_says_where_by_how_much_and_which_shape() {
    rust_i18n::set_locale("en");
    let Verdict::Wrong(wrong) = verdict("causal_mask", "tril(ones(n, n)) * 1.5") else { panic!() };
    assert_eq!(wrong.input, Input::Example);
    let Fault::Values { index, given, expected, off, of } = &wrong.fault else { panic!("{wrong:?}") };
    assert_eq!((*given, *expected, *off, *of), (1.5, 1.0, 10, 16));
    assert_eq!(index.len(), 2);
    assert!(wrong.sentence().contains("1.5") && wrong.sentence().contains("0.5"), "{}", wrong.sentence());
    let Verdict::Wrong(wrong) = verdict("causal_mask", "ones(n, 2)") else { panic!() };
    assert!(wrong.sentence().contains("[4, 2]") && wrong.sentence().contains("[4, 4]"), "{}", wrong.sentence());
    let Verdict::Wrong(wrong) = verdict("causal_mask", "let x = tril(ones(n, n));") else { panic!() };
    assert_eq!(wrong.fault, Fault::Kind(Kind::Nothing));
    let Verdict::Wrong(wrong) = verdict("dot_product_attention", "exp(q * inf)") else { panic!() };
    assert!(matches!(wrong.fault, Fault::NotFinite { .. }), "{wrong:?}");
    // A hidden input that stops the function is named by its shapes.
    let body = "softmax(matmul(q, transpose(k)) + zeros(2, 2), -1);\nmatmul(softmax(matmul(q, transpose(k)) + zeros(2, 2), -1), k)";
    let Verdict::Failed { input: Some(Input::Hidden(arguments)), .. } = verdict("dot_product_attention", body) else {
        panic!("{:?}", verdict("dot_product_attention", body))
    };
    assert_eq!(arguments[0], ("q".to_owned(), "[3, 3]".to_owned()));
}

#[test]
fn every_mistake_has_a_sentence_in_both_languages() {
    for language in ["es", "en"] {
        let named = tasks::all().iter().flat_map(|task| task.functions).flat_map(|function| function.mistakes);
        let keys = named.map(|mistake| mistake.key).chain(["constant", "result_transposed", "argument_returned"]);
        for key in keys {
            let sentence = rust_i18n::t!(format!("cells.mistake.{key}"), locale = language);
            assert!(sentence.len() > 20 && !sentence.contains("cells."), "{key} in {language}: {sentence}");
        }
    }
}
