// Relying parties that share no code with the mesh: npm's openid-client signs a person in at a provider, jose verifies what it issued. Then
// the same with one thing wrong at a time. Prints one JSON line of what came of each.
import fs from 'node:fs';
import path from 'node:path';
import { createHash } from 'node:crypto';
import https from 'node:https';
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { pathToFileURL } from 'node:url';

const { PSM_ISSUER, PSM_NODE_MODULES, PSM_KEYS, PSM_AUTHENTICATOR, PSM_CARD, PSM_PROTECTED_CARD, PSM_PIN, PSM_SIGNATURE_PIN, PSM_RUN } = process.env;
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

  constructor(holder = PSM_CARD) {
    this.holder = holder;
  }

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
    return execFileSync(PSM_AUTHENTICATOR, ['--card', this.holder, '--pin', PSM_PIN, ...options, '--', challenge], { encoding: 'utf8' });
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
async function codeFor(rp, change, holder) {
  const asked = await request(rp, change);
  const back = new URL(await new Browser(holder).signIn(asked.url));
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

// Runs the card's program without stopping this one. What it said; of a refusal, its last line.
async function program(holder, pin, id, run = PSM_RUN) {
  try {
    const { stdout, stderr } = await promisify(execFile)(PSM_AUTHENTICATOR, ['--card', holder, '--pin', pin, '--run', run, `--sign=${id}`]);
    return stderr + stdout;
  } catch (error) {
    return error.stderr.split('\n').at(-2);
  }
}

// Somebody between the card's program and the provider whom the program takes for the provider. `change` is put into what the provider says of a
// request; the rest he passes on.
async function between(change, use) {
  const run = `${PSM_KEYS}/between`;
  const folder = `${run}/endpoints/identity`;
  fs.mkdirSync(folder, { recursive: true });
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext',
    'subjectAltName=DNS:localhost', '-keyout', `${run}/key.pem`, '-out', `${folder}/identity.https.pem`], { stdio: 'pipe' });
  const options = { key: fs.readFileSync(`${run}/key.pem`), cert: fs.readFileSync(`${folder}/identity.https.pem`) };
  const server = https.createServer(options, async (asked, reply) => {
    const body = (await asked.toArray()).join('');
    const { 'content-type': type = 'text/plain' } = asked.headers;
    const answer = await fetch(PSM_ISSUER + asked.url, { method: asked.method, headers: { 'content-type': type }, body: body || undefined });
    let text = await answer.text();
    if (asked.url.endsWith('/request')) text = JSON.stringify({ ...JSON.parse(text), ...change });
    reply.writeHead(answer.status, { 'content-length': Buffer.byteLength(text), connection: 'close' }).end(text);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  fs.writeFileSync(`${folder}/identity.https`, `https://localhost:${server.address().port}`);
  try {
    return await use(run);
  } finally {
    server.close();
  }
}

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
  seen.signPage = ['Contract 1', bank.id, 'name, address, date of birth and sex'].every((text) => browser.text.includes(text)) && (await state()).state === 'pending';
  seen.signPinOfTheOther = await program(PSM_CARD, PSM_PIN, id);
  seen.signAnothers = await program(PSM_CARD.replace('hanako', 'taro'), PSM_SIGNATURE_PIN, id);
  seen.signSwapped = [];
  for (const change of [{ client: 'other-party' }, { title: 'Terms of use' }, { digest: digestOf('an application') }])
    seen.signSwapped.push(await between(change, (run) => program(PSM_CARD, PSM_SIGNATURE_PIN, id, run)));
  // Whoever changes nothing is in nobody's way.
  seen.signShown = await between({}, (run) => program(PSM_CARD, PSM_SIGNATURE_PIN, id, run));
  await browser.open(url);
  seen.signedUnseen = browser.text.includes('Waiting');
  const { signature } = await state();
  await browser.open(url);
  seen.signed = browser.text.includes('You have signed');
  const at = (name) => `${PSM_KEYS}/${name}`;
  fs.writeFileSync(at('contract'), contract);
  fs.writeFileSync(at('signature'), Buffer.from(signature, 'base64'));
  fs.writeFileSync(at('trusted'), ['ca', 'crl'].map((name) => fs.readFileSync(`${PSM_RUN}/pki/jpki/${name}.pem`)).join(''));
  execFileSync('openssl', ['cms', '-verify', '-binary', '-inform', 'DER', '-in', at('signature'), '-content', at('contract'), '-CAfile', at('trusted'), '-crl_check',
    '-out', '/dev/null', '-signer', at('signer.pem')], { stdio: 'pipe' });
  seen.signer = execFileSync('openssl', ['x509', '-in', at('signer.pem'), '-noout', '-subject'], { encoding: 'utf8' });
  // For whom it was signed, as OpenSSL reads it.
  const printed = execFileSync('openssl', ['cms', '-cmsout', '-print', '-noout', '-inform', 'DER', '-in', at('signature')], { encoding: 'utf8' });
  const names = /2\.999\.808377\.1\)[^]*?UTF8STRING\s*:(.*)\n.*UTF8STRING\s*:(.*)\n/.exec(printed);
  seen.signedFor = names && [names[1], names[2] === id];
  const declined = { ...asked, id: 'contract-2' };
  const other = (await (await signRequest(token, '', declined)).json()).url;
  await new Browser().open(other, new URLSearchParams({ decline: 'yes' }));
  seen.signDeclined = (await (await signRequest(token, '/contract-2')).json()).state;
}

// Of a protected person the bank learns no more by what she has signed than by what she has not.
async function withheld(bank, seen) {
  const { access_token: token } = await redeem(bank, await codeFor(bank, { scope: 'openid sign' }, PSM_PROTECTED_CARD));
  const ask = (id) => signRequest(token, '', { id, title: 'Contract', digest: digestOf('contract') });
  const page = async (id) => (await (await ask(id)).json()).url;
  const idOf = (url) => url.split('/').at(-1);
  const [hers, never] = [await page('hers'), await page('never')];
  seen.withheldSaid = await program(PSM_PROTECTED_CARD, PSM_SIGNATURE_PIN, idOf(hers));
  const looks = async (id, url) => {
    const answers = [await signRequest(token, `/${id}`), await ask(id), await fetch(url), await fetch(`${url}/request`),
      await fetch(`${url}/signature`, { method: 'POST', body: new URLSearchParams({ signature: 'AAAA' }) })];
    const texts = await Promise.all(answers.map(async (answer) => {
      const headers = [...answer.headers].filter(([name]) => name !== 'date');
      return JSON.stringify([answer.status, headers, await answer.text()]);
    }));
    return texts.join('\n').replaceAll(idOf(url), 'ID').replace(/\\"(blind|expires_at)\\":(\\"[\w-]+\\"|\d+)/g, '$1');
  };
  const [one, other] = [await looks('hers', hers), await looks('never', never)];
  seen.withheldShows = one === other ? 'nothing' : `${one}\n${other}`;
  seen.withheldState = (await (await signRequest(token, '/hers')).json()).state;
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
await withheld(bank, seen);
await bad(bank, shop, seen);
console.log(JSON.stringify(seen));
