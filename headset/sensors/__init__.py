"""One file per kind of sensor."""
