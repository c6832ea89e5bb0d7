//! The one list of names under which credentials stand: of headers, query parameters, form fields, multipart parts and
//! JSON keys.
//!
//! Names are compared whole, with case and separators folded: `api_key`, `apiKey`, `API-KEY` and `x.api.key` are two
//! names in all. What only sounds like a credential (`max_tokens`, `pageToken`, `prompt_cache_key`) is none.

use crate::dialect::Dialect;

/// The text in place of a credential that is known by its place, the same for all: keys differ between people, and a
/// recording answers all of them.
pub(crate) const REDACTED: &str = "redacted";

/// The longest name that is looked at, folded. Of a longer one the end decides: `…_api_key` is a key however it begins.
const LONGEST: usize = 64;

/// The place of a name. Some names are credentials in one place and ordinary data in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamePlace {
    /// A header, of the request itself or in a `headers` object of a body.
    Header,
    /// A parameter of a query, a field of a form, a part of a multipart body.
    Query,
    /// A key of a JSON object.
    Json,
}

/// The class of a name, for the value beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameClass {
    /// The value is a credential, whatever it looks like. All get one placeholder: keys differ between people, and a
    /// recording answers all of them.
    Credential,
    /// The value may be a credential, a pager's position or a word (`key`, `token`, `code`). In a query each value gets
    /// a placeholder of its own, so that it still decides; in JSON only what has the shape of a credential does.
    Ambiguous,
    /// An unknown name that ends like one of a credential (`…_token`, `…_key`): the value's shape decides.
    Suspect,
    /// Anything else.
    Plain,
}

/// Credentials wherever they stand, folded.
const CREDENTIALS: &[&str] = &[
    "apikeys",
    "accesskeys",
    "accesskeyid",
    "awsaccesskeyid",
    "accesskeysecret",
    "accesstokens",
    "apitokens",
    "appsecret",
    "authcode",
    "authorization",
    "authorizationcode",
    "awssecret",
    "backupcodes",
    "bearer",
    "clientassertion",
    "codeverifier",
    "cookie",
    "credential",
    "devicecode",
    "encodedapikey",
    "idtokenhint",
    "jwt",
    "mfacode",
    "otp",
    "passcode",
    "passwordagain",
    "passwordconfirm",
    "passwordconfirmation",
    "password1",
    "password2",
    "passwords",
    "proxyauthorization",
    "pwd",
    "recoverycode",
    "recoverycodes",
    "samlresponse",
    "sasurl",
    "secrets",
    "sessioncookie",
    "setcookie",
    "sharedaccesssignature",
    "smtppass",
    "totp",
    "userpass",
    "dbpass",
    "xamzcredential",
    "xamzsignature",
    "xgoogcredential",
    "xgoogsignature",
    "xkey",
];

/// Ends of names of credentials, folded: `openai_api_key`, `dbPassword`, `x-client-secret`.
const ENDINGS: &[&str] = &[
    "accesskey",
    "accesstoken",
    "accountkey",
    "actortoken",
    "adminkey",
    "admintoken",
    "anthropickey",
    "apikey",
    "apikeystring",
    "apikeyvalue",
    "apisecret",
    "apitoken",
    "appkey",
    "authkey",
    "authorizationtoken",
    "authtoken",
    "azurekey",
    "azureopenaikey",
    "bearertoken",
    "bottoken",
    "connectionstring",
    "credentials",
    "csrftoken",
    "deploykey",
    "deploytoken",
    "encryptionkey",
    "falkey",
    "functionkey",
    "functionskey",
    "geminikey",
    "githubtoken",
    "gitlabtoken",
    "googlekey",
    "hftoken",
    "huggingfacetoken",
    "idtoken",
    "jwttoken",
    "licensekey",
    "logintoken",
    "logouttoken",
    "masterkey",
    "mcptoken",
    "oauthtoken",
    "onetimepassword",
    "openaikey",
    "passphrase",
    "passwd",
    "password",
    "passwordvalue",
    "personalaccesstoken",
    "privatekey",
    "refreshtoken",
    "replicatetoken",
    "sastoken",
    "secret",
    "secretkey",
    "secrettoken",
    "secretvalue",
    "securitytoken",
    "servicekey",
    "servicerolekey",
    "servicetoken",
    "sessiontoken",
    "sharedkey",
    "signingkey",
    "slacktoken",
    "storagekey",
    "subjecttoken",
    "subscriptionkey",
    "tokensecret",
    "tokenvalue",
    "usertoken",
    "webhooktoken",
    "xsrftoken",
];

/// Credentials in a header, a query or a form only: in JSON `signature` is what providers sign their thoughts with, and an
/// `assertion` is what a test holds an answer against. The last two change with every presigned link.
const IN_QUERIES: &[&str] = &["assertion", "cookies", "sig", "signature", "xamzdate", "xamzexpires"];

/// Names that may mean a credential or anything else.
const AMBIGUOUS: &[&str] =
    &["auth", "code", "hmac", "key", "license", "pass", "pw", "session", "sid", "ticket", "token"];

/// Ends of names that sound like credentials and are none: positions of pagers, parts of a tokenizer's vocabulary, names
/// under which something is cached, counted or sorted.
const HARMLESS: &[&str] = &[
    "pagetoken",
    "nexttoken",
    "previoustoken",
    "prevtoken",
    "continuationtoken",
    "synctoken",
    "cursortoken",
    "paginationtoken",
    "starttoken",
    "startingtoken",
    "resumetoken",
    "resumptiontoken",
    "bostoken",
    "eostoken",
    "padtoken",
    "unktoken",
    "masktoken",
    "septoken",
    "clstoken",
    "stoptoken",
    "endtoken",
    "clientrequesttoken",
    "idempotencytoken",
    "cachekey",
    "idempotencykey",
    "primarykey",
    "foreignkey",
    "partitionkey",
    "sortkey",
    "rowkey",
    "publickey",
    "objectkey",
    "hotkey",
    "issecret",
    "hassecret",
    "forgotpassword",
    "resetpassword",
    "haspassword",
];

/// Headers whose random values are no credentials: they say what belongs together, where a call comes from, and what
/// it holds. What they begin with.
const ORDINARY_HEADERS: &[&str] = &[
    "accept",
    "baggage",
    "content-",
    "correlation-",
    "date",
    "digest",
    "forwarded",
    "host",
    "idempotency-",
    "if-",
    "origin",
    "range",
    "referer",
    "request-id",
    "sec-",
    "sentry-trace",
    "trace",
    "user-agent",
    "via",
    "x-amz-content-",
    "x-amzn-trace-",
    "x-b3-",
    "x-client-request-",
    "x-cloud-trace-",
    "x-correlation-",
    "x-datadog-",
    "x-forwarded-",
    "x-goog-api-client",
    "x-idempotency-",
    "x-ms-client-request-",
    "x-request-",
    "x-retake-",
    "x-stainless-",
    "x-trace-",
];

/// True if a header (lower case) is one whose value is no credential, however random it looks.
pub(crate) fn is_ordinary_header(name: &str) -> bool {
    ORDINARY_HEADERS.iter().any(|known| name.starts_with(known))
}

/// A name with case and separators folded, and of a long one the end.
pub(crate) struct Folded {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Folded {
    /// Letters and digits of a name (decoded, as written), small, without the brackets of a repeated one (`keys[]`).
    pub(crate) fn of(name: &[u8]) -> Self {
        let mut folded = Self { bytes: [0; LONGEST], len: 0 };
        let separators = b"_-. []\"'";
        for byte in name.iter().filter(|byte| !separators.contains(byte)) {
            if folded.len == LONGEST {
                folded.bytes.rotate_left(1);
                folded.len -= 1;
            }
            folded.bytes[folded.len] = byte.to_ascii_lowercase();
            folded.len += 1;
        }
        folded
    }

    /// The folded name.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// The class of the name in its place.
    pub(crate) fn class(&self, place: NamePlace) -> NameClass {
        let name = self.bytes();
        let among = |names: &[&str]| names.iter().any(|known| known.as_bytes() == name);
        let ends = |names: &[&str]| names.iter().any(|known| name.ends_with(known.as_bytes()));
        if name.len() < 2 || is_common(name) {
            return NameClass::Plain;
        }
        let sounds = matches!(name.last(), Some(b'd' | b'e' | b'g' | b'n' | b's' | b't' | b'y'));
        if sounds && ends(HARMLESS) {
            return NameClass::Plain;
        }
        if sounds && ends(ENDINGS) || among(CREDENTIALS) || place != NamePlace::Json && among(IN_QUERIES) {
            return NameClass::Credential;
        }
        let suspect = name.ends_with(b"token") || name.ends_with(b"key") || name == b"sig";
        match (among(AMBIGUOUS), suspect) {
            (true, _) | (_, true) if place == NamePlace::Header => NameClass::Credential,
            (true, _) => NameClass::Ambiguous,
            (_, true) => NameClass::Suspect,
            _ => NameClass::Plain,
        }
    }

    /// The word in the placeholders of the values of an ambiguous name: `key`, `token`, `code`.
    pub(crate) fn word(&self) -> &'static str {
        let name = self.bytes();
        let exact = AMBIGUOUS.iter().find(|known| known.as_bytes() == name);
        exact.copied().unwrap_or(if name.ends_with(b"token") { "token" } else { "key" })
    }
}

/// The class of a name (decoded, as written) in its place.
pub(crate) fn class(name: &[u8], place: NamePlace) -> NameClass {
    Folded::of(name).class(place)
}

/// True if the provider behind a mount documents this query parameter as its key, although the name is ambiguous.
pub(crate) fn is_documented(mount: &str, name: &Folded) -> bool {
    name.bytes() == b"key" && Dialect::of_mount(mount) == Dialect::Gemini
}

/// Names that nearly every request is full of: a long conversation must not be held against the whole list.
fn is_common(name: &[u8]) -> bool {
    matches!(
        name,
        b"role"
            | b"content"
            | b"type"
            | b"text"
            | b"model"
            | b"messages"
            | b"name"
            | b"id"
            | b"index"
            | b"function"
            | b"arguments"
            | b"parameters"
            | b"properties"
            | b"description"
            | b"required"
            | b"input"
            | b"output"
            | b"parts"
            | b"prompt"
            | b"contents"
            | b"delta"
            | b"choices"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_known_in_every_spelling() {
        for name in [
            "api_key",
            "apiKey",
            "API-KEY",
            "x-api-key",
            "x.api.key",
            "api key",
            "openai_api_key",
            "ApiKeys",
            "authorization",
            "authorization_token",
            "auth_key",
            "access_key",
            "accessKeyId_secret",
            "AccessToken",
            "refresh_token",
            "id_token",
            "session_token",
            "bearerToken",
            "auth_token",
            "client_secret",
            "client_assertion",
            "vertex_credentials",
            "device_code",
            "password",
            "passwd",
            "pwd",
            "passphrase",
            "secret",
            "secretKey",
            "private_key",
            "subscription-key",
            "Ocp-Apim-Subscription-Key",
            "connection_string",
            "encoded_api_key",
            "cookie",
            "credentials",
            "db.password",
            "slack_bot_token",
            "X-Amz-Security-Token",
            "x-amz-signature",
            "aws_secret_access_key",
            "AccountKey",
            "SharedAccessKey",
            "api_keys[]",
            "xi-api-key",
            "webhook_secret",
            "signing-key",
        ] {
            assert_eq!(class(name.as_bytes(), NamePlace::Json), NameClass::Credential, "{name}");
            assert_eq!(class(name.as_bytes(), NamePlace::Header), NameClass::Credential, "{name}");
        }
        for name in ["sig", "signature", "Signature", "X-Amz-Date", "assertion"] {
            assert_eq!(class(name.as_bytes(), NamePlace::Query), NameClass::Credential, "{name}");
            assert_ne!(class(name.as_bytes(), NamePlace::Json), NameClass::Credential, "{name}");
        }
        let long = format!("{}_api_key", "very_".repeat(40));
        assert_eq!(class(long.as_bytes(), NamePlace::Json), NameClass::Credential);
    }

    #[test]
    fn what_only_sounds_like_one_is_none() {
        for name in [
            "max_tokens",
            "maxOutputTokens",
            "completion_tokens",
            "prompt_tokens",
            "token_type",
            "tokens",
            "token_count",
            "page_token",
            "pageToken",
            "next_page_token",
            "continuation_token",
            "sync_token",
            "nextToken",
            "cursor",
            "tokenizer",
            "logit_bias",
            "secret_santa",
            "password_hint",
            "eos_token",
            "prompt_cache_key",
            "idempotency-key",
            "public_key",
            "keyboard",
            "author",
            "authors",
            "model",
            "api_key_id",
            "credential_type",
            "",
            "k",
            "signature_algorithm",
            "keys",
            "clientRequestToken",
            "secretary",
            "cookie_policy",
            "x-ratelimit-remaining-tokens",
        ] {
            for place in [NamePlace::Header, NamePlace::Query, NamePlace::Json] {
                assert_eq!(class(name.as_bytes(), place), NameClass::Plain, "{name} {place:?}");
            }
        }
        assert_eq!(class(b"thought_signature", NamePlace::Json), NameClass::Plain);
        assert_eq!(class(b"signature", NamePlace::Json), NameClass::Plain);
    }

    #[test]
    fn some_may_be_anything() {
        for name in ["key", "Token", "code", "auth", "session"] {
            assert_eq!(class(name.as_bytes(), NamePlace::Query), NameClass::Ambiguous, "{name}");
            assert_eq!(class(name.as_bytes(), NamePlace::Json), NameClass::Ambiguous, "{name}");
            assert_eq!(class(name.as_bytes(), NamePlace::Header), NameClass::Credential, "{name}");
        }
        for name in ["my_token", "search_key", "monkey"] {
            assert_eq!(class(name.as_bytes(), NamePlace::Query), NameClass::Suspect, "{name}");
        }
        let documented = |mount: &str, name: &str| is_documented(mount, &Folded::of(name.as_bytes()));
        assert!(documented("gemini", "key") && documented("vertex", "KEY"));
        assert!(!documented("openai", "key") && !documented("gemini", "token"));
        let word = |name: &str| Folded::of(name.as_bytes()).word();
        assert_eq!((word("Token"), word("search_key"), word("my-token")), ("token", "key", "token"));
    }
}
