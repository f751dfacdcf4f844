//! How glibc hands out memory to the server.

/// glibc's settings (mallopt(3)), as the environment names them: one heap rather than eight for each processor, and large pieces given
/// back as soon as they are free. Otherwise as much again as is in use stays behind in heaps of threads that have gone on to other work:
/// planning 10,000 tasks took 209 MB rather than 92, at no cost in a sync's records a second.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const SETTINGS: [(&str, &str); 3] =
    [("MALLOC_ARENA_MAX", "1"), ("MALLOC_MMAP_THRESHOLD_", "1048576"), ("MALLOC_TRIM_THRESHOLD_", "1048576")];

/// Begins the program anew with glibc's settings, in the same process: it reads them once, before the program's first line. What the
/// environment says already stays. Where that cannot be done, the program goes on as it is.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn settle() {
    use std::os::unix::process::CommandExt;

    let unsaid: Vec<_> = SETTINGS.into_iter().filter(|(name, _)| std::env::var_os(name).is_none()).collect();
    let (Ok(program), false) = (std::env::current_exe(), unsaid.is_empty()) else { return };
    let mut args = std::env::args_os();
    let name = args.next().unwrap_or_else(|| program.clone().into_os_string());
    let error = std::process::Command::new(program).arg0(name).args(args).envs(unsaid).exec();
    eprintln!("atlas: memory is used as the system does by default: {error}");
}

/// Other systems' memory is left as it is.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn settle() {}
