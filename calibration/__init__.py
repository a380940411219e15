"""What is true of one wearer: the profile and how it is fitted."""
