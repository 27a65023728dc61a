//! Which device is computed on? Looks for them at the start, and again when the person wants another.

use super::devices::{self, Chosen};
use super::error::EngineError;
use super::event::Event;
use super::guard::guard;
use super::job::Outbox;
use super::shared::Common;

/// The state of the thread.
pub(super) struct Chooser {
    pub common: Common,
    pub out: Outbox,
}

impl Chooser {
    /// Says what there is on this machine.
    pub fn probe(&mut self) -> Result<(), EngineError> {
        self.out.send(Event::Devices(devices::probe()));
        Ok(())
    }

    /// Uses a device from now on. If it cannot be used, says why and keeps the one before, at the start the CPU: a device
    /// is always known afterwards, because others wait for it.
    pub fn choose(&mut self, wish: &str) -> Result<(), EngineError> {
        let sentence = match guard(|| devices::resolve(wish)) {
            Ok(Ok(chosen)) => {
                self.set(chosen);
                return Ok(());
            }
            Ok(Err(error)) => error.to_string(),
            Err(message) => {
                tracing::error!("choosing a device panicked: {message}");
                EngineError::Panicked.to_string()
            }
        };
        self.out.send(Event::Notice(sentence));
        let before = self.common.device.now();
        self.set(before.unwrap_or_else(|| Chosen { device: devices::cpu(), id: "cpu".to_owned(), note: None }));
        Ok(())
    }

    fn set(&self, chosen: Chosen) {
        let id = chosen.id.clone();
        self.common.device.set(chosen);
        self.out.send(Event::DeviceInUse(id));
    }
}
