//! The rules over names and addresses, in every spelling that leads somewhere.

use super::*;

fn rules(allow: &[&str], deny: &[&str]) -> Network {
    let read = |all: &[&str]| all.iter().map(|t| Target::try_from((*t).to_owned()).unwrap()).collect();
    Network::new(NetworkSettings { allow: read(allow), deny: read(deny), folders: Vec::new() }, Vec::new())
}

/// Every spelling of an address that must be refused when nothing is set.
const SPELLINGS: &[&str] = &[
    "169.254.169.254",
    "169.254.169.254.",
    "169.254.43518",
    "169.16689662",
    "2852039166",
    "0xa9fea9fe",
    "0xA9.0xFE.0xA9.0xFE",
    "0251.0376.0251.0376",
    "0251.254.0xa9.254",
    "[::ffff:169.254.169.254]",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "0:0:0:0:0:ffff:a9fe:a9fe",
    "::169.254.169.254",
    "::ffff:0:169.254.169.254",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "2001:0:a9fe:a9fe::",
    "2001:0:808:808::5601:5601",
    "fe80::5efe:169.254.169.254",
    "2001:db8::5efe:169.254.169.254",
    "１６９.２５４.１６９.２５４",
    "169。254。169。254",
    "fe80::1",
    "fe80::1%eth0",
    "[fe80::1%25eth0]",
    "febf:ffff::1",
    "fd00:ec2::254",
    "fd00:0ec2:0:0::0254",
    "fd20:ce::254",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "0.0.0.0",
    "0",
    "::",
    "0.0.0.1",
    "255.255.255.255",
    "224.0.0.1",
    "ff02::1",
    "metadata.google.internal",
    "METADATA.google.internal.",
];

#[test]
fn special_addresses_are_refused_in_every_spelling() {
    for host in SPELLINGS {
        let why = rules(&[], &[]).host(host).unwrap_err();
        assert!(matches!(why, Refused::Special(..)), "{host}: {why}");
        // nor does a wide network let them in
        assert!(rules(&["0.0.0.0/0", "::/0"], &[]).host(host).is_err(), "{host}");
    }
}

#[test]
fn what_is_no_host_is_refused() {
    for host in [
        "",
        "a b",
        "a,b",
        "db.example.org,169.254.169.254",
        "1.2.3.4.5",
        "256.1.1.1",
        "a/b",
        "[::1",
        "*",
        "a\0b",
    ] {
        assert!(matches!(rules(&[], &[]).host(host), Err(Refused::Unreadable(_))), "{host:?}");
    }
}

#[test]
fn everything_else_is_open_when_nothing_is_set() {
    for host in [
        "localhost",
        "127.0.0.1",
        "::1",
        "10.0.0.7",
        "192.168.0.1",
        "db_1.internal",
        "db.example.org",
        "8.8.8.8",
    ] {
        assert_eq!(rules(&[], &[]).host(host), Ok(()), "{host}");
    }
}

#[test]
fn names_that_lead_to_refused_addresses_are_refused() {
    let open = rules(&[], &[]);
    for address in ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "0.0.0.0"] {
        let why = open.address("db.example.org", address.parse().unwrap()).unwrap_err();
        assert!(matches!(why, Refused::Special(..)), "{address}");
        // the answer does not tell what the name resolved to
        assert!(!why.to_string().contains("169.254"), "{why}");
    }
    // also where the name itself is allowed
    let named = rules(&["db.example.org"], &[]);
    assert!(named.address("db.example.org", "169.254.169.254".parse().unwrap()).is_err());
    assert_eq!(named.address("db.example.org", "10.0.0.7".parse().unwrap()), Ok(()));
}

#[test]
fn a_special_address_is_let_in_by_its_own_name_alone() {
    let own = rules(&["169.254.169.254"], &[]);
    assert_eq!(own.host("169.254.169.254"), Ok(()));
    assert_eq!(own.host("0xa9fea9fe"), Ok(()));
    assert!(matches!(own.host("169.254.169.253"), Err(Refused::Special(..))));
    assert_eq!(rules(&["169.254.0.0/16"], &[]).host("169.254.1.1"), Ok(()));
    assert!(rules(&["169.0.0.0/8"], &[]).host("169.254.1.1").is_err());
    assert_eq!(rules(&["metadata.google.internal"], &[]).host("metadata.google.internal"), Ok(()));
}

#[test]
fn deny_goes_before_allow() {
    let both = rules(&["10.0.0.0/8", "*.example.org"], &["10.9.0.0/16", "secret.example.org"]);
    assert_eq!(both.host("10.1.2.3"), Ok(()));
    for host in ["10.9.1.1", "::ffff:10.9.1.1", "0x0a090101", "secret.example.org", "SECRET.example.org."] {
        assert!(matches!(both.host(host), Err(Refused::Denied(_))), "{host}");
    }
    let address = "10.9.1.1".parse().unwrap();
    assert!(matches!(both.address("db.example.org", address), Err(Refused::Denied(_))));
    assert!(matches!(rules(&[], &["127.0.0.0/8", "::1"]).host("::1"), Err(Refused::Denied(_))));
}

#[test]
fn with_an_allow_list_nothing_else_is_reached() {
    let some = rules(&["10.0.0.0/8", "*.example.org", "db.internal"], &[]);
    for host in ["8.8.8.8", "::1", "2002:a00:1::"] {
        assert!(matches!(some.host(host), Err(Refused::NotAllowed(_))), "{host}");
    }
    // a name that is not listed may still lead to an allowed address
    assert_eq!(some.host("other.org"), Ok(()));
    assert_eq!(some.address("other.org", "10.1.1.1".parse().unwrap()), Ok(()));
    assert!(some.address("other.org", "8.8.8.8".parse().unwrap()).is_err());
    assert_eq!(some.address("db.example.org", "8.8.8.8".parse().unwrap()), Ok(()));
    assert!(some.address("example.org", "8.8.8.8".parse().unwrap()).is_err());
    assert!(some.address("badexample.org", "8.8.8.8".parse().unwrap()).is_err());
    // where only names are listed, others are not even looked up
    assert!(rules(&["*.example.org"], &[]).host("other.org").is_err());
}

#[test]
fn behind_a_host_of_ones_own_names_must_be_listed() {
    let some = rules(&["10.0.0.0/8", "db.internal"], &["evil.internal"]);
    assert_eq!(some.from_elsewhere("10.0.0.1"), Ok(()));
    assert_eq!(some.from_elsewhere("db.internal"), Ok(()));
    assert!(some.from_elsewhere("other.internal").is_err());
    assert!(rules(&[], &["evil.internal"]).from_elsewhere("evil.internal").is_err());
    assert!(rules(&[], &[]).from_elsewhere("169.254.169.254").is_err());
    assert_eq!(rules(&[], &[]).from_elsewhere("localhost"), Ok(()));
}

#[tokio::test]
async fn connectors_are_told_before_they_connect() {
    let kind = |result: Result<_, ConnectorError>| result.map(|_: Vec<_>| ()).unwrap_err().kind;
    let reach = rules(&[], &["127.0.0.0/8", "::1"]).reach();
    assert_eq!(kind(reach.addresses("localhost", 80).await), ErrorKind::OutOfReach);
    assert_eq!(kind(reach.addresses("0x7f000001", 80).await), ErrorKind::OutOfReach);
    assert!(rules(&[], &[]).reach().addresses("127.0.0.1", 80).await.is_ok());
}

#[cfg(unix)]
#[test]
fn files_lie_in_their_folders_whatever_links_and_dots_say() {
    let root = tempfile::tempdir().unwrap();
    let (open, shut) = (root.path().join("open"), root.path().join("shut"));
    for folder in [&open, &shut] {
        std::fs::create_dir(folder).unwrap();
        std::fs::write(folder.join("a.db"), "").unwrap();
    }
    std::os::unix::fs::symlink(shut.join("a.db"), open.join("link.db")).unwrap();
    std::fs::hard_link(shut.join("a.db"), open.join("hard.db")).unwrap();
    let settings = NetworkSettings { folders: vec![open.clone()], ..NetworkSettings::default() };
    let rules = Network::new(settings, vec![shut.join("a.db")]);
    assert_eq!(rules.file("file", &open.join("a.db")), Ok(()));
    assert_eq!(rules.file("file", &open.join("new.db")), Ok(()));
    assert!(matches!(rules.file("file", &shut.join("b.db")), Err(Refused::Folder(_))));
    assert!(matches!(rules.file("file", &open.join("../shut/b.db")), Err(Refused::Folder(_))));
    for own in [shut.join("a.db"), open.join("link.db"), open.join("hard.db"), open.join("../shut/a.db")] {
        assert!(matches!(rules.file("file", &own), Err(Refused::Own(_))), "{}", own.display());
    }
    assert_eq!(rules.socket(&open.join(".s.PGSQL.5432")), Ok(()));
    assert_eq!(rules.socket(&shut), Err(Refused::Socket));
    assert_eq!(rules.socket(Path::new("@abstract")), Err(Refused::Socket));
}
