"""SteamVR, beside the running game: head and worn, by OpenVR as a background program."""
