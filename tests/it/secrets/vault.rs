//! A server that speaks as Vault's transit engine does, with real AES-256-GCM, and can be told to misbehave.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

pub const TOKEN: &str = "hvs.a-token-of-tests";
const NONCE: usize = 12;

#[derive(Default)]
struct State {
    keys: Mutex<Vec<LessSafeKey>>,
    /// Every body that came, to look for what should not be in it.
    bodies: Mutex<Vec<String>>,
    strange: AtomicBool,
}

/// A running one.
pub struct FakeVault {
    pub address: String,
    state: Arc<State>,
    server: ServerHandle,
}

impl FakeVault {
    pub async fn start() -> FakeVault {
        let state = Arc::new(State::default());
        state.rotate();
        let data = web::Data::from(state.clone());
        let server = HttpServer::new(move || {
            App::new().app_data(data.clone()).route("/v1/teams/transit/{tail:.*}", web::to(answer))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let address = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        FakeVault { address, state, server: handle }
    }

    /// Answers with something else from now on.
    pub fn go_strange(&self) {
        self.state.strange.store(true, Ordering::SeqCst);
    }

    pub async fn stop(&self) {
        self.server.stop(false).await;
    }

    pub fn bodies(&self) -> String {
        self.state.bodies.lock().unwrap().join("\n")
    }
}

impl State {
    fn rotate(&self) {
        let key: [u8; 32] = rand::random();
        let key = UnboundKey::new(&AES_256_GCM, &key).unwrap();
        self.keys.lock().unwrap().push(LessSafeKey::new(key));
    }

    fn encrypt(&self, plain: &[u8]) -> String {
        let keys = self.keys.lock().unwrap();
        let nonce: [u8; NONCE] = rand::random();
        let mut text = plain.to_vec();
        let key = keys.last().unwrap();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text).unwrap();
        format!("vault:v{}:{}", keys.len(), STANDARD.encode([nonce.as_slice(), &text].concat()))
    }

    fn decrypt(&self, text: &str) -> Option<Vec<u8>> {
        let (version, text) = text.strip_prefix("vault:v")?.split_once(':')?;
        let mut bytes = STANDARD.decode(text).ok()?;
        let keys = self.keys.lock().unwrap();
        let key = keys.get(version.parse::<usize>().ok()?.checked_sub(1)?)?;
        let nonce = bytes.get(..NONCE)?.try_into().ok()?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        Some(key.open_in_place(nonce, Aad::empty(), bytes.get_mut(NONCE..)?).ok()?.to_vec())
    }
}

async fn answer(request: HttpRequest, state: web::Data<State>, body: web::Bytes) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if header("X-Vault-Token") != TOKEN || header("X-Vault-Namespace") != "ns1" {
        return HttpResponse::Forbidden().json(json!({ "errors": ["permission denied: hunter2"] }));
    }
    if state.strange.load(Ordering::SeqCst) {
        return HttpResponse::Ok().body("<html>");
    }
    state.bodies.lock().unwrap().push(String::from_utf8_lossy(&body).into_owned());
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let refused =
        || HttpResponse::BadRequest().json(json!({ "errors": ["cipher: message authentication failed"] }));
    let data = match request.match_info().query("tail") {
        "encrypt/querent" => {
            json!({ "ciphertext": state.encrypt(&STANDARD.decode(text("plaintext")).unwrap()) })
        }
        "decrypt/querent" => match state.decrypt(text("ciphertext")) {
            Some(plain) => json!({ "plaintext": STANDARD.encode(plain) }),
            None => return refused(),
        },
        "rewrap/querent" => match state.decrypt(text("ciphertext")) {
            Some(plain) => json!({ "ciphertext": state.encrypt(&plain) }),
            None => return refused(),
        },
        "keys/querent" => json!({ "latest_version": state.keys.lock().unwrap().len() }),
        "keys/querent/rotate" => {
            state.rotate();
            return HttpResponse::NoContent().finish();
        }
        _ => return HttpResponse::NotFound().json(json!({ "errors": [] })),
    };
    HttpResponse::Ok().json(json!({ "data": data }))
}
