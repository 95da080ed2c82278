//! A request to sign, without a gateway.

use crate::{CarrierAuth, Result, SignOut, SignRequest, config, sign::SignatureSink};

/// The fields that the plugin sets on this request, in order; query parameters begin with `?`.
///
/// ```
/// use plugins_sdk::{CarrierAuth, Context, Credential, Result, SignOut, SignRequest, testing};
/// # struct Acme;
/// impl CarrierAuth for Acme {
///     const SIGNS: bool = true;
///     fn sign(&self, request: &SignRequest<'_>, out: &mut SignOut<'_>) -> Result<()> {
///         let name = http::HeaderName::from_static("x-signed-at");
///         out.set_header(&name, &request.unix_ms.to_string())
///     }
///     // …
/// #   type Config = std::collections::BTreeMap<String, String>;
/// #   fn new(_: Self::Config) -> Result<Self> { Ok(Self) }
/// #   async fn authorize(&self, _: &Context) -> Result<Credential> { Ok(Credential::empty()) }
/// }
/// let request = SignRequest { unix_ms: 7, ..SignRequest::get("api.acme.example", "/rates") };
/// let fields = testing::sign::<Acme>("{}", &request).unwrap();
/// assert_eq!(fields, [("x-signed-at".to_owned(), "7".to_owned())]);
/// ```
pub fn sign<P: CarrierAuth>(
    config_json: &str,
    request: &SignRequest<'_>,
) -> Result<Vec<(String, String)>> {
    let plugin = P::new(config::parse(config_json.as_bytes())?)?;
    let mut taken = RecordedFields(Vec::new());
    plugin.sign(request, &mut SignOut::new(&mut taken))?;
    Ok(taken.0)
}

struct RecordedFields(Vec<(String, String)>);

impl SignatureSink for RecordedFields {
    fn set_header(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    fn set_query(&mut self, name: &str, value: &str) {
        self.0.push((format!("?{name}"), value.to_owned()));
    }
}
