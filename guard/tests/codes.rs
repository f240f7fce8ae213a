//! The table of codes in the README says what the code says.

use guard::Code;

#[test]
fn the_readme_lists_every_code() {
    let readme = include_str!("../README.md");
    let listed: Vec<&str> = readme.lines().filter(|l| l.starts_with("| G") || l.starts_with("| W")).collect();
    let known: Vec<String> =
        Code::ALL.iter().map(|code| format!("| {} | {} |", code.as_str(), code.about())).collect();
    assert_eq!(listed, known);
}
