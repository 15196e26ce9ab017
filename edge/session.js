// Viewer request, /m/<session>/<country>/*, after CloudFront has checked the signed cookies, whose
// policy names that path: so the play and the country are as true as the signature. The deny list
// and the viewer's country are checked here. What is left is the object's path, the same for every
// viewer in the cache's key. 403 is the play's fault, 503 is ours.
import cf from 'cloudfront';

function answer(statusCode, statusDescription) {
    var headers = { 'cache-control': { value: 'no-store' } };
    return { statusCode: statusCode, statusDescription: statusDescription, headers: headers };
}

async function judged(store, session, country, viewer) {
    if (!/^ses_[0-9a-z]+$/.test(session)) return 403;
    var isHome = /^[A-Z]{2}$/.test(country) && viewer !== undefined && viewer.value === country;
    if (country !== 'world' && !isHome) return 403;
    // A store that lost everything would let everybody in.
    var isReady = await store.exists('ready');
    if (!isReady) return 503;
    var isDenied = await store.exists(session);
    return isDenied ? 403 : 200;
}

async function handler(event) {
    var request = event.request;
    var parts = request.uri.split('/');
    if (parts.length < 6 || /%|\/\.{0,2}\/|\/\.{1,2}$/.test(request.uri)) return answer(403, 'Forbidden');
    var status;
    try {
        status = await judged(cf.kvs(), parts[2], parts[3], request.headers['cloudfront-viewer-country']);
    } catch (error) {
        // Without a deny list that can be read nobody is let in.
        status = 503;
    }
    if (status === 403) return answer(403, 'Forbidden');
    if (status !== 200) return answer(503, 'Service Unavailable');
    request.uri = '/m/' + parts.slice(4).join('/');
    return request;
}
