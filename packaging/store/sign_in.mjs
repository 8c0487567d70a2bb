// The stand-in's sign-in service: the certified oidc-provider with fictitious people. TEST ONLY.
// usage: node sign_in.mjs SETTINGS.json   {"port", "issuer", "audience", "people": {...}, "access_token_s", "client_id"}
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import { Provider, errors } from 'oidc-provider';

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const people = settings.people;
const ACR = 'urn:example:two-factors';
const SCOPES = 'openid offline_access imaging.read report.read allergy.read';

const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

const provider = new Provider(settings.issuer, {
  clients: [{
    client_id: settings.client_id,
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    // RFC 8252 7.3: any port of the loopback address is this one.
    redirect_uris: ['http://127.0.0.1/signed-in'],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  }],
  jwks: { keys: [{ ...key, use: 'sig', alg: 'RS256', kid: 'stand-in' }] },
  scopes: SCOPES.split(' '),
  acrValues: [ACR],
  claims: { openid: ['sub', 'name', 'role', 'organisation', 'location', 'acr', 'amr'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: false },
    deviceFlow: { enabled: true, userCodeInputSource: codePage, userCodeConfirmSource: confirmPage, successSource: donePage },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => settings.audience,
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, resource) => {
        if (resource !== settings.audience) throw new errors.InvalidTarget();
        return {
          scope: 'imaging.read report.read allergy.read', audience: settings.audience,
          accessTokenTTL: settings.access_token_s, accessTokenFormat: 'jwt',
        };
      },
    },
  },
  ttl: {
    AccessToken: settings.access_token_s, AuthorizationCode: 60, DeviceCode: 300, IdToken: 600,
    RefreshToken: 8 * 3600, Grant: 8 * 3600, Interaction: 600, Session: 8 * 3600,
  },
  rotateRefreshToken: true,
  issueRefreshToken: async () => true,
  extraTokenClaims: async (_ctx, token) => {
    const person = people[token.accountId];
    return person && { role: person.role, hcp_id: person.organisation, hsl_id: person.location, purpose_of_use: 'TREAT' };
  },
  findAccount: async (_ctx, id) => people[id] && {
    accountId: id,
    claims: async () => ({ sub: id, name: people[id].name, role: people[id].role,
      organisation: people[id].organisation, location: people[id].location }),
  },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  cookies: { keys: [settings.cookie_key] },
  renderError: async (ctx, out) => { ctx.type = 'html'; ctx.body = page(`<p>${escaped(out.error)}: ${escaped(out.error_description ?? '')}</p>`); },
});
provider.proxy = true;

function escaped(text) {
  return String(text).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

function page(body) {
  return `<!doctype html><meta charset="utf-8"><title>Stand-in sign-in: TEST ONLY</title><h1>TEST ONLY</h1>${body}`;
}

async function codePage(ctx, form) { ctx.body = page(form + '<button type="submit" form="op.deviceInputForm">Continue</button>'); }
async function confirmPage(ctx, form, _client, _device, userCode) {
  ctx.body = page(`<p>${escaped(userCode)}</p>${form}<button type="submit" form="op.deviceConfirmForm">Confirm</button>`);
}
async function donePage(ctx) { ctx.body = page('<p>Signed in. You may close this window.</p>'); }

function signInForm(uid, words) {
  const rows = Object.entries(people).map(([id, who]) => `<li><code>${escaped(id)}</code> ${escaped(who.name)}: ${escaped(who.story)}</li>`);
  return page(`<p>${escaped(words)}</p><form method="post" action="/interaction/${uid}">
    <input name="user" placeholder="user" autofocus><input name="code" placeholder="one-time code" value="000000">
    <button>Sign in</button></form><ul>${rows.join('')}</ul>`);
}

async function formOf(request) {
  let text = '';
  for await (const chunk of request) { text += chunk; if (text.length > 4096) break; }
  return new URLSearchParams(text);
}

async function grantAll(details, accountId) {
  const grant = new provider.Grant({ accountId, clientId: details.params.client_id });
  grant.addOIDCScope(SCOPES);
  grant.addOIDCClaims(['name', 'role', 'organisation', 'location', 'acr', 'amr']);
  grant.addResourceScope(settings.audience, 'imaging.read report.read allergy.read');
  return grant.save();
}

async function interact(request, response) {
  const details = await provider.interactionDetails(request, response);
  if (details.prompt.name === 'consent') {
    const grantId = await grantAll(details, details.session.accountId);
    return provider.interactionFinished(request, response, { consent: { grantId } }, { mergeWithLastSubmission: true });
  }
  const show = (words) => { response.setHeader('content-type', 'text/html'); response.end(signInForm(details.uid, words)); };
  if (request.method !== 'POST') return show('Who is signing in?');
  const form = await formOf(request);
  const user = form.get('user');
  if (!people[user] || form.get('code') !== '000000') return show('No such user, or a wrong code (it is 000000).');
  const login = { accountId: user, acr: ACR, amr: ['pwd', 'otp'] };
  return provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
}

const callback = provider.callback();
createServer((request, response) => {
  if (!request.url.startsWith('/interaction/')) return callback(request, response);
  return interact(request, response).catch((error) => { response.statusCode = 400; response.end(page(escaped(error.message))); });
}).listen(settings.port, '127.0.0.1', () => process.stdout.write('ready\n'));
