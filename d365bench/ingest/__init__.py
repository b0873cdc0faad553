"""Export files in, a client's store out: recognise, read, quarantine, settle."""

from d365bench.ingest.inspect import inspect, missing
from d365bench.ingest.load import LoadResult, load, store_path

__all__ = ["LoadResult", "inspect", "load", "missing", "store_path"]
