//! Makes, packs and unpacks the inputs that the targets start from.
//!
//!   seeds make ENGINE COUNT        statements of the grammar, one file each, into the folder named last
//!   seeds pack FOLDER FILE         a folder of inputs into one file of lines
//!   seeds unpack FILE FOLDER       and back
//!   seeds share ENGINE COUNT       how many of so many made statements the guard accepts, and why not the others

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use arbitrary::Unstructured;
use catalog::Engine;
use fuzz::{generate, schema};
use guard::{Policy, check};

fn main() -> Result<(), String> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["make", engine, count, folder] => make(engine_of(engine)?, number(count)?, Path::new(folder)),
        ["pack", folder, file] => pack(Path::new(folder), Path::new(file)),
        ["unpack", file, folder] => unpack(Path::new(file), Path::new(folder)),
        ["share", engine, count] => share(engine_of(engine)?, number(count)?),
        _ => Err("usage: seeds make ENGINE COUNT FOLDER | pack FOLDER FILE | unpack FILE FOLDER | share ENGINE COUNT"
            .to_owned()),
    }
}

fn engine_of(name: &str) -> Result<Engine, String> {
    Engine::parse(name).ok_or_else(|| format!("unknown engine {name}"))
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text} is no number"))
}

/// The same bytes for the same number, on every machine.
fn bytes(serial: u64) -> Vec<u8> {
    let mut state = serial.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let length = 40 + serial as usize % 400;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn statement(engine: Engine, serial: u64) -> String {
    generate::statement(&mut Unstructured::new(&bytes(serial)), engine)
}

fn make(engine: Engine, count: u64, folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(told)?;
    for serial in 0..count {
        fs::write(folder.join(format!("made-{serial:05}")), statement(engine, serial)).map_err(told)?;
    }
    Ok(())
}

fn share(engine: Engine, count: u64) -> Result<(), String> {
    let (mut accepted, mut reasons) = (0, BTreeMap::<String, (u64, String)>::new());
    for serial in 0..count {
        let sql = statement(engine, serial);
        match check(&sql, schema::catalog(engine), &Policy::default()) {
            Ok(_) => accepted += 1,
            Err(findings) => {
                let first = findings.first().map(|f| format!("{f} [{sql}]")).unwrap_or_default();
                let code = findings.first().map(|f| f.code.as_str()).unwrap_or_default();
                reasons.entry(code).or_insert((0, first)).0 += 1;
            }
        }
    }
    println!("{engine}: {accepted} of {count} accepted");
    for (code, (times, example)) in reasons {
        println!("  {code} {times}, as in: {example}");
    }
    Ok(())
}

/// One input a line: printable ASCII as it is, everything else as `\xNN`.
fn pack(folder: &Path, file: &Path) -> Result<(), String> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder).map_err(told)? {
        let data = fs::read(entry.map_err(told)?.path()).map_err(told)?;
        lines.push(data.iter().map(|b| escaped(*b)).collect::<String>());
    }
    lines.sort();
    lines.dedup();
    fs::write(file, lines.join("\n") + "\n").map_err(told)
}

fn escaped(byte: u8) -> String {
    match byte {
        b' '..=b'~' if byte != b'\\' => char::from(byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    }
}

fn unpack(file: &Path, folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(told)?;
    let text = fs::read_to_string(file).map_err(told)?;
    for (at, line) in text.lines().enumerate() {
        let mut data = Vec::new();
        let mut rest = line;
        while let Some((before, after)) = rest.split_once("\\x") {
            let (digits, tail) = after.split_at_checked(2).ok_or("a line ends inside of an escape")?;
            data.extend(before.bytes());
            data.push(u8::from_str_radix(digits, 16).map_err(|e| e.to_string())?);
            rest = tail;
        }
        data.extend(rest.bytes());
        fs::write(folder.join(format!("kept-{at:05}")), data).map_err(told)?;
    }
    Ok(())
}

fn told(error: std::io::Error) -> String {
    error.to_string()
}
