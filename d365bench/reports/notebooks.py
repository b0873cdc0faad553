"""Running the notebooks of one client with papermill, all in one kernel that forgets in between."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import d365bench.lean  # noqa: F401  (before papermill)
from d365bench.client import Client
from d365bench.errors import ReportError

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CELL_SECONDS = 600


def run_notebooks(client: Client, parameters: Mapping[str, int], folder: Path, errors: Path) -> list[Path]:
    """The executed notebooks in `folder`, in their order; a failing cell leaves its notebook in `errors`."""
    import papermill

    sources = sorted(NOTEBOOKS.glob("*.ipynb"))
    if not sources:
        raise ReportError(f"{NOTEBOOKS}: no notebook here; install d365bench from its repository, in editable mode")
    folder.mkdir(parents=True)
    asked = {"client": client.name, "data": str(client.folder.parent.resolve()), **parameters}
    with kernel() as manager:
        for source in sources:
            known = papermill.inspect_notebook(str(source))
            try:
                with conversation(manager):
                    papermill.execute_notebook(
                        str(source),
                        str(folder / source.name),
                        parameters={name: value for name, value in asked.items() if name in known},
                        kernel_name="python3",
                        km=manager,
                        progress_bar=False,
                        execution_timeout=CELL_SECONDS,
                        # a panel without its kernel shows its chart; the script of its view is a megabyte
                        store_widget_state=False,
                    )
            except papermill.PapermillExecutionError as exc:
                raise failed(source, folder / source.name, errors, exc) from exc
    return [folder / source.name for source in sources]


def failed(source: Path, executed: Path, errors: Path, exc: Any) -> ReportError:
    """The error of a failing cell: notebook, cell and message; the executed notebook is kept beside the outputs."""
    shutil.rmtree(errors, ignore_errors=True)
    errors.mkdir(parents=True)
    kept = shutil.copy(executed, errors / executed.name)
    message = f"{exc.ename}: {exc.evalue}".splitlines()[0]
    return ReportError(f"{source.name}, cell {exc.cell_index + 1}: {message} (the notebook as it failed: {kept})")


# -- the kernel ------------------------------------------------------------------------------------------------


@contextmanager
def kernel() -> Iterator[Any]:
    """A running kernel for this process alone; it ends with the block."""
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_core.utils import run_sync

    # Kernels that start at the same time may be given the same port; a socket file of one's own cannot be shared.
    # Its path has to be short, so it does not lie among the outputs.
    with tempfile.TemporaryDirectory(prefix="d365bench-") as sockets:
        manager = AsyncKernelManager(kernel_name="python3", transport="ipc", ip=f"{sockets}/k")
        run_sync(manager.start_kernel)(cwd=str(NOTEBOOKS))
        try:
            yield manager
        finally:
            run_sync(manager.shutdown_kernel)(now=True)


@contextmanager
def conversation(manager: Any) -> Iterator[Any]:
    """The kernel manager for one notebook: what is opened is closed, and the kernel forgets the notebook's names."""
    from jupyter_core.utils import run_sync

    # nbclient leaves the channels to a kernel that it did not start open, and never closes them
    opened = []
    open_client = type(manager).client

    def client(**options: Any) -> Any:
        opened.append(open_client(manager, **options))
        return opened[-1]

    manager.client = client
    try:
        yield manager
        run_sync(opened[-1].execute_interactive)("%reset -f", silent=True, store_history=False, timeout=60)
    finally:
        for channel in opened:
            channel.stop_channels()
