//! Puts the demo's files into the program: writes a list of their names and bytes for `src/demo/files.rs` to include.

#![expect(clippy::disallowed_methods, reason = "the environment is how cargo talks to a build script")]

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=demo");
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("demo");
    let mut files = Vec::new();
    find(&folder.join("logs"), &mut files)?;
    find(&folder.join("candidates"), &mut files)?;
    find(&folder.join("truth"), &mut files)?;
    files.extend(["flight-delay.yaml", "manifest.json", "training.parquet"].map(|name| folder.join(name)));
    files.sort();
    let mut list = String::from("[\n");
    for file in files {
        let name = file.strip_prefix(&folder)?.to_str().ok_or("a demo file's name is not UTF-8")?.replace('\\', "/");
        writeln!(list, r#"    ("{name}", include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/demo/{name}"))),"#)?;
    }
    list.push_str("]\n");
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("demo_files.rs"), list)?;
    Ok(())
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { find(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
