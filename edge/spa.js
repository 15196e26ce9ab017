// Viewer request, default behaviour: every address of the app is the app itself. A path whose last
// part has an extension is a file and stays as it is. The player's addresses have a page of their
// own, which differs in what the browser fetches beforehand.
function handler(event) {
    var request = event.request;
    var name = request.uri.substring(request.uri.lastIndexOf('/') + 1);
    if (name.indexOf('.') === -1) {
        request.uri = request.uri.indexOf('/watch/') === 0 ? '/watch.html' : '/index.html';
    }
    return request;
}
