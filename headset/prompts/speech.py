"""The system's own voice: speech-dispatcher or espeak-ng on Linux, SAPI on Windows.

What is said goes to its standard input or stands after `--`, and no shell reads either. Only the newest
prompt matters: who still speaks is silenced by the next.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from ..errors import OutputError
from .prompt import Prompt, Signal

_SAPI: Final = (
    "Add-Type -AssemblyName System.Speech;"
    "(New-Object System.Speech.Synthesis.SpeechSynthesizer).Speak([Console]::In.ReadToEnd())"
)

Said = Callable[[str], tuple[list[str], str]]
"""Words -> the arguments after the program, and its standard input."""

VOICES: Final[dict[str, Said]] = {
    "spd-say": lambda words: (["--wait", "--application-name", "unvisor", "--", words], ""),
    "espeak-ng": lambda words: (["--stdin"], words),
    "espeak": lambda words: (["--stdin"], words),
    "powershell": lambda words: (["-NoProfile", "-NonInteractive", "-Command", _SAPI], words),
}
"""Programs that speak, the first that is installed is used.

Source: their manuals; .NET's System.Speech.Synthesis.
"""

_LONGEST: Final = 200  # characters: half a minute of speech
_BRIEF: Final = {Signal.HOLD, Signal.SEEN}  # told by their tones: words would come too late
_ENDS_WITHIN_S: Final = 6.0


class Speech:
    """A `Way`: has each prompt spoken that takes words.

    Attributes:
        speaks: Whether it does: it is open, and has not failed.
    """

    name = "speech"
    counts_down = False
    shows_targets = False

    def __init__(self) -> None:
        """Prepare; nothing is started."""
        self.speaks = False
        self._program = ""
        self._said: Said = VOICES["espeak-ng"]
        self._speaking: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Find a program that speaks.

        Raises:
            OutputError: There is none.
        """
        for name, said in VOICES.items():
            found = shutil.which(name)
            if found is not None:
                self._program, self._said, self.speaks = found, said, True
                return self
        raise OutputError(
            "speech: no program that speaks is installed: on Debian or Ubuntu run "
            "`sudo apt-get install espeak-ng`"
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.speaks = False
        if self._speaking is not None:
            try:
                self._speaking.wait(_ENDS_WITHIN_S if kind is None else 0.0)
            except subprocess.TimeoutExpired:
                self._hush()
            self._speaking = None

    def tell(self, prompt: Prompt) -> None:
        """Begin to speak, and silence what is still being spoken.

        Raises:
            OutputError: The program is gone, or has failed.
        """
        if prompt.signal in _BRIEF or prompt.target_rad is not None:
            return
        if self._speaking is not None and self._speaking.poll():
            self.speaks = False
            raise OutputError(
                f"speech: {self._program} ended with {self._speaking.returncode}: try it by itself"
            )
        self._hush()
        arguments, written = self._said(prompt.words[:_LONGEST])
        try:
            speaking = subprocess.Popen(  # noqa: S603 - a program of the table, no shell
                [self._program, *arguments],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except OSError as cause:
            self.speaks = False
            raise OutputError(
                f"speech: {self._program} cannot be started ({cause.strerror}): install it again"
            ) from cause
        self._speaking = speaking
        if speaking.stdin is not None:
            try:  # far less than a pipe holds: it does not wait
                speaking.stdin.write(written.encode())
                speaking.stdin.close()
            except OSError:  # it has ended already: the next prompt says why
                pass

    def _hush(self) -> None:
        if self._speaking is not None and self._speaking.poll() is None:
            self._speaking.kill()
            self._speaking.wait()
            self._speaking = None
