"""Films and pages of a face beside its truth."""
