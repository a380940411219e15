"""Both eyes' pictures of an avatar in one frame."""
