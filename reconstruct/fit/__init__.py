"""Fitting a model that ships: rows of faces, closed forms, intervals, events, what is sent, the file."""
