"""Export files in, a client's store out: recognise, read, quarantine, settle."""

from d365bench.ingest.inspect import Inspection, inspect, request
from d365bench.ingest.load import LoadResult, load, store_path

__all__ = ["Inspection", "LoadResult", "inspect", "load", "request", "store_path"]
