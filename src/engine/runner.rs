//! A model ready to run on a device: on the CPU by the slices, elsewhere by the Burn graph.

use std::cell::OnceCell;
use std::collections::HashMap;

use crate::hub::{HubError, Opened, Reading};
use crate::kernels::Storage;
use crate::nn::{Decoder, DecoderConfig, Device, LanguageModel, Recorder, Seen, Site, SliceReader, Weights};

/// Weights up to so many are held a second time for the graph, once somebody has looked inside the model; larger ones
/// are brought there each time.
const HELD_TWICE: usize = 16 << 20;

/// Whether the slices run a model on this device.
fn on_slices(config: &DecoderConfig, device: &Device) -> bool {
    let cpu = matches!(device, Device::Flex(_));
    if cpu && !SliceReader::supports(config) {
        tracing::info!("the slices do not serve this configuration: the graph runs it");
        return false;
    }
    cpu
}

/// A model on the device that runs it.
pub struct Runner(Kind);

enum Kind {
    /// On any device.
    Graph(Box<Decoder>),
    /// On the CPU; the graph is made of the same weights when somebody looks inside.
    Slices { reader: Box<SliceReader>, graph: OnceCell<Decoder>, device: Device },
}

impl Runner {
    /// Brings weights to a device; on the CPU they are kept in so many bits.
    pub fn new(weights: &Weights, device: &Device, storage: Storage) -> Self {
        if on_slices(&weights.config, device) {
            return Self::slices(SliceReader::new(weights, storage), device);
        }
        Self::graph(weights, device)
    }

    /// The same for a model on disk. On the CPU each parameter is brought into its place as it comes; of another
    /// program's files no more than one is held besides.
    ///
    /// # Errors
    /// If they cannot be read or are no numbers, or the reading was stopped.
    pub fn open(opened: &Opened, device: &Device, storage: Storage, reading: &Reading) -> Result<Self, HubError> {
        if on_slices(&opened.config, device) {
            let parameter = |index| opened.parameter(index, reading);
            let reader = SliceReader::stream(&opened.config, &opened.layout, storage, parameter)?;
            return Ok(Self::slices(reader, device));
        }
        Ok(Self::graph(&opened.weights(reading)?, device))
    }

    fn graph(weights: &Weights, device: &Device) -> Self {
        Self(Kind::Graph(Box::new(Decoder::from_weights(weights, device))))
    }

    fn slices(reader: SliceReader, device: &Device) -> Self {
        Self(Kind::Slices { reader: Box::new(reader), graph: OnceCell::new(), device: device.clone() })
    }

    /// For reading and continuing texts.
    pub fn model(&self) -> &dyn LanguageModel {
        match &self.0 {
            Kind::Graph(decoder) => decoder.as_ref(),
            Kind::Slices { reader, .. } => reader.as_ref(),
        }
    }

    /// Looks inside, with the graph and its probes.
    pub fn look<T>(&self, look: impl FnOnce(&Decoder) -> T) -> T {
        match &self.0 {
            Kind::Graph(decoder) => look(decoder),
            Kind::Slices { reader, graph, device } => {
                let make = || Decoder::from_weights(&reader.to_weights(), device);
                if reader.bytes() / 4 > HELD_TWICE { look(&make()) } else { look(graph.get_or_init(make)) }
            }
        }
    }

    /// Scores and weights of every layer and head, `[layers, heads, t, t]` each, of one pass over `t` ids.
    pub fn attention(&self, ids: &[u32]) -> (Vec<f32>, Vec<f32>) {
        let layers = self.model().config().n_layers;
        let mut probe = Recorder::new(|site| matches!(site, Site::Scores(_) | Site::Weights(_)));
        // The logits are not asked for: the output layer would be the most expensive part.
        self.look(|decoder| drop(decoder.hidden(decoder.ids(ids, 1), &mut probe)));
        (take(&mut probe.seen, layers, Site::Scores), take(&mut probe.seen, layers, Site::Weights))
    }
}

/// One stage of all layers, `[layers, heads, t, t]`; the batch of one disappears.
fn take(seen: &mut HashMap<Site, Seen>, layers: usize, stage: fn(usize) -> Site) -> Vec<f32> {
    (0..layers).filter_map(|layer| seen.remove(&stage(layer))).flat_map(|seen| seen.values).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{NoProbe, cpu, host_values};
    use crate::train::Preset;

    #[test]
    fn what_is_looked_at_is_what_answers() {
        let mut config = Preset::Char.settings().model;
        config.vocabulary = 50;
        let mut weights = Weights::init(&config, 3).unwrap();
        // Freshly drawn weights hardly say anything.
        weights.data.iter_mut().for_each(|weight| *weight *= 5.0);
        let runner = Runner::new(&weights, &cpu(), Storage::F32);
        assert!(matches!(runner.0, Kind::Slices { .. }));
        let ids = [3, 1, 4, 1, 5];
        let answered = runner.model().begin(ids.len()).read(&ids);
        let seen = runner.look(|decoder| host_values(decoder.forward(decoder.ids(&ids, 1), &mut NoProbe)));
        let last = &seen[seen.len() - 50..];
        assert!(answered.iter().zip(last).all(|(a, b)| (a - b).abs() < 1e-4 * (1.0 + b.abs())));
        assert!(last.iter().any(|logit| logit.abs() > 0.1));
    }

    #[test]
    fn what_the_slices_do_not_serve_runs_on_the_graph() {
        let config = Preset::Char.settings().model;
        let config = DecoderConfig { vocabulary: 50, windows: vec![Some(0); config.n_layers], ..config };
        let weights = Weights::init(&config, 3).unwrap();
        assert!(matches!(Runner::new(&weights, &cpu(), Storage::F32).0, Kind::Graph(_)));
    }
}
