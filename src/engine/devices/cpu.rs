//! The processor's name and how many cores of it may be used.

/// Physical cores that this process may use (threads of one core share its arithmetic units, so they do not help).
pub fn cores() -> usize {
    let allowed = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    num_cpus::get_physical().clamp(1, allowed)
}

/// The processor's name, such as `AMD Ryzen 7 7840U`; its architecture where the system does not tell.
pub fn name() -> String {
    system_name().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).unwrap_or_else(|| {
        // For instance `aarch64`.
        std::env::consts::ARCH.to_owned()
    })
}

#[cfg(target_os = "linux")]
fn system_name() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name") || line.starts_with("Model"))?;
    line.split_once(':').map(|(_, name)| name.to_owned())
}

#[cfg(target_os = "macos")]
fn system_name() -> Option<String> {
    let output = std::process::Command::new("sysctl").args(["-n", "machdep.cpu.brand_string"]).output().ok()?;
    String::from_utf8(output.stdout).ok()
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn system_name() -> Option<String> {
    std::env::var("PROCESSOR_IDENTIFIER").ok()
}
