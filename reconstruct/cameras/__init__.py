"""Models of the wearer's own that look at the pictures of the mouth's and the eyes' cameras."""
