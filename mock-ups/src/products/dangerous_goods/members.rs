//! What UPS's file requires of a call.

pub(super) const REFERENCE: &str = "
ChemicalReferenceDataRequest* object
  Request* object
    SubVersion text
    TransactionReference object
      CustomerContext text ..512
  IDNumber text ..6
  ProperShippingName text ..250
  ShipperNumber* alphanumeric 6
";

pub(super) const AUDIT: &str = "
@address
  AddressLine text ..35
  City text ..30
  StateProvinceCode text ..30
  PostalCode text ..9
  CountryCode* text 2
@record
  ChemicalRecordIdentifier* text 1..3
  ReportableQuantity text ..2
  ClassDivisionNumber text ..10
  SubRiskClass text ..100
  IDNumber text ..6
  PackagingGroupType text ..10
  Quantity text ..15
  UOM text ..10
  PackagingInstructionCode text ..353
  ProperShippingName text ..250
  TechnicalName text ..300
  AdditionalDescription text ..75
  PackagingType text ..255
  HazardLabelRequired text ..50
  PackagingTypeQuantity digits ..3
  CommodityRegulatedLevelCode* one-of LR|FR|LQ|EQ
  TransportCategory one-of |0|1|2|3|4
  TunnelRestrictionCode text ..10
  AllPackedInOneIndicator text
AcceptanceAuditPreCheckRequest* object
  Request* object
    TransactionReference object
      CustomerContext text ..512
  OriginRecordTransactionTimestamp text
  Shipment* object
    ShipperNumber* alphanumeric 6
    ShipFromAddress* object @address
    ShipToAddress* object @address
    Service* object
      Code* text 2..3
      Description text ..35
    RegulationSet one-of |ADR|49CFR|IATA
    Package* list 1..1000
      PackageIdentifier* text 1..5
      PackageWeight* object
        Weight* text ..15
        UnitOfMeasurement* object
          Code* one-of LBS|KGS
          Description text ..35
      QValue one-of |0|0.1|0.2|0.3|0.4|0.5|0.6|0.7|0.8|0.9|1.0
      OverPackedIndicator text
      TransportationMode one-of |GND|CAO|PAX
      EmergencyPhone text ..25
      EmergencyContact text ..35
      ChemicalRecord* list 1..3 @record
";
