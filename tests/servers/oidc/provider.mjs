// Why: the certified OpenID Connect provider of the npm registry as the other side of the tests' sign-ins. Who signs in is
// told by the login's name: NAME, NAME+unverified (address not verified), NAME~GROUP,GROUP (groups).
import { createServer } from "node:http";
import Provider from "oidc-provider";

const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;

const account = (login) => {
  const [name, groups = ""] = login.split("~");
  const verified = !name.endsWith("+unverified");
  const plain = name.replace("+unverified", "");
  return {
    sub: `subject-of-${plain}`,
    name: `Person ${plain}`,
    email: `${plain}@people.example`,
    email_verified: verified,
    groups: groups.split(",").filter(Boolean),
  };
};

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "querent",
      client_secret: "a secret of the tests",
      redirect_uris: ["http://127.0.0.1/api/v1/auth/oidc/test/callback"],
      // a loopback address with any port
      application_type: "native",
      token_endpoint_auth_method: "client_secret_basic",
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
  pkce: { required: () => true },
  findAccount: (_, id) => ({ accountId: id, claims: () => account(id) }),
  features: { devInteractions: { enabled: true } },
  cookies: { keys: ["of the tests"] },
  ttl: { Session: 600, Interaction: 600, Grant: 600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
});

createServer(provider.callback()).listen(port, "127.0.0.1", () => console.log(`listening on ${issuer}`));
