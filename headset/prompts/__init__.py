"""How a wearer is told what to do: by sound, speech, notifications, panels, the terminal."""
