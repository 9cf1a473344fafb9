"""Steps with inputs: skipped while these are unchanged, performed in parallel where possible."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from time import monotonic


@dataclass(frozen=True)
class SetupStep:
    """One step of setup.

    Attributes:
        name: Short name; also that of its log and stamp.
        title: What the user reads.
        action: Performs it; safe to repeat after an interruption.
        stamp: File with the digest of the inputs that it was last performed with.
        inputs: Files, folders or texts that it depends on.
        products: Paths that exist once it is done.
        needs: Names of the steps that come first; when one of them is performed again, so is this.
    """

    name: str
    title: str
    action: Callable[[], None]
    stamp: Path
    inputs: Sequence[Path | str] = ()
    products: Sequence[Path] = ()
    needs: Sequence[str] = ()

    def digest(self) -> str:
        """Digest of the inputs' names and contents."""
        state = hashlib.sha256()
        for entry in self.inputs:
            for name, content in _parts(entry):
                state.update(f"{name}\0{len(content)}\0".encode() + content)
        return state.hexdigest()

    def is_done(self) -> bool:
        """Whether its products exist and were made from these inputs."""
        return (
            self.stamp.is_file()
            and self.stamp.read_text() == self.digest()
            and all(product.exists() for product in self.products)
        )

    def perform(self) -> float:
        """Perform it, and store the digest after success.

        Returns:
            How long it took [s].
        """
        start = monotonic()
        digest = self.digest()
        self.action()
        self.stamp.parent.mkdir(parents=True, exist_ok=True)
        self.stamp.write_text(digest)
        return monotonic() - start


def _parts(entry: Path | str) -> Iterator[tuple[str, bytes]]:
    if isinstance(entry, str):
        yield entry, b""
    elif entry.is_dir():
        for path in sorted(path for path in entry.rglob("*") if path.is_file()):
            yield str(path.relative_to(entry)), path.read_bytes()
    elif entry.is_file():
        yield entry.name, entry.read_bytes()


def find_outdated(steps: Sequence[SetupStep]) -> list[SetupStep]:
    """Find the steps to perform, in order: those out of date, and those that need one of them."""
    due: dict[str, SetupStep] = {}
    for step in steps:
        if any(need in due for need in step.needs) or not step.is_done():
            due[step.name] = step
    return list(due.values())


def perform_all(
    steps: Sequence[SetupStep],
    started: Callable[[SetupStep], None],
    done: Callable[[SetupStep, float], None],
    stop: Callable[[], None],
) -> None:
    """Perform steps, each in a thread of its own as soon as what it needs is done.

    Args:
        steps: Steps in an order in which each follows what it needs.
        started: Called when a step begins.
        done: Called when a step has succeeded, with its duration [s].
        stop: Ends what is still running when a step fails or the user interrupts.

    Raises:
        BaseException: The first error of a step, once the others have ended too.
    """
    for step in steps:
        step.stamp.unlink(
            missing_ok=True
        )  # all at first: after an interruption no stamp may be newer than what it builds on
    futures: dict[str, Future[None]] = {}
    failed = threading.Event()

    def perform(step: SetupStep) -> None:
        for need in step.needs:
            if need in futures:
                futures[need].result()
        if failed.is_set():
            return
        started(step)
        done(step, step.perform())

    with ThreadPoolExecutor(max_workers=max(1, len(steps))) as pool:
        try:
            for step in steps:
                futures[step.name] = pool.submit(perform, step)
            finished, _ = wait(futures.values(), return_when=FIRST_EXCEPTION)
            for future in finished:
                future.result()
        except BaseException:
            failed.set()
            stop()
            raise
