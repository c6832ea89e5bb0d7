//! One of two exchanges.

use bytes::Bytes;

use crate::model::{Recording, Request, Response};

/// One of the two exchanges.
#[derive(Clone, Debug)]
pub struct Side<'a> {
    /// The request that was asked.
    pub request: &'a Request,
    /// The response that came.
    pub response: &'a Response,
    /// The pictures that the response links to, by the field that holds the link.
    pub linked: Vec<(String, Bytes)>,
}

impl<'a> From<&'a Recording> for Side<'a> {
    fn from(recording: &'a Recording) -> Self {
        Self { request: recording.request.get(), response: &recording.response, linked: Vec::new() }
    }
}
