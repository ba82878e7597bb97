// A relying service that shares no code with the mesh: npm's openid-client signs one account in at gbizid's provider, with a secret (Basic)
// and PKCE; jose verifies what it issued. Prints one JSON line of what came of it.
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const { PSM_ISSUER, PSM_NODE_MODULES, PSM_CLIENT, PSM_SECRET, PSM_MAIL, PSM_PASSWORD, PSM_CODE, PSM_ACTING } = process.env;
// Both are ES modules, which NODE_PATH does not find.
const load = (file) => import(pathToFileURL(path.join(PSM_NODE_MODULES, file)));
const openid = await load('openid-client/build/index.js');
const jose = await load('jose/dist/webapi/index.js');

// The test moves the mesh's clock on, for one-time passwords.
const TOLERANCE = 3600;

async function party(secret) {
  const metadata = { id_token_signed_response_alg: 'RS256', [openid.clockTolerance]: TOLERANCE };
  const config = await openid.discovery(new URL(PSM_ISSUER), PSM_CLIENT, metadata, openid.ClientSecretBasic(secret));
  openid.enableNonRepudiationChecks(config);
  return config;
}

// A browser without script.
class Browser {
  cookies = new Map();

  async open(url, body) {
    const headers = { 'accept-language': 'en', cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
    const answer = await fetch(url, { method: body ? 'POST' : 'GET', body, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split(/=(.*)/s);
      this.cookies.set(name, value);
    }
    this.text = await answer.text();
    this.location = answer.headers.get('location');
  }

  // Fills in the page's first form: boxes stay as they are ticked.
  submit(fields = {}) {
    const action = /action="([^"]+)"/.exec(this.text)[1];
    const sent = { form: /name="form" value="([^"]+)"/.exec(this.text)[1] };
    for (const [, name] of this.text.matchAll(/type="checkbox" name="([^"]+)" value="yes" checked/g)) sent[name] = 'yes';
    return this.open(PSM_ISSUER + action, new URLSearchParams({ ...sent, ...fields }));
  }
}

async function refusal(promise) {
  try {
    await promise;
    return 'nothing';
  } catch (error) {
    return error.error ?? error.status ?? String(error);
  }
}

const config = await party(PSM_SECRET);
const pkceCodeVerifier = openid.randomPKCECodeVerifier();
const asked = {
  redirect_uri: 'https://grants.example/callback', scope: 'openid jp_gbizid_v1_ida', state: openid.randomState(), nonce: openid.randomNonce(),
  code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256',
};
const seen = {};

const plain = new Browser();
await plain.open(openid.buildAuthorizationUrl(config, { ...asked, code_challenge_method: 'plain' }));
seen.plainPkce = new URL(plain.location).searchParams.get('error');

const browser = new Browser();
await browser.open(openid.buildAuthorizationUrl(config, asked));
await browser.submit({ mail: PSM_MAIL, password: PSM_PASSWORD, code: PSM_CODE });
if (browser.text.includes('name="acting"')) await browser.submit({ acting: PSM_ACTING });
await browser.submit();
const back = new URL(browser.location);
if (back.searchParams.has('error')) {
  seen.error = back.searchParams.get('error');
} else {
  const checks = { pkceCodeVerifier, expectedState: asked.state, expectedNonce: asked.nonce, idTokenExpected: true };
  const tokens = await openid.authorizationCodeGrant(config, back, checks);
  const keys = jose.createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
  const verified = await jose.jwtVerify(tokens.id_token, keys, {
    issuer: PSM_ISSUER, audience: PSM_CLIENT, algorithms: ['RS256'], clockTolerance: TOLERANCE,
  });
  seen.claims = verified.payload;
  seen.alg = verified.protectedHeader.alg;
  seen.info = await openid.fetchUserInfo(config, tokens.access_token, verified.payload.sub);
  seen.wrongSecret = await refusal(openid.authorizationCodeGrant(await party('another-secret'), back, checks));
  seen.codeReuse = await refusal(openid.authorizationCodeGrant(config, back, checks));
}
console.log(JSON.stringify(seen));
