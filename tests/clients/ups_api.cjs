// npm's ups-api, unmodified: a parcel from its label to its cancellation. Only the base URLs differ
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
  const cancelled = await api.cancelShipment(number);
  const { Description } = cancelled.VoidShipmentResponse.SummaryResult.Status;
  console.log(`cancelled ${Description}`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
