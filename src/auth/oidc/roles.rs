//! From what an identity provider says of a person to roles here. Pure.

use std::collections::BTreeMap;

use crate::access::{SystemRole, WorkspaceRole};
use crate::config::OidcSettings;
use crate::error::{Class, Error, Result};

/// Which group gives which role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles {
    system: Vec<(String, SystemRole)>,
    workspaces: Vec<(String, String, WorkspaceRole)>,
}

impl Roles {
    /// Reads the settings of a provider.
    ///
    /// # Errors
    /// `I039` when a line names no role.
    pub fn read(name: &str, settings: &OidcSettings) -> Result<Roles> {
        let mut roles = Roles::default();
        for line in &settings.system_roles {
            let (group, word) = line.rsplit_once('=').ok_or_else(|| bad(name, line))?;
            let role = SystemRole::parse(word.trim()).ok_or_else(|| bad(name, line))?;
            roles.system.push((group.trim().to_owned(), role));
        }
        for line in &settings.workspace_roles {
            let (group, to) = line.rsplit_once('=').ok_or_else(|| bad(name, line))?;
            let (slug, word) = to.split_once(':').ok_or_else(|| bad(name, line))?;
            let role = WorkspaceRole::parse(word.trim()).ok_or_else(|| bad(name, line))?;
            roles.workspaces.push((group.trim().to_owned(), slug.trim().to_owned(), role));
        }
        Ok(roles)
    }

    /// The role in the installation; `None` where the provider does not decide it.
    pub fn system(&self, groups: &[String]) -> Option<SystemRole> {
        if self.system.is_empty() {
            return None;
        }
        let given = self.system.iter().filter(|(group, _)| groups.contains(group)).map(|(_, role)| *role);
        Some(given.max().unwrap_or(SystemRole::Analyst))
    }

    /// The highest role in each workspace, by the workspace's short name.
    pub fn workspaces(&self, groups: &[String]) -> BTreeMap<&str, WorkspaceRole> {
        let mut given = BTreeMap::new();
        for (_, slug, role) in self.workspaces.iter().filter(|(group, _, _)| groups.contains(group)) {
            let kept = given.entry(slug.as_str()).or_insert(*role);
            *kept = (*kept).max(*role);
        }
        given
    }
}

fn bad(name: &str, line: &str) -> Error {
    Error::new(
        "I039",
        Class::BadInput,
        format!("the setting oidc.{name} has a line that names no role: {line}"),
    )
    .hint("GROUP=admin, GROUP=developer, GROUP=analyst; GROUP=WORKSPACE:owner (admin, editor, viewer).")
}

/// Whether an address has one of the domains; any will do where there are none.
pub fn domain_fits(domains: &[String], email: &str) -> bool {
    let Some((_, domain)) = email.rsplit_once('@') else { return false };
    domains.is_empty() || domains.iter().any(|wanted| wanted.eq_ignore_ascii_case(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(system: &[&str], workspaces: &[&str]) -> OidcSettings {
        let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        OidcSettings {
            title: String::new(),
            issuer: "https://id.example".into(),
            client_id: "querent".into(),
            client_secret: String::new().into(),
            scopes: "openid".into(),
            groups_claim: "groups".into(),
            system_roles: owned(system),
            workspace_roles: owned(workspaces),
            create_users: true,
            domains: Vec::new(),
        }
    }

    fn groups(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_highest_role_counts() {
        let roles = Roles::read(
            "x",
            &settings(&["it=admin", "data=developer"], &["data=default:editor", "it=default:admin"]),
        )
        .unwrap();
        assert_eq!(roles.system(&groups(&["data", "it"])), Some(SystemRole::Admin));
        assert_eq!(roles.system(&groups(&["data"])), Some(SystemRole::Developer));
        assert_eq!(roles.system(&groups(&["sales"])), Some(SystemRole::Analyst), "the provider decides");
        let both = groups(&["data", "it"]);
        assert_eq!(roles.workspaces(&both), BTreeMap::from([("default", WorkspaceRole::Admin)]));
        assert!(roles.workspaces(&groups(&["sales"])).is_empty());
    }

    #[test]
    fn without_lines_the_provider_decides_nothing() {
        let roles = Roles::read("x", &settings(&[], &[])).unwrap();
        assert_eq!(roles.system(&groups(&["it"])), None);
    }

    #[test]
    fn a_line_without_a_role_is_refused() {
        assert_eq!(Roles::read("x", &settings(&["it=king"], &[])).unwrap_err().code, "I039");
        assert_eq!(Roles::read("x", &settings(&[], &["it=default:king"])).unwrap_err().code, "I039");
        assert_eq!(Roles::read("x", &settings(&[], &["it=default"])).unwrap_err().code, "I039");
    }

    #[test]
    fn domains_are_whole() {
        let only = groups(&["example.com"]);
        assert!(domain_fits(&only, "ada@Example.com"));
        assert!(!domain_fits(&only, "ada@evilexample.com"));
        assert!(!domain_fits(&only, "ada@example.com.evil.net"));
        assert!(!domain_fits(&only, "ada"));
        assert!(domain_fits(&[], "ada@anything.net"));
    }
}
