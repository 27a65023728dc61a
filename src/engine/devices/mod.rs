//! What can compute on this machine, and if something cannot, why not?
//!
//! Nothing in here panics or prints: libraries that do are called inside [`super::guard`]. The backend's own default
//! device is never asked for, because with CUDA built in that is the GPU, whether there is one or not.

mod cpu;
#[cfg(all(feature = "cuda", any(target_os = "linux", target_os = "windows")))]
mod cuda;
#[cfg(any(feature = "vulkan", feature = "metal"))]
mod wgpu;

use std::sync::OnceLock;

use rust_i18n::t;

use super::event::{DeviceInfo, Devices};
use super::guard::guard;

pub use burn::DispatchDevice as Device;
pub use cpu::cores;

/// Why a device cannot be used. Every variant is a sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// Not one of the names that `--device` takes.
    #[error("{}", t!("devices.unknown", name = .0))]
    Unknown(String),
    /// No driver library could be opened.
    #[error("{}", t!("devices.cuda_no_driver"))]
    CudaNoDriver,
    /// The library that compiles CUDA kernels at run time could not be opened.
    #[error("{}", t!("devices.cuda_no_nvrtc"))]
    CudaNoNvrtc,
    /// The driver knows no card.
    #[error("{}", t!("devices.cuda_no_device"))]
    CudaNoDevice,
    /// There is no card of this number; so many there are.
    #[error("{}", t!("devices.cuda_no_such_device", index = .0, count = .1))]
    CudaNoSuchDevice(usize, usize),
    /// Other programs hold the card's memory.
    #[error("{}", t!("devices.cuda_out_of_memory"))]
    CudaOutOfMemory,
    /// Anything else, in the library's words.
    #[error("{}", t!("devices.cuda_other", reason = .0))]
    CudaOther(String),
    /// This program was built without CUDA, or for a platform that has none.
    #[error("{}", t!("devices.cuda_not_built"))]
    CudaNotBuilt,
    /// This program was built without this graphics interface (`Vulkan`, `Metal`).
    #[error("{}", t!("devices.graphics_not_built", name = .0))]
    GraphicsNotBuilt(&'static str),
    /// The graphics interface found nothing to compute on: which one, and why.
    #[error("{}", t!("devices.graphics_failed", name = .0, reason = .1))]
    GraphicsFailed(&'static str, String),
}

/// A device that was chosen and can be used.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// For tensors.
    pub device: Device,
    /// `cpu`, `cuda:0`, …
    pub id: String,
    /// Where `auto` had to be content with the CPU: why.
    pub note: Option<String>,
}

/// The CPU as a tensor device.
pub fn cpu() -> Device {
    Device::Flex(burn_flex::FlexDevice)
}

/// Looks for devices. Takes a moment where there is a GPU, whose first kernel is compiled; the answer is kept for the
/// rest of the process, because drivers do not come and go.
pub fn probe() -> Devices {
    let mut found = Devices {
        devices: vec![DeviceInfo {
            id: "cpu".into(),
            name: cpu::name(),
            cores: Some(cpu::cores()),
            memory_bytes: None,
        }],
        default: "cpu".into(),
        notes: Vec::new(),
    };
    match cuda_devices() {
        Ok(cards) => {
            if let Some(first) = cards.first() {
                found.default.clone_from(&first.id);
            }
            found.devices.extend(cards);
        }
        Err(error) => found.notes.push(error.to_string()),
    }
    #[cfg(any(feature = "vulkan", feature = "metal"))]
    for result in wgpu::all() {
        match result {
            Ok(info) => {
                if found.default == "cpu" {
                    found.default.clone_from(&info.id);
                }
                found.devices.push(info);
            }
            Err(error) => found.notes.push(error.to_string()),
        }
    }
    found
}

/// The device that a person named: `auto`, `cpu`, `cuda`, `cuda:N`, and `vulkan` or `metal` where they are built in.
///
/// # Errors
/// If a device was named that cannot be used; `auto` never fails.
pub fn resolve(wish: &str) -> Result<Chosen, DeviceError> {
    let cpu = |note| Chosen { device: cpu(), id: "cpu".into(), note };
    match wish {
        "cpu" => Ok(cpu(None)),
        "auto" => {
            let found = probe();
            match found.default.as_str() {
                "cpu" => Ok(cpu(found.notes.first().cloned())),
                best => resolve(best),
            }
        }
        "cuda" => cuda_device(0),
        "vulkan" | "metal" => graphics_device(wish),
        _ => match wish.strip_prefix("cuda:").and_then(|index| index.parse().ok()) {
            Some(index) => cuda_device(index),
            None => Err(DeviceError::Unknown(wish.to_owned())),
        },
    }
}

/// The cards that CUDA can use, probed once a process.
fn cuda_devices() -> Result<Vec<DeviceInfo>, DeviceError> {
    static FOUND: OnceLock<Result<Vec<DeviceInfo>, DeviceError>> = OnceLock::new();
    #[cfg(all(feature = "cuda", any(target_os = "linux", target_os = "windows")))]
    return FOUND.get_or_init(cuda::probe).clone();
    #[cfg(not(all(feature = "cuda", any(target_os = "linux", target_os = "windows"))))]
    return FOUND.get_or_init(|| Err(DeviceError::CudaNotBuilt)).clone();
}

fn cuda_device(index: usize) -> Result<Chosen, DeviceError> {
    let cards = cuda_devices()?;
    if index >= cards.len() {
        return Err(DeviceError::CudaNoSuchDevice(index, cards.len()));
    }
    #[cfg(all(feature = "cuda", any(target_os = "linux", target_os = "windows")))]
    return Ok(Chosen { device: cuda::device(index), id: format!("cuda:{index}"), note: None });
    #[cfg(not(all(feature = "cuda", any(target_os = "linux", target_os = "windows"))))]
    Err(DeviceError::CudaNotBuilt)
}

fn graphics_device(name: &str) -> Result<Chosen, DeviceError> {
    #[cfg(any(feature = "vulkan", feature = "metal"))]
    return wgpu::device(name).map(|device| Chosen { device, id: name.to_owned(), note: None });
    #[cfg(not(any(feature = "vulkan", feature = "metal")))]
    Err(DeviceError::GraphicsNotBuilt(if name == "metal" { "Metal" } else { "Vulkan" }))
}

/// Multiplies two small matrices on a device and compares the result.
///
/// # Errors
/// What went wrong, in the library's words.
#[cfg_attr(not(any(feature = "cuda", feature = "vulkan", feature = "metal")), allow(dead_code))]
fn multiply_once(device: &Device) -> Result<(), String> {
    use burn::tensor::Tensor;
    let product = guard(|| {
        let a = Tensor::<crate::nn::B, 2>::from_data([[1.0f32, 2.0], [3.0, 4.0]], device);
        a.clone().matmul(a).into_data().to_vec::<f32>().map_err(|error| format!("{error:?}"))
    })??;
    if product == [7.0, 10.0, 15.0, 22.0] { Ok(()) } else { Err(format!("2 × 2 product gave {product:?}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_is_always_there() {
        let found = probe();
        let cpu = &found.devices[0];
        assert_eq!(cpu.id, "cpu");
        assert!(!cpu.name.is_empty() && cpu.cores.is_some_and(|cores| cores >= 1), "{cpu:?}");
        assert!(found.devices.iter().any(|device| device.id == found.default));
        assert_eq!(multiply_once(&resolve("cpu").unwrap().device), Ok(()));
    }

    #[test]
    fn auto_never_fails_and_says_why_it_took_the_cpu() {
        let chosen = resolve("auto").unwrap();
        assert_eq!(chosen.id == "cpu", chosen.note.is_some(), "{chosen:?}");
    }

    #[test]
    fn unknown_names_are_refused() {
        for name in ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "CPU"] {
            assert_eq!(resolve(name).unwrap_err(), DeviceError::Unknown(name.to_owned()));
        }
        assert!(resolve("cuda:4000").is_err());
    }
}
