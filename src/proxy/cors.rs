//! Web pages that may call the proxy: those whose origin the configuration lists (Fetch standard, section 3.3).

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

/// Time for which a browser may remember a preflight's answer, in seconds.
const REMEMBER: HeaderValue = HeaderValue::from_static("600");
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
/// A page that is trusted with answers may read all of their headers.
const EVERY: HeaderValue = HeaderValue::from_static("*");
/// A recorded page gets an origin of its own: in the proxy's it could ask for other recordings.
const SANDBOX: HeaderValue = HeaderValue::from_static("sandbox");

/// The origin of the page that a request comes from, as the browser says it; empty where that keeps it for itself. None
/// for what no page sent: a program's request, or an address that somebody typed.
pub(super) fn page(headers: &HeaderMap) -> Option<&[u8]> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (Some(origin), None) => return Some(origin.as_bytes()),
        (Some(_), Some(_)) => return Some(b""),
        (None, _) => {}
    }
    let site = headers.get("sec-fetch-site")?;
    // Pictures and links come without an Origin.
    (site != "none").then(|| headers.get(header::REFERER).map_or(&b""[..], |url| origin_of(url.as_bytes())))
}

/// The part of a URL before its path.
fn origin_of(url: &[u8]) -> &[u8] {
    let slashes = url.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    slashes.map(|(at, _)| at).nth(2).map_or(url, |end| &url[..end])
}

/// True if a request only asks whether another one may be sent.
pub(super) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to a preflight: whatever the page wants to send, it may.
pub(super) fn allowed(origin: HeaderValue, asked: &HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, REMEMBER);
    if let Some(wanted) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    // Private Network Access: the page may be of a public site.
    if asked.contains_key("access-control-request-private-network") {
        headers.insert("access-control-allow-private-network", HeaderValue::from_static("true"));
    }
    shared(response, origin)
}

/// The answer to a call, which the page may read.
pub(super) fn shared(mut response: Response, origin: HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EVERY);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    response
}

/// True if the answer may become a page: browsers ask for one by its type.
pub(super) fn shows(headers: &HeaderMap) -> bool {
    let wanted = headers.get(header::ACCEPT).map(HeaderValue::as_bytes).unwrap_or_default();
    wanted.windows(b"text/html".len()).any(|kind| kind == b"text/html")
}

/// The answer as a page that can do nothing.
pub(super) fn sandboxed(mut response: Response) -> Response {
    // Beside the recorded policies: all of them hold.
    response.headers_mut().append(header::CONTENT_SECURITY_POLICY, SANDBOX);
    response
}
