//! One identity provider: what it says of itself, where people are sent, and what comes back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
    CoreTokenType,
};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, StandardErrorResponse,
    StandardTokenResponse, TokenResponse, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tokio::sync::Mutex;
use url::Url;

use super::roles::Roles;
use super::wire::Wire;
use crate::auth::tokens::Flow;
use crate::config::OidcSettings;
use crate::error::{Class, Error, Result};
use crate::model::clock::Stopwatch;

/// What a provider says of itself, and its keys, are read again after that.
const FRESH: Duration = Duration::from_secs(3600);
/// A key that is not known is looked for again, but not more often than that.
const PAUSE: Duration = Duration::from_secs(30);
/// Groups that are looked at.
const MAX_GROUPS: usize = 1000;

/// Claims of a provider's own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Claims {
    #[serde(flatten)]
    all: BTreeMap<String, Json>,
}

impl AdditionalClaims for Claims {}

type Fields = IdTokenFields<
    Claims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
type Client = openidconnect::Client<
    Claims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Whom the provider means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The provider's key of the person.
    pub subject: String,
    /// Address in small letters, when the provider says that it is verified.
    pub email: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Groups.
    pub groups: Vec<String>,
}

struct Known {
    metadata: Arc<CoreProviderMetadata>,
    since: Stopwatch,
}

/// An identity provider.
pub struct Provider {
    name: String,
    /// Its settings.
    pub settings: OidcSettings,
    /// Which group gives which role.
    pub roles: Roles,
    wire: Wire,
    known: Mutex<Option<Known>>,
}

impl Provider {
    /// Reads the settings; the provider itself is asked when somebody comes.
    ///
    /// # Errors
    /// `I039` when a line of the settings names no role.
    pub fn new(name: &str, settings: OidcSettings, wire: Wire) -> Result<Provider> {
        let roles = Roles::read(name, &settings)?;
        Ok(Provider { name: name.to_owned(), settings, roles, wire, known: Mutex::new(None) })
    }

    /// The name in addresses.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What people read on the button.
    pub fn title(&self) -> &str {
        if self.settings.title.is_empty() { &self.name } else { &self.settings.title }
    }

    /// Where a person is sent. `base` is the address that people use for this daemon.
    ///
    /// # Errors
    /// `I030` when the provider cannot be asked.
    pub async fn start(&self, base: &str, flow: &Flow) -> Result<Url> {
        let client = self.client(base, FRESH).await?;
        let verifier = PkceCodeVerifier::new(flow.verifier.expose().to_owned());
        let (state, nonce) = (flow.state.clone(), flow.nonce.clone());
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        for scope in self.settings.scopes.split_whitespace().filter(|scope| *scope != "openid") {
            request = request.add_scope(Scope::new(scope.to_owned()));
        }
        Ok(request.url().0)
    }

    /// Whom the provider means with a code.
    ///
    /// # Errors
    /// `I030` when the provider cannot be asked, `I031` when it refuses the code or says something that does not hold.
    pub async fn finish(&self, base: &str, flow: &Flow, code: &str) -> Result<Person> {
        let client = self.client(base, FRESH).await?;
        let tokens = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| self.broken("it names no address for tokens"))?
            .set_pkce_verifier(PkceCodeVerifier::new(flow.verifier.expose().to_owned()))
            .request_async(&self.wire)
            .await
            .map_err(|error| self.refused(&error))?;
        match self.read(&client, &tokens, flow).await {
            // Its keys may have changed since they were read.
            Err(Unread::Signature) => {
                let client = self.client(base, PAUSE).await?;
                self.read(&client, &tokens, flow).await.map_err(|unread| unread.told(self))
            }
            other => other.map_err(|unread| unread.told(self)),
        }
    }

    async fn read(
        &self,
        client: &Client,
        tokens: &Tokens,
        flow: &Flow,
    ) -> std::result::Result<Person, Unread> {
        let id_token = tokens.id_token().ok_or(Unread::Other("it sent no id token"))?;
        let verifier = client.id_token_verifier();
        let nonce = Nonce::new(flow.nonce.clone());
        let claims = id_token.claims(&verifier, &nonce).map_err(|error| Unread::of(&error))?;
        if let Some(expected) = claims.access_token_hash() {
            let algorithm =
                id_token.signing_alg().map_err(|_| Unread::Other("its id token is not signed"))?;
            let key = id_token.signing_key(&verifier).map_err(|_| Unread::Signature)?;
            let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)
                .map_err(|_| Unread::Other("its tokens cannot be compared"))?;
            if actual != *expected {
                return Err(Unread::Other("its tokens do not belong together"));
            }
        }
        let mut person = Person {
            subject: claims.subject().to_string(),
            email: verified(claims.email().map(|e| e.as_str()), claims.email_verified()),
            name: claims.name().and_then(|name| name.get(None)).map(|name| name.to_string()),
            groups: self.groups(claims.additional_claims()),
        };
        // Some providers put hardly anything into the id token.
        let lacks = person.email.is_none() || person.name.is_none() || person.groups.is_empty();
        if let Ok(request) = client.user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
            && lacks
        {
            let more: UserInfoClaims<Claims, CoreGenderClaim> = request
                .request_async(&self.wire)
                .await
                .map_err(|_| Unread::Other("what it says of the person cannot be had"))?;
            let email = || verified(more.email().map(|e| e.as_str()), more.email_verified());
            person.email = person.email.or_else(email);
            let name = || more.name().and_then(|name| name.get(None)).map(|name| name.to_string());
            person.name = person.name.or_else(name);
            if person.groups.is_empty() {
                person.groups = self.groups(more.additional_claims());
            }
        }
        Ok(person)
    }

    fn groups(&self, claims: &Claims) -> Vec<String> {
        match claims.all.get(&self.settings.groups_claim) {
            Some(Json::Array(words)) => {
                words.iter().take(MAX_GROUPS).filter_map(|w| w.as_str().map(str::to_owned)).collect()
            }
            Some(Json::String(word)) => vec![word.clone()],
            _ => Vec::new(),
        }
    }

    /// The client for what the provider says of itself, not older than `age`.
    async fn client(&self, base: &str, age: Duration) -> Result<Client> {
        let metadata = self.metadata(age).await?;
        let redirect = format!("{}/api/v1/auth/oidc/{}/callback", base.trim_end_matches('/'), self.name);
        let redirect =
            RedirectUrl::new(redirect).map_err(|_| self.broken("the daemon's own address is odd"))?;
        let secret = Some(self.settings.client_secret.expose()).filter(|secret| !secret.is_empty());
        let method = auth_type(&metadata);
        let client = openidconnect::Client::from_provider_metadata(
            metadata.as_ref().clone(),
            ClientId::new(self.settings.client_id.clone()),
            secret.map(|secret| ClientSecret::new(secret.to_owned())),
        );
        Ok(client.set_redirect_uri(redirect).set_auth_type(method))
    }

    async fn metadata(&self, age: Duration) -> Result<Arc<CoreProviderMetadata>> {
        // held while the provider is asked: those who come meanwhile need the same answer
        let mut known = self.known.lock().await;
        if let Some(fresh) = known.as_ref().filter(|known| known.since.elapsed() < age) {
            return Ok(fresh.metadata.clone());
        }
        let issuer = IssuerUrl::new(self.settings.issuer.clone())
            .map_err(|_| self.broken("the setting `issuer` is no address"))?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.wire).await.map_err(|error| {
            tracing::warn!(provider = %self.name, %error, "an identity provider does not say what it is");
            self.broken("it does not say what it is")
        })?;
        let metadata = Arc::new(metadata);
        *known = Some(Known { metadata: metadata.clone(), since: Stopwatch::start() });
        Ok(metadata)
    }

    fn broken(&self, why: &str) -> Error {
        Error::new(
            "I030",
            Class::Upstream,
            format!("the identity provider {} cannot be used: {why}", self.name),
        )
        .hint("Try again; if it stays so, the settings under [oidc] or the provider need a look.")
    }

    fn refused(&self, error: &dyn std::error::Error) -> Error {
        // its text may hold what was sent; the log has the sort of failure alone
        tracing::warn!(provider = %self.name, error = %error, "an identity provider gave no tokens");
        self.unusable("it gave no tokens for the code")
    }

    fn unusable(&self, why: &str) -> Error {
        let message = format!("the answer of the identity provider {} cannot be used: {why}", self.name);
        Error::new("I031", Class::Unauthenticated, message).hint("Sign in again from the beginning.")
    }
}

/// Why an answer could not be read.
enum Unread {
    Signature,
    Other(&'static str),
}

impl Unread {
    fn of(error: &openidconnect::ClaimsVerificationError) -> Unread {
        use openidconnect::ClaimsVerificationError as E;
        match error {
            E::SignatureVerification(_) => Unread::Signature,
            E::Expired(_) => Unread::Other("its id token has ended"),
            E::InvalidAudience(_) => Unread::Other("its id token is for somebody else"),
            E::InvalidIssuer(_) => Unread::Other("its id token is of somebody else"),
            E::InvalidNonce(_) => Unread::Other("its id token belongs to another sign-in"),
            _ => Unread::Other("its id token does not hold"),
        }
    }

    fn told(self, provider: &Provider) -> Error {
        match self {
            Unread::Signature => provider.unusable("its id token is not signed by it"),
            Unread::Other(why) => provider.unusable(why),
        }
    }
}

/// An address counts only when the provider says that it is the person's.
fn verified(email: Option<&str>, verified: Option<bool>) -> Option<String> {
    email.filter(|_| verified == Some(true)).map(str::to_lowercase)
}

/// How the daemon proves itself: in a header, unless the provider knows only the other way.
fn auth_type(metadata: &CoreProviderMetadata) -> AuthType {
    let known = metadata.token_endpoint_auth_methods_supported();
    let has = |method| known.is_some_and(|methods| methods.contains(&method));
    match has(CoreClientAuthMethod::ClientSecretPost) && !has(CoreClientAuthMethod::ClientSecretBasic) {
        true => AuthType::RequestBody,
        false => AuthType::BasicAuth,
    }
}
