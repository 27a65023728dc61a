//! Can CUDA be used, and with which cards?
//!
//! Opens the driver library, counts cards, compiles an empty kernel with NVRTC (the toolkit's compiler, which every
//! kernel needs at run time), and multiplies two small matrices. Each step says for itself what is missing.

use cudarc::driver::sys::CUresult;
use cudarc::driver::{CudaContext, DriverError};

use super::{Device, DeviceError, DeviceInfo, multiply_once};
use crate::engine::guard::ask;

/// The usable cards, or the first thing that stands in the way.
pub fn probe() -> Result<Vec<DeviceInfo>, DeviceError> {
    // The only panic of this call is «library not found».
    let count = ask(CudaContext::device_count).map_err(|_| DeviceError::CudaNoDriver)?.map_err(from_driver)?;
    let count = usize::try_from(count).unwrap_or(0);
    if count == 0 {
        return Err(DeviceError::CudaNoDevice);
    }
    ask(|| cudarc::nvrtc::compile_ptx("extern \"C\" __global__ void nothing() {}"))
        .map_err(|_| DeviceError::CudaNoNvrtc)?
        .map_err(|error| DeviceError::CudaOther(error.to_string()))?;
    let cards = (0..count).map(describe).collect::<Result<Vec<_>, _>>()?;
    multiply_once(&device(0)).map_err(from_words)?;
    Ok(cards)
}

/// A card as a tensor device.
pub fn device(index: usize) -> Device {
    Device::Cuda(burn_cuda::CudaDevice::new(index))
}

fn describe(index: usize) -> Result<DeviceInfo, DeviceError> {
    let read = || -> Result<_, DriverError> {
        let context = CudaContext::new(index)?;
        Ok((context.name()?, context.total_mem()?))
    };
    let (name, bytes) = ask(read).map_err(DeviceError::CudaOther)?.map_err(from_driver)?;
    Ok(DeviceInfo { id: format!("cuda:{index}"), name, cores: None, memory_bytes: Some(bytes as u64) })
}

fn from_driver(error: DriverError) -> DeviceError {
    match error.0 {
        CUresult::CUDA_ERROR_NO_DEVICE => DeviceError::CudaNoDevice,
        CUresult::CUDA_ERROR_OUT_OF_MEMORY => DeviceError::CudaOutOfMemory,
        // The toolkit ships a library of this name that only helps to link programs.
        CUresult::CUDA_ERROR_STUB_LIBRARY | CUresult::CUDA_ERROR_SYSTEM_DRIVER_MISMATCH => DeviceError::CudaNoDriver,
        _ => DeviceError::CudaOther(error.to_string()),
    }
}

fn from_words(reason: String) -> DeviceError {
    if reason.contains("OUT_OF_MEMORY") || reason.to_lowercase().contains("out of memory") {
        DeviceError::CudaOutOfMemory
    } else {
        DeviceError::CudaOther(reason)
    }
}
