"""Why a file is not read: what it is, what is missing in it, and the export that would work."""

from __future__ import annotations

EMPTY = "The file is empty. Export it again and check that the download finished."
HTML = "This is a saved web page (a sign-in page, most likely), not an export. Sign in and download the file again."
LFS_POINTER = "This is a Git LFS pointer, not the file itself. Fetch the real file (git lfs pull) and deliver that."
OLE2 = (
    "This is an old .xls workbook or a password-protected one. Save it as .xlsx without a password, "
    "or export the table as CSV."
)
ZIP = "This is a zip archive. Unpack it and deliver the files inside."
WORKBOOK = (
    "This workbook does not come from Export to Excel of a model-driven app: its first columns '(Do Not Modify)' are "
    "missing. Export the table as CSV, or through the Web API as JSON."
)
DATABASE = "This is a database file. Export its tables as CSV or Parquet with logical column names."
ERROR_BODY = (
    "This is an error message instead of data (an error body). Run the request again and deliver every page of its "
    "answer."
)
BROKEN_JSON = "The JSON breaks off or is not valid. Deliver the page again, whole."
BROKEN_FILE = "The file cannot be read ({reason}). Export it again."
HEADERLESS = (
    "This file has no column names and no model.json came with it; I cannot know the columns. "
    "Deliver the model.json of its Synapse Link folder as well."
)
NO_FIT = "The rows fit no table of the model.json above this file. Deliver the model.json that belongs to it."
COLLAPSED = (
    "Licence cells hold type names, not licences: the collections collapsed when Get-MgUser was written as CSV. "
    "Export again as JSON: "
    "Get-MgUser -All -Property id,userPrincipalName,displayName,accountEnabled,userType,proxyAddresses,"
    "assignedLicenses,licenseAssignmentStates | ConvertTo-Json -Depth 6"
)
MAKER = (
    "This export leaves out owner and creator (Export data in the maker portal does), so it cannot show who did the "
    "work. "
    "Export the table through Synapse Link, the Web API or the SQL endpoint, with createdby, createdon, modifiedby, "
    "modifiedon and ownerid."
)
ANALYTICS = (
    "This is an aggregated report with display names (an analytics or Power BI visual), not records. Export the tables "
    "msdyn_sessionparticipant and msdyn_ocsession themselves."
)
AMBIGUOUS = (
    "Several tables share the key activityid, and no column here tells them apart. Export it again with msdyn_channel "
    "(sessions), msdyn_activeagentid (conversations) or incidentid (case resolutions)."
)
UNREADABLE = "The file cannot be read ({reason}). Close it elsewhere, or give read permission."
OUTSIDE = (
    "This Dataverse export lies outside every declared environment. Move it below exports/<environment>/, "
    "one of: {environments}."
)
UNKNOWN_TEXT = "This text is no export that I know ({sample}). Deliver the export itself: CSV, JSON, Parquet or xlsx."
UNKNOWN_COLUMNS = (
    "The columns ({columns}) belong to no export that I know. Export the table with logical column names, "
    "its key among them."
)
UNKNOWN_JSON = "This JSON is no export that I know. Deliver the raw pages of the Web API or of Graph."
UNKNOWN_BINARY = "This is no file that I can read. Deliver the export as CSV, JSON, Parquet or xlsx."
BINARY_GUIDS = (
    "GUIDs are stored as 16 bytes here ({columns}), and no known id tells in which byte order. Write them as text."
)
DELTA_FEATURES = (
    "This Delta table uses features that I cannot read rightly ({features}). Write a copy without them "
    "(no deletion vectors, no column mapping), or export it as Parquet or CSV."
)
DELTA_CUT = (
    "The Delta log starts at version {version} and has no checkpoint: the table was copied incompletely. "
    "Copy the whole folder, _delta_log included."
)
DELTA_FILES = "{missing} of {active} active files of this Delta table are missing. Copy the whole folder."
DELTA_BROKEN = "The Delta log cannot be read ({reason}). Copy the whole folder again."
ROLL_UP_HALF = (
    "This is a part of a roll-up whose manifest is missing: it was not finished, or not copied whole. "
    "Copy the whole folder, or run 'd365bench rollup' again."
)
ROLL_UP_CUT = (
    "This roll-up is not what its manifest says: files or rows of {table} are missing or too many. "
    "Copy the folder again."
)
ROLL_UP_OTHER_MAKE = (
    "This roll-up was made by another version of d365bench, whose rules may differ. Run 'd365bench rollup' again."
)
ROLL_UP_STRANGE = "This roll-up tells of environments that client.toml does not declare: {environments}."
ROLL_UP_TWICE = "The roll-up {other} already answers for one of its environments; work would count twice. Remove one."
BESIDE_ROLL_UP = (
    "The roll-up {other} already answers for all activity of this environment; work would count twice. "
    "Remove the roll-up, or the raw tables beside it."
)
# not refusals of a file, but of completeness
OPEN_FOLDER = "Folder {folder} was still being written (no model.json); skipped."
MISSING_PAGE = "The last page points to a further page that was not delivered; totals would be too low."
EARLIER_PAGE = "Page {page} of this answer was not delivered; totals would be too low."
FEWER_ROWS = "The answer counts {count} rows, but only {rows} were delivered; totals would be too low."
MISSING_FOLDER = "Folder {folder} is listed as finished but was not delivered; totals would be too low."
MISSING_PARTITION = "{missing} named in model.json has no file; totals would be too low."
