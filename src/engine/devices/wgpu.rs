//! Graphics interfaces as a way to compute: Vulkan and Metal, where they are built in.

use burn::backend::wgpu::WgpuDevice;

use super::{Device, DeviceError, DeviceInfo, multiply_once};

/// What every built-in interface says.
pub fn all() -> Vec<Result<DeviceInfo, DeviceError>> {
    let mut results = Vec::new();
    #[cfg(feature = "vulkan")]
    results.push(describe("vulkan"));
    #[cfg(all(feature = "metal", target_os = "macos"))]
    results.push(describe("metal"));
    results
}

/// The interface's best device, tried with one small multiplication.
pub fn device(name: &str) -> Result<Device, DeviceError> {
    let (title, device) = match name {
        #[cfg(feature = "vulkan")]
        "vulkan" => ("Vulkan", Device::Vulkan(WgpuDevice::DefaultDevice)),
        #[cfg(feature = "metal")]
        "metal" => ("Metal", Device::Metal(WgpuDevice::DefaultDevice)),
        "metal" => return Err(DeviceError::GraphicsNotBuilt("Metal")),
        _ => return Err(DeviceError::GraphicsNotBuilt("Vulkan")),
    };
    multiply_once(&device).map_err(|reason| DeviceError::GraphicsFailed(title, reason))?;
    Ok(device)
}

fn describe(name: &str) -> Result<DeviceInfo, DeviceError> {
    device(name)?;
    Ok(DeviceInfo { id: name.to_owned(), name: name.to_owned(), cores: None, memory_bytes: None })
}
