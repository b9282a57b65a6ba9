"""Where work units run: in this process or in a pool of processes, behind one `concurrent.futures.Executor`."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any


class InThisProcess(Executor):
    """An executor that runs each call at once, in order, in the calling process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run the call now; the future that comes back is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def local(processes: int) -> Iterator[Executor]:
    """An executor on this machine: one process means this one, more mean a pool of fresh interpreters.

    Fresh ("spawned") rather than forked: a fork of a process whose Arrow threads hold a lock can hang.
    """
    if processes <= 1:
        yield InThisProcess()
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_die_with_parent) as pool:
        yield pool


def _die_with_parent() -> None:
    """End this worker when the process that started it ends, also when that one is killed and can say nothing."""
    threading.Thread(target=_await_parent, daemon=True).start()


def _await_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
