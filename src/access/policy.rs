//! What a caller may see of a connection: its own policy and the grants that hold for the caller, as one policy for the
//! guard.

use std::collections::BTreeMap;

use guard::Policy;
use guard::grants::{Effect, Grants, Rule, Subject};
use guard::policy::RowFilter;
use jiff::Timestamp;

use super::{Caller, Grant, GrantEffect, Kind, WorkspaceRole};
use crate::model::Id;

/// Keeps these fingerprints apart from other hashes.
const PURPOSE: &str = "querent policy key v1";

/// Of whom it is asked what they may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The user.
    pub user: Id,
    /// The role in the workspace.
    pub role: Option<WorkspaceRole>,
    /// The address, where a filter asks for it.
    pub email: Option<String>,
}

/// A policy made of several parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// What the guard holds statements to.
    pub policy: Policy,
    /// The grants behind `policy.grants.rules`, in the same order.
    pub grants: Vec<Grant>,
}

impl Holder {
    /// The caller as a holder of grants; `None` for the daemon's own work, which is held to a connection's own policy
    /// alone.
    pub fn of(caller: &Caller) -> Option<Holder> {
        let who = caller.who();
        (who.kind != Kind::Daemon).then(|| Holder { user: who.user, role: caller.role(), email: None })
    }

    /// For whom a grant is, if it is for this holder.
    fn subject(&self, grant: &Grant) -> Option<Subject> {
        match (grant.terms.user_id, grant.terms.role) {
            (Some(user), _) => (user == self.user).then_some(Subject::User),
            (None, Some(role)) => (Some(role) == self.role).then_some(Subject::Role),
            (None, None) => Some(Subject::Everyone),
        }
    }

    /// What a row filter may ask of the holder.
    fn known(&self) -> BTreeMap<String, Option<String>> {
        let role = self.role.map(|role| role.as_str().to_owned());
        let known =
            [("user_id", Some(self.user.to_string())), ("user_email", self.email.clone()), ("role", role)];
        known.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

impl Merged {
    /// A connection's own policy with the grants that hold for somebody at a moment. The policy holds in any case: grants
    /// never give what it takes. `closed`: what no grant gives is not there. `documents`: the database keeps documents.
    pub fn of(
        own: Policy,
        (closed, documents): (bool, bool),
        grants: Vec<Grant>,
        holder: &Holder,
        now: Timestamp,
    ) -> Merged {
        let mut policy = own;
        let (mut rules, mut kept) = (Vec::new(), Vec::new());
        for grant in grants {
            let Some(subject) = holder.subject(&grant).filter(|_| holds(&grant, now)) else { continue };
            match effect(&grant) {
                Some(effect) => {
                    let terms = &grant.terms;
                    let [schema, table, column] =
                        [&terms.schema, &terms.table, &terms.column].map(Clone::clone);
                    rules.push(Rule { schema, table, column, subject, effect });
                    kept.push(grant);
                }
                None => policy.row_filters.extend(filter(&grant)),
            }
        }
        policy.caller = holder.known();
        policy.grants = Grants { closed, documents, rules };
        Merged { policy, grants: kept }
    }
}

/// Whether a grant holds at a moment.
fn holds(grant: &Grant, now: Timestamp) -> bool {
    grant.terms.expires_at.is_none_or(|end| now < end)
}

/// What a grant does to what it covers; `None`: it filters rows. A mask that does not say how shows nothing.
fn effect(grant: &Grant) -> Option<Effect> {
    match grant.terms.effect {
        GrantEffect::Allow => Some(Effect::Allow),
        GrantEffect::Deny => Some(Effect::Deny),
        GrantEffect::Mask => Some(grant.terms.mask.map_or(Effect::Deny, Effect::Mask)),
        GrantEffect::Filter => None,
    }
}

fn filter(grant: &Grant) -> Option<RowFilter> {
    let terms = &grant.terms;
    let predicate = terms.predicate.clone()?;
    let table = terms.table.clone().unwrap_or_else(|| "*".to_owned());
    let table = match &terms.schema {
        Some(schema) => format!("{schema}.{table}"),
        None => table,
    };
    Some(RowFilter { table, predicate })
}

/// The fingerprint of what a policy lets be seen: two callers with the same one see the same. `tags` is what is known of
/// the sensitivity of columns, where masks go by that.
pub fn policy_key(policy: &Policy, tags: &[String]) -> String {
    let seen = Policy {
        max_rows: None,
        max_result_bytes: None,
        max_seconds: None,
        max_cost: None,
        ..policy.clone()
    };
    let grants = if policy.grants.open() { Grants::default() } else { policy.grants.clone() };
    let asks = |name: &str| policy.row_filters.iter().any(|f| f.predicate.contains(&format!(":{name}")));
    let caller: BTreeMap<_, _> = policy.caller.iter().filter(|(name, _)| asks(name)).collect();
    let parts = serde_json::json!([seen, grants, caller, tags]);
    blake3::Hash::from_bytes(blake3::derive_key(PURPOSE, parts.to_string().as_bytes())).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use guard::policy::How;

    use super::super::GrantTerms;
    use super::*;
    use crate::model::{clock, new_id};

    fn grant(terms: GrantTerms) -> Grant {
        let now = clock::now();
        let (id, connection_id) = (new_id(), new_id());
        Grant {
            id,
            connection_id,
            terms,
            created_at: now,
            created_by: None,
            updated_at: now,
            updated_by: None,
        }
    }

    fn terms(effect: GrantEffect) -> GrantTerms {
        GrantTerms {
            user_id: None,
            role: None,
            schema: None,
            table: Some("pay".to_owned()),
            column: None,
            effect,
            mask: None,
            predicate: None,
            expires_at: None,
        }
    }

    fn holder() -> Holder {
        Holder { user: new_id(), role: Some(WorkspaceRole::Editor), email: None }
    }

    fn merged(grants: Vec<Grant>, holder: &Holder) -> Merged {
        Merged::of(Policy::default(), (false, false), grants, holder, clock::now())
    }

    #[test]
    fn grants_of_others_and_expired_ones_do_not_hold() {
        let me = holder();
        let (mut of_other, mut of_role, mut over) =
            (terms(GrantEffect::Deny), terms(GrantEffect::Deny), terms(GrantEffect::Deny));
        of_other.user_id = Some(new_id());
        of_role.role = Some(WorkspaceRole::Admin);
        over.expires_at = Some(clock::now());
        let all = merged([of_other, of_role, over].map(grant).to_vec(), &me);
        assert!(all.grants.is_empty() && !all.policy.restricts());

        let (mut of_me, mut of_mine) = (terms(GrantEffect::Deny), terms(GrantEffect::Deny));
        of_me.user_id = Some(me.user);
        of_mine.role = me.role;
        let all = merged([of_me, of_mine, terms(GrantEffect::Deny)].map(grant).to_vec(), &me);
        let subjects: Vec<Subject> = all.policy.grants.rules.iter().map(|rule| rule.subject).collect();
        assert_eq!(subjects, [Subject::User, Subject::Role, Subject::Everyone]);
    }

    #[test]
    fn a_mask_that_says_nothing_hides() {
        let all = merged(vec![grant(terms(GrantEffect::Mask))], &holder());
        assert_eq!(all.policy.grants.rules[0].effect, Effect::Deny);
        let mask = GrantTerms { mask: Some(How::Hash), ..terms(GrantEffect::Mask) };
        let all = merged(vec![grant(mask)], &holder());
        assert_eq!(all.policy.grants.rules[0].effect, Effect::Mask(How::Hash));
    }

    #[test]
    fn the_key_tells_what_is_seen_and_nothing_else() {
        let key = |grants: Vec<Grant>, holder: &Holder| policy_key(&merged(grants, holder).policy, &[]);
        let (one, other) = (holder(), holder());
        assert_eq!(key(Vec::new(), &one), policy_key(&Policy::default(), &[]));
        assert_eq!(key(vec![grant(terms(GrantEffect::Allow))], &one), key(Vec::new(), &one));
        let denied = vec![grant(terms(GrantEffect::Deny))];
        assert_ne!(key(denied.clone(), &one), key(Vec::new(), &one));
        assert_eq!(key(denied.clone(), &one), key(denied, &other));
        let filter = |predicate: &str| {
            vec![grant(GrantTerms { predicate: Some(predicate.to_owned()), ..terms(GrantEffect::Filter) })]
        };
        assert_eq!(key(filter("ward = 'east'"), &one), key(filter("ward = 'east'"), &other));
        assert_ne!(key(filter("doctor = :user_id"), &one), key(filter("doctor = :user_id"), &other));
        let lower = Policy { max_rows: Some(5), ..Policy::default() };
        assert_eq!(policy_key(&lower, &[]), policy_key(&Policy::default(), &[]));
    }
}
