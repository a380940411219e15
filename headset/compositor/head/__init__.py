"""The default avatar: a head made of formulas, so that no file is needed."""
