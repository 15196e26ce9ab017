// Viewer request, /t/<token>/*: a Common Access Token (CTA-5007-B) opens one play's folder. The
// runtime's module checks the MAC and nothing else; expiry, path, country, deny list and what a
// token may hold at all are checked here. What is left is the object's path: the token is neither
// in the cache's key nor seen by the origin. 403 is the token's fault, 503 is ours.
import cf from 'cloudfront';

// CWT's tag, COSE_Mac0's, four parts: {alg: HMAC 256/256}, {kid: eight bytes}. Any other header,
// a critical one above all, makes another beginning.
var BEGINNING = 'd83dd18443a10105a10448';
var BEGINNING_BYTES = 11;
var KID_BYTES = 8;

var SUBJECT = '2', EXPIRES = '4', VERSION = '310', URI = '312', COUNTRIES = '316';
var PATH = '3', PREFIX = '1';

// Every claim restricts, so one that is not known here cannot be passed over.
var KNOWN = [SUBJECT, EXPIRES, VERSION, URI, COUNTRIES];

var CORS = { 'access-control-allow-origin': { value: '*' } };

function answer(statusCode, statusDescription) {
    var headers = Object.assign({ 'cache-control': { value: 'no-store' } }, CORS);
    return { statusCode: statusCode, statusDescription: statusDescription, headers: headers };
}

function preflight() {
    var headers = {
        'access-control-allow-headers': { value: 'range' },
        'access-control-allow-methods': { value: 'GET, HEAD' },
        'access-control-max-age': { value: '86400' },
    };
    return { statusCode: 204, statusDescription: 'No Content', headers: Object.assign(headers, CORS) };
}

function claimsOf(token, key) {
    try {
        return cf.cwt.validateToken(token, { key: key }).payload;
    } catch (error) {
        return null;
    }
}

function prefixOf(uri) {
    var only = uri && Object.keys(uri).length === 1 && uri[PATH];
    if (!only || Object.keys(only).length !== 1) return null;
    return typeof only[PREFIX] === 'string' ? only[PREFIX] : null;
}

function allows(claims, path, country) {
    var names = Object.keys(claims);
    for (var i = 0; i < names.length; i += 1) {
        if (KNOWN.indexOf(names[i]) === -1) return false;
    }
    var prefix = prefixOf(claims[URI]);
    var countries = claims[COUNTRIES];
    return claims[VERSION] === 1 &&
        typeof claims[SUBJECT] === 'string' && claims[SUBJECT] !== '' &&
        typeof claims[EXPIRES] === 'number' && Date.now() < claims[EXPIRES] * 1000 &&
        prefix !== null && prefix.length > 3 && prefix.charAt(prefix.length - 1) === '/' &&
        path.indexOf(prefix) === 0 &&
        (countries === undefined || (Array.isArray(countries) && countries.indexOf(country) !== -1));
}

async function judged(store, text, path, country) {
    var token = Buffer.from(text, 'base64url');
    if (token.slice(0, BEGINNING_BYTES).toString('hex') !== BEGINNING) return 403;
    var name = 'key:' + token.slice(BEGINNING_BYTES, BEGINNING_BYTES + KID_BYTES).toString('utf8');
    var isKnown = await store.exists(name);
    if (!isKnown) {
        // A store that lost everything must not look like a forger's key id.
        var isReady = await store.exists('ready');
        return isReady ? 403 : 503;
    }
    var key = await store.get(name);
    var claims = claimsOf(token, key);
    if (claims === null || !allows(claims, path, country)) return 403;
    var isDenied = await store.exists(claims[SUBJECT]);
    return isDenied ? 403 : 200;
}

async function handler(event) {
    var request = event.request;
    if (request.method === 'OPTIONS') return preflight();
    var parts = request.uri.split('/');
    var path = '/' + parts.slice(3).join('/');
    if (!parts[2] || /%|\/\.{0,2}\/|\/\.{1,2}$/.test(path)) return answer(403, 'Forbidden');
    var viewer = request.headers['cloudfront-viewer-country'];
    var status;
    try {
        status = await judged(cf.kvs(), parts[2], path, viewer ? viewer.value : null);
    } catch (error) {
        // Without a deny list that can be read nobody is let in.
        status = 503;
    }
    if (status === 403) return answer(403, 'Forbidden');
    if (status !== 200) return answer(503, 'Service Unavailable');
    request.uri = path;
    return request;
}
