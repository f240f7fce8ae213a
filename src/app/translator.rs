//! From the settings to a translator: the built-in one, a model, or recorded answers.

use std::sync::Arc;
use std::time::Duration;

use nl2sql::model::{Client, ModelConfig, Prices, Recorded, Secret, Timeouts};
use nl2sql::prompt::{PromptLimits, Prompts};
use nl2sql::propose::{ModelTranslator, RecordedTranslator, Translator};

use crate::config::{Model, Provider};
use crate::error::{Class, Error, Result};
use crate::telemetry::traces;

const OPENAI: &str = "https://api.openai.com/v1";
const ANTHROPIC: &str = "https://api.anthropic.com";
/// Times that a refused statement goes back to the model.
const REPAIR_ROUNDS: usize = 2;

/// The translator that the settings ask for.
///
/// # Errors
/// When the model's name is missing, the address or the templates cannot be used, or recorded answers cannot be read.
pub fn translator(model: &Model) -> Result<Translator> {
    let client = match model.provider {
        Provider::Builtin => return Ok(Translator::Builtin),
        Provider::Recorded => {
            let recorded = Recorded::open(&model.file).map_err(|e| unusable(&e))?;
            let client = Arc::new(Client::Recorded(recorded));
            return Ok(Translator::Recorded(RecordedTranslator { client, id: None, db_id: None }));
        }
        Provider::Openai => Client::open_ai(settings(model, OPENAI)?),
        Provider::Anthropic => Client::anthropic(settings(model, ANTHROPIC)?),
    };
    let prompts = if model.prompts.as_os_str().is_empty() {
        Prompts::built_in()
    } else {
        Prompts::with_folder(&model.prompts)
    };
    Ok(Translator::Model(ModelTranslator {
        client: Arc::new(client.map_err(|e| unusable(&e))?),
        prompts: Arc::new(prompts.map_err(|e| unusable(&e))?),
        limits: PromptLimits {
            privacy: crate::chat::privacy(model.privacy.as_str()),
            schema_tokens: model.schema_tokens as u64,
            ..PromptLimits::default()
        },
        samples: model.samples.max(1),
        repair_rounds: REPAIR_ROUNDS,
        fallback: true,
    }))
}

fn unusable(error: &dyn std::fmt::Display) -> Error {
    Error::new("K031", Class::BadInput, error.to_string()).hint("Check model.* in the configuration.")
}

fn settings(model: &Model, default_url: &str) -> Result<ModelConfig> {
    if model.name.is_empty() {
        return Err(Error::new("K030", Class::BadInput, "model.provider is set but model.name is not")
            .hint("Set model.name (or QUERENT_MODEL_NAME) to the model to ask."));
    }
    let url = if model.base_url.is_empty() { default_url } else { &model.base_url };
    let prices = Prices { input: model.input_price, output: model.output_price };
    Ok(ModelConfig {
        key: Secret::new(model.api_key.expose()),
        timeouts: Timeouts { total: Duration::from_secs(model.timeout), ..Timeouts::default() },
        concurrency: model.concurrency,
        traceparent: Some(traces::traceparent),
        prices: (prices.input > 0.0 || prices.output > 0.0).then_some(prices),
        ..ModelConfig::new(url, &model.name)
    })
}
