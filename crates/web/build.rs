//! Makes sure the folder of built browser files exists, so that the crate compiles before they are built.

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=dist");
    std::fs::create_dir_all("dist")
}
