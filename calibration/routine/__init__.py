"""The routine: which faces a wearer is asked to make, when, and whether they were seen."""
