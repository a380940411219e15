"""An OpenXR runtime that is really there, and processes that are its clients."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, Protocol

import pytest

from ...testbed.child import PATIENCE_S, Child, Turns
from ...testbed.installation import Installation, NoRuntimeError, find
from ...testbed.monado import Monado

SCALE = 0.5
"""Of views: where a CPU draws and composes them, a quarter of the pixels is a quarter of the time."""


class RunXr(Protocol):
    """Calls a function in a client process and returns what it returns.

    Without a word it is the process of its module's other functions, which must leave nothing behind.
    """

    def __call__(
        self,
        function: Callable[..., Any],
        *,
        alone: bool = False,
        environment: dict[str, str] | None = None,
        timeout_s: float = PATIENCE_S,
        **arguments: Any,
    ) -> Any: ...


class StartXr(Protocol):
    """Starts a function in a client process, which the test then talks to."""

    def __call__(
        self,
        function: Callable[..., Any],
        *,
        runtime: Monado | None = None,
        environment: dict[str, str] | None = None,
        **arguments: Any,
    ) -> Child: ...


@pytest.fixture(scope="session")
def installation() -> Installation:
    """Where Monado is; skips, naming the command that brings it, where it is not."""
    if sys.platform != "linux":
        pytest.skip("elsewhere: the OpenXR runtime of these tests, Monado, is for Linux")
    try:
        return find()
    except NoRuntimeError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def monado(installation: Installation) -> Iterator[Monado]:
    """A runtime without a screen, shared by all tests: graphics through EGL."""
    with Monado(installation, scale=SCALE) as runtime:
        yield runtime


@pytest.fixture(scope="module")
def monado_on_screen(installation: Installation) -> Iterator[Monado]:
    """A runtime whose views are seen on an X server: graphics through GLX, and screenshots."""
    with ExitStack() as stack:
        try:
            runtime = stack.enter_context(Monado(installation, display=True, scale=SCALE))
        except NoRuntimeError as error:
            pytest.skip(str(error))
        yield runtime


@pytest.fixture
def start_xr(request: pytest.FixtureRequest) -> Iterator[StartXr]:
    """Start a top-level function of a test module as a client of `monado`, or of `runtime`.

    Its arguments must be JSON. With `child.line()` the test waits for what it prints, with
    `child.tell(…)` it writes to its standard input, with `child.result()` it waits for the end.
    """
    with ExitStack() as children:

        def start(
            function: Callable[..., Any],
            *,
            runtime: Monado | None = None,
            environment: dict[str, str] | None = None,
            **arguments: Any,
        ) -> Child:
            serving: Monado = runtime or request.getfixturevalue("monado")
            if not serving.is_running:
                serving.restart()  # a test that failed left it dead: the others need not fail too
            child = Child(
                serving.python,
                function,
                environment={**serving.environment, **(environment or {})},
                arguments=arguments,
            )
            return children.enter_context(child)

        yield start


@pytest.fixture(scope="module")
def turns(monado: Monado) -> Iterator[Turns]:
    """A client of `monado` in which a module's functions take turns."""
    with Turns(monado.python, monado.environment) as process:
        yield process


@pytest.fixture
def run_xr(start_xr: StartXr, turns: Turns, monado: Monado) -> RunXr:
    """Call a top-level function of a test module as a client; return what it returns, as JSON."""

    def run(
        function: Callable[..., Any],
        *,
        alone: bool = False,
        environment: dict[str, str] | None = None,
        timeout_s: float = PATIENCE_S,
        **arguments: Any,
    ) -> Any:
        if alone or environment is not None:
            child = start_xr(function, environment=environment, **arguments)
            return child.result(timeout_s=timeout_s)
        if not monado.is_running:
            monado.restart()
        return turns.call(function, timeout_s=timeout_s, **arguments)

    return run
