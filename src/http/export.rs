//! A stored result as a document that is written while it is sent.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_DISPOSITION;
use bytes::Bytes;
use futures::stream;
use tokio::sync::mpsc::Receiver;

use super::problem::Problem;
use crate::error::Result;
use crate::model::Id;
use crate::results::Format;

/// Sends the pieces. An error before the first piece is a problem; a later one breaks the response off, so that nobody
/// takes a part for the whole.
pub async fn respond(
    id: Id,
    format: Format,
    mut pieces: Receiver<Result<Bytes>>,
) -> std::result::Result<HttpResponse, Problem> {
    let first = pieces.recv().await.transpose()?;
    let name = format!("attachment; filename=\"querent-{id}.{}\"", format.extension());
    let body = stream::unfold((first, pieces), |(first, mut pieces)| async move {
        let piece = match first {
            Some(piece) => Ok(piece),
            None => pieces.recv().await?.map_err(Problem::from),
        };
        Some((piece, (None, pieces)))
    });
    Ok(HttpResponse::Ok()
        .content_type(format.media_type())
        .insert_header((CONTENT_DISPOSITION, name))
        .streaming(body))
}
