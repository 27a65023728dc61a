//! `telar train` as a user types it: what it prints, how it stops and goes on, and what it says when something is wrong.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_telar"));
        command.args(arguments).args(["--device", "cpu", "--lang", "en"]);
        command.env("TELAR_HOME", self.folder.path().join("home")).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs what must fail: status 1 and one sentence.
    fn sentence(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert_eq!(stderr.trim_end().lines().count(), 1, "{stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        stderr
    }
}

/// A model that trains in a moment.
const SMALL: [&str; 10] = [
    "--set",
    "d_model=16",
    "--set",
    "n_layers=1",
    "--set",
    "d_ff=16",
    "--set",
    "eval_every=0",
    "--set",
    "sample_every=0",
];

fn with<'a>(first: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [&["train", "--json"], first, &SMALL, more].concat()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn prints_one_object_a_line_from_start_to_end() {
    let place = Place::new();
    let out = place.path("run");
    let output = place.run(&with(
        &["--corpus", "telar-en", "--steps", "30", "--log-every", "10", "--checkpoint-every", "20", "--out", &out],
        &[],
    ));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = lines(&output);
    let events: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["start", "step", "step", "step", "checkpoint", "step", "checkpoint", "end"]);
    assert_eq!(lines[0]["run"], "run");
    assert_eq!(lines[0]["device"], "cpu");
    assert!(lines[0]["parameters"].as_u64().unwrap() > 1_000 && lines[0]["tokens"].as_u64().unwrap() > 40_000);
    let losses: Vec<f64> = lines.iter().filter_map(|line| line["loss"].as_f64()).collect();
    assert!(losses.last() < losses.first(), "{losses:?}");
    for key in ["lr", "grad_norm", "tokens_per_s", "seconds"] {
        assert!(lines[3][key].as_f64().unwrap() > 0.0, "{key}");
    }
    assert!(lines[3]["val_loss"].is_null());
    let end = &lines[7];
    assert_eq!(
        (end["step"].as_u64(), end["reason"].as_str(), end["path"].as_str()),
        (Some(30), Some("finished"), Some(&*out))
    );
    // The run is a model like any other.
    let output = place.run(&["tokenize", "--model", &out, "--text", "the loom", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn going_on_gives_the_losses_of_a_run_that_never_stopped() {
    let place = Place::new();
    let (whole, halves) = (place.path("whole"), place.path("halves"));
    let begin = |out, steps| {
        place.run(&with(&["--steps", steps, "--log-every", "10", "--out", out, "--set", "lr_final=1"], &[]))
    };
    let losses = |outputs: &[Output]| {
        let steps = outputs.iter().flat_map(lines).filter(|line| line["event"] == "step");
        steps.map(|line| (line["step"].as_u64(), line["loss"].as_f64())).collect::<Vec<_>>()
    };
    let expected = losses(&[begin(&whole, "40")]);
    assert_eq!(expected.len(), 5);
    let first = begin(&halves, "20");
    let second = place.run(&["train", "--json", "--resume", &halves, "--steps", "40"]);
    assert!(second.status.success(), "{}", String::from_utf8_lossy(&second.stderr));
    assert_eq!(losses(&[first, second]), expected);
}

/// However it is killed, what was saved before can be loaded, and the run goes on from there.
#[cfg(unix)]
#[test]
fn a_killed_run_leaves_a_checkpoint_that_loads() {
    let place = Place::new();
    let out = place.path("run");
    for round in 0..3 {
        let arguments = if round == 0 {
            with(&["--steps", "100000", "--checkpoint-every", "2", "--out", &out], &[])
        } else {
            vec!["train", "--json", "--resume", &out]
        };
        let mut child = place.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut reader = BufReader::new(child.stdout.take().unwrap()).lines();
        let checkpoints = reader.by_ref().map_while(Result::ok).filter(|line| line.contains("\"checkpoint\""));
        // Killed while it writes one checkpoint after another.
        let last = checkpoints.take(5 + 3 * round).last().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let told: Value = serde_json::from_str(&last).unwrap();
        let newest = telar::hub::checkpoints(Path::new(&out))[0].0;
        assert!(newest >= told["step"].as_u64().unwrap(), "{newest} {told}");
        let output = place.run(&["tokenize", "--model", &out, "--text", "loom"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_writes_a_checkpoint_and_ends_well() {
    let place = Place::new();
    let out = place.path("run");
    let arguments = with(&["--steps", "1000000", "--out", &out], &[]);
    let mut child = place.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    reader.by_ref().find(|line| line.contains("\"step\":20,")).unwrap();
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let end: Value = serde_json::from_str(&reader.last().unwrap()).unwrap();
    assert_eq!((end["event"].as_str(), end["reason"].as_str()), (Some("end"), Some("stopped")));
    assert!(child.wait().unwrap().success());
    assert_eq!(telar::hub::checkpoints(Path::new(&out))[0].0, end["step"].as_u64().unwrap());
}

#[test]
fn a_bad_text_is_refused_with_a_sentence() {
    let place = Place::new();
    let file = |name: &str, bytes: &[u8]| {
        fs::write(place.folder.path().join(name), bytes).unwrap();
        place.path(name)
    };
    let empty = file("empty.txt", b"");
    let blank = file("blank.txt", b" \n\n ");
    let short = file("short.txt", b"only a few characters");
    let binary = file("binary.txt", b"some\0thing");
    let latin = file("latin.txt", b"el ni\xf1o duerme");
    for (path, says) in [
        (&empty, "holds no text"),
        (&blank, "holds no text"),
        (&short, "windows of 64"),
        (&binary, "not a text file"),
        (&latin, "UTF-8"),
        (&place.path("missing.txt"), "no file or folder"),
        (&"nonsense".to_owned(), "telar-en"),
    ] {
        let sentence = place.sentence(&with(&["--corpus", path], &[]));
        assert!(sentence.contains(says), "{sentence}");
    }
    let runs = place.folder.path().join("home/runs");
    assert!(!runs.exists() || fs::read_dir(runs).unwrap().next().is_none(), "nothing is begun for nothing");
}

#[test]
fn bad_settings_and_broken_runs_are_refused_with_a_sentence() {
    let place = Place::new();
    let out = place.path("run");
    for setting in ["n_heads=3", "speed=9", "lr=fast", "dropout=1.5", "batch_size=0"] {
        place.sentence(&with(&["--out", &out], &["--set", setting]));
    }
    assert!(!Path::new(&out).exists());
    assert!(place.run(&with(&["--steps", "2", "--out", &out], &[])).status.success());
    assert!(place.sentence(&with(&["--steps", "2", "--out", &out], &[])).contains("--resume"));
    let missing = place.path("missing");
    assert!(place.sentence(&["train", "--resume", &missing]).contains("run.toml"));
    let weights = telar::hub::checkpoints(Path::new(&out))[0].1.join("model.safetensors");
    let bytes = fs::read(&weights).unwrap();
    fs::write(&weights, &bytes[..bytes.len() - 10]).unwrap();
    assert!(place.sentence(&["train", "--resume", &out, "--steps", "4"]).contains("damaged"));
    assert_eq!(place.run(&["train", "--preset", "gigantic"]).status.code(), Some(2));
}

#[test]
fn a_loss_that_leaves_the_numbers_ends_as_diverged() {
    let place = Place::new();
    let out = place.path("run");
    let output =
        place.run(&with(&["--steps", "5000", "--lr", "10", "--out", &out], &["--set", "warmup=0", "--set", "clip=0"]));
    assert_eq!(lines(&output).last().unwrap()["reason"], "diverged");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("smaller learning rate"));
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let locked = place.folder.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(locked.join("probe"), "").is_ok() {
        // The administrator writes everywhere; a file in a folder's place stops even him.
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).unwrap();
        fs::remove_dir_all(&locked).unwrap();
        fs::write(&locked, "a file").unwrap();
    }
    let out = locked.join("run").display().to_string();
    let sentence = place.sentence(&with(&["--steps", "2", "--out", &out], &[]));
    assert!(sentence.contains("cannot be written"), "{sentence}");
}
