//! Where the daemon may connect to on somebody's word: databases, SSH hosts, and whatever else people name by an address.
//! One rule over a name and an address; names are judged as they are written, addresses right before they are connected
//! to, so that neither another spelling nor another answer of a name server leads anywhere else.

mod address;
mod files;
mod http;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use connector_api::{ConnectorError, ErrorKind, Place, Reach};
use url::Host;

use crate::config::{Config, NetworkSettings, Target};
use crate::error::{Class, Error};

/// What lies in the data folder and is nobody's database.
const OWN: &[&str] =
    &["querent.db", "querent.db-wal", "querent.db-shm", "secret.key", "owner.token", "results"];

/// The rules.
#[derive(Debug, Clone, Default)]
pub struct Network {
    settings: Arc<NetworkSettings>,
    /// Files of the daemon that no connection may open.
    own: Arc<[PathBuf]>,
}

/// Why something may not be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It can be read as different hosts, or as none.
    #[error("{0:?} is no host name and no address")]
    Unreadable(String),
    /// It stands in `network.deny`.
    #[error("{0:?} is denied by this daemon's settings")]
    Denied(String),
    /// It is none that stands in `network.allow`.
    #[error("{0:?} is not among what this daemon's settings allow")]
    NotAllowed(String),
    /// A kind of address that no database has.
    #[error("{0:?} is, or leads to, {1}, which connections do not reach unless it is allowed by name")]
    Special(String, &'static str),
    /// A file outside the folders.
    #[error("the file of the parameter {0} lies in no folder that connections may use")]
    Folder(String),
    /// A file of the daemon's own.
    #[error("the file of the parameter {0} is one of this daemon's own")]
    Own(String),
    /// A Unix socket outside the folders.
    #[error("the Unix socket lies in no folder that connections may use")]
    Socket,
}

impl Refused {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        ErrorKind::OutOfReach.code()
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Refused::Unreadable(_) => "Write a host name, or an address as 10.0.0.7 or 2001:db8::7.",
            Refused::Denied(_) => "Whoever runs the daemon decides: network.deny in its settings.",
            Refused::NotAllowed(_) => "Whoever runs the daemon decides: network.allow in its settings.",
            Refused::Special(..) => {
                "If it is meant, name the address itself, or a network within its range, in network.allow."
            }
            Refused::Folder(_) | Refused::Socket => {
                "Whoever runs the daemon decides: network.folders in its settings."
            }
            Refused::Own(_) => "Copy what you need of it to a file of its own.",
        }
    }
}

impl From<Refused> for Error {
    fn from(why: Refused) -> Error {
        Error::new(why.code(), Class::Forbidden, why.to_string()).hint(why.hint())
    }
}

impl From<Refused> for ConnectorError {
    fn from(why: Refused) -> ConnectorError {
        ConnectorError::new(ErrorKind::OutOfReach, why.to_string()).hint(why.hint())
    }
}

impl Network {
    /// The rules of the settings. Files in `own` are never opened for a connection.
    pub fn new(settings: NetworkSettings, own: Vec<PathBuf>) -> Network {
        Network { settings: Arc::new(settings), own: own.into() }
    }

    /// The rules of a daemon: those of its settings, and its own files in its data folder.
    pub fn of(config: &Config) -> Network {
        let own = OWN.iter().map(|name| config.data_dir.join(name)).collect();
        Network::new(config.network.clone(), own)
    }

    /// Judges a host as it is written, before anything is looked up. A name that passes may still resolve to an address
    /// that does not.
    ///
    /// # Errors
    /// Why it may not be reached.
    pub fn host(&self, written: &str) -> Result<(), Refused> {
        match read(written)? {
            Host::Ipv4(ip) => self.judged(written, None, ip.into()),
            Host::Ipv6(ip) => self.judged(written, None, ip.into()),
            Host::Domain(name) => {
                self.name(written, &name)?;
                let allow = &self.settings.allow;
                let open = allow.is_empty() || allow.iter().any(|t| matches!(t, Target::Network(_)));
                if open || named(allow, &name) {
                    Ok(())
                } else {
                    Err(Refused::NotAllowed(written.to_owned()))
                }
            }
        }
    }

    /// Judges an address that a host, as it is written, resolved to. To be asked right before it is connected to.
    ///
    /// # Errors
    /// Why it may not be reached.
    pub fn address(&self, written: &str, address: IpAddr) -> Result<(), Refused> {
        let name = match read(written)? {
            Host::Domain(name) => {
                self.name(written, &name)?;
                Some(name)
            }
            Host::Ipv4(_) | Host::Ipv6(_) => None,
        };
        self.judged(written, name.as_deref(), address)
    }

    /// Judges a host that is seen from elsewhere (behind an SSH host), where nothing can be looked up: with an allow
    /// list the name itself must stand in it.
    ///
    /// # Errors
    /// Why it may not be reached.
    pub fn from_elsewhere(&self, written: &str) -> Result<(), Refused> {
        self.host(written)?;
        match read(written)? {
            Host::Domain(name) if !self.settings.allow.is_empty() && !named(&self.settings.allow, &name) => {
                Err(Refused::NotAllowed(written.to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// The rules as connectors ask them.
    pub fn reach(&self) -> Reach {
        let rules = self.clone();
        Reach::by(move |place| {
            let judged = match place {
                Place::Host(host) => rules.host(host),
                Place::Address(host, address) => rules.address(host, address.ip()),
                Place::Socket(path) => rules.socket(path),
            };
            judged.map_err(|why| {
                // the address is for the log alone: what a name resolves to in here is not told outside
                tracing::warn!(?place, %why, "a connection was refused");
                why.into()
            })
        })
    }

    /// Judges a file that a connection's parameter names.
    ///
    /// # Errors
    /// Why it may not be used.
    pub fn file(&self, parameter: &str, path: &Path) -> Result<(), Refused> {
        if files::is_one_of(path, &self.own) {
            return Err(Refused::Own(parameter.to_owned()));
        }
        if self.settings.folders.is_empty() || files::lies_in(path, &self.settings.folders) {
            return Ok(());
        }
        Err(Refused::Folder(parameter.to_owned()))
    }

    fn socket(&self, path: &Path) -> Result<(), Refused> {
        let folders = &self.settings.folders;
        // an abstract socket lies in no folder
        let named = !path.to_string_lossy().starts_with('@');
        if folders.is_empty() || (named && files::lies_in(path, folders)) {
            Ok(())
        } else {
            Err(Refused::Socket)
        }
    }

    fn name(&self, written: &str, name: &str) -> Result<(), Refused> {
        if named(&self.settings.deny, name) {
            return Err(Refused::Denied(written.to_owned()));
        }
        match address::special_name(name) {
            Some(what) if !named(&self.settings.allow, name) => {
                Err(Refused::Special(written.to_owned(), what))
            }
            _ => Ok(()),
        }
    }

    fn judged(&self, written: &str, name: Option<&str>, address: IpAddr) -> Result<(), Refused> {
        let (allow, deny) = (&self.settings.allow, &self.settings.deny);
        for address in address::meant(address) {
            if holds(deny, address) {
                return Err(Refused::Denied(written.to_owned()));
            }
            match address::special(address) {
                Some((what, range)) if !address::named_within(allow, range, address) => {
                    return Err(Refused::Special(written.to_owned(), what));
                }
                _ => {}
            }
        }
        let allowed = allow.is_empty()
            || name.is_some_and(|name| named(allow, name))
            || address::meant(address).into_iter().all(|address| holds(allow, address));
        if allowed { Ok(()) } else { Err(Refused::NotAllowed(written.to_owned())) }
    }
}

/// Reads a host as name servers and socket libraries do: addresses in decimal, octal and hex, with and without brackets
/// and zones, full stops at the end, letters of any script.
fn read(written: &str) -> Result<Host, Refused> {
    let unreadable = || Refused::Unreadable(written.chars().take(100).collect());
    let bare = written.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(written);
    let unzoned = bare.split('%').next().unwrap_or_default();
    if let Ok(address) = unzoned.parse::<IpAddr>() {
        return Ok(match address {
            IpAddr::V4(ip) => Host::Ipv4(ip),
            IpAddr::V6(ip) => Host::Ipv6(ip),
        });
    }
    match Host::parse(bare.trim_end_matches('.')).map_err(|_| unreadable())? {
        Host::Domain(name) if name.is_empty() || name.contains([',', '/', '\\', '*']) => Err(unreadable()),
        host => Ok(host),
    }
}

fn named(targets: &[Target], name: &str) -> bool {
    targets.iter().any(|target| match target {
        Target::Host(host) => host == name,
        Target::Below(suffix) => name.len() > suffix.len() && name.ends_with(suffix.as_str()),
        Target::Network(_) => false,
    })
}

fn holds(targets: &[Target], address: IpAddr) -> bool {
    targets.iter().any(|target| matches!(target, Target::Network(network) if network.contains(&address)))
}

#[cfg(test)]
mod tests;
