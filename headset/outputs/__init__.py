"""One file per receiver of faces."""
