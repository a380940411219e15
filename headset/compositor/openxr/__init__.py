"""The frame loop of an OpenXR session, its images, and what is shown in them."""
