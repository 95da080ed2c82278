//! The rows: what is particular about each carrier.

/// One carrier.
#[derive(Debug)]
pub(super) struct Row {
    /// Its id, which is also the name of its plugin and of its stand-in.
    pub(super) carrier: &'static str,
    /// Further lines of its `[[account]]`.
    pub(super) account: &'static str,
    /// The call that the stand-in answers; `{account}` in it is the account number.
    pub(super) call: Call,
    /// Fields that the call has to have at the carrier, and how their values begin.
    pub(super) carries: &'static [(&'static str, &'static str)],
    /// Whether the carrier issues tokens; without them the credentials themselves travel.
    pub(super) has_tokens: bool,
    /// Whether the plugin's manifest has a harmless call.
    pub(super) has_probe: bool,
    /// Whether a request names an account number, so that it may name a foreign one.
    pub(super) names_account: bool,
    /// The app's token request, if the gateway has a token endpoint in the carrier's form.
    pub(super) token: Option<Token>,
    /// Whether apps may send their client id and secret with every request, as the carrier's clients do.
    pub(super) takes_basic: bool,
    /// A header field that the carrier's errors have, if it uses one.
    pub(super) error_field: Option<&'static str>,
    /// Mistakes in the `[[account]]`: a line in place of `account`, and words of the message.
    pub(super) mistakes: &'static [(&'static str, &'static [&'static str])],
}

/// A request of an app to the carrier's API.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) content_type: &'static str,
    pub(super) body: &'static str,
}

/// A token request of an app with the client id `shop-client` and the secret `shop-secret`.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) path: &'static str,
    /// Header fields.
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) body: &'static str,
    /// The JSON pointer of the token in the response, or the header field that has it.
    pub(super) token_at: &'static str,
    /// The field in which requests carry the token.
    pub(super) carried: &'static str,
    /// The JSON pointer of a code in the carrier's own error, and that code for a wrong secret.
    pub(super) refused: (&'static str, &'static str),
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

pub(super) static FEDEX: Row = Row {
    carrier: "fedex",
    account: "account_number = \"740561073\"\nsettings = { customer_type = \"integrator\", child_key = \
              \"stand-in-child\", child_secret = { value = \"stand-in-child-secret\" } }",
    call: Call {
        method: "POST",
        path: "/rate/v1/rates/quotes",
        content_type: "application/json",
        body: r#"{"accountNumber":{"value":"{account}"}}"#,
    },
    carries: &[
        ("authorization", "Bearer fedex-access-"),
        ("x-locale", "en_US"),
        ("x-customer-transaction-id", ""),
    ],
    has_tokens: true,
    has_probe: true,
    names_account: true,
    token: Some(Token {
        path: "/oauth/token",
        headers: &[FORM],
        body: "grant_type=csp_credentials&client_id=shop-client&client_secret=shop-secret&child_Key=a&child_secret=b",
        token_at: "/access_token",
        carried: "authorization",
        refused: ("/errors/0/code", "NOT.AUTHORIZED.ERROR"),
    }),
    takes_basic: false,
    error_field: None,
    mistakes: &[
        ("account_number = \"A1B2C3\"", &["FedEx", "nine digits"]),
        (
            "settings = { customer_type = \"parent_child\" }",
            &[
                "child_key",
                "FedEx: Child Key, or Customer Key",
                "is missing",
            ],
        ),
        (
            "settings = { client_id = \"x\" }",
            &["client_id is no setting"],
        ),
    ],
};

pub(super) static DHL_ECOMMERCE: Row = Row {
    carrier: "dhl-ecommerce",
    account: "account_number = \"5351244\"",
    call: Call {
        method: "POST",
        path: "/shipping/v4/products",
        content_type: "application/json",
        body: r#"{"pickup":"{account}"}"#,
    },
    carries: &[("authorization", "Bearer dhl-ecommerce-access-")],
    has_tokens: true,
    has_probe: true,
    names_account: true,
    token: Some(Token {
        path: "/auth/v4/accesstoken",
        headers: &[FORM],
        body: "grant_type=client_credentials&client_id=shop-client&client_secret=shop-secret",
        token_at: "/access_token",
        carried: "authorization",
        refused: ("/type", "https://api.dhlecs.com/docs/errors/401.0000001"),
    }),
    takes_basic: false,
    error_field: None,
    mistakes: &[(
        "settings = { child_key = 1.5 }",
        &["child_key", "no such setting"],
    )],
};

pub(super) static DHL_PARCEL_DE: Row = Row {
    carrier: "dhl-parcel-de",
    account: "account_number = \"33333333330102\"\nsettings = { username = \"stand-in-user\", password = { value \
              = \"stand-in-password\" } }",
    call: Call {
        method: "POST",
        path: "/parcel/de/shipping/v2/orders?validate=true",
        content_type: "application/json",
        body: r#"{"shipments":[{"billingNumber":"{account}"}]}"#,
    },
    carries: &[
        ("authorization", "Bearer dhl-parcel-de-access-"),
        ("accept-language", ""),
    ],
    has_tokens: true,
    has_probe: true,
    names_account: true,
    token: Some(Token {
        path: "/parcel/de/account/auth/ropc/v1/token",
        headers: &[FORM],
        body: "grant_type=password&username=a&password=b&client_id=shop-client&client_secret=shop-secret",
        token_at: "/access_token",
        carried: "authorization",
        refused: ("/error", "invalid_client"),
    }),
    takes_basic: false,
    error_field: None,
    mistakes: &[
        ("", &["username", "DHL: GKP user name", "is missing"]),
        (
            "settings = { username = \"a\" }",
            &["password", "DHL: GKP password", "is missing"],
        ),
        (
            "settings = { username = \"a\", password = { value = \"b\" } }\naccount_number = \"1\"",
            &["DHL: billing number", "14 letters or digits"],
        ),
    ],
};

pub(super) static GLS: Row = Row {
    carrier: "gls",
    account: "account_number = \"276a45fkqM\"\nsettings = { credentials_in = \"form\" }",
    call: Call {
        method: "POST",
        path: "/shipit-farm/v1/backend/rs/shipments/allowedservices",
        content_type: "application/glsVersion1+json",
        body: r#"{"ContactID":"{account}"}"#,
    },
    carries: &[("authorization", "Bearer gls-access-")],
    has_tokens: true,
    has_probe: true,
    names_account: true,
    token: Some(Token {
        path: "/oauth2/v2/token",
        headers: &[FORM],
        body: "grant_type=client_credentials&client_id=shop-client&client_secret=shop-secret",
        token_at: "/access_token",
        carried: "authorization",
        refused: ("/errors/0/type", "400"),
    }),
    takes_basic: false,
    error_field: Some("error"),
    mistakes: &[(
        "settings = { credentials_in = \"query\" }",
        &["credentials_in", "expected"],
    )],
};

const PAYING: Row = Row {
    carrier: "usps",
    account: "account_number = \"1000405525\"\n\
              settings = { crid = \"12345678\", mid = \"903000000\", account_type = \"EPS\" }",
    call: Call {
        method: "POST",
        path: "/prices/v3/base-rates/search",
        content_type: "application/json",
        body: "{}",
    },
    carries: &[("authorization", "Bearer usps-access-")],
    has_tokens: true,
    has_probe: true,
    names_account: false,
    token: Some(Token {
        path: "/oauth2/v3/token",
        headers: &[("content-type", "application/json")],
        body: r#"{"grant_type":"client_credentials","client_id":"shop-client","client_secret":"shop-secret"}"#,
        token_at: "/access_token",
        carried: "authorization",
        refused: ("/error", "invalid_client"),
    }),
    takes_basic: false,
    error_field: None,
    mistakes: &[
        (
            "account_number = \"1\"\nsettings = { crid = \"12A\", mid = \"903000000\", account_type = \"EPS\" }",
            &["USPS", "CRID", "1 to 15 digits"],
        ),
        (
            "settings = { crid = \"12345678\", mid = \"903000000\", account_type = \"EPS\" }",
            &["account_number", "EPS account"],
        ),
    ],
};

pub(super) static USPS: Row = PAYING;

/// Without the roles of a payment authorization, and with token requests in forms.
pub(super) static USPS_WITHOUT_LABELS: Row = Row {
    account: "settings = { token_request = \"form\" }",
    ..PAYING
};

pub(super) static AMAZON_SHIPPING: Row = Row {
    carrier: "amazon-shipping",
    account: "settings = { business_id = \"AmazonShipping_UK\", \
              refresh_token = { value = \"Atzr|stand-in-refresh\" } }",
    call: Call {
        method: "POST",
        path: "/shipping/v2/shipments/rates",
        content_type: "application/json",
        body: "{}",
    },
    carries: &[
        ("x-amz-access-token", "amazon-shipping-access-"),
        ("x-amzn-shipping-business-id", "AmazonShipping_UK"),
    ],
    has_tokens: true,
    has_probe: true,
    names_account: false,
    token: Some(Token {
        path: "/auth/o2/token",
        headers: &[FORM],
        // The apps' own refresh token, which nobody looks at.
        body: "grant_type=refresh_token&refresh_token=Atzr%7Cof-the-app&client_id=shop-client&\
               client_secret=shop-secret",
        token_at: "/access_token",
        carried: "x-amz-access-token",
        refused: ("/error", "invalid_client"),
    }),
    takes_basic: false,
    error_field: None,
    mistakes: &[
        (
            "settings = { business_id = \"UK\", refresh_token = { value = \"planted\" } }",
            &["Amazon", "x-amzn-shipping-business-id"],
        ),
        ("", &["refresh_token", "LWA refresh token"]),
    ],
};

/// With a restricted data token.
pub(super) static AMAZON_RESTRICTED: Row = Row {
    carrier: "amazon-shipping",
    account: "settings = { restricted_data = true, \
              refresh_token = { value = \"Atzr|stand-in-refresh\" } }",
    call: Call {
        method: "GET",
        path: "/orders/v0/orders/123-1234567-1234567/address",
        content_type: "",
        body: "",
    },
    carries: &[("x-amz-access-token", "amazon-shipping-restricted-")],
    has_tokens: true,
    has_probe: true,
    names_account: false,
    token: None,
    takes_basic: false,
    error_field: None,
    mistakes: &[],
};

pub(super) static DHL_EXPRESS: Row = Row {
    carrier: "dhl-express",
    account: "account_number = \"123456789\"",
    call: Call {
        method: "POST",
        path: "/mydhlapi/test/rates",
        content_type: "application/json",
        body: r#"{"accounts":[{"typeCode":"shipper","number":"{account}"}]}"#,
    },
    carries: &[(
        "authorization",
        "Basic c3RhbmQtaW4tY2xpZW50OnN0YW5kLWluLXNlY3JldA==",
    )],
    has_tokens: false,
    has_probe: true,
    names_account: true,
    token: None,
    takes_basic: true,
    error_field: None,
    mistakes: &[
        ("account_number = \"A1\"", &["DHL Express", "nine digits"]),
        (
            "[account.settings]\nregion = \"eu\"",
            &["region", "has no such setting", "it has none"],
        ),
    ],
};

pub(super) static CANADA_POST: Row = Row {
    carrier: "canada-post",
    account: "account_number = \"1234567\"",
    call: Call {
        method: "GET",
        path: "/rs/{account}/{account}/shipment",
        content_type: "",
        body: "",
    },
    carries: &[
        (
            "authorization",
            "Basic c3RhbmQtaW4tY2xpZW50OnN0YW5kLWluLXNlY3JldA==",
        ),
        ("accept-language", "en-CA"),
    ],
    has_tokens: false,
    has_probe: true,
    names_account: true,
    token: None,
    takes_basic: true,
    error_field: None,
    mistakes: &[(
        "account_number = \"A1\"",
        &["Canada Post", "customer number"],
    )],
};

pub(super) static PUROLATOR: Row = Row {
    carrier: "purolator",
    account: "account_number = \"9999999999\"",
    call: Call {
        method: "POST",
        path: "/EWS/V2/Estimating/EstimatingService.asmx",
        content_type: "text/xml; charset=utf-8",
        body: r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>"#,
    },
    carries: &[(
        "authorization",
        "Basic c3RhbmQtaW4tY2xpZW50OnN0YW5kLWluLXNlY3JldA==",
    )],
    has_tokens: false,
    has_probe: true,
    names_account: false,
    token: None,
    takes_basic: true,
    error_field: None,
    mistakes: &[(
        "account_number = \"A1\"",
        &["Purolator", "billing account number"],
    )],
};

pub(super) static ROYAL_MAIL: Row = Row {
    carrier: "royal-mail",
    account: "[account.settings]\nusername = \"stand-in-user\"\npassword = { value = \"stand-in-password\" }",
    call: Call {
        method: "GET",
        path: "/shipping/v3/addresses",
        content_type: "",
        body: "",
    },
    carries: &[
        ("x-rmg-auth-token", "eyJ"),
        ("x-ibm-client-id", "stand-in-client"),
    ],
    has_tokens: true,
    has_probe: true,
    names_account: false,
    token: Some(Token {
        path: "/shipping/v3/token",
        headers: &[
            ("x-ibm-client-id", "shop-client"),
            ("x-ibm-client-secret", "shop-secret"),
            ("x-rmg-security-username", "user"),
            ("x-rmg-security-password", "password"),
        ],
        body: "",
        token_at: "/token",
        carried: "x-rmg-auth-token",
        refused: ("/errors/0/errorCode", "401"),
    }),
    takes_basic: false,
    error_field: None,
    mistakes: &[
        (
            "[account.settings]\nusername = \"user\"",
            &["password", "X-RMG-Security-Password"],
        ),
        (
            "[account.settings]\nusername = \"user\"\npassword = \"plain\"",
            &["password", "it is a secret", "X-RMG-Security-Password"],
        ),
        (
            "[account.settings]\nusername = 7\npassword = { value = \"stand-in-password\" }",
            &["username: expected a string", "X-RMG-Security-Username"],
        ),
    ],
};

pub(super) static DPD: Row = Row {
    carrier: "dpd",
    account: "[account.settings]\nbu_code = \"001\"",
    call: Call {
        method: "POST",
        path: "/shipping/v1/pickupscheduling",
        content_type: "application/json",
        body: r#"{"sendingDepot":"0010100"}"#,
    },
    carries: &[("authorization", "Bearer eyJ")],
    has_tokens: true,
    has_probe: false,
    names_account: false,
    token: Some(Token {
        path: "/shipping/v1/login",
        headers: &[
            ("x-dpd-login", "shop-client"),
            ("x-dpd-password", "shop-secret"),
            ("x-dpd-bucode", "001"),
        ],
        body: "",
        token_at: "x-dpd-token",
        carried: "authorization",
        refused: ("/errorCode", "UNAUTHORIZED"),
    }),
    takes_basic: false,
    error_field: None,
    mistakes: &[
        ("", &["bu_code", "X-DPD-BUCODE"]),
        (
            "[account.settings]\nbu_code = \"001\"\nlogin_type = \"oauth\"",
            &["login_type", "expected"],
        ),
    ],
};

pub(super) static STATIC_HEADER: Row = Row {
    carrier: "static-header",
    account: "[account.settings]\nprobe = \"/track/shipments?trackingNumber=1\"\n\
              fields = { \"DHL-API-Key\" = \"{client_secret}\" }",
    call: Call {
        method: "GET",
        path: "/track/shipments?trackingNumber=1",
        content_type: "",
        body: "",
    },
    carries: &[("dhl-api-key", "stand-in-secret")],
    has_tokens: false,
    has_probe: true,
    names_account: false,
    token: None,
    takes_basic: false,
    error_field: None,
    mistakes: &[
        ("", &["fields", "DHL-API-Key"]),
        (
            "[account.settings]\nfields = { \"Host\" = \"{client_secret}\" }",
            &["host, which belongs to the message"],
        ),
        (
            "[account.settings]\nprobe = \"https://elsewhere.example\"\nfields = { \"DHL-API-Key\" = \"{client_secret}\" }",
            &["probe", "no path", "harmless call"],
        ),
    ],
};

pub(super) static HMAC: Row = Row {
    carrier: "hmac",
    account: "[account.settings]\nprobe = \"/rates\"\nencoding = \"hex\"\ncanonical = \"{method}\\n{target}\\n{date}\\n{nonce}\\n{body_sha256}\"\nfields = { \"Date\" = \"{date}\", \"X-Nonce\" = \"{nonce}\", \"Authorization\" = \"HMAC {client_id}:{signature}\" }",
    call: Call {
        method: "POST",
        path: "/rates?a=b",
        content_type: "application/json",
        body: r#"{"weight":1}"#,
    },
    carries: &[
        ("authorization", "HMAC stand-in-client:"),
        ("x-nonce", ""),
        ("date", ""),
    ],
    has_tokens: false,
    has_probe: true,
    names_account: false,
    token: None,
    takes_basic: false,
    error_field: None,
    mistakes: &[
        (
            "[account.settings]\ncanonical = \"{method}{nonce}\"\nfields = { \"X\" = \"{signature}\" }",
            &["canonical", "no field sends it"],
        ),
        (
            "[account.settings]\nalgorithm = \"md5\"\ncanonical = \"{method}\"\nfields = { \"X\" = \"{signature}\" }",
            &["algorithm", "expected"],
        ),
    ],
};
