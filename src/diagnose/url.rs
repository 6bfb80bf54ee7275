//! The URL that was asked for: a path, or a whole URL whose scheme, host and port say which endpoint the client used.

/// A URL, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// `http` or `https`, when it was given.
    pub scheme: Option<String>,
    /// Host in lower case, when it was given.
    pub host: Option<String>,
    /// Port, when the scheme or the URL gives it.
    pub port: Option<u16>,
    /// Path without query; begins with a slash and ends with one only when it is `/`.
    pub path: String,
}

impl Default for Url {
    fn default() -> Self {
        Url { scheme: None, host: None, port: None, path: "/".to_owned() }
    }
}

impl Url {
    /// Reads a path or URL; the error says what is wrong.
    pub fn parse(text: &str) -> Result<Url, String> {
        let text = text.trim();
        let (scheme, host, port, path) = match text.split_once("://") {
            None if text.starts_with('/') => (None, None, None, text),
            None => return Err("expected a path such as /orders/api, or a URL such as https://www.example.com/orders/api".to_owned()),
            Some((scheme, rest)) => {
                let scheme = scheme.to_ascii_lowercase();
                let default = match scheme.as_str() {
                    "http" => 80,
                    "https" => 443,
                    _ => return Err("expected http or https".to_owned()),
                };
                let (authority, path) = rest.find(['/', '?', '#']).map_or((rest, ""), |at| rest.split_at(at));
                let authority = authority.rsplit('@').next().unwrap_or_default();
                let (host, port) = match authority.rsplit_once(':') {
                    Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| format!("{port} is no port"))?),
                    _ => (authority, default),
                };
                if host.is_empty() {
                    return Err("the host is missing".to_owned());
                }
                (Some(scheme), Some(host.to_lowercase()), Some(port), path)
            }
        };
        let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        let path = if path.is_empty() { "/" } else { path };
        Ok(Url { scheme, host, port, path: path.to_owned() })
    }

    /// Whether it is called by http.
    pub fn is_plain(&self) -> bool {
        self.scheme.as_deref() == Some("http")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_and_a_whole_url_are_read() {
        assert_eq!(Url::parse("/a/b/?x=1").unwrap().path, "/a/b");
        assert_eq!(Url::parse("/").unwrap(), Url::default());
        let url = Url::parse("https://WWW.Example.com:8443/a?b#c").unwrap();
        assert_eq!((url.host.as_deref(), url.port, url.path.as_str()), (Some("www.example.com"), Some(8443), "/a"));
        let url = Url::parse("http://[::1]").unwrap();
        assert_eq!((url.host.as_deref(), url.port, url.path.as_str(), url.is_plain()), (Some("[::1]"), Some(80), "/", true));
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for text in ["orders", "ftp://x/", "https:///a", "https://a:b/", ""] {
            assert!(Url::parse(text).is_err(), "{text}");
        }
    }
}
