//! Makes a model that ships out of a run: `cargo run --release --example ship_model -- RUN LANGUAGE FOLDER` writes the
//! run's last checkpoint in half precision. `assets/models/README.md` says with which runs this was done.

use std::path::Path;

use anyhow::Context;
use telar::data::Home;
use telar::hub::{self, Loaded, ModelRef, Precision};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [run, language, folder] = arguments.as_slice() else {
        anyhow::bail!("ship_model RUN LANGUAGE FOLDER");
    };
    let home = Home::locate()?;
    let model = hub::load(&ModelRef::parse(run, &home)?, &home).context("the run")?;
    let model = Loaded { language: Some(language.clone()), ..model };
    hub::folder::write(Path::new(folder), &model, Precision::Half)?;
    println!("{folder}: {} parameters, step {:?}", model.weights.len(), model.step);
    Ok(())
}
