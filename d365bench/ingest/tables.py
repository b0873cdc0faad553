"""The canonical tables: which columns of which Dataverse table we keep, with type and key.

Source of the names: Microsoft's table references (docs/exports.md lists them). Every row of an export lands in
`<table>_version` with the common columns and its own; a column that an export does not carry is NULL there, and
`file_column` says that it was not carried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

GUID, TEXT, WHOLE, FLAG, INSTANT = "guid", "text", "whole", "flag", "instant"


@dataclass(frozen=True)
class Table:
    """One Dataverse table: its key column, the columns we keep (logical name → type) and its entity set."""

    name: str
    key: str
    entity_set: str
    columns: Mapping[str, str] = field(default_factory=dict)
    distinctive: frozenset[str] = frozenset()  # tells tables apart that share a key column (activityid)


TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table(
            "systemuser",
            "systemuserid",
            "systemusers",
            {
                "azureactivedirectoryobjectid": GUID,
                "domainname": TEXT,
                "internalemailaddress": TEXT,
                "fullname": TEXT,
                "isdisabled": FLAG,
                "accessmode": WHOLE,
                "applicationid": GUID,
                "msdyn_botapplicationid": TEXT,
                "businessunitid": GUID,
                "createdon": INSTANT,
            },
        ),
        Table("businessunit", "businessunitid", "businessunits", {"name": TEXT}),
        Table("team", "teamid", "teams", {"name": TEXT, "isdefault": FLAG}),
        Table("teammembership", "teammembershipid", "teammemberships", {"systemuserid": GUID, "teamid": GUID}),
        Table("role", "roleid", "roles", {"name": TEXT, "parentrootroleid": GUID, "roletemplateid": GUID}),
        Table(
            "systemuserroles", "systemuserroleid", "systemuserrolescollection", {"systemuserid": GUID, "roleid": GUID}
        ),
        Table("teamroles", "teamroleid", "teamrolescollection", {"teamid": GUID, "roleid": GUID}),
        Table("queue", "queueid", "queues", {"name": TEXT, "msdyn_queuetype": WHOLE, "statecode": WHOLE}),
        Table("queuemembership", "queuemembershipid", "queuememberships", {"queueid": GUID, "systemuserid": GUID}),
        Table(
            "queueitem",
            "queueitemid",
            "queueitems",
            {
                "objectid": GUID,
                "objecttypecode": TEXT,
                "workerid": GUID,
                "workeridtype": TEXT,
                "workeridmodifiedon": INSTANT,
            },
        ),
        Table(
            "incident",
            "incidentid",
            "incidents",
            {
                "createdby": GUID,
                "createdonbehalfby": GUID,
                "createdon": INSTANT,
                "modifiedby": GUID,
                "modifiedonbehalfby": GUID,
                "ownerid": GUID,
                "slaid": GUID,
                "entitlementid": GUID,
                "msdyn_copilotengaged": FLAG,
                "statecode": WHOLE,
            },
        ),
        Table(
            "incidentresolution",
            "activityid",
            "incidentresolutions",
            {"incidentid": GUID, "createdby": GUID, "createdonbehalfby": GUID, "createdon": INSTANT},
            frozenset({"incidentid"}),
        ),
        Table(
            "msdyn_ocsession",
            "activityid",
            "msdyn_ocsessions",
            {"msdyn_channel": WHOLE, "createdon": INSTANT},
            frozenset(
                {
                    "msdyn_sessionid",
                    "msdyn_primarysession",
                    "msdyn_sessioncreatedon",
                    "msdyn_closurereason",
                    "msdyn_agentacceptedon",
                }
            ),
        ),
        Table(
            "msdyn_ocliveworkitem",
            "activityid",
            "msdyn_ocliveworkitems",
            {"msdyn_channel": TEXT, "msdyn_activeagentid": GUID},
            frozenset(
                {
                    "msdyn_ocliveworkitemid",
                    "msdyn_activeagentid",
                    "msdyn_isagentaccepted",
                    "msdyn_startedon",
                    "msdyn_lastsessionid",
                }
            ),
        ),
        Table(
            "msdyn_sessionparticipant",
            "msdyn_sessionparticipantid",
            "msdyn_sessionparticipants",
            {
                "msdyn_omnichannelsession": GUID,
                "msdyn_agentid": GUID,
                "msdyn_activedirectoryuserid": GUID,
                "msdyn_mode": WHOLE,
                "msdyn_joinedon": INSTANT,
                "msdyn_addedon": INSTANT,
                "createdon": INSTANT,
            },
        ),
        Table(
            "knowledgearticle",
            "knowledgearticleid",
            "knowledgearticles",
            {
                "isrootarticle": FLAG,
                "createdby": GUID,
                "createdonbehalfby": GUID,
                "createdon": INSTANT,
                "modifiedby": GUID,
                "modifiedonbehalfby": GUID,
            },
        ),
        Table(
            "audit",
            "auditid",
            "audits",
            {
                "createdon": INSTANT,
                "userid": GUID,
                "callinguserid": GUID,
                "operation": WHOLE,
                "action": WHOLE,
                "objectid": GUID,
                "objecttypecode": TEXT,
            },
        ),
    )
}

# What every `<table>_version` row carries before the table's own columns.
COMMON: Mapping[str, str] = {
    "environment": TEXT,
    "file_id": WHOLE,
    "row_id": GUID,  # the key column's value
    "version_no": WHOLE,  # versionnumber
    "sink_at": INSTANT,  # SinkModifiedOn
    "modified_at": INSTANT,  # modifiedon
    "deleted": FLAG,  # IsDelete; false where the export has none
}
