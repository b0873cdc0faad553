"""Licence analytics for Dynamics 365 Customer Service: what people do against what their products let them do."""

from d365bench.errors import ClientError, D365BenchError, ExportError, ReportError, StoreError, UsageError
from d365bench.store import Store
from d365bench.thresholds import Threshold

__version__ = "0.1.0"

__all__ = [
    "ClientError",
    "D365BenchError",
    "ExportError",
    "ReportError",
    "Store",
    "StoreError",
    "Threshold",
    "UsageError",
    "__version__",
]
