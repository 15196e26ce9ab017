// What an application does with openid-client, unmodified: the person is at the other end of a pipe.
//
// Each line written is a question to the person or, at the end, what was found; each line read is
// the answer. Arguments: issuer, the resource server's secret.
import { createInterface } from "node:readline";
import * as client from "../../web/node_modules/openid-client/build/index.js";

const [issuer, secret] = process.argv.slice(2);
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const found = {};

async function ask(question) {
  process.stdout.write(`${JSON.stringify(question)}\n`);
  return (await answers.next()).value;
}

// The issuer of this machine has no certificate.
const insecure = { execute: [client.allowInsecureRequests] };
const as = (name, authentication = client.None()) =>
  client.discovery(new URL(issuer), name, undefined, authentication, insecure);

const redirectUri = "http://127.0.0.1:43210/callback";

async function signedIn(config, extra = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: "openid email member",
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...(extra.DPoP ? { dpop_jkt: await extra.DPoP.calculateThumbprint() } : {}),
  });
  const location = await ask({ visit: url.href });
  return client.authorizationCodeGrant(
    config,
    new URL(location),
    { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
    undefined,
    extra,
  );
}

async function refusal(work) {
  try {
    await work();
  } catch (error) {
    return error.error ?? error.code ?? String(error);
  }
  return "none";
}

const cli = await as("cli");
client.enableNonRepudiationChecks(cli);
const resourceServer = await as("resource-server", client.ClientSecretBasic(secret));

const first = await signedIn(cli);
const second = await client.refreshTokenGrant(cli, first.refresh_token);
const subject = first.claims().sub;
found.code = { type: second.token_type, scope: second.scope, rotated: first.refresh_token !== second.refresh_token };
found.userinfo = await client.fetchUserInfo(cli, second.access_token, subject);
const told = await client.tokenIntrospection(resourceServer, second.access_token);
found.introspection = { active: told.active, subject: told.sub === subject, client: told.client_id };
await client.tokenRevocation(cli, second.refresh_token);
found.revoked = {
  refresh: await refusal(() => client.refreshTokenGrant(cli, second.refresh_token)),
  access: (await client.tokenIntrospection(resourceServer, second.access_token)).active,
  userinfo: (await refusal(() => client.fetchUserInfo(cli, second.access_token, subject))) !== "none",
};

const key = client.getDPoPHandle(cli, await client.randomDPoPKeyPair("ES256"));
const bound = await signedIn(cli, { DPoP: key });
const renewed = await client.refreshTokenGrant(cli, bound.refresh_token, undefined, { DPoP: key });
const thief = client.getDPoPHandle(cli, await client.randomDPoPKeyPair("ES256"));
found.dpop = {
  type: renewed.token_type,
  withoutKey: await refusal(() => client.refreshTokenGrant(cli, renewed.refresh_token)),
  withAnotherKey: await refusal(() =>
    client.refreshTokenGrant(cli, renewed.refresh_token, undefined, { DPoP: thief }),
  ),
  bound: "jkt" in ((await client.tokenIntrospection(resourceServer, renewed.refresh_token)).cnf ?? {}),
};

const tv = await as("tv");
const device = await client.initiateDeviceAuthorization(tv, { scope: "openid member" });
await ask({ letIn: device.verification_uri_complete });
const shown = await client.pollDeviceAuthorizationGrant(tv, device);
found.device = { scope: shown.scope, subject: shown.claims().sub === subject };
const refused = await client.initiateDeviceAuthorization(tv, {});
await ask({ refuse: refused.verification_uri_complete });
found.refusedDevice = await refusal(() => client.pollDeviceAuthorizationGrant(tv, refused));

found.logout = client.buildEndSessionUrl(cli, { id_token_hint: bound.id_token }).href.split("?")[0];
process.stdout.write(`${JSON.stringify({ found })}\n`);
process.exit(0);
