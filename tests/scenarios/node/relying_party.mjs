// Relying parties that share no code with the mesh: npm's openid-client signs a person in at a provider, jose verifies what it issued. Then
// the same with one thing wrong at a time. Prints one JSON line of what came of each.
import fs from 'node:fs';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';

const { PSM_ISSUER, PSM_NODE_MODULES, PSM_KEYS, PSM_AUTHENTICATOR, PSM_CARD, PSM_PIN, PSM_SIGNATURE_PIN, PSM_RUN } = process.env;
// Both are ES modules, which NODE_PATH does not find.
const load = (file) => import(pathToFileURL(path.join(PSM_NODE_MODULES, file)));
const openid = await load('openid-client/build/index.js');
const jose = await load('jose/dist/webapi/index.js');

const CALLBACK = 'https://bank.example/callback';

// One relying party as it starts: it finds the provider, and has its own key.
async function party(id) {
  const key = await jose.importPKCS8(fs.readFileSync(`${PSM_KEYS}/${id}.pem`, 'utf8'), 'ES256');
  const config = await openid.discovery(new URL(PSM_ISSUER), id, undefined, openid.PrivateKeyJwt(key));
  openid.enableNonRepudiationChecks(config);
  return { id, config };
}

// A browser without script: cookies, the page's form, redirects only where the test says so.
class Browser {
  cookies = new Map();
  text = '';

  async open(url, body) {
    const headers = { 'accept-language': 'en' };
    if (this.cookies.size) headers.cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { method: body ? 'POST' : 'GET', body, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split(/=(.*)/s);
      this.cookies.set(name, value);
    }
    this.text = await answer.text();
    const form = /name="form" value="([^"]+)"/.exec(this.text);
    if (form) this.form = form[1];
    const action = /action="(\/interaction\/[^"\/]+)/.exec(this.text);
    if (action) this.action = PSM_ISSUER + action[1];
    return { status: answer.status, location: answer.headers.get('location'), headers: answer.headers };
  }

  submit(step, fields = {}) {
    const ticked = {};
    for (const [, name] of this.text.matchAll(/type="checkbox" name="([^"]+)" value="yes" checked/g)) ticked[name] = 'yes';
    return this.open(this.action + step, new URLSearchParams({ form: this.form, ...ticked, ...fields }));
  }

  // What the card says to the challenge that the page shows.
  card(...options) {
    const challenge = /psm-authenticator --card CARD (?:--run RUN )?-- ([\w-]+)/.exec(this.text)[1];
    return execFileSync(PSM_AUTHENTICATOR, ['--card', PSM_CARD, '--pin', PSM_PIN, ...options, '--', challenge], { encoding: 'utf8' });
  }

  async signIn(url) {
    await this.open(url);
    await this.submit('/sign-in', { signed: this.card() });
    return (await this.submit('/consent')).location;
  }
}

async function request(rp, change = {}) {
  const verifier = openid.randomPKCECodeVerifier();
  const sent = {
    redirect_uri: CALLBACK, scope: 'openid name gender', acr_values: 'aal3',
    state: openid.randomState(), nonce: openid.randomNonce(),
    code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...change,
  };
  for (const name of Object.keys(sent)) if (sent[name] === null) delete sent[name];
  return { url: openid.buildAuthorizationUrl(rp.config, sent), sent, verifier };
}

// Signs in as far as the redirect with the code.
async function codeFor(rp, change) {
  const asked = await request(rp, change);
  const back = new URL(await new Browser().signIn(asked.url));
  return { ...asked, back };
}

const redeem = (rp, got, verifier = got.verifier) => openid.authorizationCodeGrant(rp.config, got.back, {
  pkceCodeVerifier: verifier, expectedState: got.sent.state, expectedNonce: got.sent.nonce, idTokenExpected: true,
});

// The error code with which something is refused, or what it gave.
async function refusal(promise) {
  try {
    await promise;
    return 'nothing';
  } catch (error) {
    return error.error ?? error.code ?? String(error);
  }
}

const userInfo = async (token) => (await fetch(`${PSM_ISSUER}/userinfo`, { headers: { authorization: `Bearer ${token}` } })).status;

async function good(bank, seen) {
  const got = await codeFor(bank);
  const tokens = await redeem(bank, got);
  const keys = jose.createRemoteJWKSet(new URL(bank.config.serverMetadata().jwks_uri));
  const verified = await jose.jwtVerify(tokens.id_token, keys, { issuer: PSM_ISSUER, audience: bank.id, algorithms: ['ES256'] });
  seen.claims = verified.payload;
  seen.thumbprint = await jose.calculateJwkThumbprint((await (await fetch(`${PSM_ISSUER}/jwks`)).json()).keys[0]) === verified.protectedHeader.kid;
  seen.nonce = verified.payload.nonce === got.sent.nonce;
  seen.info = await openid.fetchUserInfo(bank.config, tokens.access_token, verified.payload.sub);
  // The bank asks for a consent, which waits for the person; nobody without her access token does or looks.
  const ask = (authorization, path = '') => fetch(`${PSM_ISSUER}/consent-requests${path}`, {
    method: path ? 'GET' : 'POST', headers: authorization ? { authorization } : {},
    body: path ? undefined : new URLSearchParams({ id: 'statements-1', attributes: 'address', purpose: 'where statements go' }),
  });
  const asked = await (await ask(`Bearer ${tokens.access_token}`)).json();
  seen.consentRequest = asked.request_id;
  // An answer that was lost is asked for again: it is the same request.
  seen.consentAskedAgain = (await (await ask(`Bearer ${tokens.access_token}`)).json()).request_id === asked.request_id;
  seen.consentState = (await (await ask(`Bearer ${tokens.access_token}`, `/${asked.request_id}`)).json()).state;
  seen.consentUnasked = [(await ask('')).status, (await ask('Bearer forged')).status, (await ask('', `/${asked.request_id}`)).status];
  seen.signatureNotGranted = (await signRequest(tokens.access_token, '', { id: 'x', title: 'x', digest: digestOf('x') })).status;
  const next = await openid.refreshTokenGrant(bank.config, tokens.refresh_token);
  seen.refreshed = await userInfo(next.access_token);
  seen.refreshReuse = await refusal(openid.refreshTokenGrant(bank.config, tokens.refresh_token));
  seen.afterRefreshReuse = await userInfo(next.access_token);

  const again = await redeem(bank, await codeFor(bank));
  const out = await new Browser().open(openid.buildEndSessionUrl(bank.config, {
    id_token_hint: again.id_token, post_logout_redirect_uri: 'https://bank.example/bye', state: 's',
  }));
  seen.loggedOutTo = out.location;
  seen.afterLogout = await userInfo(again.access_token);
  seen.openLogout = (await new Browser().open(openid.buildEndSessionUrl(bank.config, {
    id_token_hint: again.id_token, post_logout_redirect_uri: 'https://evil.example/',
  }))).status;
}

const digestOf = (document) => createHash('sha256').update(document).digest('base64url');
const signRequest = (token, path, form) => fetch(`${PSM_ISSUER}/sign-requests${path}`, {
  method: form ? 'POST' : 'GET', headers: { authorization: `Bearer ${token}` }, body: form ? new URLSearchParams(form) : undefined,
});

// The bank has a contract signed: it keeps the document, the provider sees its digest, the person's card signs, and OpenSSL verifies.
async function sign(bank, seen) {
  const contract = 'An agreement with Hoshizora Bank\n';
  const { access_token: token } = await redeem(bank, await codeFor(bank, { scope: 'openid sign' }));
  const asked = { id: 'contract-1', title: 'Contract 1', digest: digestOf(contract) };
  const { url } = await (await signRequest(token, '', asked)).json();
  seen.signAgain = (await (await signRequest(token, '', asked)).json()).url === url;
  seen.signOther = (await signRequest(token, '', { ...asked, digest: digestOf('another') })).status;
  const state = async () => (await signRequest(token, '/contract-1')).json();
  const browser = new Browser();
  await browser.open(url);
  const [, id] = /--sign=([\w-]+)/.exec(browser.text);
  seen.signPage = browser.text.includes('Contract 1') && browser.text.includes('name, address, date of birth and sex') && (await state()).state === 'pending';
  const program = (card, pin) => execFileSync(PSM_AUTHENTICATOR, ['--card', card, '--pin', pin, '--run', PSM_RUN, `--sign=${id}`], { encoding: 'utf8', stdio: 'pipe' });
  const refused = (card, pin) => {
    try {
      return program(card, pin);
    } catch (error) {
      return error.stderr.split('\n').at(-2);
    }
  };
  seen.signPinOfTheOther = refused(PSM_CARD, PSM_PIN);
  seen.signAnothers = refused(PSM_CARD.replace('hanako', 'taro'), PSM_SIGNATURE_PIN);
  program(PSM_CARD, PSM_SIGNATURE_PIN);
  await browser.open(url);
  seen.signed = browser.text.includes('You have signed');
  const { signature } = await state();
  const at = (name) => `${PSM_KEYS}/${name}`;
  fs.writeFileSync(at('contract'), contract);
  fs.writeFileSync(at('signature'), Buffer.from(signature, 'base64'));
  fs.writeFileSync(at('trusted'), ['ca', 'crl'].map((name) => fs.readFileSync(`${PSM_RUN}/pki/jpki/${name}.pem`)).join(''));
  execFileSync('openssl', ['cms', '-verify', '-binary', '-inform', 'DER', '-in', at('signature'), '-content', at('contract'), '-CAfile', at('trusted'), '-crl_check',
    '-out', '/dev/null', '-signer', at('signer.pem')], { stdio: 'pipe' });
  seen.signer = execFileSync('openssl', ['x509', '-in', at('signer.pem'), '-noout', '-subject'], { encoding: 'utf8' });
  const declined = { ...asked, id: 'contract-2' };
  const other = (await (await signRequest(token, '', declined)).json()).url;
  await new Browser().open(other, new URLSearchParams({ decline: 'yes' }));
  seen.signDeclined = (await (await signRequest(token, '/contract-2')).json()).state;
}

async function bad(bank, shop, seen) {
  const twice = await codeFor(bank);
  const first = await redeem(bank, twice);
  seen.codeReuse = await refusal(redeem(bank, twice));
  seen.afterCodeReuse = await userInfo(first.access_token);
  seen.otherClient = await refusal(redeem(shop, await codeFor(bank)));
  seen.wrongVerifier = await refusal(redeem(bank, await codeFor(bank), openid.randomPKCECodeVerifier()));
  const got = await codeFor(bank);
  got.sent.nonce = 'another';
  seen.wrongNonce = await refusal(redeem(bank, got));

  // What is wrong from the start is refused before anybody signs in: told to the client, or shown where it is not known whom to tell.
  const refused = async (change) => {
    const browser = new Browser();
    const answer = await browser.open((await request(bank, change)).url);
    if (answer.location === null) return `${answer.status}`;
    const to = new URL(answer.location);
    return to.origin === 'https://bank.example' ? to.searchParams.get('error') : to.href;
  };
  seen.refused = {
    noState: await refused({ state: null }),
    noNonce: await refused({ nonce: null }),
    noPkce: await refused({ code_challenge: null, code_challenge_method: null }),
    plainPkce: await refused({ code_challenge_method: 'plain' }),
    evilRedirect: await refused({ redirect_uri: 'https://evil.example/callback' }),
    longerRedirect: await refused({ redirect_uri: `${CALLBACK}/../evil` }),
    foreignScope: await refused({ scope: 'openid address' }),
    sql: await refused({ client_id: "x' OR '1'='1" }),
  };

  // The card's program sends its answer itself; the page asks for the number that it shows, and for nothing else.
  const waits = new Browser();
  const asked = await request(bank);
  await waits.open(asked.url);
  seen.waits = waits.text.includes('http-equiv="refresh"');
  const number = /number: (\d{6})/.exec(waits.card('--run', PSM_RUN))[1];
  await waits.open(waits.action);
  seen.waitsNoMore = !waits.text.includes('http-equiv="refresh"');
  await waits.submit('/sign-in', { number: number === '000000' ? '000001' : '000000' });
  seen.wrongNumber = waits.text.includes('That is not the number');
  await waits.submit('/sign-in', { number });
  const sent = await redeem(bank, { ...asked, back: new URL((await waits.submit('/consent', { 'scope.gender': 'no' })).location) });
  seen.narrowed = { scope: sent.scope, info: Object.keys(await openid.fetchUserInfo(bank.config, sent.access_token, sent.claims().sub)).sort() };

  // Another site's form, with neither cookie nor secret; and a page in a frame.
  const browser = new Browser();
  const page = await browser.open((await request(bank)).url);
  seen.framed = page.headers.get('content-security-policy').includes("frame-ancestors 'none'");
  const signed = browser.card();
  const forger = new Browser();
  forger.action = browser.action;
  forger.form = 'guess';
  seen.forged = (await forger.submit('/sign-in', { signed })).status;
  // A signature of another challenge, and what is none.
  const other = new Browser();
  await other.open((await request(bank)).url);
  const wrong = await other.submit('/sign-in', { signed });
  seen.otherChallenge = wrong.status === 200 && other.text.includes('The signature does not fit');
  await other.submit('/sign-in', { signed: '<script>alert(1)</script>' });
  seen.script = other.text.includes('<script');
  seen.consentUnsigned = (await other.submit('/consent')).status;
}

const seen = {};
const bank = await party('hoshizora-bank');
const shop = await party('other-party');
await good(bank, seen);
await sign(bank, seen);
await bad(bank, shop, seen);
console.log(JSON.stringify(seen));
