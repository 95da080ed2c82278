// npm's ups-api, unmodified: all that it can do, from a label to its cancellation. Only the base URLs differ
// from what its users write.
const { API } = require("ups-api");

const address = (city, state, postal) => ({
  AddressLine: ["1 Main Street"],
  City: city,
  StateProvinceCode: state,
  PostalCode: postal,
  CountryCode: "US",
});

const shipment = {
  Description: "Books",
  Shipper: { Name: "Shipper", ShipperNumber: "A1B2C3", Address: address("New York", "NY", "10001") },
  ShipFrom: { Name: "Shipper", Address: address("New York", "NY", "10001") },
  ShipTo: { Name: "Customer", Address: address("Los Angeles", "CA", "90012") },
  PaymentInformation: { ShipmentCharge: [{ Type: "01", BillShipper: { AccountNumber: "A1B2C3" } }] },
  Service: { Code: "03" },
  Package: [
    {
      Packaging: { Code: "02" },
      PackageWeight: { UnitOfMeasurement: { Code: "LBS" }, Weight: "5" },
    },
  ],
};

// The next day on which parcels are picked up.
function workday() {
  const day = new Date(Date.now() + 86_400_000);
  while ([0, 6].includes(day.getUTCDay())) day.setUTCDate(day.getUTCDate() + 1);
  return day.toISOString().slice(0, 10).replaceAll("-", "");
}

async function main() {
  const gateway = process.env.WAYBILL_URL;
  const api = new API({
    authUrl: `${gateway}/`,
    baseUrl: `${gateway}/api/`,
    clientId: process.env.CLIENT_ID,
    clientSecret: process.env.CLIENT_SECRET,
  });
  const made = await api.createShipment({
    Request: { RequestOption: "nonvalidate" },
    Shipment: shipment,
    LabelSpecification: { LabelImageFormat: { Code: "GIF" } },
  });
  const number = made.ShipmentResponse.ShipmentResults.ShipmentIdentificationNumber;
  console.log(`shipment ${number}`);
  const tracked = await api.getTrackingDetails(number);
  console.log(`tracked ${tracked.trackResponse.shipment[0].inquiryNumber}`);
  const label = await api.getWaybill(number);
  console.log(`label ${Boolean(label.LabelRecoveryResponse.LabelResults)}`);
  const point = await api.getNearestAccessPoint("1 Main Street", "New York", "10001", "US");
  console.log(`access point ${Boolean(point.LocatorResponse.SearchResults)}`);
  const document = await api.createDocument(
    {
      Request: {},
      UserCreatedForm: [
        {
          UserCreatedFormFileName: "invoice",
          UserCreatedFormFileFormat: "pdf",
          UserCreatedFormDocumentType: "002",
          UserCreatedFormFile: Buffer.from("%PDF-1.4").toString("base64"),
        },
      ],
    },
    { headers: { ShipperNumber: "A1B2C3" } },
  );
  const { DocumentID } = document.UploadResponse.FormsHistoryDocumentID;
  console.log(`document ${Boolean(DocumentID)}`);
  await api.addDocumentShipment(
    {
      Request: {},
      FormsHistoryDocumentID: { DocumentID },
      ShipmentIdentifier: number,
      ShipmentDateAndTime: "2026-12-01-12.00.00",
      ShipmentType: "1",
      TrackingNumber: number,
    },
    { headers: { ShipperNumber: "A1B2C3" } },
  );
  console.log("document pushed");
  const pickup = await api.schedulePickup({
    RatePickupIndicator: "N",
    Shipper: { Account: { AccountNumber: "A1B2C3", AccountCountryCode: "US" } },
    PickupDateInfo: { CloseTime: "1700", ReadyTime: "1000", PickupDate: workday() },
    PickupAddress: {
      CompanyName: "Shipper",
      ContactName: "Jane",
      AddressLine: "1 Main Street",
      City: "New York",
      StateProvince: "NY",
      PostalCode: "10001",
      CountryCode: "US",
      ResidentialIndicator: "N",
      Phone: { Number: "2125550100" },
    },
    AlternateAddressIndicator: "Y",
    PickupPiece: [
      { ServiceCode: "003", Quantity: "1", DestinationCountryCode: "US", ContainerCode: "01" },
    ],
    PaymentMethod: "01",
  });
  console.log(`pickup ${Boolean(pickup.PickupCreationResponse.PRN)}`);
  const cancelled = await api.cancelShipment(number);
  const { Description } = cancelled.VoidShipmentResponse.SummaryResult.Status;
  console.log(`cancelled ${Description}`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
