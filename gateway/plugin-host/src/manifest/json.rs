//! The manifest's JSON as it is written. Keys that this gateway does not know are ignored.

use super::{
    api::{AuthorizationServerJson, OperationJson},
    diagnosis::DiagnosisJson,
    legacy::LegacyJson,
    sign::SignJson,
    values::{HeaderJson, RefusalJson},
};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ManifestJson {
    pub(super) abi: String,
    #[serde(default)]
    pub(super) requires: u32,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) sdk: Option<String>,
    pub(super) carrier: CarrierJson,
    #[serde(default)]
    pub(super) capabilities: Vec<String>,
    #[serde(default)]
    pub(super) hosts: Vec<String>,
    #[serde(default)]
    pub(super) environments: BTreeMap<String, EnvironmentJson>,
    #[serde(default)]
    pub(super) slots: Vec<SlotJson>,
    #[serde(default)]
    pub(super) rejected_statuses: Vec<u16>,
    pub(super) errors: Option<TemplateJson>,
    pub(super) unauthenticated: Option<RefusalJson>,
    pub(super) downstream_token: Option<TokenEndpointJson>,
    #[serde(default)]
    pub(super) downstream_basic: bool,
    #[serde(default)]
    pub(super) headers_when_absent: Vec<HeaderJson>,
    #[serde(default)]
    pub(super) credential_headers: Vec<String>,
    pub(super) config_schema: Option<serde_json::Value>,
    pub(super) authorization_server: Option<AuthorizationServerJson>,
    #[serde(default)]
    pub(super) operations: Vec<OperationJson>,
    pub(super) legacy: Option<LegacyJson>,
    pub(super) sign: Option<SignJson>,
    #[serde(flatten)]
    pub(super) diagnosis: DiagnosisJson,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct CarrierJson {
    pub(super) id: String,
    pub(super) display_name: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct EnvironmentJson {
    pub(super) origin: String,
    pub(super) path: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct SlotJson {
    pub(super) name: String,
    #[serde(default)]
    pub(super) settings: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct TemplateJson {
    pub(super) template: String,
    #[serde(default)]
    pub(super) code_keys: Vec<String>,
    pub(super) headers: Option<ErrorHeadersJson>,
    pub(super) content_type: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ErrorHeadersJson {
    pub(super) code: String,
    pub(super) message: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct LoginFieldsJson {
    #[serde(default)]
    pub(super) credentials: Vec<[String; 2]>,
    #[serde(default)]
    pub(super) names: BTreeMap<String, String>,
    pub(super) issued: Option<String>,
    pub(super) carried: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct TokenEndpointJson {
    pub(super) path: String,
    #[serde(default)]
    pub(super) methods: Vec<String>,
    #[serde(default)]
    pub(super) fields: LoginFieldsJson,
    #[serde(default)]
    pub(super) credentials: Vec<String>,
    #[serde(default)]
    pub(super) grant_types: Vec<String>,
    #[serde(default)]
    pub(super) ignores_refresh_token: bool,
    pub(super) grant_type_message: Option<String>,
    pub(super) errors: Option<TemplateJson>,
    #[serde(default)]
    pub(super) template: String,
    pub(super) invalid_client: RefusalJson,
    pub(super) invalid_request: RefusalJson,
    pub(super) too_many_requests: RefusalJson,
}
