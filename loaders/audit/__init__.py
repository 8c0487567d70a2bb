"""Who did what with which record: FHIR AuditEvents in a chain that shows every change, sent when the store is there."""
