//! From the settings to a translator: the built-in one, a model, or recorded answers.

use std::time::Duration;

use nl2sql::Translator;
use nl2sql::model::{Client, ModelConfig, Prices, Recorded, Secret, Timeouts};

use crate::config::{Model, Privacy, Provider};
use crate::error::{Class, Error, Result};

const OPENAI: &str = "https://api.openai.com/v1";
const ANTHROPIC: &str = "https://api.anthropic.com";

/// The translator that the settings ask for.
///
/// # Errors
/// When the model's name or key is missing, or recorded answers cannot be read.
pub fn translator(model: &Model) -> Result<Translator> {
    let client = match model.provider {
        Provider::Builtin => return Ok(Translator::Builtin),
        Provider::Recorded => {
            let recorded = Recorded::read(&model.file).map_err(|e| Error::new("K031", Class::BadInput, e.to_string()))?;
            return Ok(Translator::Recorded(recorded));
        }
        Provider::Openai => Client::open_ai(settings(model, OPENAI)?),
        Provider::Anthropic => Client::anthropic(settings(model, ANTHROPIC)?),
    };
    let client = client.map_err(|e| Error::new("K032", Class::BadInput, e.to_string()))?;
    Ok(Translator::model(client, privacy(model.privacy), model.schema_tokens, model.samples))
}

fn settings(model: &Model, default_url: &str) -> Result<ModelConfig> {
    if model.name.is_empty() {
        return Err(Error::new("K030", Class::BadInput, "model.provider is set but model.name is not")
            .hint("Set model.name (or QUERENT_MODEL_NAME) to the model to ask."));
    }
    let url = if model.base_url.is_empty() { default_url } else { &model.base_url };
    let prices = Prices { input: model.input_price, output: model.output_price };
    Ok(ModelConfig {
        key: Secret::new(&model.api_key),
        timeouts: Timeouts { total: Duration::from_secs(model.timeout), ..Timeouts::default() },
        concurrency: model.concurrency,
        prices: (prices.input > 0.0 || prices.output > 0.0).then_some(prices),
        ..ModelConfig::new(url, &model.name)
    })
}

fn privacy(level: Privacy) -> nl2sql::PrivacyLevel {
    match level {
        Privacy::Names => nl2sql::PrivacyLevel::NamesOnly,
        Privacy::Statistics => nl2sql::PrivacyLevel::Statistics,
        Privacy::Values => nl2sql::PrivacyLevel::SampleValues,
        Privacy::Rows => nl2sql::PrivacyLevel::ResultRows,
    }
}
