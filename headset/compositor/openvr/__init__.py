"""An overlay of SteamVR's: the mirror and the panels over a game, by OpenVR."""
