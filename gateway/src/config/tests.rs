use super::*;
#[test]
fn tmp() {
    match Config::load(Path::new("/tmp/cfg/bad.toml")) {
        Ok(c) => println!("{c:#?}"),
        Err(e) => println!("{e}"),
    }
}
