"""RDS instances of a scenario, with what their sessions waited for and what happened to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.rds.models import rds_backends

from tests.lab.aws.performance import Load

if TYPE_CHECKING:
    from tests.lab.aws.estate import AccountBuilder

Object = dict[str, Any]


def add_databases(builder: AccountBuilder, given: Object) -> None:
    """Instances, each with `load` for Performance Insights unless that is off, and `events`."""
    for name, database in given.items():
        builder.client("rds").create_db_instance(
            DBInstanceIdentifier=name,
            Engine=database.get("engine", "postgres"),
            DBInstanceClass=database.get("class", "db.m6g.large"),
            AllocatedStorage=database.get("storage", 100),
            MasterUsername="root",
            MasterUserPassword="canary-master-password",
            MultiAZ=database.get("multi_az", True),
            EnableCloudwatchLogsExports=database.get("exports", []),
        )
        stored: Any = rds_backends[builder.account_id][builder.region].databases[name]
        stored.dbi_resource_id = f"db-{name.upper()}"
        stored.performance_insights_enabled = "load" in database
        if "state" in database:
            stored.status = database["state"]
        if "load" in database:
            load = database["load"]
            builder.gaps.loads[stored.dbi_resource_id] = Load(
                before=load["before"],
                after=load["after"],
                since=builder.at(load["since"]),
                waits=tuple(load.get("waits", ())),
                statements=tuple(load.get("statements", ())),
            )
        builder.gaps.database_events += [
            {
                "SourceIdentifier": name,
                "SourceType": "db-instance",
                "Message": event["text"],
                "EventCategories": [event["kind"]],
                "Date": builder.at(event["at"]),
                "SourceArn": stored.db_instance_arn,
            }
            for event in database.get("events", [])
        ]
        builder.gaps.maintenance += [
            {
                "ResourceIdentifier": stored.db_instance_arn,
                "PendingMaintenanceActionDetails": [
                    {"Action": action["action"], "Description": action["text"]}
                ],
            }
            for action in database.get("maintenance", [])
        ]
