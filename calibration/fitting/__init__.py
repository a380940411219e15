"""Fits what is true of a wearer, each step under a gate: it may be refused, and then says why."""
