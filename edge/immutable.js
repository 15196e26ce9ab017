// Viewer response, films and artwork: their addresses carry a version, so a browser may keep them
// for ever. CloudFront runs this for answers below 400 only: a refusal is never kept. A response
// headers policy would mark refusals too, and a browser would remember an expired cookie's 403.
function handler(event) {
    var response = event.response;
    response.headers['cache-control'] = { value: 'public, max-age=31536000, immutable' };
    return response;
}
