//! Changes made by the client, one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;

use crate::client::Client;
use crate::tui::protocol::message::Message;
use crate::tui::protocol::mutation::Mutation;

/// Makes changes in the order of the keys; `cancelled` gives up what is left of a long one.
pub(super) async fn carry_out_all(
    client: Client,
    mut mutations: mpsc::UnboundedReceiver<Mutation>,
    say: mpsc::Sender<Message>,
    cancelled: Arc<AtomicBool>,
) {
    while let Some(mutation) = mutations.recv().await {
        let (what, next) = (mutation.what(), mutation.next());
        cancelled.store(false, Ordering::SeqCst);
        let step = |done, total| {
            // Where the screen is behind, a later count reaches it.
            say.try_send(Message::Progress { done, total }).ok();
            !cancelled.load(Ordering::SeqCst)
        };
        let agreed = mutation.agreed();
        let (message, next) = match (mutation.carry_out(&client, step).await, agreed) {
            (Ok(told), _) => (Message::Done(told), next),
            (Err(error), Some(mutation)) if error.wants_consent() => {
                (Message::Consent { mutation, text: error.to_string() }, None)
            }
            (Err(error), _) => (Message::Failed { what, text: error.to_string() }, None),
        };
        for message in std::iter::once(message).chain(next.map(Message::Offer)) {
            if say.send(message).await.is_err() {
                return;
            }
        }
    }
}
