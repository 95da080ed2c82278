//! Carriers with a user name and a password on every request: DHL Express, Canada Post, Purolator.

use crate::endpoint::{Answer, Carrier, Endpoint, Field, Place, Value, field};

const BASIC: [Field; 2] = [
    field(Place::BasicUser, Value::Secret("client_id")),
    field(Place::BasicPassword, Value::Secret("client_secret")),
];

const SECRETS: &[(&str, &str)] = &[
    ("client_id", "stand-in-client"),
    ("client_secret", "stand-in-secret"),
];

/// An API call with Basic authentication.
const fn call(
    name: &'static str,
    methods: &'static [&'static str],
    path: &'static str,
    account: Option<Place>,
    [good, refused, foreign, limited]: [Answer; 4],
) -> Endpoint {
    Endpoint {
        name,
        methods,
        path,
        forms: &[&BASIC],
        issues: None,
        account,
        good,
        malformed: refused,
        refused,
        foreign,
        limited,
    }
}

const DHL_REFUSED: Answer = Answer::json(
    401,
    r#"{"reasons":[{"msg":"Invalid Credentials"}],"details":{"msgId":"Id-stand-in"}}"#,
);
const DHL_RATES: [Answer; 4] = [
    Answer::json(
        200,
        r#"{"products":[{"productName":"EXPRESS WORLDWIDE","productCode":"P","totalPrice":[{"currencyType":"BILLC","priceCurrency":"EUR","price":61.27}]}]}"#,
    ),
    DHL_REFUSED,
    Answer::json(
        400,
        r#"{"instance":"/expapi/rates","detail":"998: Account number not found or not allowed","title":"Bad request","message":"Bad request","status":400}"#,
    ),
    Answer::json(429, r#"{"title":"Too Many Requests","status":429}"#),
];
const DHL_ADDRESS: [Answer; 4] = [
    Answer::json(
        200,
        r#"{"warnings":[],"address":[{"countryCode":"DE","postalCode":"53113","cityName":"BONN","serviceArea":{"code":"CGN"}}]}"#,
    ),
    DHL_REFUSED,
    DHL_REFUSED,
    Answer::json(429, r#"{"title":"Too Many Requests","status":429}"#),
];
const DHL_ACCOUNT: Option<Place> = Some(Place::Json("/accounts/0/number"));

pub(super) static DHL_EXPRESS: Carrier = Carrier {
    name: "dhl-express",
    secrets: SECRETS,
    account: "123456789",
    endpoints: &[
        call(
            "rates",
            &["POST"],
            "/mydhlapi/rates",
            DHL_ACCOUNT,
            DHL_RATES,
        ),
        call(
            "test-rates",
            &["POST"],
            "/mydhlapi/test/rates",
            DHL_ACCOUNT,
            DHL_RATES,
        ),
        call(
            "address",
            &["GET"],
            "/mydhlapi/address-validate",
            None,
            DHL_ADDRESS,
        ),
        call(
            "test-address",
            &["GET"],
            "/mydhlapi/test/address-validate",
            None,
            DHL_ADDRESS,
        ),
    ],
    not_found: Answer::json(
        404,
        r#"{"instance":"/expapi","detail":"The resource was not found","title":"Not found","message":"Not found","status":404}"#,
    ),
};

const XML: &str = "application/xml";
const CANADA_REFUSED: Answer = Answer::of(
    401,
    XML,
    r#"<?xml version="1.0" encoding="UTF-8"?><messages xmlns="http://www.canadapost.ca/ws/messages"><message><code>E002</code><description>AAA Authentication Failure</description></message></messages>"#,
);
const CANADA_FOREIGN: Answer = Answer::of(
    403,
    XML,
    r#"<?xml version="1.0" encoding="UTF-8"?><messages xmlns="http://www.canadapost.ca/ws/messages"><message><code>AA003</code><description>The API key in the "Authorization" header does not match the mailed-by customer number in the request.</description></message></messages>"#,
);
const CANADA_LIMITED: Answer = Answer::of(
    503,
    XML,
    r#"<?xml version="1.0" encoding="UTF-8"?><messages xmlns="http://www.canadapost.ca/ws/messages"><message><code>Server</code><description>Rejected by SLM Monitor</description></message></messages>"#,
);

pub(super) static CANADA_POST: Carrier = Carrier {
    name: "canada-post",
    secrets: SECRETS,
    account: "1234567",
    endpoints: &[
        call(
            "shipments",
            &["GET"],
            "/rs/{customer}/{mobo}/shipment",
            Some(Place::Segment(1)),
            [
                Answer::of(
                    200,
                    "application/vnd.cpc.shipment-v8+xml",
                    r#"<?xml version="1.0" encoding="UTF-8"?><shipments xmlns="http://www.canadapost.ca/ws/shipment-v8"/>"#,
                ),
                CANADA_REFUSED,
                CANADA_FOREIGN,
                CANADA_LIMITED,
            ],
        ),
        call(
            "rates",
            &["POST"],
            "/rs/ship/price",
            None,
            [
                Answer::of(
                    200,
                    "application/vnd.cpc.ship.rate-v4+xml",
                    r#"<?xml version="1.0" encoding="UTF-8"?><price-quotes xmlns="http://www.canadapost.ca/ws/ship/rate-v4"><price-quote><service-code>DOM.EP</service-code><service-name>Expedited Parcel</service-name><price-details><base>16.85</base><taxes><gst>0.00</gst><pst>0.00</pst><hst percent="13.000">2.19</hst></taxes><due>19.04</due></price-details><service-standard><expected-transit-time>5</expected-transit-time></service-standard></price-quote></price-quotes>"#,
                ),
                CANADA_REFUSED,
                CANADA_FOREIGN,
                CANADA_LIMITED,
            ],
        ),
    ],
    not_found: Answer::of(404, XML, ""),
};

const SOAP: &str = "text/xml; charset=utf-8";
/// The web server refuses, not the service: its page is HTML.
const PUROLATOR_REFUSED: Answer = Answer::of(
    401,
    "text/html",
    "<html><head><title>401 - Unauthorized: Access is denied due to invalid credentials.</title></head></html>",
)
.with(&[("www-authenticate", "Basic realm=\"webservices.purolator.com\"")]);

pub(super) static PUROLATOR: Carrier = Carrier {
    name: "purolator",
    secrets: SECRETS,
    account: "9999999999",
    endpoints: &[call(
        "estimate",
        &["POST"],
        "/EWS/V2/Estimating/EstimatingService.asmx",
        None,
        [
            Answer::of(
                200,
                SOAP,
                r#"<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><GetFullEstimateResponse xmlns="http://purolator.com/pws/datatypes/v2"><ResponseInformation><Errors/></ResponseInformation><ShipmentEstimates><ShipmentEstimate><ServiceID>PurolatorExpress</ServiceID><ShipmentDate>2026-01-02</ShipmentDate><ExpectedDeliveryDate>2026-01-05</ExpectedDeliveryDate><EstimatedTransitDays>1</EstimatedTransitDays><BasePrice>33.10</BasePrice><Surcharges><Surcharge><Amount>4.34</Amount><Type>Fuel</Type><Description>Fuel</Description></Surcharge></Surcharges><Taxes><Tax><Amount>3.18</Amount><Type>HST</Type><Description>HST</Description></Tax></Taxes><OptionPrices><OptionPrice><Amount>0.00</Amount><ID>OriginSignatureNotRequired</ID><Description>OSNR</Description></OptionPrice></OptionPrices><TotalPrice>40.62</TotalPrice></ShipmentEstimate></ShipmentEstimates></GetFullEstimateResponse></s:Body></s:Envelope>"#,
            ),
            PUROLATOR_REFUSED,
            PUROLATOR_REFUSED,
            Answer::of(503, "text/html", "<html>Service Unavailable</html>"),
        ],
    )],
    not_found: Answer::of(
        404,
        "text/html",
        "<html>404 - File or directory not found.</html>",
    ),
};
