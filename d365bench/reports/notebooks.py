"""Running the notebooks of one client with papermill, all in one kernel that forgets in between."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from d365bench.client import Client
from d365bench.errors import ReportError
from d365bench.lean import skip_iri_grammar

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CELL_SECONDS = 600


def run_notebooks(client: Client, parameters: Mapping[str, int], folder: Path, errors: Path) -> list[Path]:
    """The executed notebooks in `folder`, in their order; a failing cell leaves its notebook in `errors`."""
    skip_iri_grammar()
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
                papermill.execute_notebook(
                    str(source),
                    str(folder / source.name),
                    parameters={name: value for name, value in asked.items() if name in known},
                    kernel_name="python3",
                    km=manager,
                    progress_bar=False,
                    execution_timeout=CELL_SECONDS,
                    store_widget_state=False,  # a panel without its kernel shows its chart; its script is a megabyte
                )
            except papermill.PapermillExecutionError as exc:
                raise failed(source, folder / source.name, errors, exc) from exc
            forget(manager)
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


def forget(manager: Any) -> None:
    """Empty the kernel's namespace, so that no notebook sees another one's variables."""
    from jupyter_core.utils import run_sync

    client = manager.client()
    client.start_channels()
    try:
        run_sync(client.wait_for_ready)(timeout=60)
        run_sync(client.execute_interactive)("%reset -f", silent=True, store_history=False, timeout=60)
    finally:
        client.stop_channels()
