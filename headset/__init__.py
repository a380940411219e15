"""The ground floor: types, clock and errors; sensors in, compositor, outputs."""
