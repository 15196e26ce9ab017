// Viewer request, default behaviour: every address of the app is the app itself. A path whose last
// part has an extension is a file and stays as it is.
function handler(event) {
    var request = event.request;
    var name = request.uri.substring(request.uri.lastIndexOf('/') + 1);
    if (name.indexOf('.') === -1) {
        request.uri = '/index.html';
    }
    return request;
}
