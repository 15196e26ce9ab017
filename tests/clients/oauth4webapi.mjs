// What an application does with oauth4webapi, unmodified, step by step; see openid_client.mjs.
import { createInterface } from "node:readline";
import * as oauth from "../../web/node_modules/oauth4webapi/build/index.js";

const [issuer, secret] = process.argv.slice(2);
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const insecure = { [oauth.allowInsecureRequests]: true };

async function ask(question) {
  process.stdout.write(`${JSON.stringify(question)}\n`);
  return (await answers.next()).value;
}

// By both ways: what OpenID Connect and what OAuth alone (RFC 8414) look for.
await oauth.processDiscoveryResponse(new URL(issuer),
  await oauth.discoveryRequest(new URL(issuer), { algorithm: "oauth2", ...insecure }));
const discovered = await oauth.discoveryRequest(new URL(issuer), insecure);
const server = await oauth.processDiscoveryResponse(new URL(issuer), discovered);
const client = { client_id: "cli" };
const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));

const verifier = oauth.generateRandomCodeVerifier();
const nonce = oauth.generateRandomNonce();
const redirectUri = "http://127.0.0.1:43211/callback";
const url = new URL(server.authorization_endpoint);
for (const [name, value] of Object.entries({
  client_id: client.client_id,
  response_type: "code",
  redirect_uri: redirectUri,
  scope: "openid member",
  nonce,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
})) {
  url.searchParams.set(name, value);
}
const location = new URL(await ask({ visit: url.href }));
// Demands `iss` in the answer, as the discovery document promises it (RFC 9207).
const parameters = oauth.validateAuthResponse(server, client, location, oauth.expectNoState);
const exchanged = await oauth.authorizationCodeGrantRequest(
  server, client, oauth.None(), parameters, redirectUri, verifier, { DPoP, ...insecure },
);
const tokens = await oauth.processAuthorizationCodeResponse(server, client, exchanged, {
  expectedNonce: nonce, requireIdToken: true,
});
await oauth.validateApplicationLevelSignature(server, exchanged, insecure);

const refreshed = await oauth.processRefreshTokenResponse(server, client,
  await oauth.refreshTokenGrantRequest(server, client, oauth.None(), tokens.refresh_token, { DPoP, ...insecure }));

// An access token as a resource server of RFC 9068 checks it.
const request = new Request("https://api.example/", {
  headers: { authorization: `Bearer ${refreshed.access_token}` },
});
const claims = await oauth.validateJwtAccessToken(server, request, "marquee", insecure);

const { sub } = oauth.getValidatedIdTokenClaims(tokens);
const userinfo = await oauth.processUserInfoResponse(server, client, sub,
  await oauth.userInfoRequest(server, client, refreshed.access_token, insecure));

const resourceServer = { client_id: "resource-server" };
const introspect = async (token) =>
  oauth.processIntrospectionResponse(server, resourceServer,
    await oauth.introspectionRequest(server, resourceServer, oauth.ClientSecretBasic(secret), token, insecure));
const before = await introspect(refreshed.refresh_token);
await oauth.processRevocationResponse(
  await oauth.revocationRequest(server, client, oauth.None(), refreshed.refresh_token, insecure));
const after = await introspect(refreshed.refresh_token);

const tv = { client_id: "tv" };
const tvDPoP = oauth.DPoP(tv, await oauth.generateKeyPair("ES256"));
const codes = await oauth.processDeviceAuthorizationResponse(server, tv,
  await oauth.deviceAuthorizationRequest(server, tv, oauth.None(), { scope: "openid member" }, insecure));
const poll = async () =>
  oauth.processDeviceCodeResponse(server, tv,
    await oauth.deviceCodeGrantRequest(server, tv, oauth.None(), codes.device_code,
      { DPoP: tvDPoP, ...insecure }));
const waiting = await poll().then(() => "none", (error) => error.error);
await ask({ letIn: codes.verification_uri_complete });
const shown = await poll();
const renewTv = async (options) =>
  oauth.processRefreshTokenResponse(server, tv,
    await oauth.refreshTokenGrantRequest(server, tv, oauth.None(), shown.refresh_token,
      { ...options, ...insecure }));
const withoutKey = await renewTv({}).then(() => "none", (error) => error.error);
const renewedTv = await renewTv({ DPoP: tvDPoP });

process.stdout.write(`${JSON.stringify({
  found: {
    waiting,
    tv: oauth.getValidatedIdTokenClaims(shown).sub === sub,
    tvBound: { withoutKey, renewed: renewedTv.refresh_token !== shown.refresh_token },
    type: refreshed.token_type,
    scope: claims.scope,
    subject: claims.sub === sub && userinfo.sub === sub,
    active: [before.active, after.active],
    bound: before.cnf?.jkt === (await DPoP.calculateThumbprint()),
  },
})}\n`);
process.exit(0);
