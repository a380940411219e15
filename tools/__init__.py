"""The commands: they wire and print, they never compute."""
