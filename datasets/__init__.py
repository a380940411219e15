"""What is stored: recordings, importers, the sensor simulator."""
